"""How a library differentiates a function of its arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.adapters.torch import numpy_of, tensor_of
from attnspec.conformance.differentiation import Pullback

Function = Callable[..., Any]


def torch(function: Function) -> Pullback:
    """Return what differentiates a function of tensors by autograd."""

    def pullback(
        operands: Mapping[str, Any],
        options: Mapping[str, Any],
        cotangents: Sequence[Array],
        wanted: Sequence[str],
        twice: bool,  # noqa: FBT001 - as every pullback has it
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        import torch as library

        given = _moved({**operands, **options}, tensor_of)
        leaves = [given[name].requires_grad_() for name in wanted]
        results = _called(function, operands, given)
        used = results[: len(cotangents)]
        pulled = [
            tensor_of(cotangent).to(result.dtype)
            for cotangent, result in zip(cotangents, used, strict=True)
        ]
        if twice:
            library.autograd.grad(
                used, leaves, pulled, retain_graph=True, allow_unused=True
            )
        found = library.autograd.grad(used, leaves, pulled, allow_unused=True)
        gradients = tuple(g if g is None else numpy_of(g) for g in found)
        return tuple(numpy_of(result.detach()) for result in results), gradients

    return pullback


def jax(function: Function) -> Pullback:
    """Return what differentiates a function of JAX's arrays by `jax.vjp`."""

    def pullback(
        operands: Mapping[str, Any],
        options: Mapping[str, Any],
        cotangents: Sequence[Array],
        wanted: Sequence[str],
        twice: bool,  # noqa: FBT001 - as every pullback has it
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        import jax as library

        asarray = library.numpy.asarray
        with library.enable_x64(True):  # noqa: FBT003 - its argument has no name
            given = _moved({**operands, **options}, asarray)

            def forward(leaves: dict[str, Any]) -> tuple[Any, ...]:
                return _called(function, operands, {**given, **leaves})

            results, pull = library.vjp(forward, {name: given[name] for name in wanted})
            pulled = tuple(
                library.numpy.zeros_like(result)
                if place >= len(cotangents)
                else asarray(cotangents[place]).astype(result.dtype)
                for place, result in enumerate(results)
            )
            if twice:
                pull(pulled)
            (found,) = pull(pulled)
            gradients = tuple(np.asarray(found[name]) for name in wanted)
            return tuple(map(np.asarray, results)), gradients

    return pullback


def _moved(
    arguments: Mapping[str, Any], there: Callable[[Array], Any]
) -> dict[str, Any]:
    """Return arguments with the arrays of a library in place of NumPy's."""
    return {
        name: there(value) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }


def _called(
    function: Function, operands: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Call a function with its operands and options, and return all results."""
    options = {name: value for name, value in given.items() if name not in operands}
    found = function(*(given[name] for name in operands), **options)
    return tuple(found) if isinstance(found, tuple | list) else (found,)


__all__ = ["jax", "torch"]
