"""A call is translated into the words of a face, and its result is read back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.exceptions import MalformedResult
from attnspec.faces import FACES, Called, Face, Signature, called
from attnspec.faces._face import Returned
from attnspec.kinds.attention.case import AttentionCase
from tests.faces import _numpy
from tests.faces.test_recognition import SIGNATURES, made

FLASH = SIGNATURES["flash-attn"]
SHAPES = {"query": (1, 2, 3, 4), "key": (1, 2, 5, 4), "value": (1, 2, 5, 4)}


def _case(heads: int = 2, **options: Any) -> AttentionCase:
    query = np.zeros((1, heads, 3, 4), np.float32)
    key = np.zeros((1, 2, 5, 4), np.float32)
    return AttentionCase.of(query, key, key, **options)


def _passed(parameters: str, face: str = "", **options: Any) -> dict[str, Any]:
    return called(made(parameters), face).keywords(_case(**options))


@pytest.mark.parametrize(
    ("parameters", "options", "passed"),
    [
        # What the case does not use is not passed.
        (FLASH[0], {}, {}),
        (FLASH[0], {"scale": 0.0}, {"softmax_scale": 0.0}),
        (FLASH[0], {"window": (3, None)}, {"window_size": (3, -1)}),
        (FLASH[0], {"window": (None, 0)}, {"window_size": (-1, 0)}),
        (FLASH[0], {"return_lse": True}, {"return_attn_probs": True}),
        # The word for unlimited is that of the default.
        (FLASH[2], {"window": (3, None)}, {"window_size": (3, None)}),
        (FLASH[4], {"window": (3, None)}, {"window_size": (3, -1)}),
        (
            "q, k, v, softmax_scale=None, window_size=(-1, -1, 0)",
            {"window": (3, None)},
            {"window_size": (3, -1, 0)},
        ),
        (FLASH[2], {"return_lse": True}, {"return_lse": True}),
        # In AITER return_attn_probs without return_lse gives something else.
        (
            "q, k, v, softmax_scale=None, return_lse=False, return_attn_probs=False",
            {"return_lse": True},
            {"return_lse": True},
        ),
        (FLASH[3], {"causal": True}, {"is_causal": True}),
        # A default that is not off is always overruled.
        ("q, k, v, softmax_scale=1.0, causal=True", {}, {"softmax_scale": 0.5}),
        (
            "q, k, v, softmax_scale=1.0, causal=True",
            {"causal": True},
            {"softmax_scale": 0.5, "causal": True},
        ),
        (
            "q, k, v, *, softmax_scale, window_size=(64, 0)",
            {},
            {"softmax_scale": 0.5, "window_size": (-1, -1)},
        ),
        # What the documents promise goes through **kwargs, and nothing else.
        (
            "q, k, v, softmax_scale=None, **kwargs",
            {"causal": True, "softcap": 2.0, "window": (1, 1), "return_lse": True},
            {
                "causal": True,
                "softcap": 2.0,
                "window_size": (1, 1),
                "return_attn_probs": True,
            },
        ),
        (SIGNATURES["sdpa"][0], {"causal": True}, {"is_causal": True}),
        (SIGNATURES["sdpa"][1], {"heads": 4}, {"enable_gqa": True}),
        (SIGNATURES["sdpa"][0], {"heads": 4}, {}),
        (SIGNATURES["jax"][0], {"window": (3, None)}, {"local_window_size": (3, 8)}),
        (SIGNATURES["jax"][1], {"softcap": 2.0}, {"attn_logits_soft_cap": 2.0}),
        # The default of Transformers asks the module: both are always passed.
        (SIGNATURES["hf"][0], {}, {"attention_mask": None, "scaling": 0.5}),
        (SIGNATURES["hf"][1], {}, {"attention_mask": None, "is_causal": False}),
        (
            (
                "module, query, key, value, attention_mask, is_causal=None, "
                "sliding_window=None"
            ),
            {"causal": True, "window": (3, None)},
            {"attention_mask": None, "is_causal": True, "sliding_window": 4},
        ),
        (SIGNATURES["mlx"][0], {}, {"scale": 0.5}),
        (SIGNATURES["mlx"][0], {"causal": True}, {"scale": 0.5, "mask": "causal"}),
    ],
)
def test_options_are_passed_in_the_words_of_the_face(
    parameters: str, options: dict[str, Any], passed: dict[str, Any]
) -> None:
    found = _passed(parameters, **options)

    found = {name: v for name, v in found.items() if name != "causal" or v}
    assert found == passed


def test_causal_by_default_is_turned_off() -> None:
    assert _passed("q, k, v, softmax_scale=None, causal=True") == {"causal": False}


def test_dropout_is_zero_only_where_it_has_a_name() -> None:
    assert _passed("q, k, v, attn_mask=None, dropout_p=0.1") == {"dropout_p": 0.0}
    assert _passed("q, k, v, attn_mask=None") == {}


def test_masks_have_the_axes_and_the_numbers_that_the_face_asks_for() -> None:
    mask = np.array([True, False, True, True, True])
    lowest = np.finfo(np.float32).min

    sdpa = _passed(SIGNATURES["sdpa"][0], mask=mask)["attn_mask"]
    jax = _passed(SIGNATURES["jax"][0], mask=mask)["mask"]
    eager = _passed(SIGNATURES["hf"][0], mask=mask)["attention_mask"]
    boolean = _passed(SIGNATURES["hf"][1], mask=mask)["attention_mask"]

    assert (sdpa.shape, sdpa.dtype) == ((1, 5), np.bool_)
    assert (jax.shape, jax.dtype) == ((1, 1, 1, 5), np.bool_)
    assert (boolean.shape, boolean.dtype) == ((1, 1, 1, 5), np.bool_)
    assert eager.dtype == np.float32
    np.testing.assert_array_equal(eager[0, 0, 0], np.where(mask, 0.0, lowest))


def test_the_module_of_transformers_says_how_many_heads_share_a_key() -> None:
    seen: list[Any] = []

    def kernel(
        module: Any, query: Any, key: Any, value: Any, attention_mask: Any
    ) -> Any:
        seen.append((module.num_key_value_groups, module.is_causal, module.training))
        assert attention_mask is None
        assert key.shape == value.shape
        return query.swapaxes(1, 2), None

    case = _case(heads=6)
    found = called(kernel).translated(kernel)(case.query, case.key, case.value)

    assert seen == [(3, False, False)]
    assert found.shape == (1, 6, 3, 4)


def _read(parameters: str, returned: Any, **options: Any) -> Any:
    case = _case(**options)
    function = made(parameters)
    kernel = called(function).translated(lambda *_, **__: returned)
    return kernel(case.query, case.key, case.value, **case.options)


OUTPUT = np.arange(24.0, dtype=np.float32).reshape(1, 3, 2, 4)
LSE = np.arange(6.0, dtype=np.float32).reshape(1, 2, 3)


@pytest.mark.parametrize(
    ("parameters", "returned"),
    [
        (FLASH[0], OUTPUT),
        (FLASH[2], (OUTPUT, None)),
        (FLASH[1], (OUTPUT, LSE, None, None)),
        (SIGNATURES["jax"][0], OUTPUT),
        (SIGNATURES["hf"][0], (OUTPUT, None)),
    ],
)
def test_the_output_is_read_from_what_comes_back(
    parameters: str, returned: Any
) -> None:
    np.testing.assert_array_equal(_read(parameters, returned), OUTPUT.swapaxes(1, 2))


@pytest.mark.parametrize(
    ("parameters", "lse"), [(FLASH[0], LSE), (SIGNATURES["jax"][0], LSE.swapaxes(1, 2))]
)
def test_the_logsumexp_is_the_second_and_has_the_axes_of_the_face(
    parameters: str, lse: Array
) -> None:
    output, found = _read(parameters, (OUTPUT, lse, None), return_lse=True)

    np.testing.assert_array_equal(output, OUTPUT.swapaxes(1, 2))
    np.testing.assert_array_equal(found, LSE)


def test_a_logsumexp_of_base_2_becomes_a_natural_one_in_float64() -> None:
    face = Face(
        id="two", title="", sentence="", returned=Returned(lse_base=2.0), arrays="numpy"
    )
    signature = Signature("kernel", ("q", "k", "v"), {})
    returned = OUTPUT.swapaxes(1, 2), LSE
    kernel = Called(face, signature, "numpy").translated(lambda *_, **__: returned)
    case = _case()

    _, found = kernel(case.query, case.key, case.value, return_lse=True)

    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, LSE.astype(np.float64) * math.log(2.0))


def test_a_bare_array_where_a_logsumexp_is_asked_for_stays_bare() -> None:
    assert _read(FLASH[0], OUTPUT, return_lse=True) is OUTPUT


def test_a_result_of_another_shape_is_told_in_the_order_of_the_face() -> None:
    message = r"output: expected shape \(B, L, Hq, Ev\) = \(1, 3, 2, 4\), got \(1, 2, 3"
    with pytest.raises(MalformedResult, match=message):
        _read(FLASH[0], OUTPUT.swapaxes(1, 2))
    message = r"lse: expected shape \(B, Hq, L\) = \(1, 2, 3\), got \(1, 3, 2\)"
    with pytest.raises(MalformedResult, match=message):
        _read(FLASH[0], (OUTPUT, LSE.swapaxes(1, 2)), return_lse=True)
    with pytest.raises(MalformedResult, match="a tuple whose first part is the output"):
        _read(SIGNATURES["hf"][0], OUTPUT)


@pytest.mark.parametrize(
    ("parameters", "multiple"), [(FLASH[0], 1), (FLASH[1], 8), (FLASH[2], 8)]
)
def test_version_2_pads_the_width_and_the_others_do_not(
    parameters: str, multiple: int
) -> None:
    assert called(made(parameters)).capabilities().multiples.get("width", 1) == multiple


def test_a_signature_claims_what_it_has_and_the_documents_what_they_promise() -> None:
    flash = called(made(FLASH[0])).capabilities()
    sdpa = called(made(SIGNATURES["sdpa"][0])).capabilities()

    assert {"scale", "causal", "window", "softcap", "return_lse"} <= flash.claims
    assert "grouped_query" in flash.claims
    assert not {"nonpositive_scale", "sink", "mask", "value_width"} & flash.claims
    assert flash.dtypes == ("float16", "bfloat16")
    assert not sdpa.allows({"mask", "causal"})
    assert sdpa.allows({"bias", "value_width"})
    assert "grouped_query" not in sdpa.claims


def test_a_call_is_written_as_somebody_would_write_it() -> None:
    flash, sdpa = called(made(FLASH[0])), called(made(SIGNATURES["sdpa"][0]))
    mask = np.ones((3, 5), np.bool_)

    said = flash.in_words(_case(window=(3, None), scale=0.123456789))
    assert said == "kernel(q, k, v, softmax_scale=0.123457, window_size=(3, -1))"
    said = sdpa.in_words(_case(mask=mask))
    assert said == "kernel(query, key, value, attn_mask=bool (3, 5))"


def test_every_name_of_a_face_is_its_own_once() -> None:
    for face in FACES.values():
        names = {name for p in face.parameters for name in p.names}
        assert not names & {*face.left_alone}
        assert all(told <= face.names for told in face.tells)


def _turned(array: Array, order: tuple[int, ...]) -> Array:
    return array.transpose(order)


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (_numpy.flash, {"causal": True, "return_lse": True}),
        (_numpy.sdpa, {"bias": np.arange(15, dtype=np.float32).reshape(1, 3, 5)}),
        (_numpy.jax, {"bias": np.arange(5, dtype=np.float32)}),
        (_numpy.mlx, {"sink": np.ones(2, np.float32)}),
    ],
)
def test_what_is_differentiated_is_the_call_that_is_judged(
    function: Any, options: dict[str, Any]
) -> None:
    given: dict[str, Any] = {
        name: np.linspace(0, 1, math.prod(shape), dtype=np.float32).reshape(shape)
        for name, shape in SHAPES.items()
    }
    case, known = AttentionCase.of(**given, **options), called(function)
    expected = known.translated(function)(*given.values(), **options)
    # An option that is to have a gradient is the array that is given in its place.
    leaves: dict[str, Any] = {
        n: np.zeros_like(options[n]) for n in ("bias", "sink") if n in options
    }
    same = known.applied(function, case, {**given, **options}, np.asarray, _turned)
    other = known.applied(function, case, {**given, **leaves}, np.asarray, _turned)

    for found, right in zip(
        same, expected if len(same) > 1 else [expected], strict=True
    ):
        assert np.array_equal(found, right)
    assert bool(leaves) != np.array_equal(same[0], other[0])
