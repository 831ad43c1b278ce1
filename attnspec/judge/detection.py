"""Finding out which dialect a function speaks."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np

from attnspec.exceptions import Inadmissible, KernelCrashed, KernelFault, KernelTimedOut
from attnspec.judge.bench import Executor
from attnspec.judge.case import Case, Result, settled
from attnspec.judge.compare import judged_results
from attnspec.judge.description import Description
from attnspec.judge.kind import Kind
from attnspec.judge.questions import Call, Nearest
from attnspec.judge.verdicts import Detected
from attnspec.numerics import NumericModel

NEAREST = "nearest, none fits"
"""The source of a choice that a function does not quite make."""

CLEARLY = 4.0
"""How many times nearer than all others a choice is that is taken though none fits."""

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
            known = _known(kind, description, answers)
            answers |= _by_probes(probing, kind, description, model, dtype, known)
    found: dict[str, str] = {}
    for name, answer in answers.items():
        if isinstance(answer, Nearest):
            chosen[name] = str(answer)
            sources[name] = NEAREST
        elif name in kind.unenforced:
            found[name] = answer
            sources[name] = f"{answer} (found, not enforced)"
        else:
            chosen[name] = answer
            sources[name] = "detected"
    fits_none = tuple(name for name, source in sources.items() if source == NEAREST)
    return Detected(chosen, sources, fits_none, found, next(iter(faults), None))


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
        except (KernelFault, Inadmissible):
            continue
        if answer is not None:
            yield name, answer


def _known(
    kind: Kind, description: Description, answers: Mapping[str, str]
) -> dict[str, str]:
    """Return the choices that need not be told by probes."""
    default = kind.default()
    asked = {name: answers[name] for name in answers if name not in kind.unenforced}
    unenforced = {name: default[name] for name in kind.unenforced}
    return {**unenforced, **asked, **description.dialect}


def _by_probes(
    call: Call,
    kind: Kind,
    description: Description,
    model: NumericModel,
    dtype: str,
    known: Mapping[str, str],
) -> dict[str, str]:
    """Return the choices on which all combinations agree that fit the probes.

    A probe is called once, and its answer compared under each combination. Where none
    fits, the one is taken whose largest error in units of the bound is clearly the
    smallest.
    """
    answers: list[tuple[Case, Result]] = []
    for fields in kind.probes:
        recipe = kind.recipe(dtype, **fields)
        case = kind.case(kind.table.within(recipe, description.capabilities))
        try:
            answers.append((case, call(case)))
        except KernelTimedOut:
            raise
        except KernelFault:
            return {}
    ratios = [
        (_ratio(kind, answers, choices, model), choices)
        for choices in _combinations(kind, known)
    ]
    left = [choices for ratio, choices in ratios if ratio <= _GENEROUS]
    if not left:
        return _nearest(ratios, {*description.dialect, *kind.questions})
    found = {name: {choices[name] for choices in left} for name in kind.choices}
    return {
        name: values.pop()
        for name, values in found.items()
        if len(values) == 1 and name not in (*description.dialect, *kind.questions)
    }


def _nearest(
    ratios: list[tuple[float, dict[str, str]]], known: Collection[str]
) -> dict[str, str]:
    """Return the choices of the combination that comes nearest, if one does."""
    (best, choices), *others = sorted(ratios, key=lambda pair: pair[0])
    if others and not CLEARLY * best < others[0][0]:
        return {}
    return {n: Nearest(choice) for n, choice in choices.items() if n not in known}


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


def _ratio(
    kind: Kind,
    answers: Iterable[tuple[Case, Result]],
    choices: Mapping[str, str],
    model: NumericModel,
) -> float:
    """Return the largest error of the answers under these choices, in bounds.

    An answer of which the model promises nothing under them says nothing.
    """
    ratio = 0.0
    for case, found in answers:
        try:
            exact = kind.promised(case, choices, model)
        except Inadmissible:
            continue
        with np.errstate(all="ignore"):  # What comes back may be anything.
            told = settled(found, kind.left_open(case, choices))
            compared = list(judged_results(case, told, exact))
        ratio = max(ratio, *(each.ratio for each in compared))
        if not ratio <= _GENEROUS and not math.isfinite(ratio):
            return math.inf
    return ratio


__all__ = ["CLEARLY", "NEAREST", "detect"]
