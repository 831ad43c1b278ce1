"""Claims of bits: that the same question has the same bits, whatever is beside it.

They are asked only of functions that make them. Equal bits prove nothing about right
ones: these laws run beside agreement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, Result
from attnspec.judge.claims import Claim
from attnspec.judge.compare import agrees, noted
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Law
from attnspec.judge.nulls import Right
from attnspec.numerics import Comparison, identical

Places = Mapping[str, Any]
"""For each result the part of it that is compared."""


def _promise(sentence: str) -> Claim:
    """Return a claim that no recipe makes use of: it says how, and not what."""
    return Claim(sentence, used=lambda _: False)


CLAIMS: Mapping[str, Claim] = {
    "batch_invariant": _promise("bits that no other sequence of the call changes"),
    "split_invariant": _promise("bits that are the same for one query and for many"),
    "thread_invariant": _promise("bits that no number of threads changes"),
}
"""The claims of bits beside `deterministic`."""


def _nothing(_case: Case) -> Iterable[Any]:
    """Return no calls."""
    return ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Batch:
    """How the sequences of a call are told apart.

    Parameters
    ----------
    count
        How many there are.
    taken
        The call with some of them alone, in an order, and maybe several times; and
        where their part of each result of the whole call is.
    loud
        The call in which all but one of them hold other numbers.
    roomier
        Calls that say the same in more room, each with a word for it.
    stepwise
        Calls with one query of each sequence, the part of each result of the whole
        call that they ask for, and a word for it.
    layer
        The call of another layer: the same sequences, other numbers.
    """

    count: Callable[[Case], int]
    taken: Callable[[Case, Sequence[int]], tuple[Case, Places]]
    loud: Callable[[Case, int], Case]
    roomier: Callable[[Case], Iterable[tuple[Case, str]]] = _nothing
    stepwise: Callable[[Case], Iterable[tuple[Case, Places, str]]]
    layer: Callable[[Case], Case] | None = None


def _results(case: Case, found: Result) -> dict[str, Array]:
    """Return the answers that came back, by name.

    What a call has put into buffers beside them has laws of its own.
    """
    first, *rest = (name for name, *_ in case.results if name not in case.writes)
    return {first: found.output, **{name: found.others[name] for name in rest}}


def _same(
    case: Case, one: Result, two: Result, note: str, here: Places | None = None
) -> Iterator[Comparison]:
    """Yield whether results of two calls, or a part of the first ones, are equal."""
    there = _results(case, two)
    for name, array in _results(case, one).items():
        part = array if here is None else array[here[name]]
        yield noted(identical(part, there[name], what=name), note)


_CALLS = 10
"""How often the same is asked."""

_SIZES = (2, 3, 8, 33)
"""Numbers of sequences in one call."""

_THREADS = (1, 2, 3, 4)


def _repeated(batch: Batch) -> Law:
    def check(case: Case, bench: Bench) -> Iterator[Comparison]:
        first = bench.run(case)
        for number in range(1, _CALLS):
            size = _SIZES[number % len(_SIZES)]
            bench.run(batch.taken(batch.loud(case, 0), [0] * size)[0])
            yield from _same(case, first, bench.run(case), f"call {number + 1}")

    return check


def _layered(layer: Callable[[Case], Case]) -> Law:
    def check(case: Case, bench: Bench) -> Iterator[Comparison]:
        yield from agrees(case, bench)
        yield from agrees(layer(case), bench, "the next layer")
        yield from agrees(case, bench, "the first layer again")

    return check


def _in_company(batch: Batch) -> Law:
    def check(case: Case, bench: Bench) -> Iterator[Comparison]:
        whole, count = bench.run(case), batch.count(case)
        several = [tuple(n % count for n in range(size)) for size in _SIZES]
        alone = [(n,) for n in range(count)]
        for numbers in dict.fromkeys([*alone, tuple(range(count))[::-1], *several]):
            other, here = batch.taken(case, numbers)
            note = f"sequences {', '.join(map(str, numbers[:8]))}"
            yield from _same(case, whole, bench.run(other), note, here)
        for number in {0, count - 1}:
            own, there = batch.taken(case, [number])
            found = _results(case, bench.run(batch.loud(case, number)))
            again = _results(case, bench.run(own))
            for name, array in again.items():
                part = found[name][there[name]]
                yield noted(identical(array, part, what=name), "others changed")

    return check


def _with_room(batch: Batch) -> Law:
    def check(case: Case, bench: Bench) -> Iterator[Comparison]:
        whole = bench.run(case)
        for other, note in batch.roomier(case):
            yield from _same(case, whole, bench.run(other), note)

    return check


def _stepwise(batch: Batch) -> Law:
    def check(case: Case, bench: Bench) -> Iterator[Comparison]:
        whole = bench.run(case)
        for other, here, note in batch.stepwise(case):
            yield from _same(case, whole, bench.run(other), note, here)

    return check


def _check_threads(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Compare what comes of one thread, and of several."""
    first = bench.run(case.replace(threads=_THREADS[0]))
    for count in _THREADS[1:]:
        found = bench.run(case.replace(threads=count))
        yield from _same(case, first, found, f"{count} threads")


class _Drifting:
    """Adds to each answer how many there were before it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._calls = 0

    def __call__(self, case: Case, right: Right) -> Array:
        """Answer."""
        self._calls += 1
        return right(case) + self._calls


def _crowded(case: Case, right: Right) -> Array:
    """Add to each answer how many numbers the call is given, and the whole ones."""
    given = case.arguments.values()
    bounds = sum(value for value in given if isinstance(value, int))
    return right(case) + bounds + sum(a.size for a in case.arrays().values())


def _threaded(case: Case, right: Right) -> Array:
    """Add to each answer how many threads there are."""
    return right(case) + (case.threads or 0)


NULLS: Mapping[str, Any] = {
    "drifting": _Drifting,
    "crowded": _crowded,
    "threaded": _threaded,
}
"""What these laws must exclude."""


def _more(
    promised: Mapping[str, Any], beside: Mapping[str, Any], claim: str
) -> dict[str, Any]:
    """Return all that a law of a claim has."""
    fields = {**promised["fields"], **beside.get("fields", {})}
    needs = (claim, *beside.get("needs", ()))
    return {**promised, **beside, "fields": fields, "needs": needs}


def enter(
    kind: Kind,
    batch: Batch,
    *,
    prefix: str,
    several: Mapping[str, tuple[Any, ...]],
    stepwise: Mapping[str, Any],
    roomier: Mapping[str, Any] | None = None,
) -> None:
    """Enter the laws of bits of a kind.

    Parameters
    ----------
    kind, batch
        The kind, and how the sequences of its calls are told apart.
    prefix
        How the ids of its laws begin.
    several
        What is drawn where there are to be several sequences.
    stepwise, roomier
        What the laws of single queries, and of more room, have beside: what is drawn,
        what a function needs, what is left out, of which functions they are asked.
    """
    promised: dict[str, Any] = {"one_in": 5, "fields": several}
    kind.law(
        f"{prefix}repeated",
        "calls.deterministic",
        nulls=("drifting",),
        needs=("deterministic",),
        sentence="The same call gives the same bits again and again, others between.",
        **promised,
    )(_repeated(batch))
    if batch.layer is not None:
        kind.law(
            f"{prefix}layers",
            "calls.history",
            nulls=("layer_before",),
            sentence="Another layer, whose sequences are the same, has its own answer.",
            **promised,
        )(_layered(batch.layer))
    kind.law(
        f"{prefix}batch-bits",
        "calls.batch-invariant",
        nulls=("crowded",),
        needs=("batch_invariant",),
        sentence="A sequence has the same bits alone and in any company.",
        **promised,
    )(_in_company(batch))
    if batch.roomier is not _nothing:
        kind.law(
            f"{prefix}room-bits",
            "calls.batch-invariant",
            nulls=("crowded",),
            sentence="Where sequences lie, and in how much room, changes no bit.",
            **_more(promised, roomier or {}, "batch_invariant"),
        )(_with_room(batch))
    kind.law(
        f"{prefix}split-bits",
        "calls.split-invariant",
        nulls=("crowded",),
        sentence="A query has the same bits alone and with those before it.",
        **_more(promised, stepwise, "split_invariant"),
    )(_stepwise(batch))
    kind.law(
        f"{prefix}thread-bits",
        "calls.thread-invariant",
        nulls=("threaded",),
        needs=("thread_invariant",),
        sentence="The number of threads changes no bit.",
        **promised,
    )(_check_threads)


def others_changed(array: Array, kept: Array) -> Array:
    """Return an array that has other numbers, the negative ones, where not kept."""
    return np.where(kept, array, -array)


__all__ = ["CLAIMS", "NULLS", "Batch", "Places", "enter", "others_changed"]
