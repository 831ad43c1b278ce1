"""Padded sequences: each in an element of a batch of its own, and how long it is."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from attnspec._checks import check_least, check_places
from attnspec._typing import Alignment, Finite, Positive, Window
from attnspec.reference._arrays import definition
from attnspec.reference.gradients import Gradients
from attnspec.reference.segments import Segment, attend_segments, segments_vjp


@definition
def padded_attention(  # noqa: PLR0913 - what attention takes, and the lengths
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    /,
    *,
    query_lengths: Int[np.ndarray, "B"] | None = None,
    key_lengths: Int[np.ndarray, "B"] | None = None,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> tuple[Float64[np.ndarray, "B Hq L Ev"], Float64[np.ndarray, "B Hq L"]]:
    r"""Attend within each of the sequences that are padded to one length.

    .. math:: o_{b,\, i < \ell_b} = \operatorname{attention}
              (q_{b,\, i < \ell_b}, K_{b,\, j < n_b}, V_{b,\, j < n_b})

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    query_lengths, key_lengths : (B,) arrays of int, optional
        How many queries and keys each sequence has; L and S by default. What comes
        after them is padding.
    mask, bias, scale, causal, window, softcap, sink, alignment
        As in `attention`. Causality and window count within the lengths.

    Returns
    -------
    output : (B, Hq, L, Ev) array
        Zero for a query that is padding, or sees no key.
    lse : (B, Hq, L) array
        Minus infinity for such a query.

    Raises
    ------
    InvalidArgument
        If a length is negative or greater than L or S, or as `attention` does.

    References
    ----------
    ``seqused_q`` and ``seqused_k`` of FlashAttention; ``query_seq_lengths`` and
    ``key_value_seq_lengths`` of ``jax.nn.dot_product_attention``;
    ``nonpad_kv_seqlen`` of ONNX Attention-24.

    Examples
    --------
    >>> import numpy as np
    >>> x, value = np.zeros((2, 1, 2, 1)), np.array([[[[1.0], [3.0]]]] * 2)
    >>> padded_attention(x, x, value, key_lengths=[2, 1])[0][:, 0, :, 0]
    array([[2., 2.],
           [1., 1.]])

    A query that is padding is answered with zero:

    >>> padded_attention(x, x, value, query_lengths=[1, 0])[0][:, 0, :, 0]
    array([[2., 0.],
           [0., 0.]])
    """
    queries = _lengths("query_lengths", query_lengths, query)
    keys = _lengths("key_lengths", key_lengths, key)
    return attend_segments(
        query,
        key,
        value,
        padded_segments(queries, keys),
        mask=mask,
        bias=bias,
        scale=scale,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        alignment=alignment,
    )


@definition
def padded_attention_vjp(  # noqa: PLR0913 - what attention takes, and the lengths
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    d_output: Float[np.ndarray, "B Hq L Ev"],
    /,
    *,
    query_lengths: Int[np.ndarray, "B"] | None = None,
    key_lengths: Int[np.ndarray, "B"] | None = None,
    mask: Bool[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> Gradients:
    r"""Pull the cotangent of the output back within each padded sequence.

    .. math::
        (\mathit{dq}_b, \mathit{dk}_b, \mathit{dv}_b)_{\text{no padding}} =
        \operatorname{vjp}(q_b, K_b, V_b, \mathit{do}_b)_{\text{no padding}}

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    d_output : (B, Hq, L, Ev) array
        The cotangent of the output; that of padding is not read.
    query_lengths, key_lengths : (B,) arrays of int, optional
        As in `padded_attention`.
    mask, scale, causal, window, softcap, sink, alignment
        As in `padded_attention`.

    Returns
    -------
    Gradients
        Zero for padding.

    Raises
    ------
    InvalidArgument
        As `padded_attention` does.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros((1, 1, 2, 1))
    >>> padded_attention_vjp(x, x, x, x + 1, key_lengths=[1]).dv.ravel()
    array([2., 0.])
    """
    queries = _lengths("query_lengths", query_lengths, query)
    keys = _lengths("key_lengths", key_lengths, key)
    return segments_vjp(
        query,
        key,
        value,
        d_output,
        padded_segments(queries, keys),
        mask=mask,
        scale=scale,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        alignment=alignment,
    )


@definition
def padded_segments(
    query_lengths: Int[np.ndarray, "B"], key_lengths: Int[np.ndarray, "B"]
) -> list[Segment]:
    r"""Read where the padded sequences lie from their lengths.

    .. math:: Q_b = [0, \ell_b), \qquad K_b = [0, n_b)

    Parameters
    ----------
    query_lengths, key_lengths : (B,) arrays of int

    Returns
    -------
    list of Segment

    Raises
    ------
    InvalidArgument
        If a length is negative, or there are not as many of keys as of queries.

    Examples
    --------
    >>> padded_segments([2, 1], [3, 0])[1]
    Segment(batch=1, queries=slice(0, 1, None), keys=slice(0, 0, None))
    """
    for name, lengths in (("query", query_lengths), ("key", key_lengths)):
        check_least(f"{name}_lengths", int(lengths.min(initial=0)), 0)
    pairs = zip(query_lengths.tolist(), key_lengths.tolist(), strict=True)
    return [Segment(b, slice(0, n), slice(0, m)) for b, (n, m) in enumerate(pairs)]


def _lengths(
    name: str,
    lengths: Int[np.ndarray, "B"] | None,
    array: Float[np.ndarray, "B H n E"],
) -> Int[np.ndarray, "B"]:
    """Return how long each sequence is: as long as the array, unless it is said."""
    if lengths is None:
        return np.full(len(array), array.shape[2])
    check_places(name, lengths, array.shape[2] + 1)
    return lengths


__all__ = ["padded_attention", "padded_attention_vjp", "padded_segments"]
