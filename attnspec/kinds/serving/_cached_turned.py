"""Laws of new tokens that are turned by their places."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec.judge.case import Case, cast
from attnspec.judge.law import Bench
from attnspec.kinds.serving import _cached as cached
from attnspec.kinds.serving._sequences import parts_alike
from attnspec.numerics import Comparison
from attnspec.reference import turn_by_tables


def check_outside(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Tokens turned in the call are answered like tokens turned before it."""
    queries, keys = cached.rows_of(case, bench.dialect)
    pairing = cached.pairing_of(case, bench.dialect)
    turned = {
        name: turn_by_tables(
            case[name], case["cosine"], case["sine"], rows, pairing=pairing
        ).astype(case[name].dtype)
        for name, rows in (("query", queries), ("key", keys))
    }
    lost = dict.fromkeys(("cosine", "sine", "interleaved"))
    yield from parts_alike(case, case.replace(**turned, **lost), bench, "turned before")


def check_shift(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Places that are all moved by one number leave every answer as it was."""
    width, rows = 2 * case["cosine"].shape[1], len(case["cosine"])
    frequencies = 10_000.0 ** (-np.arange(0, width, 2) / width)
    angles = (1_000 + np.arange(rows))[:, None] * frequencies
    moved = case.replace(
        cosine=cast(np.cos(angles), case["recipe"]),
        sine=cast(np.sin(angles), case["recipe"]),
    )
    yield from parts_alike(case, moved, bench, "1,000 places later")


__all__ = ["check_outside", "check_shift"]
