"""The steps of which right and wrong attention of packed sequences is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.kernels import tiled_attention
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import Segment


@dataclasses.dataclass(frozen=True)
class Call:
    """A call: its arrays, heads first, where its sequences lie, and its options."""

    query: Array
    key: Array
    value: Array
    cu_query: Array
    cu_key: Array
    max_query: int
    max_key: int
    used_query: Array | None
    used_key: Array | None
    options: dict[str, Any]

    def replace(self, **changes: Any) -> Call:
        """Return the same call with some of it changed."""
        return dataclasses.replace(self, **changes)

    def without(self, *names: str) -> Call:
        """Return the same call with some options forgotten."""
        rest = {n: v for n, v in self.options.items() if n not in names}
        return self.replace(options=rest)

    @property
    def count(self) -> int:
        """The number of sequences."""
        return len(self.cu_query) - 1


def slots(call: Call) -> list[Segment]:
    """Return where each sequence lies."""
    return [
        Segment(
            0,
            _rows(call.cu_query, call.used_query, at),
            _rows(call.cu_key, call.used_key, at),
        )
        for at in range(call.count)
    ]


def _rows(sums: Array, used: Array | None, at: int) -> slice:
    start, stop = int(sums[at]), int(sums[at + 1])
    return slice(start, stop if used is None else start + int(used[at]))


def attended(call: Call, segment: Segment, at: int) -> tuple[Array, Array]:  # noqa: ARG001 - a step's form
    """Attend within one sequence."""
    found: Any = tiled_attention(
        call.query[:, :, segment.queries],
        call.key[:, :, segment.keys],
        call.value[:, :, segment.keys],
        **call.options,
        return_lse=True,
    )
    return found


def answered(call: Call, output: Array, lse: Array) -> tuple[Array, Array]:  # noqa: ARG001 - a step's form
    """Return what was computed."""
    return output, lse


def written(call: Call, output: Array, out: Array) -> None:  # noqa: ARG001 - a step's form
    """Write the result into a buffer."""
    out[...] = output


@dataclasses.dataclass(frozen=True)
class Varlen:
    """What is called with packed sequences, and answers in steps of its own."""

    before: Callable[[Call], Call] = lambda call: call
    segments: Callable[[Call], list[Segment]] = slots
    attend: Callable[[Call, Segment, int], tuple[Array, Array]] = attended
    finish: Callable[[Call, Array, Array], tuple[Array, Array]] = answered
    write: Callable[[Call, Array, Array], None] = written
    gap: float = 0.0

    def __call__(  # noqa: PLR0913 - the face of the field
        self,
        query: Array,
        key: Array,
        value: Array,
        cu_query: Array,
        cu_key: Array,
        max_query: int,
        max_key: int,
        *,
        causal: bool = False,
        window: Window | None = None,
        softcap: float | None = None,
        sink: Array | None = None,
        scale: float | None = None,
        used_query: Array | None = None,
        used_key: Array | None = None,
        return_lse: bool = False,
        out: Array | None = None,
    ) -> Any:
        """Attend within each sequence."""
        options = {
            "causal": causal,
            "window": window,
            "softcap": softcap,
            "sink": sink,
            "scale": scale,
        }
        given: Any = (
            *(array.swapaxes(0, 1)[None] for array in (query, key, value)),
            *(cu_query, cu_key, max_query, max_key, used_query, used_key, options),
        )
        call = self.before(Call(*given))
        with np.errstate(all="ignore"):
            output, lse = self._attended(call)
        output = output[0].swapaxes(0, 1)
        if out is not None:
            self.write(call, output, out)
            return lse[0] if return_lse else None
        return (output, lse[0]) if return_lse else output

    def _attended(self, call: Call) -> tuple[Array, Array]:
        """Go through the sequences."""
        shape = (*call.query.shape[:3], call.value.shape[3])
        output = np.full(shape, self.gap, call.query.dtype)
        wide = working_dtype(call.query.dtype)
        lse = np.full(shape[:3], -np.inf, wide)
        for at, segment in enumerate(self.segments(call)):
            found, own = self.attend(call, segment, at)
            segment.of_queries(output)[:] = found
            segment.of_queries(lse)[:] = own
        return self.finish(call, output, lse)


class AlwaysCausal(Varlen):
    """Attends causally in every call, and has no flag for it."""

    def __call__(  # type: ignore[override]
        self,
        query: Array,
        key: Array,
        value: Array,
        cu_query: Array,
        cu_key: Array,
        max_query: int,
        max_key: int,
        *,
        scale: float | None = None,
    ) -> Any:
        """Attend within each sequence, up to the own place."""
        lengths = cu_query, cu_key, max_query, max_key
        return super().__call__(query, key, value, *lengths, causal=True, scale=scale)


def by_mask(call: Call, mask: Array) -> tuple[Array, Array]:
    """Attend in one go, with a mask that says who sees whom."""
    found: Any = tiled_attention(
        call.query, call.key, call.value, mask=mask, return_lse=True, **call.options
    )
    return found


def owners(call: Call, side: str) -> tuple[Array, Array]:
    """Return whose each row is, -1 for nobody's, and its place in its sequence."""
    array = call.query if side == "query" else call.key
    owner = np.full(array.shape[2], -1)
    place = np.zeros(array.shape[2], np.int64)
    for at, segment in enumerate(slots(call)):
        rows = segment.queries if side == "query" else segment.keys
        owner[rows], place[rows] = at, np.arange(rows.stop - rows.start)
    return owner, place


__all__ = [
    "AlwaysCausal",
    "Call",
    "Varlen",
    "attended",
    "by_mask",
    "owners",
    "slots",
    "written",
]
