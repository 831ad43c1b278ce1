"""Absolute positions of clocks: the kind `sinusoidal`, and its laws."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.claims import Claim
from attnspec.judge.compare import alike
from attnspec.judge.kind import Kind, result
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import late
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.positions import _usage as usage
from attnspec.kinds.positions._places import BASE, PLACES, places, squared
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import sinusoidal as definition


def _build(recipe: Recipe) -> Case:
    base = recipe["base"]
    return Case(
        operands={"positions": places(recipe), "width": recipe["width"]},
        options={} if base == BASE else {"base": base},
        results=result("output", (recipe["length"], recipe["width"]), None),
        dtype=recipe.dtype,
    )


def _speeds(width: int, base: float, choices: Dialect) -> Array:
    """Return the frequency of each pair, in float64."""
    pairs = np.arange(width // 2)
    if choices["frequencies"] == "to_base":
        # A single pair has the frequency 1 alone.
        return np.asarray(base ** (-pairs / max(1, width // 2 - 1)))
    return np.asarray(base ** (-2 * pairs / width))


def _halves(width: int, choices: Dialect) -> tuple[slice, slice]:
    """Return the places of the sines and those of the cosines."""
    first, second = slice(0, width // 2), slice(width // 2, width)
    layouts = {
        "interleaved": (slice(0, width, 2), slice(1, width, 2)),
        "halves": (first, second),
        "cosine_half_first": (second, first),
    }
    return layouts[choices["layout"]]


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Take sine and cosine of angles that the working format computed.

    A power of the base is off by what its exponent is off by, times its logarithm.
    """
    width, base = case["width"], case["base"] or BASE
    exact = Tracked.of(case["positions"][:, None], model)
    speeds = exact.like(_speeds(width, base, choices))
    # The power has 4 units, a reciprocal one; its exponent those of three operations.
    angles = speeds.rounding(6.0 + 3.0 * math.log(base)) * exact
    value, error = np.zeros((2, len(case["positions"]), width))
    sines, cosines = _halves(width, choices)
    for place, part in ((sines, angles.sine()), (cosines, angles.cosine())):
        value[:, place], error[:, place] = part.value, part.error
    return judged(exact.like(value, error), model)


def _defined(positions: Array, width: int, *, base: float = BASE) -> Array:
    """Evaluate the definition."""
    return definition(positions, width, base=base)


SINUSOIDAL = Kind(
    name="sinusoidal",
    sentence="Labels positions by the sines and cosines of clocks.",
    table=Table(
        fields={
            "length": (1, 2, 3, 5, 8, 17, 33),
            "width": (2, 4, 6, 8, 16, 64, 128),
            "positions": PLACES,
            "base": (BASE, 100.0, 500_000.0),
        },
        claims={"base": Claim("another base than 10,000", "base")},
    ),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.SINUSOIDAL,
    simplest={"length": 8, "width": 64},
    choices={
        "layout": ("interleaved", "halves", "cosine_half_first"),
        "frequencies": ("short", "to_base"),
    },
    probes=({"length": 5, "width": 8}, {"length": 8, "width": 6}),
    nulls={"late": late, "squared": squared},
)


SINUSOIDAL.agreement_law(
    "positions.sinusoidal",
    "Each pair of entries is the sine and the cosine of position times frequency.",
    nulls=("zeros", "late", "squared"),
)


@SINUSOIDAL.law(
    "sinusoidal-shift",
    "positions.sinusoidal-shift",
    nulls=("squared",),
    fields={"length": (3, 5, 8, 17), "positions": ("range", "offset", "reversed")},
)
def check_shift(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A shift turns every encoding by one rotation, the same for all positions."""
    steps = 7  # Any shift would do; positions stay below 2**11.
    moved = case.replace(positions=case["positions"] + steps)
    sines, cosines = _halves(case["width"], bench.dialect)
    angles = steps * _speeds(case["width"], case["base"] or BASE, bench.dialect)
    cosine, sine = np.cos(angles), np.sin(angles)
    first = bench.run(case).output.astype(np.float64)
    one, two = bench.judged(case).bound, bench.judged(moved).bound
    turned, bound = np.zeros((2, *first.shape))
    turned[:, sines] = first[:, sines] * cosine + first[:, cosines] * sine
    turned[:, cosines] = first[:, cosines] * cosine - first[:, sines] * sine
    bound[:, sines] = one[:, sines] * np.abs(cosine) + one[:, cosines] * np.abs(sine)
    bound[:, cosines] = one[:, cosines] * np.abs(cosine) + one[:, sines] * np.abs(sine)
    # Both angles, of at most 2**11, were themselves rounded in float64.
    second = bench.run(moved).output.astype(np.float64)
    yield within(turned, second, bound + two + 2.0**-38, what="turned encoding")


@SINUSOIDAL.law("sinusoidal-circle", "positions.sinusoidal", nulls=("zeros", "ones"))
def check_circle(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sine and cosine of a pair lie on the unit circle."""
    output = bench.run(case).output.astype(np.float64)
    exact, bound = bench.judged(case).output, bench.judged(case).bound
    sines, cosines = _halves(case["width"], bench.dialect)
    # The square of what is off by b is off by b (2 |x| + b).
    room = bound * (2 * np.abs(exact) + bound)
    yield within(
        np.ones_like(output[:, sines]),
        output[:, sines] ** 2 + output[:, cosines] ** 2,
        room[:, sines] + room[:, cosines] + 2.0**-50,
        what="squared length of a pair",
    )


@SINUSOIDAL.law(
    "sinusoidal-order",
    "positions.absolute",
    nulls=("late",),
    fields={"length": (2, 3, 5, 8, 17), "positions": ("range", "offset", "far")},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each position has an encoding of its own, wherever it is asked for."""
    backward = case.changed(np.flip, "positions")
    yield from alike(case, backward, bench, "backward", moved=lambda a: a[::-1])


__all__ = ["SINUSOIDAL"]
