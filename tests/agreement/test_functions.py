"""Functions of other libraries before the judge: each conforms, or the bug is known."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from attnspec.cli import main
from attnspec.conformance import check_implementation
from attnspec.kinds.registry import KINDS

for _library in ("entmax", "keras", "onnx", "torch", "transformers"):
    pytest.importorskip(_library)

from tests.agreement import functions  # noqa: E402 - what it imports may not be there

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

    report = check_implementation(getattr(functions, name), kind=kind)

    found = [(o.invariant, o.verdict, o.reason) for o in report.failures]
    assert found == []
    assert report.detected.dialect.items() >= choices.items()


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
