"""Gather, then attend: many sequences in one call are as many attention problems.

Packed, padded or cached, a batch of sequences of different lengths is nothing new: it
says where the queries and the keys of each sequence lie. Each is gathered and attended
to by itself, and its rows are put back where its queries lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped

from attnspec._checks import check_broadcast
from attnspec._typing import Alignment, Finite, Positive, Window
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition
from attnspec.reference.attention import attention_with_logsumexp
from attnspec.reference.gradients import Gradients, attention_vjp


class Segment(NamedTuple):
    """Where one sequence lies: an element of the batch, its queries and its keys."""

    batch: int
    queries: slice
    keys: slice

    def of_queries(
        self, array: Shaped[np.ndarray, "B H L *E"]
    ) -> Shaped[np.ndarray, "1 H n *E"]:
        """Return its rows of what has one for each query."""
        return array[self.batch : self.batch + 1, :, self.queries]

    def of_keys(
        self, array: Shaped[np.ndarray, "B H S E"]
    ) -> Shaped[np.ndarray, "1 H n E"]:
        """Return its rows of what has one for each key."""
        return array[self.batch : self.batch + 1, :, self.keys]

    def of_scores(
        self, array: Shaped[np.ndarray, "B H L S"]
    ) -> Shaped[np.ndarray, "1 H n m"]:
        """Return its part of what has one entry for each query and key."""
        return self.of_queries(array)[..., self.keys]


@definition
def attend_segments(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    segments: Sequence[Segment],
    /,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> tuple[Float64[np.ndarray, "B Hq L Ev"], Float64[np.ndarray, "B Hq L"]]:
    r"""Attend within each segment, as if there were no other.

    .. math:: o_{Q_n} = \operatorname{attention}(q_{Q_n}, K_{K_n}, V_{K_n})

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    segments : sequence of Segment
        No query lies in two of them.
    mask, bias, scale, causal, window, softcap, sink, alignment
        As in `attention`. Queries and keys are counted within their segment.

    Returns
    -------
    output : (B, Hq, L, Ev) array
        Zero for a query that lies in no segment, or sees no key.
    lse : (B, Hq, L) array
        Minus infinity for a query that lies in no segment, or sees no key.

    Raises
    ------
    InvalidArgument
        If a segment lies beyond the arrays, if a query lies in two, or as `attention`
        does.

    Examples
    --------
    >>> import numpy as np
    >>> x, value = np.zeros((1, 1, 3, 1)), np.array([[[[1.0], [3.0], [5.0]]]])
    >>> pair, single = slice(0, 2), slice(2, 3)
    >>> segments = [Segment(0, pair, pair), Segment(0, single, single)]
    >>> attend_segments(x, x, value, segments)[0].ravel()
    array([2., 2., 5.])

    What lies in no segment is not read:

    >>> value[0, 0, 2] = np.nan
    >>> attend_segments(x, x, value, segments[:1])[0].ravel()
    array([2., 2., 0.])
    """
    (*rows, _), keys = query.shape, key.shape[2]
    output, lse = np.zeros((*rows, value.shape[3])), np.full(rows, -np.inf)
    whole = {"mask": mask, "bias": bias}
    for name, array in whole.items():
        check_broadcast(name, array, (*rows, keys))
    _check_within(segments, len(query), query.shape[2], keys)
    for part in segments:
        own = part.of_queries(query), part.of_keys(key), part.of_keys(value)
        given = {n: _part(a, part, (*rows, keys)) for n, a in whole.items()}
        found = attention_with_logsumexp(
            *own,
            scale=scale,
            causal=causal,
            window=window,
            softcap=softcap,
            sink=sink,
            alignment=alignment,
            **given,
        )
        part.of_queries(output)[:], part.of_queries(lse)[:] = found
    return output, lse


@definition
def segments_vjp(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    d_output: Float[np.ndarray, "B Hq L Ev"],
    segments: Sequence[Segment],
    /,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> Gradients:
    r"""Pull the cotangent of the output back within each segment.

    .. math::
        (\mathit{dq}_{Q_n}, \mathit{dk}_{K_n}, \mathit{dv}_{K_n}) =
        \operatorname{vjp}(q_{Q_n}, K_{K_n}, V_{K_n}, \mathit{do}_{Q_n}), \qquad
        \mathit{dsink} = \sum_n \mathit{dsink}_n

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    d_output : (B, Hq, L, Ev) array
        The cotangent of the output; what lies in no segment is not read.
    segments : sequence of Segment
        No query lies in two of them.
    mask, scale, causal, window, softcap, sink, alignment
        As in `attend_segments`.

    Returns
    -------
    Gradients
        Zero for what lies in no segment. What lies in several is the sum.

    Raises
    ------
    InvalidArgument
        As `attend_segments` does.

    Examples
    --------
    >>> import numpy as np
    >>> x, value = np.zeros((1, 1, 3, 1)), np.array([[[[1.0], [3.0], [5.0]]]])
    >>> pair = [Segment(0, slice(0, 2), slice(0, 2))]
    >>> segments_vjp(x, x, value, np.ones_like(x), pair).dv.ravel()
    array([1., 1., 0.])
    """
    (*rows, _), keys = query.shape, key.shape[2]
    dq, dk, dv = (np.zeros(array.shape) for array in (query, key, value))
    dsink = None if sink is None else np.zeros(len(sink))
    check_broadcast("mask", mask, (*rows, keys))
    _check_within(segments, len(query), query.shape[2], keys)
    for part in segments:
        found = attention_vjp(
            part.of_queries(query),
            part.of_keys(key),
            part.of_keys(value),
            part.of_queries(d_output),
            mask=_part(mask, part, (*rows, keys)),
            scale=scale,
            causal=causal,
            window=window,
            softcap=softcap,
            sink=sink,
            alignment=alignment,
        )
        part.of_queries(dq)[:] += found.dq
        part.of_keys(dk)[:] += found.dk
        part.of_keys(dv)[:] += found.dv
        if dsink is not None and found.dsink is not None:
            dsink += found.dsink
    return Gradients(dq, dk, dv, None, dsink)


def _check_within(
    segments: Sequence[Segment], batch: int, queries: int, keys: int
) -> None:
    """Demand segments within the arrays, of which no two share a query."""
    taken = np.zeros((batch, queries), bool)
    for at, (element, rows, columns) in enumerate(segments):
        inside = 0 <= element < batch and rows.stop <= queries and columns.stop <= keys
        if not inside or taken[element, rows].any():
            msg = (
                f"segments[{at}]: expected queries of its own, within {batch} elements "
                f"of {queries} queries and {keys} keys, got {segments[at]}"
            )
            raise InvalidArgument(msg)
        taken[element, rows] = True


def _part(
    array: Shaped[np.ndarray, "..."] | None,
    segment: Segment,
    shape: tuple[int, ...],
) -> Shaped[np.ndarray, "1 Hq n m"] | None:
    """Return a segment's part of a mask or bias."""
    return None if array is None else segment.of_scores(np.broadcast_to(array, shape))


__all__ = ["Segment", "attend_segments", "segments_vjp"]
