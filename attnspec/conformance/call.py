"""The narrow call: a case in, arrays or a fault out; the kernel is not trusted."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.implementation import Kernel
from attnspec.exceptions import KernelRaised, MalformedResult
from attnspec.judge.case import Case, Result
from attnspec.judge.layouts import place
from attnspec.judge.told import told
from attnspec.numerics.dtypes import numpy_dtype

_FORMS = {"integer": "iu", "boolean": "b"}
"""Formats of results that are no floating-point ones, and NumPy's kinds of them."""


class Caller:
    """Calls one kernel, and remembers its last result to see whether it changes."""

    def __init__(self, function: Kernel) -> None:
        """Call this function from now on."""
        self._function = function
        self._last: tuple[Array, bytes] | None = None

    def __call__(self, case: Case) -> Result:
        """Call the function on fresh copies of a case's arrays.

        Raises
        ------
        KernelRaised
            If the function raises anything, `SystemExit` included.
        MalformedResult
            If what it returns is not what the case says.
        """
        placed = {
            name: place(array, case.layout(name))
            for name, array in case.arrays().items()
        }
        given = {
            name: placed[name].view if name in placed else value
            for name, value in case.arguments.items()
        }
        arguments = [given.pop(name) for name in case.operands]
        arrays = _unpacked(self._returned(arguments, given), case)
        mutated = [name for name, item in placed.items() if not item.unchanged]
        first = case.results[0][0]
        if self._changed_by(arrays[first]):
            mutated.append("an earlier result")
        copies = {name: np.array(array) for name, array in arrays.items()}
        return Result(copies.pop(first), others=copies, mutated=tuple(mutated))

    def _changed_by(self, output: Array) -> bool:
        """Return whether a call changed the result of the call before; keep its own."""
        changed = self._last is not None and self._last[0].tobytes() != self._last[1]
        self._last = (output, output.tobytes())
        return changed

    def _returned(self, arguments: list[Array], options: dict[str, Any]) -> Any:
        try:
            return self._function(*arguments, **options)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise KernelRaised(told(error)) from error


def _unpacked(returned: Any, case: Case) -> dict[str, Array]:
    """Return the results by name, or say what is wrong with them."""
    parts = returned if len(case.results) > 1 else (returned,)
    if not isinstance(parts, tuple | list) or len(parts) != len(case.results):
        names = ", ".join(name for name, _, _ in case.results)
        msg = f"expected ({names}), got {_described(returned)}"
        raise _other(msg)
    return {
        name: _formed(part, name, shape, dtype)
        for part, (name, shape, dtype) in zip(parts, case.results, strict=True)
    }


def _array(
    found: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any] | None
) -> Array:
    if not isinstance(found, np.ndarray):
        msg = f"{name}: expected a NumPy array, got {_described(found)}"
        raise _other(msg)
    if found.shape != shape:
        msg = f"{name}: expected shape {shape}, got {found.shape}"
        raise _other(msg)
    if dtype is not None and found.dtype != dtype:
        msg = f"{name}: expected dtype {dtype.name}, got {found.dtype.name}"
        raise _other(msg)
    if dtype is None and not _real(found.dtype):
        msg = f"{name}: expected a floating-point dtype, got {found.dtype.name}"
        raise _other(msg)
    return found


def _formed(found: Any, name: str, shape: tuple[int, ...], form: str | None) -> Array:
    """Return an array of a format, or of whole or boolean numbers of any size."""
    if form not in _FORMS:
        return _array(found, name, shape, numpy_dtype(form) if form else None)
    if shape == () and isinstance(found, int | np.integer | np.bool_):
        found = np.asarray(found)  # One whole number needs no array.
    if not isinstance(found, np.ndarray):
        msg = f"{name}: expected a NumPy array, got {_described(found)}"
        raise _other(msg)
    if found.dtype.kind not in _FORMS[form]:
        msg = f"{name}: expected {form} numbers, got {found.dtype.name}"
        raise _other(msg)
    if found.shape != shape:
        msg = f"{name}: expected shape {shape}, got {found.shape}"
        raise _other(msg)
    return found


def _other(text: str) -> MalformedResult:
    """Return what is raised where something else came back."""
    return MalformedResult(f"returned something else: {text}")


def _real(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "f" or dtype.name == "bfloat16"


def _described(found: Any) -> str:
    if isinstance(found, tuple | list):
        return f"a {type(found).__name__} of {len(found)}"
    return "None" if found is None else f"a {type(found).__name__}"


__all__ = ["Caller"]
