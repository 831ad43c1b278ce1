"""The gradients of the definition, and those of automatic differentiation."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from attnspec.reference import attention_vjp
from attnspec.reference.gradients import Gradients
from tests.reference._gradients import Pulled, gradient_bound
from tests.reference._problems import Problem

Array = np.ndarray[Any, np.dtype[Any]]
CASES: tuple[dict[str, Any], ...] = (
    {},
    {"causal": True},
    {"softcap": 2.0},
    {"mask": True},
    {"bias": True},
    {"scale": -0.7, "causal": True, "bias": True},
    {"softcap": 0.5, "sink": True, "mask": True},
    {"sink": True, "bias": True, "kept": True},
)


def _case(number: int) -> Pulled:
    """Grouped heads, more keys than queries, a query that sees nothing."""
    rng, given = np.random.default_rng(number), CASES[number]
    grid = batch, heads, length, keys = 2, 6, 5, 7
    options: dict[str, Any] = {n: v for n, v in given.items() if n != "kept"}
    if "mask" in given:
        options["mask"] = rng.random((batch, 1, length, keys)) < 0.7
        options["mask"][:, :, 2] = False
    if "bias" in given:
        options["bias"] = rng.normal(size=(heads, 1, keys))
    if "sink" in given:
        options["sink"] = rng.normal(size=heads)
    kept = np.where(rng.random(grid) < 0.25, 0.0, 4.0 / 3.0)
    return Pulled(
        Problem(
            rng.normal(size=(batch, heads, length, 4)),
            rng.normal(size=(batch, 2, keys, 4)),
            rng.normal(size=(batch, 2, keys, 3)),
            options,
        ),
        rng.normal(size=(batch, heads, length, 3)),
        rng.normal(size=(batch, heads, length)),
        kept if "kept" in given else np.ones(grid),
    )


def _forward(library: Any, case: Pulled, arrays: dict[str, Any]) -> tuple[Any, Any]:
    """Attention as the page of it says, in whatever library: no line of ours."""
    options = case.problem.options
    groups = case.problem.grid[1] // case.problem.key.shape[1]
    repeat = getattr(library, "repeat_interleave", None) or library.repeat
    key, value = (repeat(arrays[n], groups, 1) for n in ("dk", "dv"))
    scale = options.get("scale", case.problem.query.shape[-1] ** -0.5)
    scores = scale * library.einsum("bhle,bhse->bhls", arrays["dq"], key)
    if "softcap" in options:
        scores = options["softcap"] * library.tanh(scores / options["softcap"])
    if "dbias" in arrays:
        scores = scores + arrays["dbias"]
    _, _, length, keys = case.problem.grid
    seen = np.ones(case.problem.grid, bool)
    seen = seen & np.broadcast_to(options.get("mask", True), seen.shape)
    if options.get("causal"):
        seen = seen & np.tri(length, keys, keys - length, dtype=bool)
    # A row that sees nothing is kept apart, or its derivative is NaN.
    hidden = arrays["hidden"](seen)
    scores = library.where(hidden, -1e30, scores)
    peak = 10.0
    exponentials = library.where(hidden, 0.0, library.exp(scores - peak))
    total = exponentials.sum(-1)
    if "dsink" in arrays:
        total = total + library.exp(arrays["dsink"] - peak)[:, None]
    empty = total == 0.0
    total = library.where(empty, 1.0, total)
    weights = exponentials / total[..., None] * arrays["kept"]
    lse = library.where(empty, 0.0, library.log(total) + peak)
    return library.einsum("bhls,bhse->bhle", weights, value), lse


def _inputs(case: Pulled) -> dict[str, Array]:
    arrays = {"dq": case.problem.query, "dk": case.problem.key}
    arrays["dv"] = case.problem.value
    for name in ("bias", "sink"):
        if name in case.problem.options:
            arrays[f"d{name}"] = case.problem.options[name]
    return arrays


def _by_torch(case: Pulled) -> dict[str, Array]:
    torch = pytest.importorskip("torch")
    inputs = {n: torch.tensor(a, requires_grad=True) for n, a in _inputs(case).items()}
    extra = {"hidden": lambda a: ~torch.tensor(a), "kept": torch.tensor(case.kept)}
    output, lse = _forward(torch, case, inputs | extra)
    cotangents = torch.tensor(case.d_output), torch.tensor(case.d_lse)
    torch.autograd.backward((output, lse), cotangents)
    return {n: a.grad.numpy() for n, a in inputs.items()}


def _by_jax(case: Pulled) -> dict[str, Array]:
    jax = pytest.importorskip("jax")
    extra = {"hidden": np.logical_not, "kept": case.kept}

    def forward(arrays: dict[str, Any]) -> Any:
        return _forward(jax.numpy, case, arrays | extra)

    with jax.enable_x64(True):  # noqa: FBT003 - JAX has no keyword for it
        inputs = {n: jax.numpy.asarray(a) for n, a in _inputs(case).items()}
        _, pull = jax.vjp(forward, inputs)
        (found,) = pull((jax.numpy.asarray(case.d_output), case.d_lse))
        return {n: np.asarray(a) for n, a in found.items()}


@functools.cache
def _ours(number: int) -> Gradients:
    case = _case(number)
    return attention_vjp(
        *case.problem.arrays,
        case.d_output,
        d_lse=case.d_lse,
        kept=case.kept,
        **case.problem.options,
    )


@pytest.mark.parametrize("library", [_by_torch, _by_jax])
@pytest.mark.parametrize("number", range(len(CASES)))
def test_gradients_are_those_of_automatic_differentiation(
    number: int, library: Any
) -> None:
    case = _case(number)
    bound = gradient_bound(case)
    for name, array in library(case).items():
        ours = getattr(_ours(number), name)

        assert ours.shape == array.shape
        assert (np.abs(ours - array) <= 2.0 * bound[name]).all()
