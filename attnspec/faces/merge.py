"""The faces of merges: in place, into an output, of lists, and of splits."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.faces._of_kind import KindFace, Said, word
from attnspec.judge.usage import ANY, Argument

_OUTPUT = Argument("N H Ev", "attention over one set of keys", ANY)
_LSE = Argument("N H", "its logsumexp", ANY)


def _copied(
    output_a: Array,
    lse_a: Array,
    output_b: Array,
    lse_b: Array,
    *,
    in_place: bool = False,
) -> tuple[Any, ...]:
    """Give a copy of the first part, where it is to stay as it is."""
    if in_place:
        return output_a, lse_a, output_b, lse_b
    return output_a.copy(), lse_a.copy(), output_b, lse_b


def _from_first(_returned: Any, said: Said, placed: tuple[Any, ...]) -> Any:
    """Read what has been written into the first part."""
    return None if said.get("in_place") else placed[:2]


_IN_PLACE_EXAMPLE = """\
# example.py
import numpy as np


def merge_state_in_place(v, s, v_other, s_other, mask=None):
    rows = np.ones(len(s), bool) if mask is None else mask
    largest = np.maximum(s, s_other)
    shift = np.where(np.isfinite(largest), largest, 0)
    one, two = np.exp2(s - shift), np.exp2(s_other - shift)
    total = np.where(one + two == 0, 1, one + two)
    with np.errstate(divide="ignore"):
        merged = np.log2(one + two) + shift
    mean = (one / total)[..., None] * v + (two / total)[..., None] * v_other
    v[rows], s[rows] = mean[rows], merged[rows]
"""

IN_PLACE = KindFace(
    id="merge-in-place",
    title="flashinfer.merge_state_in_place",
    sentence="Results come in the place of the first part, as in FlashInfer.",
    kind="merge",
    operands={
        "v": _OUTPUT,
        "s": _LSE,
        "v_other": _OUTPUT,
        "s_other": _LSE,
    },
    results={"v": _OUTPUT, "s": _LSE},
    given=_copied,
    keywords=(word("rows", "mask"),),
    read=_from_first,
    says=("in_place",),
    example=_IN_PLACE_EXAMPLE,
    arrays="torch",
    writes=True,
)
"""In the place of the first part."""


def _into(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Any:
    """Give an output and a logsumexp full of NaN to write to, heads before rows."""
    lses = (np.ascontiguousarray(lse.T) for lse in (lse_a, lse_b))
    one, two = lses
    nan = np.full_like(output_a, np.nan), np.full_like(one, np.nan)
    return nan[0], output_a, one, output_b, two, nan[1]


def _from_output(_returned: Any, _said: Said, placed: tuple[Any, ...]) -> Any:
    """Read what has been written into the outputs."""
    return placed[0], placed[5].T


_INTO_EXAMPLE = """\
# example.py
import numpy as np


def merge(
    output, prefix_output, prefix_lse, suffix_output, suffix_lse, output_lse
):
    largest = np.maximum(prefix_lse, suffix_lse)
    shift = np.where(np.isfinite(largest), largest, 0)
    one, two = np.exp(prefix_lse - shift), np.exp(suffix_lse - shift)
    total = np.where(one + two == 0, 1, one + two)
    shares = ((each / total).T[..., None] for each in (one, two))
    parts = zip(shares, (prefix_output, suffix_output))
    output[...] = sum(share * part for share, part in parts)
    with np.errstate(divide="ignore"):
        output_lse[...] = np.log(one + two) + shift
"""

INTO = KindFace(
    id="merge-into",
    title="merge_attn_states",
    sentence="Results are written into an output, logsumexps are (H, T), as in vLLM.",
    kind="merge",
    operands={
        "output": Argument("N H Ev", "full of NaN: written", ANY),
        "prefix_output": _OUTPUT,
        "prefix_lse": Argument("H N", "its logsumexp", ANY),
        "suffix_output": _OUTPUT,
        "suffix_lse": Argument("H N", "its logsumexp", ANY),
        "output_lse": Argument("H N", "full of NaN: written", ANY),
    },
    results={"output": _OUTPUT, "output_lse": Argument("H N", "its logsumexp", ANY)},
    given=_into,
    read=_from_output,
    example=_INTO_EXAMPLE,
    arrays="torch",
    writes=True,
)
"""Into an output."""


def _lists(outputs: Array, lses: Array) -> tuple[Any, ...]:
    """Give lists of the parts, of one sequence."""
    return tuple(
        [np.ascontiguousarray(each[None, :, n]) for n in range(each.shape[1])]
        for each in (outputs, lses)
    )


def _of_one(returned: Any, _said: Said, _placed: tuple[Any, ...]) -> Any:
    """Read the results of the one sequence that there is."""
    if not isinstance(returned, tuple | list):
        return returned
    return tuple(a[0] if _has_batch(a) else a for a in returned)


def _has_batch(array: Any) -> bool:
    """Return whether an array has a first axis of one sequence."""
    return isinstance(array, np.ndarray) and array.ndim > 0 and len(array) == 1


_LISTS_EXAMPLE = """\
# example.py
import numpy as np


def merge_attentions(outputs, lse_tensors):
    outputs, lses = np.stack(outputs), np.stack(lse_tensors)
    largest = lses.max(0)
    shift = np.where(np.isfinite(largest), largest, 0)
    shares = np.exp(lses - shift)
    total = shares.sum(0)
    mean = (shares / np.where(total == 0, 1, total))[..., None] * outputs
    with np.errstate(divide="ignore"):
        return mean.sum(0), np.log(total) + shift
"""

LISTS = KindFace(
    id="merge-lists",
    title="natten.functional.merge_attentions",
    sentence="The parts are lists of (B, L, H, E) and (B, L, H), as in NATTEN.",
    kind="merge-all",
    operands={
        "outputs": Argument("B T H Ev", "a list of attentions, one for each part", ANY),
        "lse_tensors": Argument("B T H", "a list of their logsumexps", ANY),
    },
    results={
        "output": Argument("B T H Ev", "attention over all sets", ANY),
        "lse": Argument("B T H", "its logsumexp", ANY),
    },
    given=_lists,
    read=_of_one,
    example=_LISTS_EXAMPLE,
    arrays="torch",
)
"""Lists of parts."""


def _splits(outputs: Array, lses: Array) -> tuple[Any, ...]:
    """Give the parts first, and one sequence."""
    return tuple(
        np.ascontiguousarray(each.swapaxes(0, 1)[:, None]) for each in (outputs, lses)
    )


_SPLITS_EXAMPLE = """\
# example.py
import numpy as np


def flash_attn_combine(out_partial, lse_partial, out=None, out_dtype=None):
    largest = lse_partial.max(0)
    shift = np.where(np.isfinite(largest), largest, 0)
    shares = np.exp(lse_partial - shift)
    total = shares.sum(0)
    mean = (shares / np.where(total == 0, 1, total))[..., None] * out_partial
    with np.errstate(divide="ignore"):
        return mean.sum(0), np.log(total) + shift
"""

SPLITS = KindFace(
    id="merge-splits",
    title="flash_attn_interface.flash_attn_combine",
    sentence="The parts are the first axis, as in FlashAttention 3 and 4.",
    kind="merge-all",
    operands={
        "out_partial": Argument("N B T H Ev", "attention over each part", ANY),
        "lse_partial": Argument("N B T H", "their logsumexps", ANY),
    },
    results={
        "output": Argument("B T H Ev", "attention over all parts", ANY),
        "lse": Argument("B T H", "its logsumexp", ANY),
    },
    given=_splits,
    read=_of_one,
    example=_SPLITS_EXAMPLE,
    arrays="torch",
)
"""The parts first."""

OF_MERGES = (IN_PLACE, INTO, LISTS, SPLITS)
"""Every face of merges."""

__all__ = ["INTO", "IN_PLACE", "LISTS", "OF_MERGES", "SPLITS"]
