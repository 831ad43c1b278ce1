"""Backward passes of packed sequences, step by step: a rogue has one of them wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from attnspec._typing import Array, Window
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import Segment
from attnspec.rogues.serving._packing import Call, owners, slots
from attnspec.rogues.serving._packing_masks import Masked, by_places
from attnspec.rogues.training._passes import BackwardPass, State


class Found(NamedTuple):
    """Gradients (1, H, T, n), heads first, and that of the sink."""

    dq: Array
    dk: Array
    dv: Array
    dsink: Array


def differentiated(call: Call, d_output: Array, segment: Segment, at: int) -> Found:  # noqa: ARG001 - a step's form
    """Differentiate within one sequence."""
    return of_one(BackwardPass(), call, d_output, segment)


def of_one(
    run: BackwardPass, call: Call, d_output: Array, segment: Segment, **more: Any
) -> Found:
    """Differentiate within one sequence, by some backward pass."""
    found = run(
        segment.of_queries(call.query),
        segment.of_keys(call.key),
        segment.of_keys(call.value),
        segment.of_queries(d_output),
        **{**call.options, **more},
    )
    dq, dk, dv, *of_sink = found
    return Found(dq, dk, dv, of_sink[0] if of_sink else np.zeros(()))


def answered(call: Call, found: Found) -> Found:  # noqa: ARG001 - a step's form
    """Return what was computed."""
    return found


@dataclasses.dataclass(frozen=True)
class PackedPass:
    """A backward pass of packed sequences, in steps of its own."""

    segments: Callable[[Call], list[Segment]] = slots
    differentiate: Callable[[Call, Array, Segment, int], Found] = differentiated
    finish: Callable[[Call, Found], Found] = answered
    before: Callable[[Call], Call] = lambda call: call
    gap: float = 0.0

    def __call__(  # noqa: PLR0913 - the face of the field
        self,
        query: Array,
        key: Array,
        value: Array,
        d_output: Array,
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
    ) -> tuple[Array, ...]:
        """Differentiate within each sequence."""
        options = {
            "causal": causal,
            "window": window,
            "softcap": softcap,
            "sink": sink,
            "scale": scale,
        }
        query, key, value, d_output = (
            array.swapaxes(0, 1)[None] for array in (query, key, value, d_output)
        )
        given: Any = (query, key, value, cu_query, cu_key, max_query, max_key)
        rest: Any = used_query, used_key, options
        call = self.before(Call(*given, *rest))
        with np.errstate(all="ignore"):
            found = self.finish(call, self._summed(call, d_output))
        rows = (a[0].swapaxes(0, 1).astype(query.dtype) for a in found[:3])
        return (*rows,) if sink is None else (*rows, found.dsink.astype(sink.dtype))

    def _summed(self, call: Call, d_output: Array) -> Found:
        """Go through the sequences, and add up what they give."""
        wide = working_dtype(call.query.dtype)
        owned = [np.zeros(array.shape, np.bool_) for array in _arrays(call)]
        sums = [np.zeros(array.shape, wide) for array in _arrays(call)]
        dsink = np.zeros(call.query.shape[1], wide)
        for at, segment in enumerate(self.segments(call)):
            found = self.differentiate(call, d_output, segment, at)
            own = segment.of_queries, segment.of_keys, segment.of_keys
            for part, total, mine, seen in zip(found, sums, own, owned, strict=False):
                mine(total)[:] += part
                mine(seen)[:] = True
            dsink = dsink + found.dsink
        gap = wide.type(self.gap)
        dq, dk, dv = (np.where(x, y, gap) for x, y in zip(owned, sums, strict=True))
        return Found(dq, dk, dv, dsink)


def _arrays(call: Call) -> tuple[Array, Array, Array]:
    return call.query, call.key, call.value


class MaskedPass(PackedPass):
    """Differentiates in one go, with a mask; places are counted in some way."""

    mask = staticmethod(Masked.mask)

    def _summed(self, call: Call, d_output: Array) -> Found:
        nobody = owners(call, "query")[0] < 0
        unread = owners(call, "key")[0] < 0
        clean = call.replace(
            query=_cleared(call.query, nobody),
            key=_cleared(call.key, unread),
            value=_cleared(call.value, unread),
        ).without("causal", "window")
        size = call.query.shape[2], call.key.shape[2]
        whole = Segment(0, slice(0, size[0]), slice(0, size[1]))
        mask = self.mask(call)
        d_output = _cleared(d_output, nobody)
        return of_one(BackwardPass(), clean, d_output, whole, mask=mask)


def _cleared(array: Array, rows: Array) -> Array:
    """Return an array with 0 in some rows."""
    return np.where(rows[:, None], 0, array).astype(array.dtype)


def upper_left(call: Call, d_output: Array, segment: Segment, at: int) -> Found:
    """Align at the first query and key."""
    return _shifted(call, d_output, segment, 0 * at)


def frontier_of_first(call: Call, d_output: Array, segment: Segment, at: int) -> Found:  # noqa: ARG001 - a step's form
    """Let every sequence stand where the first one does."""
    first = slots(call)[0]
    return _shifted(call, d_output, segment, ahead(first))


def ahead(segment: Segment) -> int:
    """Return how many more keys than queries a sequence has."""
    keys, queries = segment.keys, segment.queries
    return int(keys.stop - keys.start - queries.stop + queries.start)


def _shifted(call: Call, d_output: Array, segment: Segment, start: int) -> Found:
    """Let the first query stand at a place that is given."""
    queries = np.arange(segment.queries.stop - segment.queries.start)
    keys = np.arange(segment.keys.stop - segment.keys.start)
    mask = by_places(queries + start, keys, call)
    plain = call.without("causal", "window")
    return of_one(BackwardPass(), plain, d_output, segment, mask=mask)


@dataclasses.dataclass(frozen=True)
class LateDelta(BackwardPass):
    """Reads delta some rows late."""

    late: int = 0

    def delta(self, s: State) -> None:
        super().delta(s)
        s.of_row = np.roll(s.of_row, self.late, axis=-1)


@dataclasses.dataclass(frozen=True)
class LateLse(BackwardPass):
    """Reads the logsumexp some rows late."""

    late: int = 0

    def weights(self, s: State) -> None:
        s.lse = np.roll(s.lse, self.late, axis=-1)
        super().weights(s)
        s.share = np.where(np.isfinite(s.share), s.share, 0)


class FirstOfGroup(BackwardPass):
    """Takes the gradient of the first head of a group for that of all."""

    def grouped(self, array: Array, s: State) -> Array:
        batch, heads, *rest = array.shape
        several = array.reshape(batch, heads // s.group, s.group, *rest)
        return np.asarray(several[:, :, 0])


class EmptyAsNan(BackwardPass):
    """Divides by the sum of no weights."""

    def sums(self, s: State) -> None:
        super().sums(s)
        s.dq = np.where(s.live[..., None], s.dq, np.nan)


def late_delta(call: Call, d_output: Array, segment: Segment, at: int) -> Found:
    """Read delta one row later with every sequence: its rows are padded."""
    return of_one(LateDelta(late=at), call, d_output, segment)


def late_lse(call: Call, d_output: Array, segment: Segment, at: int) -> Found:
    """Read the logsumexp one row later with every sequence."""
    return of_one(LateLse(late=at), call, d_output, segment)


def by(run: BackwardPass) -> Callable[[Call, Array, Segment, int], Found]:
    """Return the step that differentiates by some backward pass."""
    return lambda call, d_output, segment, _: of_one(run, call, d_output, segment)


def tail_tile(call: Call, d_output: Array, segment: Segment, at: int) -> Found:
    """Go on to the end of the last tile of 8 queries, whose rows are the next one's."""
    found = differentiated(call, d_output, segment, at)
    queries, keys = segment.queries, segment.keys
    stop = min(-(-queries.stop // 8) * 8, call.query.shape[2])
    behind = Segment(0, slice(queries.stop, stop), keys)
    if stop == queries.stop or call.options["causal"] or call.options["window"]:
        return found
    more = of_one(BackwardPass(), call, d_output, behind)
    return found._replace(dk=found.dk + more.dk, dv=found.dv + more.dv)


def no_queries_as_nan(call: Call, d_output: Array, segment: Segment, at: int) -> Found:
    """Divide by the number of queries."""
    found = differentiated(call, d_output, segment, at)
    if segment.queries.stop > segment.queries.start:
        return found
    return found._replace(dk=found.dk + np.nan, dv=found.dv + np.nan)


def neighbors_added(call: Call, found: Found) -> Found:
    """Add to the first key of a sequence what the last one before it has."""
    starts = [s.keys.start for s in slots(call) if 0 < s.keys.start < s.keys.stop]
    dk = found.dk.copy()
    dk[:, :, starts] += found.dk[:, :, [start - 1 for start in starts]]
    return found._replace(dk=dk)


def sink_of_the_last(call: Call, d_output: Array, segment: Segment, at: int) -> Found:
    """Overwrite the gradient of the sink with that of each sequence."""
    found = differentiated(call, d_output, segment, at)
    kept = at == call.count - 1
    return found if kept else found._replace(dsink=np.zeros_like(found.dsink))


__all__ = [
    "EmptyAsNan",
    "FirstOfGroup",
    "Found",
    "MaskedPass",
    "PackedPass",
    "by",
    "frontier_of_first",
    "late_delta",
    "late_lse",
    "neighbors_added",
    "no_queries_as_nan",
    "of_one",
    "sink_of_the_last",
    "tail_tile",
    "upper_left",
]
