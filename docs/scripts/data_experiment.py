"""Convolution and attention on growing data, trained from scratch.

A sequence is a ring of 8 steps. Each step shows the address of another step, its own
address (three signs each; the addresses are in a random order) and a number. One task
asks for what lies beside: the difference of the two neighbors' numbers. The other asks
for what is named: the number of the step whose address is shown. On the same
sequences, the first is decided by distance and the second by content.

Every model is one mixing layer, a tanh, and one linear readout that all steps share.
All of them have about 180 parameters, and are fitted by L-BFGS in the same way: mean
square error on noisy answers, a normal prior on the parameters, the best of three
starts by the objective itself. Nothing was tuned for one of them.

Run it to make `data_experiment.csv` again; it takes less than an hour on one core.
Given a number, ``python data_experiment.py 8``, it trains on up to that many sequences
only, and writes nothing.
"""

from __future__ import annotations

import csv
import itertools
import math
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from attnspec.reference import attention_weights

Array = np.ndarray[Any, Any]
Parameters = dict[str, Array]
Layer = Callable[[Parameters, Array], tuple[Array, Callable[[Array], Parameters]]]

STEPS, BITS = 8, 3
CHANNELS = 2 * BITS + 1
NOISE = 0.1
"""The standard deviation of what is added to the answers of the training data."""
COUNTS = tuple(2**power for power in range(2, 12))
SEEDS = range(5)
STARTS = 3
ITERATIONS = 400
RESULTS = pathlib.Path(__file__).with_suffix(".csv")

DISTANCE = (np.arange(STEPS) - np.arange(STEPS)[:, None]) % STEPS
"""How far key j lies to the right of query i, around the ring."""


class Point(NamedTuple):
    """One trained model: the error is relative to always answering zero."""

    task: str
    model: str
    count: int
    seed: int
    error: float


def sequences(rng: np.random.Generator, count: int) -> tuple[Array, Parameters]:
    """Draw sequences, and the exact answers of every step for each task."""
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=BITS)))
    order, named = (
        rng.permuted(np.tile(np.arange(STEPS), (count, 1)), axis=1) for _ in range(2)
    )
    address, number = signs[order], rng.normal(size=(count, STEPS))
    shown = np.take_along_axis(address, named[..., None], axis=1)
    beside = (np.roll(number, -1, axis=1) - np.roll(number, 1, axis=1)) / math.sqrt(2.0)
    answers = {"beside": beside, "named": np.take_along_axis(number, named, axis=1)}
    return np.concatenate([shown, address, number[..., None]], axis=-1), answers


def convolution(weights: Parameters, x: Array) -> tuple[Array, Any]:
    """Slide a kernel around the ring; also say how a gradient goes back."""
    kernel = weights["kernel"]
    taps = (np.arange(STEPS)[:, None] + np.arange(len(kernel)) - 1) % STEPS
    near = x[:, taps].reshape(len(x) * STEPS, -1)
    output = near @ kernel.reshape(-1, kernel.shape[-1])

    def back(slope: Array) -> Parameters:
        return {"kernel": (near.T @ slope.reshape(len(near), -1)).reshape(kernel.shape)}

    return output.reshape(len(x), STEPS, -1), back


def attention(weights: Parameters, x: Array) -> tuple[Array, Any]:
    """Attend with two heads and a bias for each distance; also say how to go back."""
    query, key, value = (
        x[:, None] @ weights[name] for name in ("query", "key", "value")
    )
    shares = attention_weights(query, key, bias=weights["bias"][:, DISTANCE])
    output = shares @ value

    def back(slope: Array) -> Parameters:
        by_head = slope.reshape(len(x), STEPS, *value.shape[1::2]).swapaxes(1, 2)
        by_share = by_head @ value.swapaxes(-1, -2)
        mean = (shares * by_share).sum(axis=-1, keepdims=True)
        by_score = shares * (by_share - mean)
        scale = 1.0 / math.sqrt(query.shape[-1])
        return {
            "query": _summed(x, scale * by_score @ key),
            "key": _summed(x, scale * by_score.swapaxes(-1, -2) @ query),
            "value": _summed(x, shares.swapaxes(-1, -2) @ by_head),
            "bias": _by_distance(by_score.sum(axis=0)),
        }

    return output.swapaxes(1, 2).reshape(len(x), STEPS, -1), back


def _summed(x: Array, slope: Array) -> Array:
    """Give the gradient of a projection, summed over sequences and steps."""
    return np.stack([np.tensordot(x, slope[:, h], ((0, 1), (0, 1))) for h in range(2)])


def _by_distance(slope: Array) -> Array:
    """Sum the gradients of the scores over the pairs of equal distance."""
    return np.stack(
        [slope[:, d == DISTANCE].sum(axis=-1) for d in range(STEPS)], axis=1
    )


MODELS: dict[str, tuple[Layer, dict[str, tuple[int, ...]]]] = {
    "convolution, 3 taps": (convolution, {"kernel": (3, CHANNELS, 8)}),
    "convolution, all steps": (convolution, {"kernel": (STEPS, CHANNELS, 3)}),
    "attention": (
        attention,
        {
            "query": (2, CHANNELS, BITS),
            "key": (2, CHANNELS, BITS),
            "value": (2, CHANNELS, 4),
            "bias": (2, STEPS),
        },
    ),
}
"""The mixing layer of each model, and the shapes of its parameters."""


def shapes(model: str) -> dict[str, tuple[int, ...]]:
    """Add the parameters that every model has: offsets and the readout."""
    mixing = MODELS[model][1]
    width = 8 if model == "attention" else mixing["kernel"][-1]
    return mixing | {"offset": (width,), "readout": (width,), "level": ()}


def size(model: str) -> int:
    """Count the parameters."""
    return sum(math.prod(shape) for shape in shapes(model).values())


def unpacked(model: str, vector: Array) -> Parameters:
    """Cut a vector into the parameters."""
    parts = shapes(model)
    ends = np.cumsum([math.prod(shape) for shape in parts.values()])[:-1]
    pieces = np.split(vector, ends)
    return {
        name: piece.reshape(shape)
        for (name, shape), piece in zip(parts.items(), pieces, strict=True)
    }


def answered(model: str, vector: Array, x: Array) -> Array:
    """Give a model's answer at every step."""
    weights = unpacked(model, vector)
    mixed, _ = MODELS[model][0](weights, x)
    return np.tanh(mixed + weights["offset"]) @ weights["readout"] + weights["level"]


def objective(vector: Array, model: str, x: Array, y: Array) -> tuple[float, Array]:
    """Give half the mean square error, with the prior, and its gradient."""
    weights = unpacked(model, vector)
    mixed, back = MODELS[model][0](weights, x)
    hidden = np.tanh(mixed + weights["offset"])
    wrong = (hidden @ weights["readout"] + weights["level"] - y) / y.size
    slope = wrong[..., None] * weights["readout"] * (1.0 - hidden**2)
    parts = back(slope) | {
        "offset": slope.sum(axis=(0, 1)),
        "readout": np.tensordot(wrong, hidden, 2),
        "level": wrong.sum(),
    }
    gradient = np.concatenate([np.ravel(parts[name]) for name in weights])
    prior = NOISE**2 / y.size
    loss = 0.5 * y.size * (wrong**2).sum() + 0.5 * prior * (vector @ vector)
    return float(loss), gradient + prior * vector


def start(model: str, rng: np.random.Generator) -> Array:
    """Draw parameters, smaller the more of them are added up."""
    return np.concatenate(
        [
            rng.normal(size=math.prod(shape)) / math.sqrt(math.prod(shape[:-1]) or 1)
            for shape in shapes(model).values()
        ]
    )


def point(task: str, model: str, count: int, seed: int) -> Point:
    """Train one model and test it on 1000 fresh sequences, without noise."""
    rng = np.random.default_rng((seed, count))
    x, answers = sequences(rng, count)
    y = answers[task] + NOISE * rng.normal(size=(count, STEPS))
    # Counted from 1: NumPy takes the seeds (a, b) and (a, b, 0) for the same.
    fits = [
        minimize(
            objective,
            start(model, np.random.default_rng((seed, count, number))),
            args=(model, x, y),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": ITERATIONS, "maxfun": 2 * ITERATIONS},
        )
        for number in range(1, STARTS + 1)
    ]
    best = min(fits, key=lambda fit: fit.fun).x
    fresh, exact = sequences(np.random.default_rng((seed, 0)), 1000)
    wrong = answered(model, best, fresh) - exact[task]
    error = (wrong**2).mean() / (exact[task] ** 2).mean()
    return Point(task, model, count, seed, float(f"{error:.4g}"))


def points(counts: tuple[int, ...] = COUNTS) -> Iterator[Point]:
    """Train every model on every task, with each number of sequences and each seed."""
    for task, model in itertools.product(("beside", "named"), MODELS):
        for count, seed in itertools.product(counts, SEEDS):
            yield point(task, model, count, seed)


def load() -> list[Point]:
    """Read the committed results."""
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return [
            Point(row[0], row[1], int(row[2]), int(row[3]), float(row[4]))
            for row in itertools.islice(csv.reader(file), 1, None)
        ]


def main(arguments: list[str]) -> None:
    """Write the results anew, or print those of few sequences."""
    if arguments:
        most = int(arguments[0])
        for made in points(tuple(count for count in COUNTS if count <= most)):
            print(*made, sep="  ", flush=True)
        return
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Point._fields)
        for made in points():
            writer.writerow(made)
            print(*made, sep="  ", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
