"""Right functions whose last bits depend on what they must not depend on."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import threadpoolctl

from attnspec._typing import Array
from attnspec.rogues._gallery import Rogue

Rule = Callable[[tuple[Any, ...], Any], bool]
"""Whether the scale is folded into the query, by operands and what was before."""


@dataclasses.dataclass
class Switching:
    """Multiplies scores or the query by the scale, as a rule says; both are right."""

    function: Callable[..., Any]
    rule: Rule
    past: Any = None

    @property
    def __signature__(self) -> inspect.Signature:
        """The signature of the function: it says what is claimed."""
        return inspect.signature(self.function)

    def __call__(
        self, query: Array, *rest: Any, scale: float | None = None, **options: Any
    ) -> Any:
        """Attend."""
        folds = self.rule((query, *rest), self.past)
        self.past = query.shape
        if folds:
            width = query.shape[-1]
            factor = query.dtype.type(width**-0.5 if scale is None else scale)
            query, scale = query * factor, 1.0
        return self.function(query, *rest, scale=scale, **options)


def alone(operands: tuple[Any, ...], _past: Any) -> bool:
    """Return whether there is one sequence."""
    return len(operands[0]) == 1


def other_before(operands: tuple[Any, ...], past: Any) -> bool:
    """Return whether the last call was of another shape."""
    return past is not None and operands[0].shape != past


def single_query(axis: int) -> Rule:
    """Return whether there is one query, which stand along an axis."""
    return lambda operands, _: operands[0].shape[axis] == 1


def several_threads(_operands: tuple[Any, ...], _past: Any) -> bool:
    """Return whether a library may use more than one thread."""
    known = threadpoolctl.threadpool_info()
    return any(library["num_threads"] > 1 for library in known)


def of_bits(
    make: Callable[..., Rogue],
    right: Callable[..., Any],
    *,
    alone: Rule,
    roomy: Rule,
    single: Rule,
) -> tuple[Rogue, ...]:
    """Return right functions of many sequences that do not keep what they promise."""

    def promising(id: str, sentence: str, rule: Rule, law: str, *claims: str) -> Rogue:  # noqa: A002 - the field's name
        function, text = Switching(right, rule), f"{sentence} takes another path."
        return make(id, text, function, law, mistake="state", claims=claims)

    batch = "batch_invariant"
    return (
        promising(
            "bits-by-history", "After another shape it", other_before, "repeated"
        ),
        promising("bits-by-batch", "A single sequence", alone, "batch-bits", batch),
        promising("bits-by-room", "With more room it", roomy, "room-bits", batch),
        promising(
            *("bits-by-query", "A single query", single),
            *("split-bits", "split_invariant"),
        ),
        promising(
            *("bits-by-threads", "With several threads it", several_threads),
            *("thread-bits", "thread_invariant"),
        ),
    )


__all__ = [
    "Rule",
    "Switching",
    "alone",
    "of_bits",
    "other_before",
    "several_threads",
    "single_query",
]
