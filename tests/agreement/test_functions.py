"""Functions of other libraries before the judge: each conforms, or the bug is known."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from attnspec._typing import DType, Tier
from attnspec.cli import main
from attnspec.conformance import Report, check_implementation
from attnspec.kinds.registry import KINDS
from tests._in_ci import IN_CI

for _library in ("diffusers", "entmax", "keras", "onnx", "torch", "transformers"):
    pytest.importorskip(_library)

from tests.agreement import conventions, functions  # noqa: E402 - what it imports may not be there

TIER: Tier = "smoke" if IN_CI else "standard"

RIGHT: dict[str, tuple[str, dict[str, str]]] = {
    "softmax_of_scipy": ("softmax", {}),
    "softmax_of_torch": ("softmax", {}),
    "sparsemax_of_entmax": ("sparsemax", {}),
    "entmax15_of_entmax": ("entmax15", {}),
    "sigmoid_of_torch": ("sigmoid", {"default_offset": "zero"}),
    "rope_of_llama": ("rope", {"pairing": "half_split"}),
    "rope_of_gptj": ("rope", {"pairing": "interleaved"}),
    "alibi_of_bloom": ("alibi", {"form": "keys", "slopes": "interpolated"}),
    "buckets_of_t5": ("t5", {}),
    "linear_of_onnx": ("linear-attention", {"scale": "inverse_root"}),
    "delta_of_onnx": ("delta-rule", {"scale": "inverse_root"}),
    "states_of_torch": ("rnn", {}),
    "correlation_of_scipy": ("convolution", {}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_function_of_another_library_conforms(name: str) -> None:
    kind, choices = RIGHT[name]

    report = check_implementation(getattr(functions, name), kind=kind, tier=TIER)

    found = [(o.invariant, o.verdict, o.reason) for o in report.failures]
    assert found == []
    assert report.detected.dialect.items() >= choices.items()


HALVES: tuple[DType, ...] = ("float16", "bfloat16")
TIED = ("value_width", "free_widths", "member_width")

CONVENTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "rope_of_deepseek": ("rope", {"pairing": "interleaved_to_halves"}),
    "rope_of_gemma": ("rope", {"pairing": "half_split", "partial": "whole_width"}),
    "alibi_of_mpt": ("alibi", {"form": "last_key", "slopes": "interpolated"}),
    "steps_of_diffusers": ("sinusoidal", {"layout": "cosine_half_first"}),
    "rows_of_torch": (
        "learned",
        {"negative_position": "from_end", "position_beyond": "none"},
    ),
    "rows_of_numpy": (
        "learned",
        {"negative_position": "from_end", "position_beyond": "wrapped"},
    ),
    "heads_of_keras": ("multi-head", {"alignment": "upper_left"}),
    "linear_of_onnx": (
        "linear-attention",
        {"scale": "inverse_root", "zero_scale": "default"},
    ),
}
"""What was refused while its convention was no choice: it is found."""

CLAIMING_LESS: dict[str, tuple[str, tuple[str, ...]]] = {
    "heads_of_torch": ("multi-head", TIED),
    "documents_of_transformers": ("document-mask", ("key_ids",)),
    "banded_of_transformers": ("banded", ("keys_after",)),
}
"""What was refused while what it lacks could not be claimed away."""

MODELS: dict[str, tuple[str, str, str]] = {
    "rope_of_llama": ("rope", "eager", "rope-agreement"),
    "softmax_one_by_one": ("softmax", "eager", "softmax-agreement"),
    "softmax_in_float32": ("softmax", "upcast", ""),
    "cosine_of_norms": ("cosine", "eager", "cosine-agreement"),
}
"""What computes in 16 bits: its kind, its model, and what fails without one."""


def _failed(report: Report) -> list[tuple[str, str, str]]:
    return [(o.invariant, str(o.verdict), o.reason) for o in report.failures]


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_convention_of_another_library_is_found(name: str) -> None:
    kind, choices = CONVENTIONS[name]

    report = check_implementation(getattr(conventions, name), kind=kind, tier=TIER)

    assert _failed(report) == []
    assert report.detected.dialect.items() >= choices.items()
    assert {report.detected.sources[field] for field in choices} == {"detected"}


@pytest.mark.parametrize("name", CLAIMING_LESS)
def test_what_a_function_of_another_library_lacks_is_claimed_away(name: str) -> None:
    kind, without = CLAIMING_LESS[name]
    function = getattr(conventions, name)

    report = check_implementation(function, kind=kind, without=without, tier=TIER)

    assert _failed(report) == []
    assert not check_implementation(function, kind=kind, tier="smoke").conforms


@pytest.mark.parametrize("name", MODELS)
def test_16_bits_of_another_library_conform_under_the_model_that_they_have(
    name: str,
) -> None:
    kind, preset, failing = MODELS[name]
    function = getattr(conventions, name)
    models: dict[str, str] = {dtype: f"{preset}-{dtype}" for dtype in HALVES}

    report = check_implementation(
        function, kind=kind, dtypes=HALVES, models=models, tier=TIER
    )
    plain = check_implementation(function, kind=kind, dtypes=HALVES, tier="smoke")

    assert _failed(report) == []
    assert (failing in {o.invariant for o in plain.failures}) == bool(failing)


def test_sparsemax_of_keras_is_wrong_where_keys_share_the_weight() -> None:
    """Known as keras#23425 and mended after Keras 3.15.1."""
    target = functions.sparsemax_of_keras

    report = check_implementation(target, kind="sparsemax", tier="smoke")

    assert KINDS["sparsemax"].agreement in {o.invariant for o in report.failures}


@pytest.mark.parametrize("name", ["sparsemax", "entmax15"])
def test_a_function_of_tensors_needs_no_wrapper(name: str) -> None:
    words = ["check", "--kind", name, "--arrays", "torch", f"entmax:{name}"]

    done = CliRunner().invoke(main, [*words, "--tier", "smoke"])

    assert done.exit_code == 0, done.output
