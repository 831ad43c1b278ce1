from __future__ import annotations

from collections.abc import Callable

import pytest

from attnspec.adapters.torch import implementations
from attnspec.conformance import Implementation, check_implementation
from attnspec.kinds.attention.laws import ATTENTION

pytest.importorskip("torch")

VARIANTS: dict[str, Implementation] = implementations()
FORMATS = ("float64", "float32", "float16", "bfloat16")
LONG = ATTENTION.recipe(
    query_heads=2, key_heads=2, queries=9, keys=700, width=17, value_width=17
)
RECIPES = (LONG, LONG.replace(scores="peaked"), LONG.replace(keys=33, causal=True))
DEVIATIONS = [
    (variant, deviation)
    for variant, implementation in VARIANTS.items()
    for deviation in implementation.description.deviations
]


def test_the_function_itself_is_the_default() -> None:
    assert next(iter(VARIANTS)) == "sdpa"


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", FORMATS)
def test_each_variant_agrees_with_the_definition(variant: str, dtype: str) -> None:
    laws = ["agreement", "empty-rows"]
    report = check_implementation(
        VARIANTS[variant], dtypes=[dtype], tier="smoke", only=laws
    )

    assert report.failures == ()


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", FORMATS)
def test_each_variant_conforms(variant: str, dtype: str) -> None:
    report = check_implementation(VARIANTS[variant], dtypes=[dtype], tier="standard")

    assert report.failures == ()


@pytest.mark.parametrize("variant", ["flash", "flash-lse"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_fused_kernel_rounds_its_weights(
    variant: str, dtype: str, breaks: Callable[..., bool]
) -> None:
    recipes = [recipe.replace(dtype=dtype) for recipe in RECIPES]
    declared = VARIANTS[variant].description.model(dtype)
    unrounded = declared.replace(weights=None)

    assert not breaks(VARIANTS[variant], "agreement", recipes)
    assert breaks(VARIANTS[variant], "agreement", recipes, unrounded)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_fused_kernel_approximates_the_exponential(
    dtype: str, breaks: Callable[..., bool]
) -> None:
    recipes = [recipe.replace(dtype=dtype) for recipe in RECIPES]
    declared = VARIANTS["flash-lse"].description.model(dtype)
    accurate = declared.replace(exp_relative=2.0**-22)

    assert not breaks(VARIANTS["flash-lse"], "lse-agreement", recipes)
    assert breaks(VARIANTS["flash-lse"], "lse-agreement", recipes, accurate)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_math_backend_rounds_nothing_but_its_output(
    dtype: str, breaks: Callable[..., bool]
) -> None:
    recipes = [recipe.replace(dtype=dtype) for recipe in RECIPES]
    declared = VARIANTS["math"].description.model(dtype)

    assert declared.weights is None
    assert not breaks(VARIANTS["math"], "agreement", recipes)


def test_the_math_backend_has_no_deviation() -> None:
    assert VARIANTS["math"].description.deviations == ()


@pytest.mark.parametrize(
    ("variant", "deviation"), DEVIATIONS, ids=[f"{v}-{d.id}" for v, d in DEVIATIONS]
)
def test_each_deviation_is_still_real(
    variant: str, deviation: object, breaks: Callable[..., bool]
) -> None:
    (known,) = (d for v, d in DEVIATIONS if v == variant and d is deviation)

    assert breaks(VARIANTS[variant], known.invariants[0], [known.pinned])


def test_a_scale_of_zero_or_less_with_causal_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    printed = shows("torch-causal-nonpositive-scale")

    assert printed.count("NaN in the output") == 2
    assert printed.count("right\n") == 2


def test_the_logsumexp_of_an_empty_row_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    assert "0.0 (should be -inf)" in shows("torch-flash-empty-row-logsumexp")
