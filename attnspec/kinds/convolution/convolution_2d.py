"""Convolution of images: the kind `convolution-2d`, and its laws."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import forgetting
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.convolution import _usage as usage
from attnspec.kinds.convolution._taps import PLACES, everything_seen, numbers
from attnspec.kinds.recurrence._sequences import wide
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import attend_by_taps, tap_weights_2d, taps


def _mend(recipe: Recipe) -> Recipe:
    """Let a window that moves inside fit."""
    if recipe["border"] != "shifted":
        return recipe
    pairs = (("tall", "height"), ("broad", "width"))
    fitting = {size: min(recipe[size], recipe[room]) for size, room in pairs}
    return recipe.replace(**fitting)


_TABLE = Table(
    fields={
        "height": (1, 2, 3, 5, 8),
        "width": (1, 2, 3, 4, 6),
        "tall": (1, 2, 3, 4),
        "broad": (1, 2, 3, 5),
        "channels": (1, 2, 3),
        "outputs": (1, 2),
        "data": ("ones", "integers", "normal"),
        "border": (None, "zero", "clip", "shifted"),
    },
    claims={"border": Claim("what a tap finds beyond the border", "border")},
    mend=_mend,
)


def _build(recipe: Recipe) -> Case:
    shape = recipe["height"], recipe["width"]
    sizes = recipe["tall"], recipe["broad"]
    outputs = recipe["outputs"]
    kernel = numbers(recipe, "kernel", (*sizes, recipe["channels"], outputs))
    image = numbers(recipe, "image", (*shape, recipe["channels"]))
    operands = {"image": image, "kernel": kernel}
    return single(recipe, operands, (*shape, outputs), {"border": recipe["border"]})


def _found(case: Case, choices: Dialect) -> Array:
    """Return what the taps of each pixel find, (height, width, T, U, C)."""
    image, border = wide(case["image"]), case["border"] or "zero"
    for axis in (0, 1):
        size = case["kernel"].shape[axis]
        left = PLACES[choices["place"]](size)
        # The first pass leaves (height, T, width, C): columns are axis 2.
        length = image.shape[axis * 2]
        indices, inside = taps(length, size, left, border=border)  # type: ignore[arg-type]
        image = np.take(image, np.where(inside, indices, 0), axis=axis * 2)
        shape = [1] * image.ndim
        shape[axis * 2 : axis * 2 + 2] = inside.shape
        image = image * inside.reshape(shape)
    return np.asarray(image.swapaxes(1, 2))


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Multiply what all taps find by the kernel, the sums in any order."""
    found, kernel = _found(case, choices), wide(case["kernel"])
    rows = Tracked.of(found.reshape(*found.shape[:2], -1), model)
    return judged(rows @ kernel.reshape(-1, kernel.shape[-1]), model)


def _defined(image: Array, kernel: Array, *, border: str = "zero") -> Array:
    """Attend with one head for each tap, and round the result once."""
    sizes = kernel.shape[:2]
    left = sizes[0] // 2, sizes[1] // 2
    weights = tap_weights_2d(image.shape[:2], sizes, left, border=border)  # type: ignore[arg-type]
    pixels = wide(image).reshape(-1, image.shape[2])
    matrices = wide(kernel).reshape(-1, *kernel.shape[2:])
    output = attend_by_taps(pixels, matrices, weights)
    return np.asarray(output.reshape(*image.shape[:2], -1).astype(image.dtype))


CONVOLUTION_2D = Kind(
    name="convolution-2d",
    sentence="Slides a kernel over an image, a matrix for each tap.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.CONVOLUTION_2D,
    simplest={
        "height": 5,
        "width": 6,
        "tall": 3,
        "broad": 3,
        "channels": 2,
        "outputs": 2,
        "data": "normal",
    },
    choices={"place": ("half", "same", "causal")},
    probes=({"height": 8, "width": 6, "tall": 4, "broad": 3, "data": "integers"},),
    nulls={
        "turned_kernel": lambda case, right: right(
            case.replace(kernel=case["kernel"][::-1, ::-1])
        ),
        # Outputs grow with their row.
        "by_row": lambda case, right: (
            right(case) * (1.0 + np.arange(len(case["image"]))[:, None, None])
        ),
        "border_forgotten": forgetting("border"),
        "everything_seen": everything_seen("image"),
    },
    null_needs={"border_forgotten": ("border",)},
)


CONVOLUTION_2D.agreement_law(
    "convolution.heads",
    "A pixel's output is that of attention with a head for each tap.",
    also=("convolution.borders",),
    nulls=("zeros", "turned_kernel", "border_forgotten"),
)


@CONVOLUTION_2D.law(
    "convolution-2d-transpose",
    "convolution.heads",
    nulls=("by_row",),
    fields={"height": (2, 3, 5), "data": ("normal", "integers")},
)
def check_transpose(case: Case, bench: Bench) -> Iterator[Comparison]:
    """An image and a kernel with rows for columns give rows for columns."""
    height, width, outputs = case.results[0][1]
    turn = operator.methodcaller("swapaxes", 0, 1)
    other = case.changed(turn, "image", "kernel").returning((width, height, outputs))
    yield from alike(case, other, bench, "transposed", moved=turn)


@CONVOLUTION_2D.law(
    "convolution-2d-field",
    "convolution.field",
    nulls=("zeros", "everything_seen"),
    fields={"height": (3, 5, 8), "width": (2, 3, 4, 6)},
)
def check_field(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Pixels outside the taps change nothing, however large they are."""
    height, width = case["image"].shape[:2]
    row, column = height // 2, width // 2
    # Each pixel has a number of its own, and none is the zero beyond a border.
    marks = np.arange(1.0, height * width + 1).reshape(height, width, 1)
    marked = case.replace(image=marks, kernel=case["kernel"][:, :, :1])
    seen = np.isin(marks, _found(marked, bench.dialect)[row, column])
    # Far beyond all other values; float16 ends at 65504.
    large = 2.0**8 if case.dtype == "float16" else 2.0**60
    image = np.where(seen, case["image"], large).astype(case["image"].dtype)
    exact = bench.judged(case)
    output = bench.run(case.replace(image=image)).output[row, column]
    yield within(exact.output[row, column], output, exact.bound[row, column])


@CONVOLUTION_2D.law(
    "convolution-2d-rows",
    "convolution.heads",
    nulls=("by_row",),
    fields={"height": (2, 3, 5), "tall": (1,)},
)
def check_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A kernel of one row convolves every row as if it were the image."""
    output = bench.judged(case).output
    width, outputs = case.results[0][1][1:]
    last = case.replace(image=case["image"][-1:]).returning((1, width, outputs))
    found = wide(bench.run(last).output)
    whole = wide(bench.run(case).output)[-1:]
    bound = bench.judged(case).bound[-1:] + bench.judged(last).bound
    # The two exact values were evaluated apart, in float64.
    yield within(found, whole, bound + 2.0**-50 * np.abs(output[-1:]))


__all__ = ["CONVOLUTION_2D"]
