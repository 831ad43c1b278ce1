"""Which findings have one cause.

Two findings show one mistake if each needs nothing that the other one has not, or if
one numeric model explains both.
"""

from __future__ import annotations

import dataclasses
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping

from attnspec.judge.features import OF_THE_PAST, WRONG, forced
from attnspec.judge.kind import Kind
from attnspec.judge.likeness import Features
from attnspec.judge.verdicts import Cause, Outcome, Verdict

_UNSTEADY = "determinism"
"""The law by which a kernel gives different answers to the same call."""

_SIGNS = operator.attrgetter("signs")
_FORMS = operator.attrgetter("forms")


def grouped(
    outcomes: Iterable[Outcome],
    relaxed: Mapping[str, str],
    kind: Kind,
    shows: Callable[[Outcome, Outcome], bool] = lambda _one, _other: False,
) -> tuple[Cause, ...]:
    """Return the causes of a run's findings, in the order in which they were found.

    Parameters
    ----------
    outcomes
        What became of every law.
    relaxed
        For each format in which that was asked the words of the numeric model that
        explains all its calls, or nothing.
    kind
        What the kernel is.
    shows
        Says whether the law of one finding fails in the case of another one.
    """
    found = [o for o in outcomes if o.finding is not None and not o.conforms]
    ranked = sorted(found, key=lambda o: _rank(o, kind))
    groups = {id(outcome): [outcome] for outcome in found}
    for place, outcome in enumerate(ranked):
        kin = _kin(outcome, ranked[:place], found, relaxed, kind)
        if kin is not None and groups[id(kin)] is not groups[id(outcome)]:
            groups[id(kin)] += groups[id(outcome)]
            for member in groups[id(outcome)]:
                groups[id(member)] = groups[id(kin)]
    each = {id(group): group for group in map(groups.__getitem__, map(id, found))}
    causes = [_cause(group, found, relaxed, kind) for group in each.values()]
    return tuple(_merged(causes, kind, shows))


def _merged(
    causes: list[Cause], kind: Kind, shows: Callable[[Outcome, Outcome], bool]
) -> Iterator[Cause]:
    """Yield causes; one whose law fails in a plainer one's case is that one.

    So is one for which the same sign accounts, which shows in the same form, or of
    which a finding needs the same things, two at least.
    """
    kept: list[Cause] = []
    for cause in sorted(causes, key=lambda c: _breadth(c.headline)):
        for place, plainer in enumerate(kept):
            if (
                _has_one_sign(plainer, cause)
                or _need_the_same(plainer, cause, kind)
                or _is_same(plainer.headline, cause.headline, kind, shows)
            ):
                others = (*plainer.others, cause.headline, *cause.others)
                kept[place] = dataclasses.replace(plainer, others=others)
                break
        else:
            kept.append(cause)
    order = {id(cause.headline): place for place, cause in enumerate(causes)}
    yield from sorted(kept, key=lambda cause: order[id(cause.headline)])


def _has_one_sign(one: Cause, other: Cause) -> bool:
    """Return whether a sign accounts for findings of both, and both headlines have it.

    What shows in another form as well accounts for both in any case.
    """
    first, second = _features(one.headline), _features(other.headline)
    signs = first.marks & second.marks & _joined(one, _SIGNS) & _joined(other, _SIGNS)
    forms = _joined(one, _FORMS) & _joined(other, _FORMS)
    return first.nature == second.nature and bool(signs or forms)


def _need_the_same(one: Cause, other: Cause, kind: Kind) -> bool:
    """Return whether a finding of each needs the same, two things at least."""
    pairs = itertools.product(_members(one), _members(other))
    return any(kind.likeness.needs_same(first, second) for first, second in pairs)


def _members(cause: Cause) -> list[Features]:
    """Return the features of all findings of a cause."""
    return [_features(outcome) for outcome in (cause.headline, *cause.others)]


def _joined(cause: Cause, told: Callable[[Features], frozenset[str]]) -> frozenset[str]:
    """Return what the findings of a cause tell, all together."""
    return frozenset().union(*map(told, _members(cause)))


def _is_same(
    plainer: Outcome,
    other: Outcome,
    kind: Kind,
    shows: Callable[[Outcome, Outcome], bool],
) -> bool:
    """Return whether the law of one finding fails in the case of the other.

    That case may have nothing that the law's own finding lacks; the plainer law is
    asked in a case that needs nothing which its own finding lacks.
    """
    return any(
        _features(case).nature == _features(law).nature
        and claims <= set(_features(law).has)
        and shows(law, case)
        for law, case, claims in (
            (other, plainer, _features(plainer).claims),
            (plainer, other, _needed_claims(other, kind)),
        )
    )


def _needed_claims(outcome: Outcome, kind: Kind) -> frozenset[str]:
    """Return the claims that a finding needs, or its law, which tries no others."""
    features = _features(outcome)
    return features.claims & (features.needs | kind.laws[outcome.invariant].needs)


def _cause(
    group: list[Outcome],
    found: list[Outcome],
    relaxed: Mapping[str, str],
    kind: Kind,
) -> Cause:
    """Return the cause of findings that belong together."""
    first = min(group, key=lambda o: _rank(o, kind))
    others = tuple(o for o in found if o in group and o is not first)
    return Cause(first, others, _words(first, relaxed))


def _kin(
    outcome: Outcome,
    better: list[Outcome],
    found: list[Outcome],
    relaxed: Mapping[str, str],
    kind: Kind,
) -> Outcome | None:
    """Return the finding that shows the same mistake and says it best, if any does.

    One alone: that two findings explain a third one does not make them one.
    """
    same_as = outcome.finding.same_as if outcome.finding else ""
    same = [o for o in found if o.invariant == same_as and o is not outcome]
    if same:
        return min(same, key=lambda o: o.dtype != outcome.dtype)
    alike = [o for o in better if _one_cause(o, outcome, relaxed, kind)]
    if not alike and outcome.held_back:
        # It says nothing itself: whatever is wrong here is what holds it back.
        alike = [o for o in better if o.dtype == outcome.dtype and not o.held_back]
    return next(iter(alike), None)


def _rank(outcome: Outcome, kind: Kind) -> tuple[bool, tuple[int, int], int, int]:
    """Return how well a finding says what is wrong: the least says it best.

    A law that is held back says nothing; of the others the one that needs least, and
    then the one that is about what is needed.
    """
    law = kind.laws[outcome.invariant]
    has = _features(outcome).has
    about = sum(name in law.needs or forced(kind, law, name) for name in has)
    place = list(kind.laws).index(law.id)
    return outcome.held_back, _breadth(outcome), -about, place


def _breadth(outcome: Outcome) -> tuple[int, int]:
    """Return how much a finding has: claims, and all that a reader must make out.

    Two heads or queries are no more to read than one: they may be what it says best.
    """
    features = _features(outcome)
    seen = [name for name in features.has if not name.startswith("several ")]
    return len(features.claims), len(seen)


def _features(outcome: Outcome) -> Features:
    """Return the features of an outcome's finding."""
    finding = outcome.finding
    known = finding.features if finding else None
    return known or Features(str(outcome.verdict))


def _words(outcome: Outcome, relaxed: Mapping[str, str]) -> str | None:
    """Return what explains an outcome, if it is a matter of precision."""
    is_wrong = _features(outcome).nature == WRONG
    return relaxed.get(outcome.dtype) if is_wrong else None


def _one_cause(
    first: Outcome, other: Outcome, relaxed: Mapping[str, str], kind: Kind
) -> bool:
    """Return whether two findings show one mistake."""
    one, two = _features(first), _features(other)
    words = _words(first, relaxed)
    if words and words == _words(other, relaxed):
        return True
    if two.nature == OF_THE_PAST:
        unsteady = one.nature == OF_THE_PAST or first.invariant == _UNSTEADY
        return unsteady or other.held_back
    if first.verdict is other.verdict is Verdict.REFUSED and _said(first) == _said(
        other
    ):
        return True
    return one.explain(two) or kind.likeness.is_one(one, two)


def _said(outcome: Outcome) -> str:
    """Return what happened, in words."""
    return outcome.finding.message if outcome.finding else ""


__all__ = ["grouped"]
