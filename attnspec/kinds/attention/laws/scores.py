"""Laws of scores: scale, bias and softcap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec.judge.compare import alike
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench, output_agrees
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.numerics import Comparison

_SCALED = ("plain", "odd-widths", "tile-boundaries", "unequal-lengths")


@ATTENTION.law(
    "scale-default",
    "scores.default-scale",
    pins=("model-widths",),
    needs=("scale",),
    families=_SCALED,
    nulls=("unit_default_scale",),
    fields={"scale": (0.5, 0.125, 2.0)},
)
def check_scale_default(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Without a scale the factor is 1/sqrt(E)."""
    plain = case.replace(scale=None)
    given = case.replace(scale=plain.effective_scale)
    yield from alike(given, plain, bench, "default scale")
    yield from output_agrees(plain, bench, "default scale")


@ATTENTION.law(
    "scale-given",
    "scores.scale",
    pins=("model-widths",),
    needs=("scale",),
    families=_SCALED,
    nulls=("no_scale", "zeros"),
)
def check_scale_given(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A scale is used as given, whatever its sign."""
    yield from output_agrees(case, bench, f"scale = {case.scale}")


@ATTENTION.law(
    "scale-zero",
    "scores.scale",
    pins=("model-widths",),
    needs=("scale", "nonpositive_scale"),
    families=_SCALED,
    nulls=("no_scale", "zeros"),
    fields={"scores": ("spread", "normal", "peaked")},
)
def check_scale_zero(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A scale of zero makes all scores zero; it does not mean the default."""
    yield from output_agrees(case.replace(scale=0.0), bench, "scale = 0")


@ATTENTION.law(
    "scale-folds-into-query",
    "scores.scale",
    pins=("model-widths",),
    needs=("scale",),
    families=_SCALED,
    nulls=("no_scale",),
    fields={"scale": (0.5, 0.125, 1.0), "scores": ("normal", "spread")},
)
def check_scale_folds(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Twice the query at half the scale is the same problem."""
    query = (case.query * np.asarray(2, case.query.dtype)).astype(case.query.dtype)
    folded = case.replace(query=query, scale=case.effective_scale / 2)
    yield from alike(case, folded, bench, "scale folded into the query")


@ATTENTION.law(
    "scale-sign",
    "scores.scale",
    pins=("model-widths",),
    needs=("scale", "nonpositive_scale"),
    families=_SCALED,
    nulls=("no_scale",),
    fields={"scale": (-0.5, -0.7, -1.0), "scores": ("normal", "spread")},
)
def check_scale_sign(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A negative scale is a positive one with the query negated."""
    turned = case.replace(query=-case.query, scale=-case.effective_scale)
    yield from alike(case, turned, bench, "negative scale")


@ATTENTION.law(
    "bias-added",
    "scores.bias",
    pins=("model-groups", "composite-keys", "many-rows"),
    needs=("bias",),
    nulls=("no_bias", "bias_on_values"),
    families=("biases", "plain", "unequal-lengths"),
)
def check_bias_added(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Where all products are zero the scores are the bias, at any scale."""
    bare = case.replace(query=np.zeros_like(case.query), softcap=None)
    yield from output_agrees(bare, bench, "the bias alone")
    if "scale" in bench.capabilities:
        yield from output_agrees(
            bare.replace(scale=4.0), bench, "the bias alone, scale = 4"
        )


@ATTENTION.law(
    "softcap-order",
    "scores.order",
    pins=("model-widths", "composite-keys", "many-rows"),
    needs=("softcap",),
    families=("option-pairs", "biases", "masks-with-holes", "offset-scores"),
    nulls=("no_softcap", "softcap_last"),
    fields={"softcap": (1.0, 2.0, 5.0)},
)
def check_softcap_order(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """The cap acts on the scaled product, with or without the bias, before the mask."""
    yield from output_agrees(case, bench, f"softcap = {case.softcap}")


@ATTENTION.law(
    "softcap-limits",
    "scores.softcap",
    pins=("model-widths",),
    needs=("softcap",),
    families=("plain", "peaked-scores"),
    nulls=("no_softcap",),
)
def check_softcap_limits(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A tiny cap makes all scores equal, a huge one leaves them alone."""
    yield from output_agrees(case.replace(softcap=2.0**-10), bench, "tiny cap")
    huge = case.replace(softcap=2.0**14)
    yield from alike(huge, case.replace(softcap=None), bench, "huge cap")


__all__: list[str] = []
