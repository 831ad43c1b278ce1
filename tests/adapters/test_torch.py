from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from attnspec._typing import DType
from attnspec.adapters.torch import implementations
from attnspec.conformance import Implementation, check_implementation
from attnspec.judge.deviations import Deviation
from attnspec.kinds.attention.laws import ATTENTION
from tests._in_ci import IN_CI, share
from tests.adapters._judging import each_deviation, failures

torch = pytest.importorskip("torch")

from tests.adapters import _torch_gradients  # noqa: E402 - it needs torch

VARIANTS: dict[str, Implementation] = implementations()
# `attnspec check torch` judges the default one; see tox.ini.
OTHERS = [name for name in VARIANTS if name != "sdpa"]
FORMATS = ("float64", "float32", "float16", "bfloat16")
LONG = ATTENTION.recipe(
    query_heads=2, key_heads=2, queries=9, keys=700, width=17, value_width=17
)
RECIPES = (LONG, LONG.replace(scores="peaked"), LONG.replace(keys=33, causal=True))


def test_the_function_itself_is_the_default() -> None:
    assert next(iter(VARIANTS)) == "sdpa"


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", FORMATS)
def test_each_variant_agrees_with_the_definition(variant: str, dtype: DType) -> None:
    laws = ["agreement", "empty-rows"]

    assert failures(VARIANTS[variant], dtype, tier="smoke", only=laws) == ()


# With their gradients: the laws of both passes, each once. A standard run in one format
# and a smoke run in the others; in CI smoke runs of a third of them.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "dtype"), share([*itertools.product(OTHERS, FORMATS)], 3)
)
def test_each_variant_conforms(variant: str, dtype: DType) -> None:
    tier = "standard" if dtype == "float32" and not IN_CI else "smoke"
    wishes = {"tier": tier, "claims": ["gradients"]}

    assert failures(VARIANTS[variant], dtype, **wishes) == ()


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


@each_deviation(VARIANTS)
def test_each_deviation_is_still_real(
    implementation: Implementation, deviation: Deviation, breaks: Callable[..., bool]
) -> None:
    assert breaks(implementation, deviation.invariants[0], [deviation.pinned])


def test_what_a_nonpositive_scale_breaks_in_the_dialect_is_known(
    breaks: Callable[..., bool],
) -> None:
    sdpa = VARIANTS["sdpa"]
    (deviation, *_) = sdpa.description.deviations

    assert not breaks(sdpa, "dialect-consistent", [deviation.pinned])
    assert breaks(sdpa, "dialect-consistent", deviation.further)


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


def test_a_neighbor_in_flexattention_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    assert "tensor([nan, nan, nan, nan])" in shows("torch-flex-documents-nan")


def test_a_page_that_is_given_back_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    assert "tensor([True])" in shows("torch-paged-erase")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gradients_agree_with_the_definition(variant: str, dtype: DType) -> None:
    laws = ["attention-gradient-agreement", "attention-gradient-retained"]
    wishes = {"tier": "smoke", "only": laws, "claims": ["gradients"]}

    assert failures(VARIANTS[variant], dtype, **wishes) == ()


def test_the_fused_kernel_differentiates_no_bias() -> None:
    known = VARIANTS["flash"].description

    assert known.gradients is not None
    assert "bias" in known.capabilities
    assert "bias" not in known.gradients.capabilities
    assert "refuses_bias" in known.gradients.capabilities


def test_what_has_no_gradient_in_autograd_is_a_fault_that_says_so() -> None:
    def frozen(query: Any, key: Any, value: Any) -> Any:
        return math(query, key.detach(), value)

    math = torch.nn.functional.scaled_dot_product_attention
    (found,) = check_implementation(
        frozen,
        arrays="torch",
        claims=["gradients"],
        only=["attention-gradient-agreement"],
        tier="smoke",
    ).failures

    assert found.finding is not None
    assert "dk: expected a NumPy array, got None" in found.finding.message


def _failing(kernel: Any, *laws: str) -> tuple[str, ...]:
    report = check_implementation(
        kernel,
        arrays="torch",
        claims=["gradients"],
        only=[f"attention-gradient-{law}" for law in laws],
        tier="smoke",
    )
    return tuple(outcome.invariant for outcome in report.failures)


@pytest.mark.parametrize("backward", _torch_gradients.WRONG)
def test_what_a_backward_pass_left_behind_is_seen(backward: Any) -> None:
    assert _failing(_torch_gradients.kernel(backward), "agreement", "retained")


def test_a_backward_pass_of_its_own_is_accepted() -> None:
    laws = ("agreement", "retained", "again", "doubling")

    assert not _failing(_torch_gradients.kernel(_torch_gradients.right), *laws)


def test_dropout_by_a_given_multiplier_is_differentiated() -> None:
    assert not _failing(_torch_gradients.dropping, "dropout")
    assert _failing(_torch_gradients.dropping_forward_alone, "dropout")


def test_the_gradient_of_queries_without_keys_is_shown_by_a_script(
    shows: Callable[[str], str],
) -> None:
    assert "the first gradient: tensor(nan" in shows("torch-empty-keys-gradient")
