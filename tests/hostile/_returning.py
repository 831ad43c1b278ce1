"""Kernels that return something strange: wrong, or right and in disguise."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np

from tests.hostile._base import attention, gets, zeros


@gets("failed")
def nothing(query: Any, key: Any, value: Any) -> Any:
    return None


@gets("failed")
def a_number(query: Any, key: Any, value: Any) -> Any:
    return 1.0


@gets("failed")
def nested_lists(query: Any, key: Any, value: Any) -> Any:
    return attention(query, key, value).tolist()


@gets("failed")
def a_pair(query: Any, key: Any, value: Any) -> Any:
    return attention(query, key, value), None


@gets("failed")
def a_generator(query: Any, key: Any, value: Any) -> Any:
    return (row for row in attention(query, key, value))


class Anything:
    """Has every attribute, each of which is another."""

    def __getattr__(self, name: str) -> Any:
        return Anything()

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError


@gets("failed")
def anything(query: Any, key: Any, value: Any) -> Any:
    return Anything()


@gets("failed")
def objects(query: Any, key: Any, value: Any) -> Any:
    return attention(query, key, value).astype(object)


@gets("failed")
def complex_numbers(query: Any, key: Any, value: Any) -> Any:
    return attention(query, key, value).astype(np.complex64)


@gets("failed")
def texts(query: Any, key: Any, value: Any) -> Any:
    return attention(query, key, value).astype(str)


@gets("failed")
def records(query: Any, key: Any, value: Any) -> Any:
    return attention(query, key, value).view([("x", np.float32)])


@gets("failed")
def foreign_bytes(query: Any, key: Any, value: Any) -> Any:
    return attention(query, key, value).astype(">f4")


@gets("failed")
def a_hundred_megabytes(query: Any, key: Any, value: Any) -> Any:
    return np.zeros(25_000_000, np.float32)


@gets("failed")
def no_axes(query: Any, key: Any, value: Any) -> Any:
    return attention(query, key, value).sum()


class Liar(np.ndarray[Any, Any]):
    """Says that it has another shape and format, holds other bytes, equals all."""

    shape = property(lambda _: (1, 1, 1, 1))
    dtype = property(lambda _: np.dtype(np.float16))

    def tobytes(self, *_: Any, **__: Any) -> bytes:
        return b"lies"

    def view(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError

    def __array__(self, *_: Any, **__: Any) -> Any:
        return np.zeros(1)

    def __eq__(self, _: object) -> Any:
        return True

    __hash__ = None


@gets("passed")
def right_behind_lies(query: Any, key: Any, value: Any) -> Any:
    return np.ndarray.view(attention(query, key, value), Liar)


@gets("failed")
def zeros_behind_lies(query: Any, key: Any, value: Any) -> Any:
    return np.ndarray.view(zeros(query, key, value), Liar)


@gets("passed")
def a_masked_array(query: Any, key: Any, value: Any) -> Any:
    return np.ma.masked_array(attention(query, key, value), mask=True)


@gets("passed")
def fortran_order(query: Any, key: Any, value: Any) -> Any:
    return np.asfortranarray(attention(query, key, value))


@gets("passed")
def backward_strides(query: Any, key: Any, value: Any) -> Any:
    return attention(query, key, value)[..., ::-1].copy()[..., ::-1]


@gets("passed")
def every_second_element(query: Any, key: Any, value: Any) -> Any:
    return np.repeat(attention(query, key, value), 2, axis=-1)[..., ::2]


@gets("passed")
def read_only(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    output.setflags(write=False)
    return output


@gets("passed")
def a_file(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    if not output.size:
        return output
    with tempfile.TemporaryFile() as file:
        mapped = np.memmap(file, output.dtype, "w+", shape=output.shape)
    mapped[...] = output
    return mapped


@gets("failed")
def a_matrix(query: Any, key: Any, value: Any) -> Any:
    return np.matrix(attention(query, key, value)[0, 0])


@gets("failed")
def one_row_for_all(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    return np.broadcast_to(output[..., :1, :], output.shape)


@gets("failed")
def an_interface_that_lies(query: Any, key: Any, value: Any) -> Any:
    address = value.__array_interface__["data"]
    about = {"version": 3, "typestr": "<f4", "shape": (1 << 40,), "data": address}
    return type("Array", (), {"__array_interface__": about})()


@gets("failed")
def its_first_operand(query: Any, key: Any, value: Any) -> Any:
    return query


@gets("failed")
def the_answer_before(query: Any, key: Any, value: Any) -> Any:
    _KEPT.append(attention(query, key, value))
    before = _KEPT[max(0, len(_KEPT) - 2)]
    return before if before.shape == _KEPT[-1].shape else _KEPT[-1] + 1


_KEPT: list[Any] = []
