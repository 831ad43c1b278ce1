"""Pictures of the bound, measured with the evaluator and the embedded kernel."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import ml_dtypes
import numpy as np
from drawing import ACCENT, GRAY, INK, SERIES

from attnspec.kernels import tiled_attention
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.numerics import default_model
from attnspec.reference.scores import scaled_dot_product
from attnspec.reference.softmax import softmax

KINDS = ("normal", "spread", "ties", "peaked", "offset_up", "ascending")
DTYPES = ("float32", "float16", "bfloat16")


def ratios() -> None:
    """Histograms of error over bound, for a right kernel in three formats."""
    _, axes = plt.subplots(figsize=(5.8, 2.9))
    bins = np.linspace(-6, 0.5, 53)
    for color, dtype in zip(SERIES, DTYPES, strict=False):
        shares = np.concatenate([_ratios(dtype, kind) for kind in KINDS])
        seen = np.log10(np.maximum(shares, 10.0 ** bins[0]))
        label = f"{dtype}: at most {shares.max():.2f}"
        axes.hist(seen, bins, histtype="step", color=color, label=label, lw=1.4)
    axes.axvline(0, color=ACCENT, lw=1)
    axes.annotate("the bound", (0, axes.get_ylim()[1] * 0.55), color=ACCENT, size=8)
    axes.set(xlabel="error / bound", ylabel="entries of the output")
    axes.set_xticks(range(-6, 1), ["≤1e-6", *(f"1e{n}" for n in range(-5, 0)), "1"])
    axes.legend(fontsize=8, loc="upper left")


def against_tolerance() -> None:
    """A right and a wrong kernel, the bound and two tolerances, by spread."""
    spreads = np.geomspace(0.05, 30, 25)
    lines: dict[str, list[float]] = {"right": [], "bound": [], "wrong": []}
    for spread in spreads:
        case = _spread(spread)
        exact = evaluate(case, SPEC, default_model("float32"))
        right = tiled_attention(case.query, case.key, case.value)
        wrong = _scores_in_bfloat16(case)
        errors = {"right": right - exact.output, "wrong": wrong - exact.output}
        errors["bound"] = exact.output_bound
        for name, error in errors.items():
            lines[name].append(float(np.abs(error).max()))
    _, axes = plt.subplots(figsize=(5.8, 3.2))
    axes.plot(spreads, lines["wrong"], color=ACCENT, label="scores rounded to bfloat16")
    axes.plot(spreads, lines["bound"], color=INK, lw=2, label="the bound for float32")
    axes.plot(spreads, lines["right"], color=INK, ls="--", label="a right kernel")
    for tolerance in (1e-2, 1e-6):
        axes.axhline(tolerance, color=GRAY, lw=0.8, ls=":")
        axes.annotate(f"tolerance {tolerance:g}", (0.05, tolerance * 1.2), color=GRAY)
    axes.set(xscale="log", yscale="log", xlabel="spread of the scores")
    axes.set_ylabel("largest error")
    axes.set_ylim(2e-9, 1)
    axes.legend(fontsize=8, loc="lower right")


def weighting() -> None:
    """What an error in one score does to the output, by the weight of its key."""
    share = np.linspace(0, 1, 201)
    _, axes = plt.subplots(figsize=(5.0, 2.7))
    axes.plot(
        share, share * (1 - share), color=INK, label="$p\\,|v - o|$: what happens"
    )
    axes.plot(share, share, color=GRAY, ls=":", label="$p\\,|v|$: what one may fear")
    axes.set(xlabel="weight $p$ of the key", ylabel="change a unit of error")
    axes.legend(fontsize=8)


def _ratios(dtype: str, kind: str) -> Any:
    """Return error over bound of every entry of a few outputs of the kernel."""
    found = []
    for seed, keys in enumerate((5, 17, 64, 65, 200)):
        recipe = ATTENTION.recipe(
            dtype=dtype,
            query_heads=2,
            key_heads=2,
            queries=32,
            keys=keys,
            width=32,
            value_width=32,
            scores=kind,
            seed=seed,
        )
        case = build(recipe)
        exact = evaluate(case, SPEC, default_model(dtype))
        actual = tiled_attention(case.query, case.key, case.value)
        error = np.abs(np.asarray(actual, dtype=np.float64) - exact.output)
        found.append((error / exact.output_bound).ravel())
    return np.concatenate(found)


def _spread(spread: float) -> AttentionCase:
    """Make a case of one head whose scores have a given standard deviation."""
    rng = np.random.default_rng(0)
    query, key, value = rng.normal(size=(3, 1, 1, 128, 64)).astype(np.float32)
    return AttentionCase.of(query=query * np.float32(spread), key=key, value=value)


def _scores_in_bfloat16(case: AttentionCase) -> Any:
    """Compute in float64, except that the scores are rounded to bfloat16."""
    scores = scaled_dot_product(case.query, case.key).astype(ml_dtypes.bfloat16)
    return softmax(scores.astype(np.float64)) @ case.value.astype(np.float64)
