"""Functions that take another library's arrays, as functions of NumPy's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec.adapters.torch import numpy_of, tensor_of
from attnspec.numerics.dtypes import numpy_dtype

Function = Callable[..., Any]


def torch(function: Function) -> Function:
    """Return a function of tensors as a function of NumPy arrays."""
    import torch as library

    def back(value: Any) -> Any:
        if not isinstance(value, library.Tensor):
            return value
        return numpy_of(value.detach().cpu())

    return _wrapped(function, tensor_of, back)


def jax(function: Function) -> Function:
    """Return a function of JAX's arrays as a function of NumPy arrays."""
    import jax as library

    def back(value: Any) -> Any:
        return np.asarray(value) if isinstance(value, library.Array) else value

    def wide(*arguments: Any, **options: Any) -> Any:
        with library.enable_x64(True):  # noqa: FBT003 - its argument has no name
            return wrapped(*arguments, **options)

    wrapped = _wrapped(function, library.numpy.asarray, back)
    return functools.wraps(function)(wide)


def mlx(function: Function) -> Function:
    """Return a function of MLX's arrays as a function of NumPy arrays."""
    import mlx.core as library

    def there(array: Any) -> Any:
        return library.array(np.ascontiguousarray(array).reshape(array.shape))

    def back(value: Any) -> Any:
        if not isinstance(value, library.array):
            return value
        if value.dtype == library.bfloat16:
            words = np.array(value.view(library.uint16))
            return words.view(numpy_dtype("bfloat16"))
        return np.array(value)

    return _wrapped(function, there, back)


def _wrapped(
    function: Function,
    there: Callable[[Any], Any],
    back: Callable[[Any], Any],
) -> Function:
    """Return a function that converts what goes in and what comes out."""

    def called(*arguments: Any, **options: Any) -> Any:
        moved = [there(a) if isinstance(a, np.ndarray) else a for a in arguments]
        named = {
            name: there(value) if isinstance(value, np.ndarray) else value
            for name, value in options.items()
        }
        found = function(*moved, **named)
        if isinstance(found, tuple | list):
            return tuple(map(back, found))
        return back(found)

    return functools.wraps(function)(called)


__all__ = ["jax", "mlx", "torch"]
