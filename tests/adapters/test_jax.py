from __future__ import annotations

from collections.abc import Callable

import pytest

from attnspec._typing import DType
from attnspec.adapters.jax import implementations
from attnspec.conformance import Implementation, check_implementation
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.numerics import default_model

pytest.importorskip("jax")

VARIANTS: dict[str, Implementation] = implementations()
XLA = VARIANTS["xla"]
FORMATS = ("float32", "bfloat16", "float64")
PLAIN = ATTENTION.recipe(
    query_heads=2, key_heads=2, queries=9, keys=65, width=17, value_width=17
)
RECIPES = (PLAIN, PLAIN.replace(scores="spread"))


@pytest.mark.parametrize("dtype", FORMATS)
def test_it_agrees_with_the_definition(dtype: DType) -> None:
    report = check_implementation(XLA, dtypes=[dtype], tier="smoke", only=["agreement"])

    assert report.failures == ()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", FORMATS)
def test_it_conforms(dtype: DType) -> None:
    report = check_implementation(XLA, dtypes=[dtype], tier="smoke")

    assert report.failures == ()


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_variant_stays_within_its_models(
    variant: str, breaks: Callable[..., bool]
) -> None:
    for dtype in VARIANTS[variant].description.capabilities.dtypes:
        recipes = [PLAIN.replace(dtype=dtype)]
        assert not breaks(VARIANTS[variant], "lse-agreement", recipes)


def test_only_the_eager_variant_has_float16() -> None:
    having = [
        name
        for name, found in VARIANTS.items()
        if "float16" in found.description.capabilities.dtypes
    ]

    assert having == ["eager"]


def test_bfloat16_weights_and_logsumexp_are_rounded(
    breaks: Callable[..., bool],
) -> None:
    recipes = [recipe.replace(dtype="bfloat16") for recipe in RECIPES]
    declared = XLA.description.model("bfloat16")

    assert not breaks(XLA, "lse-agreement", recipes)
    assert breaks(XLA, "agreement", recipes, declared.replace(weights=None))
    assert breaks(XLA, "lse-agreement", recipes, declared.replace(lse=None))


def test_the_softmax_of_float64_is_float32(breaks: Callable[..., bool]) -> None:
    recipes = [recipe.replace(dtype="float64") for recipe in RECIPES]

    assert not breaks(XLA, "lse-agreement", recipes)
    assert breaks(XLA, "agreement", recipes, default_model("float64"))
    assert breaks(XLA, "lse-agreement", recipes, default_model("float64"))


@pytest.mark.parametrize("deviation", [d.id for d in XLA.description.deviations])
def test_each_deviation_is_still_real(
    deviation: str, breaks: Callable[..., bool]
) -> None:
    (known,) = (d for d in XLA.description.deviations if d.id == deviation)

    assert breaks(XLA, known.invariants[0], [known.pinned])


def test_a_row_of_minus_infinity_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    lines = shows("jax-minus-infinity-row").splitlines()[1:]

    assert [("nan" in line) for line in lines] == [False, True, False, False, False]


def test_a_nan_behind_a_bias_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    lines = shows("jax-nan-behind-bias").splitlines()[1:]

    assert [("nan" in line) for line in lines] == [False, True, False]


def test_a_mean_of_padding_is_shown_by_a_script(shows: Callable[[str], str]) -> None:
    lines = shows("jax-no-keys-mean").splitlines()[1:]

    assert [line.endswith("[2. 2.]") for line in lines] == [True, True, True]


def test_refused_products_are_shown_by_a_script(shows: Callable[[str], str]) -> None:
    printed = shows("jax-bfloat16-refused")

    assert printed.count("compiled: refused") == 3
    assert printed.count("eager: runs") == 4


def test_its_logsumexp_is_not_differentiated() -> None:
    report = check_implementation(
        VARIANTS["eager"],
        dtypes=["float32"],
        tier="smoke",
        only=["attention-gradient-retained"],
        claims=["gradients"],
    )

    assert report.failures == ()
    assert report.backward is not None
    assert report.backward.detected.dialect["lse_gradient"] == "dropped"
