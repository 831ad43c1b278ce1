"""Pages, beside PagedAttention and FlexAttention of torch 2.13, uncompiled.

What differs, and why:

- Theirs is one object with the table, and its inverse: of each page, which of the pages
  of a sequence it is. So no two sequences share a page.
- A sequence that is erased is left in the inverse. It is not erased here:
  ``docs/scripts/deviations/torch-paged-erase.py`` shows what comes of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnspec.reference import append_to_pages, paged_attention
from tests.reference._bounds import bounds
from tests.reference._problems import Array, Problem, generators, sizes
from tests.reference._sequences import same

torch = pytest.importorskip("torch")
flex = pytest.importorskip("torch.nn.attention.flex_attention")
paging = pytest.importorskip("torch.nn.attention.experimental._paged_attention")


@pytest.fixture(autouse=True, scope="module")
def _as_it_stands() -> Iterator[None]:
    """Let FlexAttention run as it is written: it is traced anew for every shape."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flex, "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG", True)
        yield


def _put(pages: Any, lengths: Array, tokens: list[Array], page: int) -> list[Array]:
    """Return their pools (P, page, H, E) once each sequence has its tokens."""
    slots = pages.n_pages * page
    pools = [torch.zeros(1, 2, slots, t.shape[3], dtype=torch.float64) for t in tokens]
    for at, length in enumerate(lengths):
        which, places = torch.tensor([at]), torch.arange(length)[None]
        pages.reserve(which, torch.tensor([length]))
        own = [torch.from_numpy(t[at : at + 1, :, :length]) for t in tokens]
        pages.assign(which, places, *own, *pools)
    return [p[0].unflatten(1, (-1, page)).permute(1, 2, 0, 3).numpy() for p in pools]


@settings(max_examples=25)
@given(
    st.lists(sizes(1, 9), min_size=1, max_size=3),
    sizes(1, 4),
    sizes(1, 3),
    generators(),
    st.booleans(),
)
def test_pages_are_those_of_flexattention(
    counts: list[int], page: int, new: int, rng: np.random.Generator, is_causal: Any
) -> None:
    lengths, batch = np.array(counts), len(counts)
    longest = int(lengths.max())
    query = rng.normal(size=(batch, 4, new, 3))
    key, value = (rng.normal(size=(batch, 2, longest, n)) for n in (3, 2))
    count = int((-(-lengths // page)).sum()) + 1
    pages = paging.PagedAttention(count, page, batch, device="cpu")
    keys, values = pools = _put(pages, lengths, [key, value], page)
    table = pages.page_table.numpy()

    # Both write the same tokens to the same slots.
    ours = append_to_pages(
        key.swapaxes(1, 2),
        value.swapaxes(1, 2),
        np.zeros_like(keys),
        np.zeros_like(values),
        table,
        np.zeros_like(lengths),
        counts=lengths,
    )
    for mine, theirs in zip(ours, pools, strict=True):
        assert np.array_equal(mine, theirs)

    # And find the same answer in them.
    options: dict[str, Any] = {"causal": True} if is_causal else {}
    answer, _ = paged_attention(
        query.swapaxes(1, 2), keys, values, table, lengths, **options
    )
    ends = torch.from_numpy(lengths)
    causal = lambda b, _h, i, j: j <= i + ends[b] - new  # noqa: E731 - a mask_mod
    mask_mod = pages.get_mask_mod(causal if is_causal else None, ends)
    slots = count * page
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It would rather be compiled.
        mask = flex.create_block_mask(mask_mod, batch, None, new, slots, device="cpu")
        theirs = flex.flex_attention(
            torch.from_numpy(query),
            *(torch.from_numpy(_in_one_row(pool, batch)) for pool in pools),
            block_mask=mask,
            enable_gqa=True,
        )
    for at, length in enumerate(counts):
        part = np.s_[at : at + 1]
        own = Problem(
            query[part], key[part, :, :length], value[part, :, :length], options
        )
        bound = bounds(own).output
        assert same(theirs[part].numpy(), answer[part].swapaxes(1, 2), bound)


def _in_one_row(pool: Array, batch: int) -> Array:
    """Return pages as (B, H, all slots, E), for every sequence the same."""
    count, page, heads, width = pool.shape
    row = pool.reshape(count * page, heads, width).swapaxes(0, 1)
    return np.ascontiguousarray(np.broadcast_to(row, (batch, *row.shape)))
