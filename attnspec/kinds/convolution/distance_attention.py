"""Attention by distance alone: the kind `distance-attention`, and its laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import same_at
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, backward, forgetting, late
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.convolution import _usage as usage
from attnspec.kinds.convolution._taps import everything_seen
from attnspec.kinds.recurrence import _sequences as sequences
from attnspec.kinds.recurrence._sequences import wide
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import attention, distance_scores

_FAR = 88.0
"""Beyond this difference of scores a weight is nothing in the working format."""


def _mend(recipe: Recipe) -> Recipe:
    """Let the own step be one of the places."""
    return recipe.replace(left=min(recipe["left"], recipe["size"] - 1))


_TABLE = Table(
    fields={
        "length": sequences.LENGTHS,
        "size": (1, 2, 3, 5, 8, 40),
        "left": (0, 1, 2, 7, 39),
        "width": (1, 2, 5),
        "scores": ("flat", "normal", "slope", "steep"),
        "data": ("integers", "normal"),
        "sink": (None, 0.0, 2.5, -30.0),
    },
    claims={"sink": Claim("a score without a value", "sink")},
    mend=_mend,
)


def _scores(recipe: Recipe) -> Array:
    """Return one score for each distance."""
    size = recipe["size"]
    distance = np.abs(np.arange(size) - recipe["left"])
    kinds = {
        "flat": np.zeros(size),
        "normal": normals(recipe.seed, "scores", (size,)),
        "slope": -0.25 * distance,
        "steep": -20.0 * distance,
    }
    return cast(kinds[recipe["scores"]], recipe)


def _build(recipe: Recipe) -> Case:
    shape = recipe["length"], recipe["width"]
    kinds: dict[str, Callable[[], Array]] = {
        "integers": lambda: integers(recipe.seed, "value", shape, -4, 4) * 1.0,
        "normal": lambda: normals(recipe.seed, "value", shape),
    }
    value = cast(kinds[recipe["data"]](), recipe)
    operands = {"scores": _scores(recipe), "value": value, "left": recipe["left"]}
    return single(recipe, operands, shape, {"sink": recipe["sink"]})


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:  # noqa: ARG001 - there is nothing to choose
    """Normalize each row of scores; the shift may be the greatest score of all."""
    scores, value = wide(case["scores"]), wide(case["value"])
    table = distance_scores(scores, len(value), left=case["left"])
    seen = np.isfinite(table)
    sink = -np.inf if case["sink"] is None else float(case["sink"])
    peak = np.maximum(np.where(seen, table, -np.inf).max(-1, keepdims=True), sink)
    # No exponent is larger, whether a row or all scores together give the shift.
    span = min(_FAR, float(np.ptp(scores)) + abs(float(scores.max()) - peak.max()))
    shifted = Tracked.of(np.where(seen, table - peak, 0.0), model).rounding()
    # Computed as a power of two it loses as many roundings as its argument is large.
    weights = shifted.exp().rounding(8.0 + 2.0 * span).where(seen, 0.0)
    total = weights.sum(keepdims=True)
    if np.isfinite(sink):
        own = shifted.like(sink - peak).rounding().exp()
        total = total + own.rounding(8.0 + 2.0 * span)
    if model.weights is not None:
        weights = weights.stored(model.weights)
    return judged((weights @ value) / total, model)


def _defined(
    scores: Array, value: Array, left: int, *, sink: float | None = None
) -> Array:
    """Evaluate the definition and round its result once."""
    # Vectors without any entry: all scores are zero but for the bias.
    nothing = np.zeros((1, 1, len(value), 0))
    bias = distance_scores(wide(scores), len(value), left=left)
    found = None if sink is None else np.full(1, sink)
    output = attention(nothing, nothing, wide(value)[None, None], bias=bias, sink=found)
    return np.asarray(output[0, 0].astype(value.dtype))


def _not_renormalized(case: Case, right: Right) -> Array:
    """Lose at the borders what falls beyond them."""
    scores = wide(case["scores"])
    kernel = np.exp(scores - scores.max())
    # A share that is nothing has no logarithm, and its score is minus infinity.
    with np.errstate(divide="ignore"):
        logs = np.log(kernel / kernel.sum())
    table = distance_scores(logs, len(case["value"]), left=case["left"])
    held = np.exp(table).sum(-1)
    return right(case) * held[:, None]


def _by_content(case: Case, right: Right) -> Array:
    """Prefer values that are large."""
    value = wide(case["value"])
    # A large value counts as if its weight were larger.
    return right(case.replace(value=value + value * np.abs(value)))


DISTANCE_ATTENTION = Kind(
    name="distance-attention",
    sentence="Attends by the distance alone, whatever the vectors say.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.DISTANCE_ATTENTION,
    simplest={"length": 8, "size": 3, "width": 5},
    nulls={
        "late": late,
        "backward": backward,
        "not_renormalized": _not_renormalized,
        "by_content": _by_content,
        "everything_seen": everything_seen("value"),
        "sink_forgotten": forgetting("sink"),
    },
    null_needs={"sink_forgotten": ("sink",)},
)


DISTANCE_ATTENTION.agreement_law(
    "convolution.distance",
    "The output is a convolution with the softmax of the scores, renormalized.",
    also=("convolution.borders",),
    nulls=("zeros", "late", "not_renormalized", "sink_forgotten"),
)


@DISTANCE_ATTENTION.law(
    "distance-attention-content",
    "convolution.distance",
    nulls=("by_content",),
    fields={"size": (2, 3, 5, 8), "data": ("integers",), "length": (2, 3, 5, 8)},
)
def check_content(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What the values say moves no weight: the output is linear in them."""
    other = case["value"][::-1] * 2
    total = case.replace(value=case["value"] + other)
    parts = [case, case.replace(value=other)]
    one, two = (wide(bench.run(c).output) for c in parts)
    bound = sum((bench.judged(c).bound for c in (*parts, total)), np.zeros(()))
    # The sum of both outputs is formed in float64.
    room = 2.0**-50 * (np.abs(one) + np.abs(two))
    yield within(one + two, bench.run(total).output, bound + room)


@DISTANCE_ATTENTION.law(
    "distance-attention-constant",
    "convolution.borders",
    nulls=("zeros", "not_renormalized"),
    fields={"length": (2, 3, 5, 8, 17), "size": (2, 3, 5, 8), "sink": (None,)},
)
def check_constant(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A constant stays what it is, at the borders too: weights sum to one."""
    # Not zero, which every kernel would give back.
    first = np.broadcast_to(case["value"][:1] + 5, case["value"].shape)
    value = first.astype(case["value"].dtype)
    same = case.replace(value=value)
    yield within(value, bench.run(same).output, bench.judged(same).bound)


@DISTANCE_ATTENTION.law(
    "distance-attention-translation",
    "convolution.translation",
    nulls=("backward",),
    fields={"length": (5, 8, 17, 33), "size": (1, 2, 3), "left": (0, 1, 2)},
)
def check_translation(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Away from the borders a sequence that is shifted has a shifted output."""
    left, size = case["left"], len(case["scores"])
    stop = len(case["value"]) - (size - 1 - left) - 1
    if stop <= left:
        return
    moved = case.replace(value=np.roll(case["value"], 1, axis=0))
    here, there = np.s_[left:stop], np.s_[left + 1 : stop + 1]
    yield from same_at(case, moved, bench, "shifted by one", here, there)


@DISTANCE_ATTENTION.law(
    "distance-attention-field",
    "convolution.field",
    nulls=("zeros", "everything_seen"),
    fields={"length": (3, 5, 8, 17, 33), "size": (1, 2, 3, 5, 40)},
)
def check_field(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every visible step counts by its weight, and no other, however large."""
    length, left = len(case["value"]), case["left"]
    step = length // 2
    distance = np.arange(length) - step + left
    seen = ((distance >= 0) & (distance < len(case["scores"])))[:, None]
    # Far beyond all other values; float16 ends at 65504.
    large = 2.0**8 if case.dtype == "float16" else 2.0**60
    outside = np.where(seen, case["value"], large).astype(case["value"].dtype)
    exact = bench.judged(case)
    output = bench.run(case.replace(value=outside)).output[step]
    yield within(exact.output[step], output, exact.bound[step])
    nearest = np.argmax(seen[:, 0])
    moved = case["value"].copy()
    # Far enough to show even where its weight is small.
    moved[nearest] += 8
    note = "a visible value moved"
    yield from same_at(case, case.replace(value=moved), bench, note, np.s_[step])


def _sharpness(case: Case) -> float:
    """Return a sharpness at which all but one weight are lost."""
    # 128 times the square of 22 steps fits float16; exp(-1600 / 2) is 0 in float64.
    return 128.0 if case["scores"].dtype.itemsize < 4 else 1600.0


def _sharp(case: Case, target: int) -> Case:
    """Let scores fall with the square of the distance from a tap."""
    length, sharpness = len(case["value"]), _sharpness(case)
    distance = np.arange(1 - length, length)
    scores = -sharpness * (distance - target) ** 2
    sharp = case.replace(
        scores=scores.astype(case["scores"].dtype),
        left=length - 1,
    )
    return sharp if case["sink"] is None else sharp.replace(sink=-sharpness / 2.0)


@DISTANCE_ATTENTION.law(
    "distance-attention-sharp",
    "convolution.sharp",
    also=("convolution.borders",),
    nulls=("zeros", "late", "sink_forgotten"),
    fields={"length": (2, 3, 5, 8, 17)},
)
def check_sharp(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sharp scores copy one tap; beyond the border the nearest step, or a sink's zero.

    Without a sink this is the border rule `clip`.
    """
    length, value = len(case["value"]), wide(case["value"])
    # What is left of the other weights: nothing at all in the wider formats.
    room = np.asarray(np.exp(-_sharpness(case) / 2.0) * np.abs(value).sum())
    for target in (0, 1, -2):
        where = np.arange(length) + target
        expected = value[np.clip(where, 0, length - 1)]
        if case["sink"] is not None:
            inside = (where >= 0) & (where < length)
            expected = expected * inside[:, None]
        sharp = _sharp(case, target)
        bound = bench.judged(sharp).bound + room
        yield within(expected, bench.run(sharp).output, bound, what=f"tap {target}")


__all__ = ["DISTANCE_ATTENTION"]
