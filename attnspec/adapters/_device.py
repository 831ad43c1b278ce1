"""Calls of functions of tensors whose memory is that of a device.

All that a call is given goes there in one transfer, with what lies around it, and all
that it returns or has changed comes back in one. An error that the device tells of
later is told by the transfer back: it is still that of the call.
"""

from __future__ import annotations

import ctypes
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.dirty import NAN_BYTE, sizes_in
from attnspec.conformance.protocol import dtype_named
from attnspec.exceptions import KernelCrashed
from attnspec.judge.layouts import ALIGNMENT, GUARD
from attnspec.judge.told import told

_SHAPES = 16
"""Of how many shapes the last result is remembered."""


@dataclasses.dataclass(frozen=True, eq=False)
class _Piece:
    """An array here, and where it lies in the block that is sent."""

    array: Array
    memory: Array
    """The bytes of the array and of its guard bands."""
    start: int
    """Where they begin in the block."""

    @property
    def offset(self) -> int:
        """Where the first element lies in the block."""
        return self.start + int(self.array.ctypes.data - self.memory.ctypes.data)


class Remote:
    """Calls a function on a device; arrays are laid there as they are laid here.

    Parameters
    ----------
    function
        A function of tensors.
    device
        The device, as PyTorch names it. With that of the CPU all is copied as well.
    """

    def __init__(self, function: Callable[..., Any], device: str) -> None:
        """Call this function from now on."""
        import torch

        self._torch = torch
        self._function = function
        self._device = torch.device(device)
        self._earlier: dict[tuple[int, ...], tuple[Any, Array]] = {}

    def __call__(self, *operands: Any, **options: Any) -> Any:
        """Call the function, and return its results as NumPy's arrays.

        Raises
        ------
        KernelCrashed
            If the device does nothing more for this process.
        """
        try:
            return self._called(operands, options)
        except Exception as error:
            if why := lost(self._device):
                msg = f"lost the device {self._device} ({why}) after {told(error)}"
                raise KernelCrashed(msg) from error
            raise

    def _called(self, operands: tuple[Any, ...], options: dict[str, Any]) -> Any:
        arrays = [a for a in (*operands, *options.values()) if _has_elements(a)]
        pieces = {id(piece.array): piece for piece in _laid(arrays)}
        block = self._sent(pieces.values())

        def there(value: Any) -> Any:
            return self._view(value, pieces.get(id(value)), block)

        self._dirty(sizes_in(arrays))
        named = {name: there(value) for name, value in options.items()}
        returned = self._function(*map(there, operands), **named)
        several = isinstance(returned, tuple | list)
        parts = list(returned) if several else [returned]
        found = self._fetched(parts, pieces.values(), block)
        return tuple(found) if several else found[0]

    def _sent(self, pieces: Iterable[_Piece]) -> Any:
        """Return the block on the device."""
        size = max((piece.start + piece.memory.size for piece in pieces), default=0)
        block = np.zeros(size + -size % ALIGNMENT, np.uint8)
        for piece in pieces:
            block[piece.start : piece.start + piece.memory.size] = piece.memory
        return self._torch.from_numpy(block).to(self._device, copy=True)

    def _view(self, value: Any, piece: _Piece | None, block: Any) -> Any:
        """Return what stands for an argument on the device."""
        if not isinstance(value, np.ndarray):
            return value
        dtype = getattr(self._torch, value.dtype.name)
        if piece is None:
            return self._torch.empty(value.shape, dtype=dtype, device=self._device)
        item = value.dtype.itemsize
        strides = [stride // item for stride in value.strides]
        whole = block.view(dtype)
        return self._torch.as_strided(whole, value.shape, strides, piece.offset // item)

    def _dirty(self, sizes: Iterable[int]) -> None:
        """Leave free memory of these sizes full of NaN."""
        form = {"dtype": self._torch.uint8, "device": self._device}
        _ = [self._torch.full((size,), NAN_BYTE, **form) for size in sizes]

    def _fetched(
        self, parts: list[Any], pieces: Iterable[_Piece], block: Any
    ) -> list[Any]:
        """Return the parts of a result, and write back what has changed."""
        tensors = {
            place: part.detach().to(self._device)
            for place, part in enumerate(parts)
            if isinstance(part, self._torch.Tensor)
        }
        shape = tuple(tensors[0].shape) if 0 in tensors else ()
        earlier = [self._earlier[name] for name in self._looked_at(shape)]
        wanted = [block, *(t for t, _ in earlier), *tensors.values()]
        sent, *others = self._transferred(wanted)
        for piece in pieces:
            now = sent[piece.start : piece.start + piece.memory.size]
            if not np.array_equal(now, piece.memory):
                piece.memory[...] = now
        for (_, array), now in zip(earlier, others, strict=False):
            array.reshape(-1).view(np.uint8)[...] = now
        fresh = others[len(earlier) :]
        for (place, tensor), raw in zip(tensors.items(), fresh, strict=True):
            dtype = dtype_named(str(tensor.dtype).removeprefix("torch."))
            parts[place] = raw.copy().view(dtype).reshape(tensor.shape)
        if 0 in tensors:
            self._remember(tensors[0], parts[0])
        return parts

    def _transferred(self, tensors: list[Any]) -> Iterator[Array]:
        """Yield the bytes of tensors; they come here at once."""
        flat = [t.contiguous().reshape(-1).view(self._torch.uint8) for t in tensors]
        whole = self._torch.cat(flat).cpu().numpy()
        ends = np.cumsum([part.numel() for part in flat])
        yield from np.split(whole, ends[:-1])

    def _looked_at(self, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Return the shapes of the earlier results that a call may have changed."""
        last = next(reversed(self._earlier), shape)
        return [name for name in {shape, last} if name in self._earlier]

    def _remember(self, tensor: Any, array: Array) -> None:
        """Remember a result in place of the last one of this shape."""
        self._earlier.pop(array.shape, None)
        self._earlier[array.shape] = tensor, array
        if len(self._earlier) > _SHAPES:
            del self._earlier[next(iter(self._earlier))]


def lost(device: Any) -> str:
    """Return why a device does nothing more for this process; nothing if it works."""
    import torch

    try:
        torch.zeros(1, device=device).cpu()
    except Exception as error:  # noqa: BLE001 - whatever it is, it does not work
        return told(error)
    return ""


def _has_elements(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.size > 0


def _laid(arrays: Iterable[Array]) -> Iterator[_Piece]:
    """Yield arrays with their places in a block: as they are aligned here."""
    end = 0
    for array in arrays:
        memory = _around(array)
        start = end + -end % ALIGNMENT + memory.ctypes.data % ALIGNMENT
        end = start + memory.size
        yield _Piece(array, memory, start)


def _around(array: Array) -> Array:
    """Return the bytes of an array and of its guard bands, as they lie here."""
    low, high = np.lib.array_utils.byte_bounds(array)
    first, last = np.lib.array_utils.byte_bounds(_whole(array))
    reach = GUARD * array.itemsize
    low, high = max(first, low - reach), min(last, high + reach)
    return np.ctypeslib.as_array((ctypes.c_uint8 * (high - low)).from_address(low))


def _whole(array: Array) -> Array:
    """Return all of the memory that an array is a part of."""
    found: Any = array
    while getattr(found, "base", None) is not None:
        found = found.base
    return found if isinstance(found, np.ndarray) else np.frombuffer(found, np.uint8)


__all__ = ["Remote", "lost"]
