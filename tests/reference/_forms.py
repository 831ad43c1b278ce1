"""Exact inputs of linear attention and the delta rule, and what their forms share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from tests.reference._problems import Array, generators, sizes

Form = Callable[..., tuple[Array, Array]]


@st.composite
def sequences(
    draw: st.DrawFn, *, rates: bool = False
) -> tuple[list[Array], dict[str, Array]]:
    """Exact inputs of a form, for a batch of two, and its options."""
    length, width, value_width = draw(sizes(0, 7)), draw(sizes(1, 3)), draw(sizes(1, 3))
    rng = draw(generators())
    shapes = [(2, length, width)] * 2 + [(2, length, value_width)]
    arrays = [rng.integers(-2, 3, shape).astype(np.float64) for shape in shapes]
    if rates:
        arrays[1] = np.sign(arrays[1])
        arrays.append(rng.choice([0.0, 0.5, 1.0, 2.0], size=(2, length)))
    options: dict[str, Array] = {}
    if draw(st.booleans()):
        gates = draw(st.sampled_from([1, width]))
        options["decay"] = rng.choice([0.0, 0.5, 1.0, 1.0], size=(2, length, gates))
    if draw(st.booleans()):
        state = rng.integers(-3, 4, (2, width, value_width))
        options["state"] = state.astype(np.float64)
    return arrays, options


def same(expected: tuple[Array, Array], actual: tuple[Array, Array]) -> bool:
    return all(np.array_equal(*pair) for pair in zip(expected, actual, strict=True))


def check_forms(
    forms: tuple[Form, Form, Form], task: tuple[list[Array], Any], chunk: int
) -> None:
    (recurrent, parallel, chunked), (arrays, options) = forms, task
    expected = recurrent(*arrays, **options)

    assert same(expected, parallel(*arrays, **options))
    assert same(expected, chunked(*arrays, chunk=chunk, **options))


def check_calls(form: Form, task: tuple[list[Array], Any], cut: int) -> None:
    arrays, options = task
    expected = form(*arrays, **options)
    first, second = dict(options), dict(options)
    if "decay" in options:
        first["decay"] = options["decay"][:, :cut]
        second["decay"] = options["decay"][:, cut:]
    output, second["state"] = form(*(array[:, :cut] for array in arrays), **first)
    rest, state = form(*(array[:, cut:] for array in arrays), **second)

    assert same(expected, (np.concatenate([output, rest], axis=1), state))


def check_shapes(form: Form, arrays: list[Array]) -> None:
    with pytest.raises(InvalidArgument, match=r"decay: expected shape \(2, 3\) or"):
        form(*arrays, decay=np.ones((2, 2)))
    with pytest.raises(InvalidArgument, match=r"state: expected shape \(3, 3\), got"):
        form(*arrays, state=np.ones((3, 2)))
