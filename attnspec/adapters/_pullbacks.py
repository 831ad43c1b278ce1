"""How a library differentiates a function of its arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.adapters._arrays import jax_array_on
from attnspec.adapters.torch import numpy_of, tensor_of
from attnspec.conformance.differentiation import Pullback
from attnspec.faces import Called
from attnspec.faces.plain import PLAIN
from attnspec.kinds.attention.case import AttentionCase

Function = Callable[..., Any]


def torch(function: Function, face: Called | None, device: str) -> Pullback:
    """Return what differentiates a function of tensors by autograd."""

    def there(array: Array) -> Any:
        tensor = tensor_of(array)
        return tensor.to(device) if device else tensor

    def turned(tensor: Any, order: tuple[int, ...]) -> Any:
        return tensor.permute(order)

    def pullback(
        operands: Mapping[str, Any],
        options: Mapping[str, Any],
        cotangents: Sequence[Array],
        wanted: Sequence[str],
        twice: bool,  # noqa: FBT001 - as every pullback has it
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        import torch as library

        given = _moved({**operands, **options}, there)
        leaves = [given[name].requires_grad_() for name in wanted]
        results = _called(function, face, operands, options, given, there, turned)
        # A logsumexp whose cotangent is dropped may have no graph; an output has one.
        used = [r for r in results if r is results[0] or r.requires_grad]
        used = used[: len(cotangents)]
        pulled = [
            there(cotangent).to(result.dtype)
            for cotangent, result in zip(cotangents, used, strict=False)
        ]
        if twice:
            library.autograd.grad(
                used, leaves, pulled, retain_graph=True, allow_unused=True
            )
        found = library.autograd.grad(used, leaves, pulled, allow_unused=True)
        gradients = tuple(g if g is None else numpy_of(g.cpu()) for g in found)
        return tuple(numpy_of(result.detach().cpu()) for result in results), gradients

    return pullback


def jax(function: Function, face: Called | None, device: str) -> Pullback:
    """Return what differentiates a function of JAX's arrays by `jax.vjp`."""

    def turned(array: Any, order: tuple[int, ...]) -> Any:
        return array.transpose(order)

    def pullback(
        operands: Mapping[str, Any],
        options: Mapping[str, Any],
        cotangents: Sequence[Array],
        wanted: Sequence[str],
        twice: bool,  # noqa: FBT001 - as every pullback has it
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        import jax as library

        there = jax_array_on(device)
        with library.enable_x64(True):  # noqa: FBT003 - its argument has no name
            given = _moved({**operands, **options}, there)

            def forward(leaves: dict[str, Any]) -> tuple[Any, ...]:
                own = {**given, **leaves}
                return _called(function, face, operands, options, own, there, turned)

            results, pull = library.vjp(forward, {name: given[name] for name in wanted})
            pulled = tuple(
                library.numpy.zeros_like(result)
                if place >= len(cotangents)
                else there(cotangents[place]).astype(result.dtype)
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
    function: Function,
    face: Called | None,
    operands: Mapping[str, Any],
    options: Mapping[str, Any],
    given: Mapping[str, Any],
    there: Callable[[Array], Any],
    turned: Callable[[Any, tuple[int, ...]], Any],
) -> tuple[Any, ...]:
    """Call a function, by its face if it has another than ours; return all results."""
    if face is not None and face.face is not PLAIN:
        case = AttentionCase.of(**operands, **options)
        return face.applied(function, case, given, there, turned)
    named = {name: given[name] for name in options}
    found = function(*(given[name] for name in operands), **named)
    return tuple(found) if isinstance(found, tuple | list) else (found,)


__all__ = ["jax", "torch"]
