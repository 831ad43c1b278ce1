"""Convolution: the kind `convolution`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import agrees, same_at
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import backward, forgetting, late
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.convolution import _usage as usage
from attnspec.kinds.convolution._taps import PLACES, everything_seen, numbers
from attnspec.kinds.recurrence import _sequences as sequences
from attnspec.kinds.recurrence._sequences import wide
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.dtypes import numpy_dtype
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import convolve, taps

_BORDERS = ("zero", "clip", "shifted")


def _mend(recipe: Recipe) -> Recipe:
    """Let a window that moves inside fit, and its own step be a tap."""
    if recipe["border"] == "shifted" and recipe["size"] > recipe["length"]:
        recipe = recipe.replace(size=recipe["length"])
    if recipe["left"] is not None and recipe["left"] >= recipe["size"]:
        return recipe.replace(left=recipe["size"] - 1)
    return recipe


_TABLE = Table(
    fields={
        "length": sequences.LENGTHS,
        "size": (1, 2, 3, 4, 5, 8),
        "channels": (1, 2, 5),
        "outputs": (1, 2, 3),
        "data": ("ones", "integers", "normal"),
        "left": (None, 0, 1, 2, 7),
        "border": (None, *_BORDERS),
    },
    claims={
        "left": Claim("how many taps lie before the own step", "left"),
        "border": Claim("what a tap finds beyond the border", "border"),
    },
    mend=_mend,
)


def _build(recipe: Recipe) -> Case:
    length, channels = recipe["length"], recipe["channels"]
    kernel = recipe["size"], channels, recipe["outputs"]
    operands = {
        "x": numbers(recipe, "x", (length, channels)),
        "kernel": numbers(recipe, "kernel", kernel),
    }
    options = {name: recipe[name] for name in ("left", "border")}
    return single(recipe, operands, (length, recipe["outputs"]), options)


def _found(case: Case, choices: Dialect) -> tuple[Array, Array]:
    """Return where each tap looks, and whether there is anything."""
    size = len(case["kernel"])
    left = PLACES[choices["place"]](size) if case["left"] is None else case["left"]
    return taps(len(case["x"]), size, left, border=case["border"] or "zero")


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Multiply what all taps find by the kernel, the sums in any order."""
    indices, inside = _found(case, choices)
    # Where a tap finds nothing it reads the first step, and multiplies it by zero.
    found = wide(case["x"])[np.where(inside, indices, 0)] * inside[..., None]
    kernel = wide(case["kernel"])
    rows = Tracked.of(found.reshape(len(found), -1), model)
    return judged(rows @ kernel.reshape(-1, kernel.shape[-1]), model)


def _defined(
    x: Array,
    kernel: Array,
    *,
    left: int | None = None,
    border: str = "zero",
) -> Array:
    """Evaluate the definition and round its result once."""
    before = len(kernel) // 2 if left is None else left
    output = convolve(wide(x), wide(kernel), left=before, border=border)  # type: ignore[arg-type]
    return np.asarray(output.astype(x.dtype))


CONVOLUTION = Kind(
    name="convolution",
    sentence="Slides a kernel along a sequence, a matrix for each tap.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.CONVOLUTION,
    simplest={
        "length": 8,
        "size": 3,
        "channels": 2,
        "outputs": 3,
        "data": "normal",
    },
    choices={"place": ("half", "same", "causal")},
    probes=({"length": 8, "size": 4, "data": "integers"},),
    nulls={
        "late": late,
        # As signal processing convolves.
        "reversed_kernel": lambda case, right: right(
            case.replace(kernel=case["kernel"][::-1])
        ),
        "backward": backward,
        "border_forgotten": forgetting("border"),
        "everything_seen": everything_seen("x"),
        # Off by a digit that even bfloat16 has.
        "inexact": lambda case, right: right(case) * (1.0 + 2.0**-7),
    },
    null_needs={"border_forgotten": ("border",)},
)


CONVOLUTION.agreement_law(
    "convolution.heads",
    "Each tap's matrix meets what the tap finds, and all taps are added.",
    also=("convolution.borders",),
    nulls=("zeros", "late", "reversed_kernel", "border_forgotten"),
)


@CONVOLUTION.law(
    "convolution-heads",
    "convolution.heads",
    nulls=("everything_seen",),
    fields={"size": (2, 3, 4, 5), "data": ("integers", "normal")},
)
def check_heads(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A kernel does what its taps do one by one, each of which is a head."""
    kernel = case["kernel"]
    places = np.arange(len(kernel))[:, None, None]
    total, bound = np.zeros(case.results[0][1]), bench.judged(case).bound
    for tap in range(len(kernel)):
        one = np.where(places == tap, kernel, 0).astype(kernel.dtype)
        alone = case.replace(kernel=one)
        bound = bound + bench.judged(alone).bound
        total = total + wide(bench.run(alone).output)
    # The sum over at most 8 taps is formed in float64.
    room = 2.0**-45 * np.abs(total)
    yield within(total, bench.run(case).output, bound + room)


@CONVOLUTION.law(
    "convolution-copies",
    "convolution.heads",
    also=("convolution.borders",),
    nulls=("zeros", "late"),
    fields={"data": ("normal", "integers")},
)
def check_copies(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A tap that is the identity copies what it finds, bit by bit."""
    kernel = case["kernel"]
    # Of unlike numbers of channels and outputs the identity copies as many as it can.
    unit = np.eye(*kernel.shape[1:])
    indices, inside = _found(case, bench.dialect)
    for tap in {0, len(kernel) - 1}:
        places = np.arange(len(kernel))[:, None, None] == tap
        one = case.replace(kernel=(places * unit).astype(kernel.dtype))
        found = wide(case["x"])[np.where(inside, indices, 0)[:, tap]]
        expected = (found * inside[:, tap, None]) @ unit
        yield within(expected, bench.run(one).output, np.zeros(()))


@CONVOLUTION.law(
    "convolution-whole",
    "convolution.heads",
    nulls=("inexact",),
    fields={"data": ("integers",)},
)
def check_whole(case: Case, bench: Bench) -> Iterator[Comparison]:
    """On whole numbers that the format holds nothing is rounded."""
    expected = bench.judged(case).output
    stored = expected.astype(numpy_dtype(case.dtype)).astype(np.float64)
    # What a narrow format cannot hold may be rounded: it is not compared.
    held = np.asarray(stored == expected)
    output = wide(bench.run(case).output)
    yield within(np.where(held, expected, 0), np.where(held, output, 0), np.zeros(()))


@CONVOLUTION.law(
    "convolution-borders",
    "convolution.borders",
    nulls=("zeros", "border_forgotten"),
    needs=("border",),
    fields={"length": (5, 8, 17), "size": (2, 3, 4, 5), "border": _BORDERS},
)
def check_borders(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every border rule does what it says, and away from the borders all are one."""
    zero = case.replace(border="zero")
    _, inside = _found(zero, bench.dialect)
    whole = inside.all(axis=1)
    for border in _BORDERS:
        other = case.replace(border=border)
        yield from agrees(other, bench, border)
        if whole.any():
            yield from same_at(zero, other, bench, "inside", whole)


@CONVOLUTION.law(
    "convolution-translation",
    "convolution.translation",
    nulls=("backward",),
    fields={"length": (5, 8, 17), "size": (1, 2, 3, 4), "data": ("normal", "integers")},
)
def check_translation(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Away from the borders a sequence that is shifted has a shifted output."""
    moved = case.replace(x=np.roll(case["x"], 1, axis=0))
    zero = case.replace(border="zero") if case["border"] else case
    _, inside = _found(zero, bench.dialect)
    # All taps find something there, so that no border rule is asked.
    whole = np.asarray(inside.all(axis=1))
    here = np.flatnonzero(whole[:-1] & whole[1:])
    if here.size:
        yield from same_at(case, moved, bench, "shifted by one", here, here + 1)


@CONVOLUTION.law(
    "convolution-field",
    "convolution.field",
    nulls=("zeros", "everything_seen"),
    fields={"length": (2, 3, 5, 8, 17, 33), "size": (1, 2, 3, 4)},
)
def check_field(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Nothing outside the taps counts, however large it is; all that is inside does."""
    indices, inside = _found(case, bench.dialect)
    step = len(indices) // 2
    seen = np.zeros(len(indices), np.bool_)
    seen[indices[step][inside[step]]] = True
    # Sums of it, times a kernel, stay within float16, which ends at 65504.
    large = 2.0**8 if case.dtype == "float16" else 2.0**60
    outside = np.where(seen[:, None], case["x"], large).astype(case["x"].dtype)
    exact, output = bench.judged(case), bench.run(case.replace(x=outside)).output
    yield within(exact.output[step], output[step], exact.bound[step])
    # Two more wherever a tap looks: the output must move as the definition's does.
    within_field = (wide(case["x"]) + 2.0 * seen[:, None]).astype(case["x"].dtype)
    changed = case.replace(x=within_field)
    yield from same_at(case, changed, bench, "within the taps", np.s_[step])


__all__ = ["CONVOLUTION"]
