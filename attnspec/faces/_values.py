"""From an option of ours to the value of a keyword: each a pure function of a call."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.faces._face import LEFT_OUT, Value
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics.formats import format_of


def given(option: str) -> Value:
    """Return what gives an option as it is."""
    return lambda case, _: case.options[option]


def always(value: Any) -> Value:
    """Return what gives the same in every call."""
    return lambda _case, _default: value


def on(_case: AttentionCase, _default: Any) -> bool:
    """Return True: a flag of which the option is in force."""
    return True


def off(_case: AttentionCase, _default: Any) -> bool:
    """Return False: a flag of which the option is not in force."""
    return False


def scale(case: AttentionCase, _: Any) -> float:
    """Return the scale, 1/sqrt(E) where none is given."""
    return case.effective_scale


def heads_differ(case: AttentionCase, _: Any) -> Any:
    """Return True where query heads share a key head, and pass nothing otherwise."""
    return True if case.sizes.Hq != case.sizes.Hkv else LEFT_OUT


def distances(case: AttentionCase, default: Any) -> tuple[Any, ...]:
    """Return a window whose word for unlimited is that of the default: -1 or None.

    What a default has beyond two sides stays as it is.
    """
    sides = default if isinstance(default, tuple) else ()
    word = None if None in sides else -1
    window = case.window or (None, None)
    return (*(word if side is None else side for side in window), *sides[2:])


def far_distances(case: AttentionCase, _: Any) -> tuple[int, int]:
    """Return a window without a word for unlimited: beyond all keys it is."""
    far = case.sizes.L + case.sizes.S
    left, right = (far if s is None else s for s in case.window or (None, None))
    return left, right


def keys_with_self(case: AttentionCase, _: Any) -> Any:
    """Return the number of keys that a window to the left shows, itself included."""
    left, _right = case.window or (None, None)
    return LEFT_OUT if left is None else left + 1


def of_rank(axes: int) -> Value:
    """Return what gives the mask or the bias, with at least so many axes."""

    def mask(case: AttentionCase, _: Any) -> Array:
        found = case.options["mask"] if case.mask is not None else case.options["bias"]
        return _raised(found, axes)

    return mask


def lowest_where_hidden(case: AttentionCase, _: Any) -> Array:
    """Return a mask as what is added: the lowest number of the format hides."""
    if case.mask is None:
        return _raised(case.options["bias"], 4)
    dtype = case.query.dtype
    lowest = np.asarray(-format_of(dtype.name).maximum).astype(dtype)
    return _raised(np.where(case.mask, np.zeros((), dtype), lowest), 4)


def word_or_mask(case: AttentionCase, default: Any) -> Any:
    """Return the word for causal, or the mask or bias."""
    return "causal" if case.causal else of_rank(4)(case, default)


def rank_four(option: str) -> Value:
    """Return what gives a mask or bias with four axes."""
    return lambda case, _: _raised(case.options[option], 4)


def _raised(array: Array, axes: int) -> Array:
    """Return an array with leading axes of length one, up to so many axes."""
    return array[(None,) * (axes - array.ndim)]


__all__ = [
    "always",
    "distances",
    "far_distances",
    "given",
    "heads_differ",
    "keys_with_self",
    "lowest_where_hidden",
    "of_rank",
    "off",
    "on",
    "rank_four",
    "scale",
    "word_or_mask",
]
