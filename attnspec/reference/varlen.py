"""Packed sequences: one behind the other in one array, and where each of them ends."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec._typing import Alignment, Finite, Positive, Window
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition
from attnspec.reference.gradients import Gradients
from attnspec.reference.segments import Segment, attend_segments, segments_vjp


@definition
def packed_segments(
    cu_query: Int[np.ndarray, "_"],
    cu_key: Int[np.ndarray, "_"],
    used_query: Int[np.ndarray, "N"] | None = None,
    used_key: Int[np.ndarray, "N"] | None = None,
) -> list[Segment]:
    r"""Read where the packed sequences lie from the cumulative sums of their lengths.

    .. math:: Q_n = [c^q_n, \; c^q_n + u^q_n), \qquad
              K_n = [c^k_n, \; c^k_n + u^k_n)

    Parameters
    ----------
    cu_query, cu_key : (N + 1,) arrays of int
        From 0 on, not decreasing: where the slot of each sequence begins, and where
        that of the last one ends. Two equal entries are a sequence without rows.
    used_query, used_key : (N,) arrays of int, optional
        How many rows of its slot each sequence has; all of them by default.

    Returns
    -------
    list of Segment

    Raises
    ------
    InvalidArgument
        If there are not as many slots for keys as for queries, if the first does not
        begin at 0 or one ends before it begins, or if there is not a length for each
        sequence that is from 0 to that of its slot.

    References
    ----------
    ``cu_seqlens_q`` and ``seqused_k`` of FlashAttention and of PyTorch's
    ``varlen_attn``; ``qo_indptr`` and ``kv_indptr`` of FlashInfer.

    Examples
    --------
    >>> packed_segments([0, 2, 3], [0, 2, 2])[1]
    Segment(batch=0, queries=slice(2, 3, None), keys=slice(2, 2, None))
    """
    if len(cu_query) != len(cu_key):
        msg = f"cu_key: expected {len(cu_query)} entries, got {len(cu_key)}"
        raise InvalidArgument(msg)
    queries = _slots("query", cu_query, used_query)
    keys = _slots("key", cu_key, used_key)
    return [Segment(0, *pair) for pair in zip(queries, keys, strict=True)]


def _slots(
    name: str, starts: Int[np.ndarray, "_"], used: Int[np.ndarray, "N"] | None
) -> list[slice]:
    """Return the rows of each sequence."""
    lengths = np.diff(starts)
    if not len(starts) or starts[0] != 0 or (lengths < 0).any():
        msg = f"cu_{name}: expected sums from 0 on, not decreasing, got {starts}"
        raise InvalidArgument(msg)
    counts = lengths if used is None else used
    if counts.shape != lengths.shape:
        msg = f"used_{name}: expected {len(lengths)} entries, got {len(counts)}"
        raise InvalidArgument(msg)
    if ((counts < 0) | (counts > lengths)).any():
        msg = f"used_{name}: expected 0 to {lengths}, got {counts}"
        raise InvalidArgument(msg)
    return [slice(int(s), int(s + n)) for s, n in zip(starts, counts, strict=False)]


def _check_room(*sides: tuple[str, Int[np.ndarray, "_"], int]) -> None:
    """Demand arrays that have all rows of the sequences."""
    for name, starts, rows in sides:
        if starts[-1] > rows:
            msg = f"cu_{name}: expected at most {rows} rows, got {starts[-1]}"
            raise InvalidArgument(msg)


@definition
def packed_attention(  # noqa: PLR0913 - what attention takes, and the lengths
    query: Float[np.ndarray, "Tq Hq E"],
    key: Float[np.ndarray, "Tk Hkv E"],
    value: Float[np.ndarray, "Tk Hkv Ev"],
    cu_query: Int[np.ndarray, "_"],
    cu_key: Int[np.ndarray, "_"],
    /,
    *,
    used_query: Int[np.ndarray, "N"] | None = None,
    used_key: Int[np.ndarray, "N"] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> tuple[Float64[np.ndarray, "Tq Hq Ev"], Float64[np.ndarray, "Hq Tq"]]:
    r"""Attend within each of the sequences that are packed into one array.

    .. math:: o_{Q_n} = \operatorname{attention}(q_{Q_n}, K_{K_n}, V_{K_n})

    Parameters
    ----------
    query : (Tq, Hq, E) array
    key : (Tk, Hkv, E) array
    value : (Tk, Hkv, Ev) array
    cu_query, cu_key, used_query, used_key
        Where the sequences lie; as `packed_segments` takes them. Rows behind the last
        one belong to nobody.
    scale, causal, window, softcap, sink, alignment
        As in `attention`. Queries and keys are counted within their sequence.

    Returns
    -------
    output : (Tq, Hq, Ev) array
        Zero for a row that belongs to nobody, or sees no key.
    lse : (Hq, Tq) array
        Minus infinity for such a row.

    Raises
    ------
    InvalidArgument
        If a sequence ends beyond the arrays, or as `packed_segments` and `attention`
        do.

    References
    ----------
    ``flash_attn_varlen_func`` of FlashAttention. Krell et al., "Efficient Sequence
    Packing without Cross-contamination", 2021, :doi:`10.48550/arXiv.2107.02027`.

    Examples
    --------
    >>> import numpy as np
    >>> x, value = np.zeros((3, 1, 1)), np.array([[[1.0]], [[3.0]], [[5.0]]])
    >>> packed_attention(x, x, value, [0, 2, 3], [0, 2, 3])[0].ravel()
    array([2., 2., 5.])

    The second sequence has no keys:

    >>> packed_attention(x, x, value, [0, 2, 3], [0, 3, 3])[1]
    array([[1.09861229, 1.09861229,       -inf]])
    """
    segments = packed_segments(cu_query, cu_key, used_query, used_key)
    _check_room(("query", cu_query, len(query)), ("key", cu_key, len(key)))
    output, lse = attend_segments(
        query.swapaxes(0, 1)[None],
        key.swapaxes(0, 1)[None],
        value.swapaxes(0, 1)[None],
        segments,
        scale=scale,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        alignment=alignment,
    )
    return output[0].swapaxes(0, 1), lse[0]


@definition
def packed_attention_vjp(  # noqa: PLR0913 - what attention takes, and the lengths
    query: Float[np.ndarray, "Tq Hq E"],
    key: Float[np.ndarray, "Tk Hkv E"],
    value: Float[np.ndarray, "Tk Hkv Ev"],
    d_output: Float[np.ndarray, "Tq Hq Ev"],
    cu_query: Int[np.ndarray, "_"],
    cu_key: Int[np.ndarray, "_"],
    /,
    *,
    used_query: Int[np.ndarray, "N"] | None = None,
    used_key: Int[np.ndarray, "N"] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> Gradients:
    r"""Pull the cotangent of the output back within each packed sequence.

    .. math::
        (\mathit{dq}_{Q_n}, \mathit{dk}_{K_n}, \mathit{dv}_{K_n}) =
        \operatorname{vjp}(q_{Q_n}, K_{K_n}, V_{K_n}, \mathit{do}_{Q_n})

    Parameters
    ----------
    query : (Tq, Hq, E) array
    key : (Tk, Hkv, E) array
    value : (Tk, Hkv, Ev) array
    d_output : (Tq, Hq, Ev) array
        The cotangent of the output; rows that belong to nobody are not read.
    cu_query, cu_key, used_query, used_key
        As in `packed_attention`.
    scale, causal, window, softcap, sink, alignment
        As in `packed_attention`.

    Returns
    -------
    Gradients
        Zero for a row that belongs to nobody.

    Raises
    ------
    InvalidArgument
        As `packed_attention` does.

    Examples
    --------
    Each query shares its cotangent among the values of its own sequence:

    >>> import numpy as np
    >>> x, value = np.zeros((3, 1, 1)), np.array([[[1.0]], [[3.0]], [[5.0]]])
    >>> packed_attention_vjp(x, x, value, x + 1, [0, 1, 3], [0, 2, 3]).dv.ravel()
    array([0.5, 0.5, 2. ])
    """
    segments = packed_segments(cu_query, cu_key, used_query, used_key)
    _check_room(("query", cu_query, len(query)), ("key", cu_key, len(key)))
    found = segments_vjp(
        query.swapaxes(0, 1)[None],
        key.swapaxes(0, 1)[None],
        value.swapaxes(0, 1)[None],
        d_output.swapaxes(0, 1)[None],
        segments,
        scale=scale,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        alignment=alignment,
    )
    dq, dk, dv = (a[0].swapaxes(0, 1) for a in (found.dq, found.dk, found.dv))
    return Gradients(dq, dk, dv, None, found.dsink)


__all__ = ["packed_attention", "packed_attention_vjp", "packed_segments"]
