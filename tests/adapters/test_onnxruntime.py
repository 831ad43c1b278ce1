from __future__ import annotations

from collections.abc import Callable

import pytest

from attnspec._typing import DType
from attnspec.adapters.onnxruntime import implementations
from attnspec.conformance import Implementation
from attnspec.judge.deviations import Deviation
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.serving.cached import CACHED
from tests._in_ci import IN_CI
from tests.adapters._judging import each_deviation, failures

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

EVERY: dict[str, Implementation] = implementations()
VARIANTS = {n: i for n, i in EVERY.items() if i.description.kind == "attention"}
FORMATS = ("float32", "float16", "float64")
PLAIN = ATTENTION.recipe(
    query_heads=2, key_heads=2, queries=9, keys=65, width=75, value_width=8
)
FLAT = PLAIN.replace(scores="uniform", values="normal")
RECIPES = (PLAIN, FLAT, PLAIN.replace(scores="offset_up"))
before_1_32 = pytest.mark.skipif(
    not any("float64" in d.id for d in VARIANTS["opset-23"].description.deviations),
    reason="mended in ONNX Runtime 1.32",
)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", FORMATS)
def test_each_opset_agrees_with_the_definition(variant: str, dtype: DType) -> None:
    laws = ["agreement", "softcap-order", "empty-rows"]

    assert failures(VARIANTS[variant], dtype, tier="smoke", only=laws) == ()


def test_the_older_opset_is_the_default() -> None:
    assert next(iter(VARIANTS)) == "opset-23"


# `attnspec check onnxruntime` judges the default one; see tox.ini.
@pytest.mark.slow
@pytest.mark.parametrize("dtype", FORMATS)
def test_the_other_opset_conforms(dtype: DType) -> None:
    tier = "smoke" if IN_CI else "standard"

    assert failures(VARIANTS["opset-24"], dtype, tier=tier) == ()


@pytest.mark.parametrize("variant", VARIANTS)
def test_float16_scores_and_weights_are_stored_in_float16(
    variant: str, breaks: Callable[..., bool]
) -> None:
    recipes = [recipe.replace(dtype="float16") for recipe in RECIPES]
    declared = VARIANTS[variant].description.model("float16")

    assert not breaks(VARIANTS[variant], "agreement", recipes)
    for tighter in (declared.replace(scores=()), declared.replace(weights=None)):
        assert breaks(VARIANTS[variant], "agreement", recipes, tighter)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_scale_in_float64_has_three_roundings_to_float32(
    variant: str, breaks: Callable[..., bool]
) -> None:
    """Where one key scores 1 times the scale and one 0, the scale is all there is."""
    gather = PLAIN.replace(dtype="float64", scores="spread", values="one_hot")
    recipes = [gather, gather.replace(keys=9)]
    declared = VARIANTS[variant].description.model("float64")
    single = declared.replace(operands=("float64",) * 4)

    assert declared.operands.count("float32") == 3
    assert not breaks(VARIANTS[variant], "agreement", recipes)
    assert breaks(VARIANTS[variant], "agreement", recipes, single)


@each_deviation(VARIANTS)
def test_each_deviation_is_still_real(
    implementation: Implementation, deviation: Deviation, breaks: Callable[..., bool]
) -> None:
    assert breaks(implementation, deviation.invariants[0], [deviation.pinned])


@before_1_32
def test_an_empty_row_in_float64_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    lines = shows("onnxruntime-float64-empty-row").splitlines()

    assert [("nan" in line) for line in lines if "opset" in line] == [
        *(False, False, True),
        *(False, False, True),
    ]


@before_1_32
def test_a_causal_bias_in_float64_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    lines = shows("onnxruntime-float64-causal-bias").splitlines()

    assert [line.split()[2] for line in lines if "opset" in line] == [
        *("float32", "float16", "float64"),
        *("float32", "float16", "float64"),
    ]
    assert all(("refused" in line) == ("float64" in line) for line in lines[1:])


@before_1_32
def test_a_float32_bias_beside_float16_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    lines = shows("onnxruntime-float16-float32-bias").splitlines()[1:]

    assert all(("nan" in line) == ("bias float32" in line) for line in lines)


def test_a_finite_number_for_minus_infinity_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    printed = shows("onnxruntime-float16-finite-mask")

    assert printed.count("the hidden value") == 4
    assert printed.count("the visible value") == 2


@pytest.mark.parametrize(
    ("variant", "dtype"),
    [
        *(("past-and-present", dtype) for dtype in FORMATS),
        *(("grouped-query", dtype) for dtype in ("float32", "float16")),
    ],
)
def test_what_has_a_cache_conforms(variant: str, dtype: DType) -> None:
    assert failures(EVERY[variant], dtype, tier="smoke") == ()


def test_keys_turn_in_halves_where_the_call_does_not_say(
    breaks: Callable[..., bool],
) -> None:
    cached = EVERY["grouped-query"]
    recipe = CACHED.recipe(
        rotary="whole", angles="random", width=16, data="normal", lengths=(3, 5)
    )
    recipe = recipe.replace(causal=True, lengths_are="last")
    other = Implementation(
        cached.function,
        cached.description.replace(dialect={"pairing": "interleaved"}),
    )

    assert not breaks(cached, "cached-agreement", [recipe])
    assert breaks(other, "cached-agreement", [recipe])
