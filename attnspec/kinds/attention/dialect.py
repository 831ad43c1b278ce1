"""The named choices on which systems legitimately differ."""

from __future__ import annotations

import dataclasses
from typing import Literal, get_args, get_type_hints

from attnspec._typing import Alignment
from attnspec.exceptions import UnknownName

EmptyRow = Literal["zero", "nan", "mean"]
EmptyLse = Literal["minus_infinity", "plus_infinity", "finite", "nan"]
EmptyKeys = Literal["zero", "nan"]
NotANumber = Literal["clean", "poisons", "unspecified"]


@dataclasses.dataclass(frozen=True, slots=True)
class Dialect:
    """The choices of one implementation; the defaults are those of the spec.

    Parameters
    ----------
    alignment
        The corner in which the diagonal of causal and window masks starts or
        ends when L and S differ.
    empty_row
        The output of a query that sees no key: zeros, NaN, or the mean of all
        values.
    empty_lse
        The logsumexp of a query that sees no key and has no sink; ``finite`` is
        a stand-in for minus infinity that is less than -10,000.
    empty_keys
        The output when S is 0.
    nan_masked_key, nan_masked_value
        Whether a NaN in a key (value) that no query sees leaves the output
        alone (``clean``), turns rows into NaN (``poisons``), or is not promised.
    """

    alignment: Alignment = "lower_right"
    empty_row: EmptyRow = "zero"
    empty_lse: EmptyLse = "minus_infinity"
    empty_keys: EmptyKeys = "zero"
    nan_masked_key: NotANumber = "unspecified"
    nan_masked_value: NotANumber = "unspecified"

    def __post_init__(self) -> None:
        """Reject values that are no choice."""
        for name, hint in get_type_hints(Dialect).items():
            value = getattr(self, name)
            if value not in get_args(hint):
                choices = ", ".join(map(repr, get_args(hint)))
                msg = f"{name}: expected one of {choices}; got {value!r}"
                raise UnknownName(msg)

    def replace(self, **changes: str) -> Dialect:
        """Return the same dialect with some choices changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


__all__ = ["Dialect"]
