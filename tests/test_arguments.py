from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from jaxtyping import Bool, Float, Int

import attnspec
from attnspec import numerics
from attnspec._arguments import checked
from attnspec._typing import Positive, Range, Size, Window
from attnspec.exceptions import InvalidArgument
from attnspec.kernels import tiled_attention
from attnspec.reference import masks

Array = npt.NDArray[Any]

ADDITIVE = [0.0, 0.0, -np.inf, -np.inf]
"""A mask that is meant to be added: as booleans it would mean the opposite."""


class Weights(NamedTuple):
    """Two matrices of a layer."""

    inner: Float[np.ndarray, "D H"]
    outer: Float[np.ndarray, "H D"]


@checked
def given(
    x: Float[np.ndarray, "*batch L D"],
    /,
    places: Int[np.ndarray, "L"] | None = None,
    *further: Bool[np.ndarray, "*#batch #L"],
    weights: Weights | None = None,
    size: Size = 1,
    scale: Positive = 1.0,
    window: Window = (None, None),
    side: Literal["left", "right"] = "left",
    flag: bool = False,
    parts: Sequence[Float[np.ndarray, "D"]] = (),
    function: Callable[..., Any] = np.sum,
    name: str = "",
    folder: Path | str | None = None,
    entries: Iterable[Iterable[str]] = (),
    table: Mapping[str, int] | None = None,
    both: int | tuple[Annotated[int, Range("even", lambda n: n % 2 == 0)], int] = 1,
    pairs: Int[np.ndarray, "L 2"] | None = None,
    longer: Float[np.ndarray, "D+1"] | None = None,
) -> tuple[Any, ...]:
    """Give the arguments back as they are read."""
    return x, places, further, weights, size, scale, window, side, flag, parts


X = np.zeros((3, 4, 2))


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("12",), {}, "x: expected numbers, got <U2"),
        ((b"12",), {}, "x: expected numbers, got |S2"),
        ((None,), {}, "x: expected numbers, got object"),
        (({},), {}, "x: expected numbers, got object"),
        ((np.zeros((4, 2), complex),), {}, "x: expected numbers, got complex128"),
        ((np.zeros((4, 2), "M8[D]"),), {}, "x: expected numbers, got datetime64[D]"),
        ((np.zeros((4, 2), bool),), {}, "x: expected numbers, got bool"),
        ((np.zeros((4, 2), np.longdouble),), {}, "x: expected numbers, got float128"),
        (([[1.0], [1.0, 2.0]],), {}, "x: expected an array of numbers, got list: "),
        ((np.ma.masked_array(X),), {}, "x: expected numbers without a mask of their"),
        (([[2**53 + 1]],), {}, "x: expected integers up to 2**53 in size, got"),
        ((3.0,), {}, "x: expected shape (..., L, D), got ()"),
        ((X, np.zeros(4)), {}, "places: expected integers, got float64"),
        ((X, [0, 1]), {}, "places: expected shape (4,), got (2,)"),
        ((X, None, [1, 0, 1, 1]), {}, "further: expected booleans, got int64"),
        ((X, None, [[True] * 4] * 2), {}, "further: expected shape (3, 4), got (2, 4)"),
        ((X,), {"weights": (X, X)}, "weights: expected Weights, got tuple"),
        (
            (X,),
            {"weights": Weights(np.ones((2, 5)), np.ones((1, 2)))},
            "weights.outer: expected shape (5, 2), got (1, 2)",
        ),
        ((X,), {"size": 0}, "size: expected 1 or more, got 0"),
        ((X,), {"size": 2**31}, f"size: expected at most 2**31 - 1, got {2**31}"),
        (
            (X,),
            {"size": -(10**30)},
            f"size: expected an integer up to 2**53 in size, got {-(10**30)}",
        ),
        ((X,), {"size": True}, "size: expected an integer, got True"),
        ((X,), {"size": 1.0}, "size: expected an integer, got 1.0"),
        ((X,), {"size": "1"}, "size: expected an integer, got '1'"),
        ((X,), {"scale": 0}, "scale: expected a positive finite number, got 0.0"),
        ((X,), {"scale": np.nan}, "scale: expected a positive finite number, got nan"),
        ((X,), {"scale": "1"}, "scale: expected a number, got '1'"),
        ((X,), {"scale": 1j}, "scale: expected a number, got 1j"),
        ((X,), {"scale": [1.0]}, "scale: expected a number, got [1.0]"),
        ((X,), {"window": (0.5, 0)}, "window[0]: expected an integer, got 0.5"),
        ((X,), {"window": (np.nan, 1)}, "window[0]: expected an integer, got nan"),
        ((X,), {"window": (0, -1)}, "window[1]: expected 0 or more, got -1"),
        ((X,), {"window": (0,)}, "window: expected 2 entries, got (0,)"),
        ((X,), {"window": 3}, "window: expected 2 entries, got 3"),
        ((X,), {"side": "top"}, "side: expected 'left' or 'right', got 'top'"),
        ((X,), {"side": ["left"]}, "side: expected 'left' or 'right', got ['left']"),
        ((X,), {"flag": "no"}, "flag: expected True or False, got 'no'"),
        ((X,), {"flag": 1}, "flag: expected True or False, got 1"),
        ((X,), {"parts": [[1.0], ["a"]]}, "parts[1]: expected numbers, got <U1"),
        ((X,), {"parts": "ab"}, "parts: expected a sequence, got 'ab'"),
        ((X,), {"parts": 1}, "parts: expected a sequence, got 1"),
        ((X,), {"parts": {}}, "parts: expected a sequence, got {}"),
        ((X,), {"function": 1}, "function: expected a function, got 1"),
        ((X,), {"name": 1}, "name: expected a text, got 1"),
        ((X,), {"folder": 1}, "folder: expected Path or a text, got int"),
        ((X,), {"entries": ["ab"]}, "entries[0]: expected a sequence, got 'ab'"),
        ((X,), {"entries": [[1]]}, "entries[0][0]: expected a text, got 1"),
        ((X,), {"table": [1]}, "table: expected a table, got [1]"),
        ((X,), {"both": (1, 2)}, "both: expected an integer, got (1, 2); or both[0]"),
        ((X,), {"pairs": [[1]] * 4}, "pairs: expected shape (4, 2), got (4, 1)"),
        ((X,), {"longer": [0, 0]}, "longer: expected shape (3,), got (2,)"),
    ],
)
def test_what_an_annotation_does_not_allow_is_refused_with_the_rule(
    arguments: tuple[Any, ...], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        given(*arguments, **options)

    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([[1, 2], [3, 4]], np.float64),
        (np.ones((2, 2), np.uint8), np.float64),
        (np.ones((2, 2), np.float32), np.float32),
        (np.ones((2, 2), ml_dtypes.bfloat16), ml_dtypes.bfloat16),
    ],
)
def test_lists_and_integers_are_taken_as_numbers(value: Any, dtype: Any) -> None:
    taken = given(value)[0]

    assert taken.dtype == dtype
    assert np.array_equal(taken.astype(float), np.asarray(value).astype(float))


def test_small_integers_are_widened_so_that_none_of_them_wraps_around() -> None:
    at = np.array([200, 0], dtype=np.uint8)

    assert masks.relative_positions(at, at).tolist() == [[0, -200], [200, 0]]


def test_numbers_of_numpy_are_numbers() -> None:
    numbers: dict[str, Any] = {"size": np.int64(3), "scale": np.float32(0.5)}
    kept = given(X, flag=np.bool_(1), **numbers)  # type: ignore[arg-type]

    heads: Any = np.int64(4)

    assert kept[4:6] == (3, 0.5)
    assert kept[8] is True
    assert np.array_equal(attnspec.alibi_slopes(heads), attnspec.alibi_slopes(4))


def test_a_broadcast_axis_is_its_letter_or_1() -> None:
    masks: list[Any] = [[[True]] * 3, [[True] * 4]]
    further = given(X, None, *masks)[2]

    assert [mask.shape for mask in further] == [(3, 1), (1, 4)]


def test_a_named_tuple_has_axes_of_its_own() -> None:
    weights = Weights(np.ones((2, 5)), np.ones((5, 2)))

    assert given(X, weights=weights)[3].outer.shape == (5, 2)


@pytest.mark.parametrize(
    "name", ["softmax", "sparsemax", "entmax15", "sigmoid", "logsumexp"]
)
@pytest.mark.parametrize("mask", [ADDITIVE, np.array(ADDITIVE), [1, 1, 0, 0]])
def test_a_mask_that_is_to_be_added_is_told_from_booleans(name: str, mask: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"mask: expected booleans.* is a bias"):
        getattr(attnspec, name)(np.zeros(4), mask=mask)


def test_so_it_is_where_keys_are_selected() -> None:
    with pytest.raises(InvalidArgument, match=r"mask: expected booleans.* is a bias"):
        masks.visible_keys(1, 4, mask=ADDITIVE)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match=r"mask: expected booleans.* is a bias"):
        attnspec.weighted_sum(np.ones((1, 4)), np.ones((4, 1)), np.array(ADDITIVE))
    with pytest.raises(InvalidArgument, match=r"bias: expected numbers.*are a mask"):
        masks.visible_keys(1, 4, bias=np.ones(4, bool))


@pytest.mark.parametrize("function", [attnspec.attention, tiled_attention])
@pytest.mark.parametrize(
    "options",
    [
        {"causal": "no"},
        {"window": (0.5, 0)},
        {"window": (np.nan, 1)},
        {"softcap": -1.0},
        {"scale": np.inf},
        {"mask": np.zeros((1, 1, 2, 2))},
        {"mask": np.ones((5, 1, 1, 2, 2), bool)},
        {"bias": np.zeros(3)},
        {"sink": np.zeros(2)},
    ],
)
def test_definition_and_kernel_refuse_the_same(
    function: Callable[..., Any], options: dict[str, Any]
) -> None:
    x = np.zeros((1, 1, 2, 2))

    with pytest.raises(InvalidArgument, match=f"^{next(iter(options))}"):
        function(x, x, x, **options)


PUBLIC: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
    (numerics.within, (["a"], [1.0], [0.0]), {}),
    (numerics.within, ([1.0], [1.0], [0.0, 0.0]), {}),
    (numerics.identical, (np.zeros(1, "M8[D]"), np.zeros(1)), {}),
    (numerics.format_of, (["float32"],), {}),
    (numerics.default_model, (32,), {}),
    (numerics.relaxations, ("float32",), {}),
    (attnspec.Capabilities, (), {"claims": "causal"}),
    (attnspec.Capabilities, (), {"multiples": 3}),
    (attnspec.Implementation, (attnspec.softmax, "softmax"), {}),
    (attnspec.Program, (3,), {}),
    (attnspec.check_implementation, (tiled_attention,), {"models": "float32"}),
    (attnspec.check_implementation, (tiled_attention,), {"dtypes": "bfloat16"}),
    (attnspec.check_implementation, (tiled_attention,), {"tier": "smok"}),
]


@pytest.mark.parametrize(("function", "arguments", "options"), PUBLIC)
def test_whatever_is_public_refuses_with_an_error_of_its_own(
    function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArgument):
        function(*arguments, **options)
