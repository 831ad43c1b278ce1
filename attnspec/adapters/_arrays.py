"""Functions that take another library's arrays, as functions of NumPy's."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.adapters._device import Remote
from attnspec.adapters.torch import numpy_of, tensor_of
from attnspec.conformance.dirty import NAN_BYTE, sizes_in
from attnspec.conformance.libraries import HERE
from attnspec.numerics.dtypes import numpy_dtype

Function = Callable[..., Any]


def torch(function: Function, device: str = "") -> Function:
    """Return a function of tensors as a function of NumPy arrays."""
    import torch as library

    if device not in HERE:
        library.zeros(1, device=device)
        return functools.update_wrapper(Remote(function, device), function)

    def back(value: Any) -> Any:
        if not isinstance(value, library.Tensor):
            return value
        return numpy_of(value.detach().cpu())

    def dirty(sizes: Iterable[int]) -> None:
        _ = [library.full((size,), NAN_BYTE, dtype=library.uint8) for size in sizes]

    return _wrapped(function, tensor_of, back, dirty)


def jax(function: Function, device: str = "") -> Function:
    """Return a function of JAX's arrays as a function of NumPy arrays."""
    import jax as library

    there = jax_array_on(device)

    def back(value: Any) -> Any:
        return np.asarray(value) if isinstance(value, library.Array) else value

    def fetched(*arguments: Any, **options: Any) -> Any:
        # One transfer, after all of it has been computed.
        return library.device_get(function(*arguments, **options))

    def wide(*arguments: Any, **options: Any) -> Any:
        with library.enable_x64(True):  # noqa: FBT003 - its argument has no name
            return wrapped(*arguments, **options)

    wrapped = _wrapped(fetched, there, back)
    return functools.wraps(function)(wide)


def jax_array_on(device: str) -> Callable[[Array], Any]:
    """Return what makes an array of JAX, on a device by its name and number."""
    import jax as library

    if not device:
        asarray: Callable[[Array], Any] = library.numpy.asarray
        return asarray
    name, _, number = device.partition(":")
    where = library.devices(name)[int(number or 0)]
    return lambda array: library.device_put(array, where)


def mlx(function: Function, device: str = "") -> Function:
    """Return a function of MLX's arrays as a function of NumPy arrays."""
    import mlx.core as library

    if device:
        name, _, number = device.partition(":")
        kind = getattr(library, name)
        library.set_default_device(library.Device(kind, int(number or 0)))

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
    dirty: Callable[[Iterable[int]], None] = lambda _sizes: None,
) -> Function:
    """Return a function that converts what goes in and what comes out.

    Before each call `dirty` fills free memory of some sizes.
    """

    def sent(value: Any) -> Any:
        if isinstance(value, tuple | list):
            return type(value)(map(sent, value))
        return there(value) if isinstance(value, np.ndarray) else value

    def called(*arguments: Any, **options: Any) -> Any:
        moved = [sent(value) for value in arguments]
        named = {name: sent(value) for name, value in options.items()}
        dirty(sizes_in([*arguments, *options.values()]))
        found = function(*moved, **named)
        if isinstance(found, tuple | list):
            return tuple(map(back, found))
        return back(found)

    return functools.wraps(function)(called)


__all__ = ["jax", "jax_array_on", "mlx", "torch"]
