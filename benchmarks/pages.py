"""Paged = contiguous = padded = packed = appended: right kernels against the bounds.

Run as ``python -m benchmarks.pages [--cases N] [--seed N] [--format FORMAT]``. The same
sequences are answered in pages, in pieces, in one page each, padded, packed, and in
pages that were filled a few tokens at a time. One line a format and form says how many
examples there are, the largest error by bound, and the largest distance to another
form by the doubled bound. It exits with 1 if one is above 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import Inadmissible
from attnspec.judge.case import Case
from attnspec.kinds.serving import _pools as pools
from attnspec.kinds.serving._paged import POOLS
from attnspec.kinds.serving.paged import PAGED
from attnspec.numerics import default_model, within
from attnspec.numerics.dtypes import DTYPES
from attnspec.reference import gather_pages
from attnspec.rogues.serving._appending import Append
from attnspec.rogues.serving._packing import Varlen
from attnspec.rogues.serving._padding import Padded
from attnspec.rogues.serving._paging import Paged
from attnspec.rogues.serving._paging_steps import in_parts

Pair = tuple[Array, Array]
_LARGEST = 2**16
"""The largest number of scores of an example."""


def draw(random: np.random.Generator, dtype: str) -> Case:
    """Return a call of which every field is drawn."""
    table = PAGED.table
    while True:
        recipe = {n: v[random.integers(len(v))] for n, v in table.fields.items()}
        for name in table.switches:
            if random.random() < 0.6:
                recipe[name] = table.fields[name][0]
        # Forms that read whole tiles meet what belongs to nobody.
        for name in ("poison_key", "poison_value"):
            recipe[name] = ("zeros", "large")[random.integers(2)]
        recipe |= {"return_lse": True, "layouts": ()}
        seed = int(random.integers(2**31))
        case = PAGED.case(PAGED.recipe(dtype, seed=seed, **recipe))
        scores = case["query"][..., 0].size * max(1, int(case["lengths"].max()))
        if scores <= _LARGEST:
            return case


def _options(case: Case) -> dict[str, Any]:
    return {n: v for n, v in case.options.items() if n != "return_lse"}


def _arrays(case: Case) -> list[Array]:
    return [*case.operands.values()]


def paged(case: Case, kernel: Callable[..., Any]) -> Pair:
    """Answer from the pages."""
    output, lse = kernel(*_arrays(case), **case.options)
    return output, lse


def contiguous(case: Case) -> Pair:
    """Give each sequence one page that is as long as the longest of them."""
    longest = max(1, int(case["lengths"].max()))
    return paged(pools.contiguous(case, longest), Paged())


def padded(case: Case) -> Pair:
    """Gather all tokens, and answer sequences that are padded."""
    key, value = _gathered(case)
    output, lse = Padded()(
        *(case["query"].swapaxes(1, 2), key.swapaxes(1, 2), value.swapaxes(1, 2)),
        key_lengths=case["lengths"],
        return_lse=True,
        **_options(case),
    )
    return output.swapaxes(1, 2), lse


def packed(case: Case) -> Pair:
    """Gather all tokens, and answer them one sequence behind the other."""
    batch, queries, *rest = case["query"].shape
    lengths = case["lengths"].astype(np.int64)
    key, value = (
        np.concatenate([row[:n] for row, n in zip(tokens, lengths, strict=True)])
        for tokens in _gathered(case)
    )
    sums = np.arange(batch + 1) * queries, np.append(0, np.cumsum(lengths))
    output, lse = Varlen()(
        *(case["query"].reshape(-1, *rest), key, value),
        *(np.asarray(each, np.int32) for each in sums),
        *(queries, int(lengths.max())),
        return_lse=True,
        **_options(case),
    )
    heads = len(lse)
    lse = lse.reshape(heads, batch, queries).swapaxes(0, 1)
    return output.reshape(batch, queries, *output.shape[1:]), lse


def _gathered(case: Case) -> tuple[Array, Array]:
    table, lengths = case["table"], case["lengths"]
    key, value = (
        gather_pages(case[name], table, lengths)
        for name in ("key_pages", "value_pages")
    )
    return key, value


def appended(case: Case) -> Pair:
    """Fill pages of three slots with a few tokens at a time, and answer from them."""
    own = pools.contiguous(case, 3)
    key, value = _gathered(case)
    lengths, done = case["lengths"].astype(np.int64), np.zeros(len(key), np.int64)
    pages = [np.full_like(own[name], np.nan) for name in POOLS]
    steps = 0
    while (done < lengths).any():
        # One, two, three tokens, and again; fewer where a sequence ends.
        most = min(1 + steps % 3, key.shape[1])
        counts = np.clip(lengths - done, 0, most)
        at = np.minimum(done[:, None] + np.arange(most), key.shape[1] - 1)
        new = (np.take_along_axis(a, at[..., None, None], axis=1) for a in (key, value))
        Append()(*new, *pages, own["table"], done, counts=counts)
        done, steps = done + counts, steps + 1
    return paged(own.replace(key_pages=pages[0], value_pages=pages[1]), Paged())


FORMS: dict[str, Callable[[Case], Pair]] = {
    "paged": lambda case: paged(case, Paged()),
    "in pieces": lambda case: paged(case, Paged(attend=in_parts(16))),
    "contiguous": contiguous,
    "padded": padded,
    "packed": packed,
    "appended": appended,
}


def measure(dtype: str, cases: int, seed: int) -> Iterator[tuple[str, float, float]]:
    """Yield form, error by bound, and distance to another by the doubled bound."""
    model, counted, number = default_model(dtype), 0, 0
    while counted < cases:
        case = draw(np.random.default_rng([seed, number]), dtype)
        number += 1
        try:
            exact = PAGED.judge(case, PAGED.default(), model)
        except Inadmissible:
            continue
        counted += 1
        right = ((exact.output, exact.bound), exact.others["lse"])
        found = {name: form(case) for name, form in FORMS.items()}
        for name, mine in found.items():
            worst, far = 0.0, 0.0
            for at, (value, bound) in enumerate(right):
                worst = max(worst, within(value, mine[at], bound).ratio)
                for other in found.values():
                    far = max(far, within(other[at], mine[at], 2.0 * bound).ratio)
            yield name, worst, far


def main(arguments: list[str]) -> int:
    """Print the table, and say whether all is within the bounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000, help="cases of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", choices=DTYPES, action="append")
    given = parser.parse_args(arguments)
    start, worst, count = time.perf_counter(), 0.0, 0
    print(
        f"{'format':9} {'form':10} {'examples':>8}  error by bound, distance by twice"
    )
    for dtype in given.format or DTYPES:
        ratios: dict[str, list[tuple[float, float]]] = {name: [] for name in FORMS}
        for name, error, far in measure(dtype, given.cases, given.seed):
            ratios[name].append((error, far))
        for name, found in ratios.items():
            error, far = np.max(found, axis=0)
            worst, count = max(worst, error, far), count + len(found)
            print(
                f"{dtype:9} {name:10} {len(found):8,}  {error:.2g} {far:.2g}",
                flush=True,
            )
    spent = time.perf_counter() - start
    print(f"{count:,} examples, the worst {worst:.2g}; {spent:.0f} s")
    return 0 if worst <= 1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
