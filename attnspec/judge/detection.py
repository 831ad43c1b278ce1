"""Finding out which dialect a function speaks."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping

from attnspec.exceptions import KernelCrashed, KernelFault, KernelTimedOut
from attnspec.judge.bench import Executor
from attnspec.judge.case import Case, Result
from attnspec.judge.description import Description
from attnspec.judge.kind import Call, Kind
from attnspec.judge.verdicts import Detected
from attnspec.numerics import NumericModel, within

_GENEROUS = 64.0
"""How many bounds a probe allows: choices differ by far more than rounding."""


def detect(
    call: Executor,
    kind: Kind,
    description: Description,
    model: NumericModel,
    dtype: str,
) -> Detected:
    """Return the dialect of a function: declared, else detected, else the default.

    A field with a question of its own is asked. For the others those combinations of
    choices stay that are right on every probe, and what they agree on is detected.
    Fields that are not enforced are reported as found. A function that does not return
    in time is asked no more: every further call would take its deadline again.
    """
    chosen = {**kind.default(), **description.dialect}
    sources = dict.fromkeys(description.dialect, "declared")
    faults: list[KernelFault] = []

    def probing(case: Case) -> Result:
        try:
            return call(case)
        except (KernelCrashed, KernelTimedOut) as fault:
            faults.append(fault)
            raise

    answers: dict[str, str] = {}
    with contextlib.suppress(KernelTimedOut):
        # As they come: what was answered before a time-out stays.
        answers.update(_asked(probing, kind, description, dtype))
        if kind.probes:
            answers |= _by_probes(probing, kind, description, model, dtype)
    for name, answer in answers.items():
        if name in kind.unenforced:
            sources[name] = f"{answer} (found, not enforced)"
        else:
            chosen[name] = answer
            sources[name] = "detected"
    return Detected(chosen, sources, next(iter(faults), None))


def _asked(
    call: Call, kind: Kind, description: Description, dtype: str
) -> Iterator[tuple[str, str]]:
    """Yield the fields that are not declared and have an answer."""
    for name, question in kind.questions.items():
        if name in description.dialect:
            continue
        try:
            answer = question(call, description.capabilities, dtype)
        except KernelTimedOut:
            raise
        except KernelFault:
            continue
        if answer is not None:
            yield name, answer


def _by_probes(
    call: Call,
    kind: Kind,
    description: Description,
    model: NumericModel,
    dtype: str,
) -> dict[str, str]:
    """Return the choices on which all combinations agree that fit the probes."""
    left = [
        choices
        for choices in _combinations(kind, description.dialect)
        if _fits(call, kind, choices, model, _probes(kind, description, dtype))
    ]
    found = {name: {choices[name] for choices in left} for name in kind.choices}
    return {
        name: values.pop()
        for name, values in found.items()
        if len(values) == 1 and name not in (*description.dialect, *kind.questions)
    }


def _combinations(kind: Kind, declared: Mapping[str, str]) -> list[dict[str, str]]:
    """Return every combination of the choices that are open."""
    allowed = {
        name: (declared[name],) if name in declared else values
        for name, values in kind.choices.items()
    }
    return [
        dict(zip(allowed, values, strict=True))
        for values in itertools.product(*allowed.values())
    ]


def _probes(kind: Kind, description: Description, dtype: str) -> tuple[Case, ...]:
    """Return the probes within what is claimed: a choice that none shows stays open."""
    recipes = (kind.recipe(dtype, **fields) for fields in kind.probes)
    claimed = description.capabilities
    return tuple(kind.case(kind.table.within(r, claimed)) for r in recipes)


def _fits(
    call: Call,
    kind: Kind,
    choices: Mapping[str, str],
    model: NumericModel,
    probes: tuple[Case, ...],
) -> bool:
    """Return whether a function is right on every probe under these choices."""
    for case in probes:
        exact = kind.judge(case, choices, model)
        try:
            found = call(case)
        except KernelTimedOut:
            raise
        except KernelFault:
            return False
        results = [(exact.output, found.output, exact.bound)]
        for name, _, _ in case.results[1:]:
            value, bound = exact.others[name]
            results.append((value, found.others[name], bound))
        if not all(within(v, f, _GENEROUS * b).holds for v, f, b in results):
            return False
    return True


__all__ = ["detect"]
