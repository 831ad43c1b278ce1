"""Objects that are planned and run as those of FlashInfer: right and wrong ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from attnspec import kernels
from attnspec._typing import Array

_TILED: Any = kernels.tiled_attention
Options = dict[str, Any]


def _answered(
    queries: Iterable[Array],
    keys: Iterable[tuple[Array, Array]],
    output: Array,
    rows: Iterable[Any],
    options: Options,
) -> Array:
    """Answer sequence by sequence; return the logsumexp (T, H) in base 2."""
    lse = np.zeros(output.shape[:-1], np.float64)
    for query, (key, value), place in zip(queries, keys, rows, strict=True):
        own = (x.swapaxes(0, 1)[None] for x in (query, key, value))
        found, sums = _TILED(*own, return_lse=True, **options)
        output[place] = found[0].swapaxes(0, 1)
        lse[place] = sums[0].T / np.log(2)
    return lse.astype(np.float64 if output.dtype == np.float64 else np.float32)


class _Wrapper:
    """What all of them do: keep lists, answer, write where they are told."""

    def __init__(self, float_workspace_buffer: Array, kv_layout: str = "NHD") -> None:
        assert float_workspace_buffer.nbytes >= 2**20
        assert kv_layout == "NHD"
        self.options: Options = {}

    def keep(
        self,
        rows: Array | None,
        lists: tuple[Array, Array, Array],
        sizes: tuple[Any, ...],
        options: Options,
    ) -> None:
        """Keep where each sequence lies."""
        assert all(isinstance(size, int | None) for size in sizes)
        self.rows, self.lists = rows, lists
        self.options = options

    def tokens(self, pools: tuple[Array, Array]) -> Iterable[tuple[Array, Array]]:
        """Yield the keys and values of each sequence."""
        starts, pages, last = self.lists
        for place, count in enumerate(last):
            own = pages[starts[place] : starts[place + 1]]
            length = (len(own) - 1) * pools[0].shape[1] + count if len(own) else 0
            key, value = (
                pool[own].reshape(-1, *pool.shape[2:])[:length] for pool in pools
            )
            yield key, value

    def answer(
        self,
        q: Array,
        keys: Iterable[tuple[Array, Array]],
        width: int,
        *,
        out: Array | None,
        sinks: Array | None,
        return_lse: bool,
    ) -> Any:
        """Answer all sequences."""
        output = np.zeros((*q.shape[:2], width), q.dtype) if out is None else out
        starts = np.arange(len(q) + 1) if self.rows is None else self.rows
        places = [slice(a, b) for a, b in itertools.pairwise(starts)]
        queries = (q[place] for place in places)
        options = {**self.options, "sink": sinks}
        lse = _answered(queries, keys, output, places, options)
        return (output, lse) if return_lse else output


class Prefill(_Wrapper):
    """FlashInfer's prefill over pages."""

    def plan(  # noqa: PLR0917 - the face of the field
        self,
        qo_indptr: Array,
        paged_kv_indptr: Array,
        paged_kv_indices: Array,
        paged_kv_last_page_len: Array,
        num_qo_heads: int,
        num_kv_heads: int,
        head_dim_qk: int,
        page_size: int,
        head_dim_vo: int | None = None,
        custom_mask: Array | None = None,
        causal: bool = False,
        sm_scale: float | None = None,
        window_left: int = -1,
        logits_soft_cap: float | None = None,
        q_data_type: Any = "float16",
    ) -> None:
        """Keep what it is planned for."""
        assert custom_mask is None
        assert window_left == -1
        self.format = q_data_type
        self.keep(
            qo_indptr,
            (paged_kv_indptr, paged_kv_indices, paged_kv_last_page_len),
            (num_qo_heads, num_kv_heads, head_dim_qk, page_size, head_dim_vo),
            {"causal": causal, "scale": sm_scale, "softcap": logits_soft_cap},
        )

    def run(
        self,
        q: Array,
        paged_kv_cache: tuple[Array, Array],
        *args: Any,
        out: Array | None = None,
        return_lse: bool = False,
        window_left: int | None = None,
        sinks: Array | None = None,
    ) -> Any:
        """Answer by the last plan."""
        assert not args
        assert window_left is None
        assert q.dtype == self.format
        keys = self.tokens(paged_kv_cache)
        width = paged_kv_cache[1].shape[-1]
        return self.answer(q, keys, width, out=out, sinks=sinks, return_lse=return_lse)


class Decode(_Wrapper):
    """FlashInfer's decode over pages."""

    def plan(
        self,
        indptr: Array,
        indices: Array,
        last_page_len: Array,
        num_qo_heads: int,
        num_kv_heads: int,
        head_dim: int,
        page_size: int,
        sm_scale: float | None = None,
        logits_soft_cap: float | None = None,
    ) -> None:
        """Keep what it is planned for."""
        self.keep(
            None,
            (indptr, indices, last_page_len),
            (num_qo_heads, num_kv_heads, head_dim, page_size),
            {"scale": sm_scale, "softcap": logits_soft_cap},
        )

    def run(
        self,
        q: Array,
        paged_kv_cache: tuple[Array, Array],
        out: Array | None = None,
        return_lse: bool = False,
    ) -> Any:
        """Answer by the last plan."""
        keys, width = self.tokens(paged_kv_cache), paged_kv_cache[1].shape[-1]
        return self.answer(q, keys, width, out=out, sinks=None, return_lse=return_lse)


class Ragged(_Wrapper):
    """FlashInfer's prefill of packed sequences."""

    def plan(
        self,
        qo_indptr: Array,
        kv_indptr: Array,
        num_qo_heads: int,
        num_kv_heads: int,
        head_dim_qk: int,
        head_dim_vo: int | None = None,
        causal: bool = False,
        sm_scale: float | None = None,
        logits_soft_cap: float | None = None,
    ) -> None:
        """Keep what it is planned for."""
        self.starts = kv_indptr
        self.keep(
            qo_indptr,
            (kv_indptr, kv_indptr, kv_indptr),
            (num_qo_heads, num_kv_heads, head_dim_qk, head_dim_vo),
            {"causal": causal, "scale": sm_scale, "softcap": logits_soft_cap},
        )

    def run(
        self,
        q: Array,
        k: Array,
        v: Array,
        out: Array | None = None,
        return_lse: bool = False,
    ) -> Any:
        """Answer by the last plan."""
        ends = itertools.pairwise(self.starts)
        keys = ((k[a:b], v[a:b]) for a, b in ends)
        width = v.shape[-1]
        return self.answer(q, keys, width, out=out, sinks=None, return_lse=return_lse)


class PlannedByShape(Prefill):
    """Takes a plan of the same shapes for the one that it has."""

    def keep(self, *said: Any) -> None:
        """Keep nothing where all shapes and numbers are known."""
        rows, lists, *more = said
        shapes = [array.shape for array in (rows, *lists)], more
        if shapes != getattr(self, "shapes", None):
            super().keep(*said)
        self.shapes = shapes


class KeysKept(Prefill):
    """Gathers the keys once for each plan."""

    def keep(self, *said: Any) -> None:
        """Forget the keys."""
        super().keep(*said)
        self.kept: list[tuple[Array, Array]] = []

    def tokens(self, pools: tuple[Array, Array]) -> Iterable[tuple[Array, Array]]:
        """Return the keys and values of the first run."""
        self.kept = self.kept or [*super().tokens(pools)]
        return self.kept


class RunOnce(Prefill):
    """Leaves behind another plan than it ran by."""

    def tokens(self, pools: tuple[Array, Array]) -> Iterable[tuple[Array, Array]]:
        """Count the slots of last pages down."""
        yield from super().tokens(pools)
        starts, pages, last = self.lists
        self.lists = starts, pages, np.maximum(last - 1, 1)


class WholePages(Decode):
    """Reads last pages to their end."""

    def tokens(self, pools: tuple[Array, Array]) -> Iterable[tuple[Array, Array]]:
        """Yield all slots of all pages."""
        starts, pages, last = self.lists
        self.lists = starts, pages, np.full_like(last, pools[0].shape[1])
        yield from super().tokens(pools)


class LastIsLost(Ragged):
    """Loses the last key of each sequence but the last."""

    def keep(self, *said: Any) -> None:
        """Keep starts that are one too early."""
        super().keep(*said)
        self.starts = np.append(np.maximum(self.starts[:-1] - 1, 0), self.starts[-1])
