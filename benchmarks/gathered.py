"""Packed = loop = padded = batch, merged = whole: right kernels against the bounds.

Run as ``python -m benchmarks.gathered [--cases N] [--seed N]``. The same sequences are
answered, and differentiated, in every form in which a call may have them. One line a
format and form says how many examples there are, the largest error by bound, and the
largest distance of two forms by the sum of their bounds. What is merged declares so:
its bound allows for a logsumexp that is stored. It exits with 1 if one is above 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import Inadmissible
from attnspec.judge.case import Case
from attnspec.kernels import tiled_attention
from attnspec.kinds.serving import _varlen as packed
from attnspec.kinds.serving._gathered import of_one_length
from attnspec.kinds.serving.varlen import VARLEN
from attnspec.kinds.training._packed_gradients import forward_of
from attnspec.kinds.training.varlen_gradient import VARLEN_GRADIENT
from attnspec.numerics import default_model, within
from attnspec.numerics.dtypes import DTYPES, working_dtype
from attnspec.reference import Segment, merge_all
from attnspec.rogues.serving._packing import Varlen
from attnspec.rogues.serving._packing_masks import Masked, by_places
from attnspec.rogues.serving._padding import Padded
from attnspec.rogues.training._packed_passes import MaskedPass, PackedPass, ahead
from attnspec.rogues.training._padded_passes import PaddedPass
from attnspec.rogues.training._passes import BackwardPass

Results = dict[str, Array]
OPTIONS = ("causal", "window", "softcap", "sink", "scale")
OPERANDS = ("query", "key", "value", "d_output")
LONGEST = 24


def draw(random: np.random.Generator, dtype: str, number: int) -> Case:
    """Return a backward pass of one to four packed sequences, every field drawn."""
    table = VARLEN_GRADIENT.table
    fields = {n: v[random.integers(len(v))] for n, v in table.fields.items()}
    for name in table.switches:
        if random.random() < 0.6:
            fields[name] = table.fields[name][0]
    count = random.integers(1, 5)
    lengths = random.integers(0, LONGEST + 1, (count, 2))
    fields["lengths"] = tuple(map(tuple, lengths.tolist()))
    for name in ("poison_key", "poison_value", "poison_output"):
        fields[name] = ("zeros", "large")[random.integers(2)]
    return VARLEN_GRADIENT.case(VARLEN_GRADIENT.recipe(dtype, seed=number, **fields))


def forward(case: Case) -> Case:
    """Return the forward pass of a case, with its logsumexp."""
    return packed.sized(forward_of(case), return_lse=True)


def options(case: Case, *names: str) -> dict[str, Any]:
    """Return the options of attention that are in force."""
    return {n: case[n] for n in names or OPTIONS if case[n] is not None}


def heads_first(case: Case) -> dict[str, Array]:
    """Return the arrays (1, H, T, n)."""
    return {name: case[name].swapaxes(0, 1)[None] for name in OPERANDS}


def empty(case: Case) -> Results:
    """Return zeros for all results, and the logsumexps of no keys."""
    (rows, heads, _), wide = case["query"].shape, working_dtype(case["query"].dtype)
    names = {"output": "d_output", "dq": "query", "dk": "key", "dv": "value"}
    found = {n: np.zeros_like(a) for n, a in heads_first(case).items()}
    known: Results = {n: found[operand] for n, operand in names.items()}
    known["lse"] = np.full((1, heads, rows), -np.inf, wide)
    if case["sink"] is not None:
        known["dsink"] = np.zeros(heads, np.float64)
    return known


def answered(query: Array, key: Array, value: Array, **given: Any) -> Results:
    """Answer a batch of problems."""
    output, lse = tiled_attention(query, key, value, return_lse=True, **given)
    return {"output": output, "lse": lse}


def differentiated(*operands: Array, **given: Any) -> Results:
    """Differentiate a batch of problems."""
    names = ("dq", "dk", "dv", "dsink")
    return dict(zip(names, BackwardPass()(*operands, **given), strict=False))


def own(segment: Segment, name: str) -> Callable[[Array], Array]:
    """Return what takes the part of a segment, of an operand or its gradient."""
    of_keys = name in ("key", "value", "dk", "dv")
    return segment.of_keys if of_keys else segment.of_queries


def put(known: Results, group: list[Segment], found: Results) -> None:
    """Put the results of a batch where its rows are."""
    for name, array in found.items():
        if name == "dsink":
            known[name] += array
            continue
        for at, segment in enumerate(group):
            own(segment, name)(known[name])[0] = array[at]


def by_groups(case: Case, groups: list[list[Segment]]) -> Results:
    """Answer and differentiate groups of sequences of one length."""
    known, arrays, given = empty(case), heads_first(case), options(case)
    for group in groups:
        parts = [
            np.concatenate(
                [
                    (s.of_keys if n in ("key", "value") else s.of_queries)(a)
                    for s in group
                ]
            )
            for n, a in arrays.items()
        ]
        put(known, group, answered(*parts[:3], **given))
        put(known, group, differentiated(*parts, **given))
    return known


def loop(case: Case) -> Results:
    """Go through the sequences one by one."""
    return by_groups(case, [[each] for each in packed.segments_of(case)])


def batch(case: Case) -> Results:
    """Take the sequences of one length together."""
    return by_groups(case, of_one_length(packed.segments_of(case)))


def in_one_call(
    case: Case, kernel: Callable[..., Any], vjp: Callable[..., Any]
) -> Results:
    """Answer and differentiate the pack as it is."""
    call = forward(case)
    output, lse = kernel(*call.operands.values(), **call.options)
    found = vjp(*case.operands.values(), **case.options)
    known = {"output": output, "lse": lse}
    known |= dict(zip(("dq", "dk", "dv", "dsink"), found, strict=False))
    several = ("lse", "dsink")
    turned = {n: a.swapaxes(0, 1)[None] for n, a in known.items() if n not in several}
    return {**known, **turned, "lse": lse[None]}


def padded(case: Case) -> Results:
    """Give each sequence an element of a batch, with large numbers behind it."""
    segments, known, arrays = packed.segments_of(case), empty(case), heads_first(case)
    lengths = np.array(
        [
            (s.queries.stop - s.queries.start, s.keys.stop - s.keys.start)
            for s in segments
        ],
        np.int32,
    )
    batch, given = len(segments), options(case)
    longest = lengths.max(axis=0, initial=0) + 3
    homes = [Segment(b, slice(0, n), slice(0, m)) for b, (n, m) in enumerate(lengths)]
    whole = {}
    for name, array in arrays.items():
        is_key = name in ("key", "value")
        shape = (batch, array.shape[1], longest[int(is_key)], array.shape[3])
        whole[name] = np.full(shape, 64, array.dtype)
        for home, segment in zip(homes, segments, strict=True):
            own(home, name)(whole[name])[:] = own(segment, name)(array)
    given |= {"query_lengths": lengths[:, 0], "key_lengths": lengths[:, 1]}
    operands = [*whole.values()]
    output, lse = Padded()(*operands[:3], return_lse=True, **given)
    found = dict(
        zip(("dq", "dk", "dv", "dsink"), PaddedPass()(*operands, **given), strict=False)
    )
    for name, array in {"output": output, "lse": lse, **found}.items():
        if name == "dsink":
            known[name] = array
            continue
        for home, segment in zip(homes, segments, strict=True):
            own(segment, name)(known[name])[:] = own(home, name)(array)
    return known


def merged(case: Case) -> Results:
    """Answer halves of the keys, the first with the sink, and merge them."""
    known, arrays = empty(case), heads_first(case)
    for segment in packed.segments_of(case):
        queries, keys = (
            np.arange(s.stop - s.start) for s in (segment.queries, segment.keys)
        )
        plain = type("Call", (), {"options": {n: case[n] for n in OPTIONS}})
        seen = by_places(queries + ahead(segment), keys, plain)  # type: ignore[arg-type]
        wide = working_dtype(case["query"].dtype)
        query, key, value = (
            own(segment, n)(arrays[n]).astype(wide) for n in OPERANDS[:3]
        )
        given, half, parts = options(case, "softcap", "scale"), len(keys) // 2, []
        for at, part in enumerate((slice(half), slice(half, None))):
            sink = {} if at else options(case, "sink")
            mask = seen[:, part]
            mine = query, key[:, :, part], value[:, :, part]
            found = answered(*mine, **{**given, **sink, "mask": mask})
            parts.append((found["output"], found["lse"]))
        output, lse = merge_all(parts)
        put(known, [segment], {"output": output, "lse": lse})
    return {n: known[n] for n in ("output", "lse")}


FORMS: dict[str, Callable[[Case], Results]] = {
    "packed": lambda case: in_one_call(case, Varlen(), PackedPass()),
    "one mask": lambda case: in_one_call(case, Masked(), MaskedPass()),
    "loop": loop,
    "padded": padded,
    "batch": batch,
    "merged": merged,
}


def right(case: Case, *, splits: bool) -> dict[str, tuple[Array, Array]]:
    """Return what is right for all results, and the bounds; of parts, no gradients."""
    model = default_model(case.dtype).replace(splits=splits, merges=1)
    known = VARLEN.judge(forward(case), VARLEN.default(), model)
    found = {"output": (known.output, known.bound), **known.others}
    if not splits:
        back = VARLEN_GRADIENT.judge(case, VARLEN_GRADIENT.default(), model)
        found |= {"dq": (back.output, back.bound), **back.others}
    turned = {
        n: (value.swapaxes(0, 1)[None], bound.swapaxes(0, 1)[None])
        for n, (value, bound) in found.items()
        if n not in ("lse", "dsink")
    }
    value, bound = found["lse"]
    return {**found, **turned, "lse": (value[None], bound[None])}


def measure(
    dtype: str, cases: int, seed: int
) -> Iterator[tuple[str, str, float, float]]:
    """Yield form, result, error by bound, and distance to others by the doubled one."""
    for number in range(cases):
        case = draw(np.random.default_rng([seed, number]), dtype, number)
        try:
            exact, of_parts = (right(case, splits=splits) for splits in (False, True))
        except Inadmissible:
            continue
        nobody = packed.unowned_rows(case)
        found = {name: form(case) for name, form in FORMS.items()}
        for results in found.values():
            results["output"] = np.where(nobody[:, None], 0, results["output"])
            results["lse"] = np.where(nobody, exact["lse"][0], results["lse"])
        known = {n: of_parts if n == "merged" else exact for n in FORMS}
        for name, results in found.items():
            for what in results:
                value, bound = known[name][what]
                error = _ratio(value, results[what], bound)
                far = [
                    _ratio(
                        found[other][what],
                        results[what],
                        bound + known[other][what][1],
                    )
                    for other in FORMS
                    if other != name and what in found[other]
                ]
                yield name, what, error, max(far)


def _ratio(expected: Array, actual: Array, bound: Array) -> float:
    """Return the largest error by bound."""
    one, two = (
        np.asarray(a, np.float64).reshape(bound.shape) for a in (expected, actual)
    )
    return within(one, two, bound).ratio


def main(arguments: list[str]) -> int:
    """Print the table, and say whether all is within the bounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000, help="cases of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", choices=DTYPES, action="append")
    given = parser.parse_args(arguments)
    start, worst, count = time.perf_counter(), 0.0, 0
    print(
        f"{'format':9} {'form':9} {'examples':>8}  error by bound, distance by twice it"
    )
    for dtype in given.format or DTYPES:
        ratios: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for name, what, error, far in measure(dtype, given.cases, given.seed):
            ratios[name][what].append((error, far))
        for name, results in ratios.items():
            cells = []
            for what, found in results.items():
                error, far = np.max(found, axis=0)
                worst = max(worst, error, far)
                cells.append(f"{what} {error:.2g} {far:.2g}")
            examples = max(map(len, results.values()))
            count += examples
            print(f"{dtype:9} {name:9} {examples:8,}  {', '.join(cells)}", flush=True)
    spent = time.perf_counter() - start
    print(f"{count:,} examples, the worst {worst:.2g}; {spent:.0f} s")
    return 1 if not worst <= 1 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
