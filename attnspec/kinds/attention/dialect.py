"""The named choices on which attention kernels legitimately differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from attnspec._typing import Alignment
from attnspec.exceptions import UnknownName
from attnspec.judge.law import Dialect

CHOICES: Mapping[str, tuple[str, ...]] = {
    "alignment": ("lower_right", "upper_left"),
    "empty_row": ("zero", "nan", "mean"),
    "empty_lse": ("minus_infinity", "plus_infinity", "finite", "nan"),
    "empty_keys": ("zero", "nan"),
    "softcap_order": ("before_bias", "after_bias"),
    "causal_alibi": ("distance", "key"),
    "nan_masked_key": ("unspecified", "clean", "poisons"),
    "nan_masked_value": ("unspecified", "clean", "poisons"),
    "nan_zero_weight": ("unspecified", "clean", "poisons"),
}
"""Each field with its choices, that of the spec first.

alignment
    The corner in which the diagonal of causal and window masks starts or ends when
    L and S differ.
empty_row
    The output of a query that sees no key: zeros, NaN, or the mean of all values.
empty_lse
    The logsumexp of a query that sees no key and has no sink; ``finite`` is a stand-in
    for minus infinity that is less than -10,000.
empty_keys
    The output when S is 0.
softcap_order
    Whether the cap bends the scaled products, and then the bias is added, or the sum
    of both. It comes before the mask.
causal_alibi
    What a slope m adds where a query sees all keys up to its own, and no later one: -m
    times the distance, or m times the number of the key. What they differ by is the
    same for a whole row, and shows in its logsumexp alone, or beside a sink.
nan_masked_key, nan_masked_value
    Whether a NaN in a key that a query does not see (in a value that no query sees)
    leaves the output alone (``clean``), turns rows into NaN (``poisons``), or is not
    promised.
nan_zero_weight
    The same of a NaN in a value that some queries see, in the rows that do not: a
    weight of 0 is skipped (``clean``), or 0 times NaN is NaN (``poisons``).
"""

SPEC: Dialect = {name: values[0] for name, values in CHOICES.items()}
"""The choices of the spec."""


def dialect_of(**choices: str) -> Dialect:
    """Return the dialect of the spec with some choices changed.

    Raises
    ------
    UnknownName
        If there is no such field, or no such choice in it.

    Examples
    --------
    >>> dialect_of(alignment="upper_left")["empty_row"]
    'zero'
    """
    for name, value in choices.items():
        known = CHOICES.get(name, CHOICES)
        if value not in known:
            listed = ", ".join(map(repr, known))
            msg = f"{name}: expected one of {listed}; got {value!r}"
            raise UnknownName(msg)
    return {**SPEC, **choices}


def alignment_of(dialect: Dialect) -> Alignment:
    """Return the corner in which a dialect's diagonal starts or ends."""
    return cast("Alignment", dialect["alignment"])


__all__ = ["CHOICES", "SPEC", "alignment_of", "dialect_of"]
