"""What ONNX Runtime's operator Attention is known to do otherwise than its text."""

from __future__ import annotations

from attnspec.conformance import Deviation
from attnspec.kinds.attention.laws import ATTENTION

_EMPTY = ATTENTION.recipe(queries=2, keys=3, width=4, value_width=4)

_MENDED = (1, 32)
"""The version in which empty rows and the float64 expansion were mended."""


def deviations(version: str) -> tuple[Deviation, ...]:
    """Return what both opsets get wrong in a version of ONNX Runtime."""
    release = tuple(int(part) for part in version.split(".")[:2])
    old = _of_empty_rows() if release < _MENDED else ()
    return (*old, *_finite_masks())


def _finite_masks() -> tuple[Deviation, ...]:
    """Return what follows from a finite number that stands for minus infinity."""
    reason = (
        "a boolean mask and is_causal add the lowest float16, -65504, to the score "
        "of a hidden key: it outweighs a visible one that scores 65504 less than "
        "it. A bias of minus infinity hides it."
    )
    far = ATTENTION.recipe(
        dtype="float16", queries=2, keys=4, value_width=2, scores="far_down"
    )
    return tuple(
        Deviation(
            id=f"onnxruntime-float16-finite-{option}",
            invariants=_every("masked-keys-inert"),
            reason=reason,
            when={"dtype": "float16", "half_range_scores": True, option: True},
            pinned=pinned,
        )
        for option, pinned in (
            ("mask", far.replace(mask="one_key")),
            ("causal", far.replace(causal=True)),
        )
    )


def _of_empty_rows() -> tuple[Deviation, ...]:
    """Return what empty rows and the lack of a float64 kernel bring about."""
    return (
        Deviation(
            id="onnxruntime-float64-empty-row",
            invariants=_every("empty-rows"),
            reason=(
                "a query that sees no key gives NaN in float64, where the operator "
                "is expanded into smaller ones, and 0 in the formats that have a "
                "kernel. The text of the operator was corrected to 0."
            ),
            when={"dtype": "float64", "empty_rows": True},
            pinned=_EMPTY.replace(dtype="float64", mask="none", mask_axes="111S"),
            link="https://github.com/onnx/onnx/pull/8068",
        ),
        Deviation(
            id="onnxruntime-float64-causal-bias",
            invariants=_every("agreement"),
            reason=(
                "is_causal together with a bias is refused in float64: the expanded "
                "operator adds a float32 mask to a float64 bias."
            ),
            when={"dtype": "float64", "causal": True, "bias": True},
            pinned=ATTENTION.recipe(
                dtype="float64", queries=2, keys=3, causal=True, bias="normal"
            ),
            link="https://github.com/onnx/onnx/pull/8340",
        ),
        Deviation(
            id="onnxruntime-float16-float32-bias",
            invariants=_every("empty-rows"),
            reason=(
                "a query whose keys a float32 bias of minus infinity hides all gives "
                "NaN beside float16 operands; the same bias in float16 gives 0."
            ),
            when={"dtype": "float16", "minus_infinity_bias": True, "empty_rows": True},
            pinned=_EMPTY.replace(
                dtype="float16", bias="empty_rows", bias_dtype="float32", keys=9
            ),
        ),
    )


def _every(first: str) -> tuple[str, ...]:
    """Return every invariant, this one first: a case with these traits fails most."""
    return (first, *(law.id for law in ATTENTION.laws.values() if law.id != first))


__all__ = ["deviations"]
