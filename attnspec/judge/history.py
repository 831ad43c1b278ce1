"""Failures that depend on the calls before them: whether they do, and on which."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from attnspec.exceptions import Inadmissible, KernelFault
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees
from attnspec.judge.examination import examine
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.verdicts import Verdict

FAILS_IN_SEQUENCE = (Verdict.FAILED, Verdict.REFUSED, Verdict.CRASHED)
"""Failures of a sequence of calls that are asked whether its last call fails alone.

One that timed out is not: to ask would take its time again.
"""

_LENGTHS = (1, 2, 6, 24, 80)
"""How many examples before a finding are tried in case it depends on them."""

LONGEST = _LENGTHS[-1]
"""The most of them."""

_DOUBTED = 5
"""How often a cause is looked for in vain: a function that is wrong by itself stays so,
and every time costs fresh processes."""


class History:
    """Tells whether sequences of calls fail by their past or by their last call."""

    def __init__(self, law: Invariant, bench: KernelBench) -> None:
        """Ask for this law, with this function."""
        self._law = law
        self._bench = bench
        self._doubted = 0

    def is_cause(self, recipe: Recipe) -> bool:
        """Return whether the sequence of calls just made fails by those before its end.

        With a function that can be given a fresh start the sequence must fail twice,
        and its last call be right twice when it comes alone. Without one the last call
        must be right now, or have been right earlier in the sequence.
        """
        *earlier, last = self._bench.ran
        if not earlier or self._doubted >= _DOUBTED:
            return False
        if self._bench.call.forgets:
            known = all(right_alone(last, self._bench) for _ in range(2))
            known = known and all(self._fails(recipe) for _ in range(2))
        else:
            known = any(case is last for case in earlier) or right_alone(
                last, self._bench
            )
        self._doubted += not known
        return known

    def remains_cause(self, recipe: Recipe) -> bool:
        """Return whether a sequence that was made small fails for the same reason."""
        self._doubted = 0
        return self._fails(recipe) and self.is_cause(recipe)

    def _fails(self, recipe: Recipe) -> bool:
        """Return whether an example fails in a function without a past."""
        self._bench.call.restart()
        found = examine(self._law, recipe, self._bench)
        return found.verdict in FAILS_IN_SEQUENCE


def right_alone(case: Case, bench: KernelBench) -> bool:
    """Return whether a call that comes first is right, as far as that can be said."""
    bench.call.restart()
    try:
        with np.errstate(all="ignore"):  # What comes back may be anything.
            return all(c.holds for c in agrees(case, bench))
    except (Inadmissible, KernelFault):
        return False


def needed_before(
    law: Invariant,
    seen: Sequence[Recipe],
    bench: KernelBench,
    fails: Callable[[Recipe], bool],
) -> tuple[Recipe, ...]:
    """Return the fewest examples after which one fails that does not fail alone.

    Parameters
    ----------
    law
        What they are examples of.
    seen
        The examples that were seen, the failing one at the end.
    bench
        Where the function stands.
    fails
        Says whether an example fails as it did.

    Returns
    -------
    tuple of Recipe
        None if it does not fail again after any of them.
    """
    *past, recipe = seen
    for count in _LENGTHS:
        bench.call.restart()
        for earlier in past[-count:]:
            examine(law, earlier, bench)
        if fails(recipe):
            return tuple(past[-count:])
        if count >= len(past):
            break
    return ()


__all__ = [
    "FAILS_IN_SEQUENCE",
    "LONGEST",
    "History",
    "needed_before",
    "right_alone",
]
