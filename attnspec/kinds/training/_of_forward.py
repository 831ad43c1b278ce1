"""What a backward pass rests on: the forward pass of the same function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attnspec.exceptions import Inadmissible, KernelFault
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.traits import holds
from attnspec.numerics import within


def resting_on(
    kind: Kind, forward_of: Callable[[Case], Any]
) -> Callable[[Case, KernelBench], bool]:
    """Return what says whether the forward pass of a call is wrong by itself.

    Parameters
    ----------
    kind
        What the forward pass is judged as.
    forward_of
        Makes its call of one of the backward pass.
    """

    def is_wrong(case: Case, bench: KernelBench) -> bool:
        forward, problem = bench.description.forward, forward_of(case)
        if forward is None or _is_right(kind, problem, bench):
            return False
        for each in forward.deviations:
            if holds(each.when, kind.traits(problem)):
                msg = f"a deviation of the forward pass: {each.id}"
                raise Inadmissible(msg)
        return True

    return is_wrong


def _is_right(kind: Kind, problem: Case, bench: KernelBench) -> bool:
    """Return whether a forward pass is right, as far as the model says anything."""
    try:
        found = bench.call(problem)
        known = {n: v for n, v in bench.dialect.items() if n in kind.choices}
        exact = kind.judge(problem, {**kind.default(), **known}, bench.model)
    except KernelFault:
        return False
    except Inadmissible:
        return True
    return within(exact.output, found.output, exact.bound).holds


__all__ = ["resting_on"]
