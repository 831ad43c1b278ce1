"""Messages between the judge and the process of a kernel: JSON headers, raw bytes.

The page *The protocol* of the book is what both sides are held to.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.memory import Block
from attnspec.judge.case import Case, Expected
from attnspec.judge.far import FAR
from attnspec.numerics.dtypes import DTYPES, numpy_dtype

VERSION = 1
"""The version of the protocol."""

Header = dict[str, Any]
"""What a message says of itself."""

_PLAIN = (
    *(f"{sign}int{size}" for sign in ("", "u") for size in (8, 16, 32, 64)),
    "bool",
)
_AXES = 32
"""Axes that a result may have: NumPy has no more in every version."""
_ELEMENTS = 2**59
"""Elements that a result may have: NumPy counts their bytes in 63 bits."""


class Unreadable(Exception):
    """A message that is none; the text says what is wrong with it."""


def dtype_named(name: Any) -> np.dtype[Any]:
    """Return the format with this name.

    Raises
    ------
    Unreadable
        If there is none.
    """
    if name in DTYPES:
        return numpy_dtype(name)
    if name in _PLAIN:
        return np.dtype(name)
    msg = f"gave {str(name)[:40]!r} as a format"
    raise Unreadable(msg)


def encoded(header: Mapping[str, Any]) -> bytes:
    r"""Return the line that a header is.

    Examples
    --------
    >>> encoded({"answer": 1, "raised": "ValueError: no such width"})
    b'{"answer":1,"raised":"ValueError: no such width"}\n'
    """
    return json.dumps(header, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decoded(line: bytes | bytearray) -> Header:
    """Return the header that a line is.

    Raises
    ------
    Unreadable
        If it is no JSON object.

    Examples
    --------
    >>> decoded(b'{"answer": 1}')
    {'answer': 1}
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        msg = f"gave no JSON: {bytes(line[:40])!r}"
        raise Unreadable(msg) from error
    if not isinstance(found, dict):
        msg = f"gave no JSON object: {bytes(line[:40])!r}"
        raise Unreadable(msg)
    return found


def call(case: Case, block: Block, offset: int | None) -> Header:
    """Return the header of a question that calls a function, without its number.

    Parameters
    ----------
    case
        What the function is called with.
    block
        Where its arrays lie.
    offset
        Where the block begins in shared memory; None if it is the payload.
    """

    def argument(name: str, value: Any) -> Header:
        if name not in block.placed:
            return {"name": name, "value": value}
        item = block.placed[name]
        layout = case.layout(name)
        return {
            **({"layout": layout} if layout == FAR else {}),
            "name": name,
            "dtype": item.view.dtype.name,
            "shape": item.view.shape,
            "strides": item.view.strides,
            "offset": block.starts[name] + item.offset,
        }

    header = {
        "question": "call",
        "operands": [argument(*given) for given in case.operands.items()],
        "options": [argument(*given) for given in case.options.items()],
        "results": [
            {"name": name, "shape": shape, "dtype": form}
            for name, shape, form in case.returned
        ],
        "block": {"offset": offset or 0, "size": block.size},
        **({"threads": case.threads} if case.threads else {}),
    }
    return header if offset is not None else {**header, "payload": block.size}


def arguments(given: Sequence[Header], memory: Any, start: int) -> dict[str, Any]:
    """Return the operands or options of a question, arrays as views of memory."""
    return {item["name"]: _argument(item, memory, start) for item in given}


def _argument(item: Header, memory: Any, start: int) -> Any:
    if "dtype" not in item:
        value = item["value"]
        return tuple(value) if isinstance(value, list) else value
    return np.ndarray(
        item["shape"],
        dtype_named(item["dtype"]),
        buffer=memory,
        offset=start + item["offset"],
        strides=item["strides"],
    )


def expected(question: Header) -> list[Expected]:
    """Return what is to come back."""
    return [
        (item["name"], tuple(item["shape"]), item["dtype"])
        for item in question["results"]
    ]


def results(wanted: Sequence[Expected], arrays: Sequence[Array]) -> Header:
    """Return the header of the answer that these results are, without its number."""
    described = [
        {"name": name, "dtype": array.dtype.name, "shape": array.shape}
        for (name, _, _), array in zip(wanted, arrays, strict=True)
    ]
    size = sum(array.nbytes for array in arrays)
    return {"results": described, "payload": size}


Form = tuple[np.dtype[Any], tuple[int, ...]]
"""Format and shape of a result, as an answer says."""


def forms(answer: Header, case: Case) -> list[Form]:
    """Return formats and shapes of the results of an answer.

    Raises
    ------
    Unreadable
        If they are not said, or the results are not those that were asked for.
    """
    said = answer.get("results")
    names = [name for name, _, _ in case.returned]
    if not isinstance(said, list) or not all(isinstance(item, dict) for item in said):
        msg = "gave no results"
        raise Unreadable(msg)
    if [item.get("name") for item in said] != names:
        msg = f"gave other results than {', '.join(names) or 'none'}"
        raise Unreadable(msg)
    return [
        (dtype_named(item.get("dtype")), _shape(item.get("shape"))) for item in said
    ]


def _shape(said: Any) -> tuple[int, ...]:
    """Return a shape of whole numbers, which NumPy can make."""
    right = isinstance(said, list) and len(said) <= _AXES
    right = right and all(type(n) is int and n >= 0 for n in said)
    # NumPy bounds the other axes of an empty array, too.
    if not right or math.prod(n or 1 for n in said) > _ELEMENTS:
        msg = f"gave {str(said)[:40]} as a shape"
        raise Unreadable(msg)
    return tuple(said)


def size_of(form: Form) -> int:
    """Return how many bytes a result has."""
    dtype, shape = form
    return dtype.itemsize * math.prod(shape)


def arrays_of(forms: Sequence[Form], payload: bytearray) -> list[Array]:
    """Return the results that lie in a payload one behind the other."""
    arrays = []
    start = 0
    for dtype, shape in forms:
        count = math.prod(shape)
        flat = (
            np.frombuffer(payload, dtype, count, start) if count else np.empty(0, dtype)
        )
        # Behind a result of odd size the next one may lie askew.
        arrays.append(np.require(flat.reshape(shape), requirements="A"))
        start += count * dtype.itemsize
    return arrays


__all__ = [
    "VERSION",
    "Form",
    "Header",
    "Unreadable",
    "arguments",
    "arrays_of",
    "call",
    "decoded",
    "dtype_named",
    "encoded",
    "expected",
    "forms",
    "results",
    "size_of",
]
