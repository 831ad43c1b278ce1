"""The narrow call: a case in, arrays or a fault out; the kernel is not trusted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.dirty import dirty, sizes_in, sizes_of
from attnspec.conformance.implementation import Kernel
from attnspec.conformance.threads import threads
from attnspec.conformance.written import taken
from attnspec.exceptions import KernelCrashed, KernelRaised, MalformedResult
from attnspec.judge.case import Case, Expected, Result
from attnspec.judge.far import FAR, place_far
from attnspec.judge.layouts import Order, Placed, place
from attnspec.judge.told import told_in_lines
from attnspec.numerics.dtypes import DTYPES, numpy_dtype

_FORMS = {"integer": "iu", "boolean": "b"}
"""Formats of results that are no floating-point ones, and NumPy's kinds of them."""

_SHAPES = 16
"""Of how many shapes the last result is remembered."""


class Caller:
    """Calls one function, and sees whether a call changes what earlier ones returned.

    For each of some shapes of the first result it remembers the last results, all of
    them: a buffer that is kept for a shape is written again when the shape comes again.
    """

    def __init__(self, function: Kernel) -> None:
        """Call this function from now on."""
        self._function = function
        self._earlier: dict[tuple[int, ...], list[tuple[Array, Array]]] = {}

    def __call__(
        self,
        operands: Sequence[Any],
        options: Mapping[str, Any],
        results: Sequence[Expected],
    ) -> tuple[list[Array], bool]:
        """Call the function, and return its results, copied.

        Returns
        -------
        tuple
            The results in their order, and whether the call has changed a result
            of the call before, or of the last one with results of this shape.

        Raises
        ------
        KernelRaised
            If the function raises anything else, `SystemExit` included.
        MalformedResult
            If what it returns is not what was asked for.
        """
        given = [*operands, *options.values()]
        dirty([*sizes_in(given), *sizes_of(results)])
        try:
            returned = self._function(*operands, **options)
        except (KeyboardInterrupt, MalformedResult, KernelCrashed):
            raise
        except BaseException as error:
            raise KernelRaised(told_in_lines(error)) from error
        arrays = _unpacked(returned, results)
        changed = self._changed(arrays[0].shape if arrays else ())
        copies = [np.array(array) for array in arrays]
        pairs = zip(arrays, copies, strict=True)
        own = [(array, copy) for array, copy in pairs if not _is_of(array, given)]
        if own:
            self._remember(arrays[0].shape, own)
        return copies, changed

    def _changed(self, shape: tuple[int, ...]) -> bool:
        """Return whether the last result, or the last of a shape, is another now."""
        last = next(reversed(self._earlier), shape)
        known = (self._earlier.get(name, ()) for name in {shape, last})
        return not all(_same_bits(*one) for kept in known for one in kept)

    def _remember(
        self, shape: tuple[int, ...], results: list[tuple[Array, Array]]
    ) -> None:
        """Remember results, each with its copy, in place of the last of this shape."""
        self._earlier.pop(shape, None)
        self._earlier[shape] = results
        if len(self._earlier) > _SHAPES:
            del self._earlier[next(iter(self._earlier))]


class InProcess:
    """Calls a kernel in this process.

    Parameters
    ----------
    function
        The kernel.
    renewed
        Makes the kernel anew, without a past, where that is possible.
    orders
        For an operand the order in which its axes lie in memory, where it is another.
    """

    def __init__(
        self,
        function: Kernel,
        renewed: Callable[[], Kernel] | None = None,
        orders: Mapping[str, Order] | None = None,
    ) -> None:
        """Call this function."""
        self._function = function
        self._orders = orders or {}
        self._renewed = renewed
        self._caller = Caller(function)

    @property
    def forgets(self) -> bool:
        """Whether `restart` leaves a kernel without a past."""
        return self._renewed is not None

    def restart(self) -> None:
        """Forget the last result, and what the kernel keeps if that is possible."""
        if self._renewed is not None:
            self._function = self._renewed()
        self._caller = Caller(self._function)

    def __call__(self, case: Case) -> Result:
        """Call the kernel on fresh copies of a case's arrays."""
        placed = {
            name: placed_in(array, case.layout(name), self._orders.get(name, ()))
            for name, array in case.arrays().items()
        }
        before = [(name, item, item.content()) for name, item in placed.items()]
        given = {
            name: placed[name].view if name in placed else value
            for name, value in case.arguments.items()
        }
        operands = [given.pop(name) for name in case.operands]
        with _staying(), threads(case.threads):
            arrays, changed = self._caller(operands, given, case.returned)
        written = taken(case, lambda name: placed[name].view)
        mutated = [name for name, now, then in before if now.content() != then]
        return result_of(case, arrays, mutated, written, earlier_changed=changed)


def placed_in(array: Array, layout: str, order: Order = ()) -> Placed:
    """Return an array in memory of its own, in this layout and order of axes."""
    return place_far(array) if layout == FAR else place(array, layout, order=order)


@contextlib.contextmanager
def _staying() -> Iterator[None]:
    """Turn `os._exit` into an error: with 0 it would end all tests, and look green."""
    leave, process = os._exit, os.getpid()

    def stay(status: int) -> NoReturn:
        if os.getpid() != process:
            leave(status)  # A child that was forked ends as it should.
        msg = f"os._exit({status})"
        raise SystemExit(msg)

    os._exit = stay
    try:
        yield
    finally:
        os._exit = leave


def _is_of(output: Array, arguments: Sequence[Any]) -> bool:
    """Return whether a result lies in the memory of an argument."""
    arrays = (a for a in arguments if isinstance(a, np.ndarray))
    return any(np.may_share_memory(output, array) for array in arrays)


def _same_bits(one: Array, other: Array) -> bool:
    """Return whether two arrays of one format and shape hold the same."""
    words = f"u{one.dtype.itemsize}"
    return bool((one.view(words) == other.view(words)).all())


def result_of(
    case: Case,
    arrays: Sequence[Array],
    mutated: list[str],
    written: Mapping[str, Array],
    *,
    earlier_changed: bool,
) -> Result:
    """Return what a call gave back or has written, and what it has changed."""
    if earlier_changed:
        mutated = [*mutated, "an earlier result"]
    names = [name for name, _, _ in case.returned]
    known = {**dict(zip(names, arrays, strict=True)), **written}
    first, *others = [known[name] for name, _, _ in case.results]
    rest = [name for name, _, _ in case.results[1:]]
    return Result(first, dict(zip(rest, others, strict=True)), tuple(mutated))


def _unpacked(returned: Any, results: Sequence[Expected]) -> list[Array]:
    """Return the results, or say what is wrong with them."""
    if not results:
        return []  # Some functions return what they have written, others nothing.
    parts = returned if len(results) > 1 else (returned,)
    if not isinstance(parts, tuple | list) or len(parts) != len(results):
        names = ", ".join(name for name, _, _ in results)
        msg = f"expected ({names}), got {_described(returned)}"
        raise MalformedResult(msg)
    return [
        formed(_plain(part, expected), expected)
        for part, expected in zip(parts, results, strict=True)
    ]


def _plain(found: Any, expected: Expected) -> Array:
    """Return what came back as an array that is no subclass: one could lie."""
    name, shape, form = expected
    if shape == () and form in _FORMS and isinstance(found, int | np.generic):
        return np.asarray(found)  # One whole number needs no array.
    if not isinstance(found, np.ndarray):
        msg = f"{name}: expected a NumPy array, got {_described(found)}"
        raise MalformedResult(msg)
    return np.ndarray.view(found, np.ndarray)


def formed(found: Array, expected: Expected) -> Array:
    """Return a result as it is, or say that its format or shape is another.

    Raises
    ------
    MalformedResult
        If it is not what was asked for.
    """
    name, shape, form = expected
    if form in _FORMS:
        wanted, right = f"{form} numbers", found.dtype.kind in _FORMS[form]
    elif form is None:
        wanted, right = "a floating-point dtype", found.dtype.name in DTYPES
    else:
        wanted, right = f"dtype {form}", found.dtype == numpy_dtype(form)
    if found.shape != shape:
        msg = f"{name}: expected shape {shape}, got {found.shape}"
        raise MalformedResult(msg)
    if not found.dtype.isnative:
        msg = f"{name}: expected {wanted}, got {found.dtype.name} with swapped bytes"
        raise MalformedResult(msg)
    if not right:
        msg = f"{name}: expected {wanted}, got {found.dtype.name}"
        raise MalformedResult(msg)
    return found


def _described(found: Any) -> str:
    if isinstance(found, tuple | list):
        return f"a {type(found).__name__} of {len(found)}"
    return "None" if found is None else f"a {type(found).__name__}"


__all__ = [
    "Caller",
    "InProcess",
    "formed",
    "placed_in",
    "result_of",
]
