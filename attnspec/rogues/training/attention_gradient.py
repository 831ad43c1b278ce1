"""Backward passes of attention that are wrong, and unusual ones that are right."""

from __future__ import annotations

from typing import Any

from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.training import _wrong_options as options
from attnspec.rogues.training import _wrong_scores as scores
from attnspec.rogues.training import _wrong_sums as sums
from attnspec.rogues.training._passes import BackwardPass
from attnspec.rogues.training._right_passes import RIGHT_PASSES

_KIND = "attention-gradient"
_CLAIMS = ("grouped_query", "value_width", "empty_keys", "empty_queries")

_SLOPES = ("alibi_slopes", "batch_slopes")

_BIAS = ("bias", "minus_infinity_bias", "float32_bias")

_MIMICS = {
    "no-delta": "fla#875",
    "delta-of-one-tile": "fla#941",
    "delta-of-next-row": "flash-attention@b3f1b6a5",
    "delta-twice": "fla#1033",
    "delta-in-bfloat16": "flash-attention#2481",
    "delta-of-coarse-output": "flash-attention#2481",
    "delta-off-the-mean": "flash-attention#2481",
    "lse-in-bfloat16": "xformers#850",
    "first-lse": "flash-attention@b3f1b6a5",
    "binary-lse": "fla#1033",
    "own-lse": "NATTEN#299",
    "other-output": "NATTEN#299",
    "mask-forgotten": "pytorch#158212",
    "causal-ignored": "triton#4541",
    "empty-rows-as-nan": "pytorch#41508",
    "empty-keys-unwritten": "flash-attention#1155",
    "empty-queries-as-nan": "flash-attention#2421",
    "no-slope": "flash-attention#2544",
    "slope-twice": "flash-attention#2402",
    "slope-of-capped": "flash-attention#2402",
    "query-unscaled": "fla#862",
    "key-scaled-twice": "fla#862",
    "last-rows-lost": "flash-attention@a4f148b6",
    "last-keys-lost": "flash-attention#443",
    "first-key-lost": "NATTEN#341",
    "first-of-group": "levanter#449",
    "heads-in-turn": "native-sparse-attention-triton#27",
    "lse-dropped": "pytorch#136232",
    "lse-added": "pytorch#136232",
    "bias-of-one-slice": "jax#22404",
    "bias-mean": "jax#22404",
    "bias-without-delta": "pytorch#163677",
    "bias-of-zeros": "pytorch#163677",
    "bias-in-bfloat16": "NATTEN#97",
    "sink-zero": "TransformerEngine#2541",
    "sink-sign": "TransformerEngine#2541",
    "sink-without-share": "TransformerEngine#2541",
    "dropped-in-values": "xformers#724",
    "kept-products": "nki-samples#81",
    "multiplier-lost": "apex#816",
    "mask-moved": "pytorch#190717",
    "values-short": "TransformerEngine#3216",
    "any-order": "flash-attention#2549",
    "accumulated": "NATTEN#328",
    "value-stride": "flash-attention#2552",
    "dirty-buffer": "NATTEN#328",
    "cotangent-as-dense": "flash-attention#355",
}
"""The public bugs that rogues mimic."""


def _rogue(
    id: str,  # noqa: A002 - the field's name
    mistake: str,
    function: BackwardPass,
    law: str = "agreement",
    *,
    without: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    claims: tuple[str, ...] = _CLAIMS,
) -> Rogue:
    """Return a rogue; what few kernels have is claimed where it is named."""
    sentence = (type(function).__doc__ or "").strip()
    return kind_rogue(
        *(_KIND, f"gradient-{id}", mistake, sentence, function),
        caught_by=f"{_KIND}-{law}",
        mimics=_MIMICS.get(id, ""),
        claims=claims,
        without=(*without, *({*_SLOPES} - {*also})),
    )


ROGUES: tuple[Rogue, ...] = (
    _rogue("no-delta", "formula", scores.DeltaMissing()),
    _rogue("delta-of-one-tile", "tail", scores.DeltaOfOneTile()),
    _rogue("delta-of-next-row", "formula", scores.DeltaOfNextRow(), "rows"),
    _rogue("delta-twice", "formula", scores.DeltaTwice()),
    _rogue("delta-in-bfloat16", "precision", scores.NarrowDelta()),
    _rogue("delta-of-coarse-output", "precision", scores.DeltaOfRounded()),
    _rogue("delta-off-the-mean", "precision", scores.NarrowDelta(), "key-shift"),
    _rogue("lse-in-bfloat16", "precision", scores.NarrowLse()),
    _rogue("first-lse", "batch", scores.FirstLse()),
    _rogue("binary-lse", "lse", scores.BinaryLse(), "saved"),
    _rogue("own-lse", "lse", scores.OwnLse(), "split"),
    _rogue("other-output", "precision", scores.OtherOutput(), "returned"),
    _rogue("mask-forgotten", "mask", scores.MaskForgotten(), "unseen"),
    _rogue("causal-ignored", "dropped-option", scores.CausalIgnored()),
    _rogue("empty-rows-as-nan", "empty-row", scores.EmptyRowsAsNan(), "empty-rows"),
    _rogue(
        "empty-keys-unwritten", "empty-row", sums.EmptyKeysUnwritten(), "empty-keys"
    ),
    _rogue(
        *("empty-queries-as-nan", "empty-row", sums.EmptyQueriesAsNan()),
        "empty-queries",
    ),
    _rogue("no-slope", "softcap", scores.SlopeMissing()),
    _rogue("slope-twice", "softcap", scores.SlopeTwice()),
    _rogue("slope-of-capped", "softcap", scores.SlopeOfProduct()),
    _rogue("query-unscaled", "formula", sums.QueryUnscaled(), "euler"),
    _rogue("key-scaled-twice", "formula", sums.KeyScaledTwice(), "euler"),
    _rogue("last-rows-lost", "tail", sums.LastRowsLost()),
    _rogue("last-keys-lost", "tail", sums.LastKeysLost()),
    _rogue("first-key-lost", "order", sums.FirstKeyLost(), "key-order"),
    _rogue("first-of-group", "heads", sums.FirstOfGroup(), "groups"),
    _rogue("heads-in-turn", "heads", sums.HeadsInTurn(), "groups"),
    _rogue("lse-dropped", "lse", options.LseDropped(), "lse"),
    _rogue("lse-added", "lse", options.LseAdded(), "lse"),
    _rogue("bias-of-one-slice", "formula", options.BiasOfOneSlice(), "bias-forms"),
    _rogue("bias-mean", "formula", options.BiasUndone(), "bias-forms"),
    _rogue("bias-without-delta", "formula", options.BiasWithoutDelta(), "row-sums"),
    _rogue(
        *("bias-of-zeros", "formula", sums.BiasOfZeros(), "refused-bias"),
        without=_BIAS,
        claims=(*_CLAIMS, "refuses_bias"),
    ),
    _rogue("bias-in-bfloat16", "precision", options.BiasInHalf(), "bias"),
    _rogue(
        *("slopes-forgotten", "dropped-option", options.SlopesForgotten()),
        also=_SLOPES,
    ),
    _rogue("sink-zero", "sink", options.SinkZero(), "sink"),
    _rogue("sink-sign", "sink", options.SinkSign(), "sink"),
    _rogue("sink-without-share", "sink", options.SinkShareOne(), "sink"),
    _rogue("sink-of-first-batch", "batch", options.SinkOfFirstBatch(), "sink-sums"),
    _rogue("dropped-in-values", "formula", options.DroppedInValues(), "dropout"),
    _rogue("kept-products", "formula", options.KeptProducts(), "dropout"),
    _rogue("multiplier-lost", "formula", options.MultiplierLost(), "dropout"),
    _rogue("mask-moved", "formula", options.MaskMoved(), "dropout"),
    _rogue("values-short", "precision", sums.ValuesShort(), "values"),
    _rogue("any-order", "state", sums.AnyOrder(), "determinism"),
    _rogue("accumulated", "state", sums.Accumulated(), "retained"),
    _rogue("clipped", "formula", sums.Clipped(), "linear"),
    _rogue("fixed-point", "precision", sums.FixedPoint(), "doubling"),
    _rogue("stale-output", "state", scores.StaleOutput(), "difference"),
    _rogue("small-added", "formula", sums.SmallAdded(), "zero"),
    _rogue("value-stride", "width", sums.ValueStride()),
    _rogue("dirty-buffer", "state", sums.DirtyBuffer(), "again"),
    _rogue(
        "cotangent-as-dense",
        "layout",
        sums.DenseCotangent(),
    ),
)
"""Backward passes that are wrong."""


def _control(id: str, sentence: str, function: BackwardPass, **more: Any) -> Control:  # noqa: A002 - the field's name
    more = {"dtypes": ("float32", "bfloat16"), "claims": _CLAIMS, **more}
    return kind_control(_KIND, f"gradient-{id}", sentence, function, **more)


CONTROLS: tuple[Control, ...] = (
    *(
        _control(
            right.id,
            right.sentence,
            right.run,
            dtypes=right.dtypes,
            models={dtype: right.model(dtype) for dtype in right.dtypes},
            without=() if right.differentiates_saved else ("return_saved",),
        )
        for right in RIGHT_PASSES
    ),
    _control(
        "undeclared",
        "It declares no model: weights from the logsumexp, delta of the output.",
        BackwardPass(tile=32),
    ),
    _control(
        "bias-refused",
        "It raises where the gradient of a bias is asked for.",
        sums.BiasRefused(),
        claims=(*_CLAIMS, "refuses_bias"),
        without=_BIAS,
    ),
    _control(
        "empty-mean",
        "An empty row is the mean of all values, as it declares.",
        BackwardPass(empty_mean=True),
        dialect={"empty_row": "mean"},
    ),
    _control(
        "lse-not-differentiated",
        "The cotangent of the logsumexp is dropped, as it declares.",
        options.LseDropped(),
        dialect={"lse_gradient": "dropped"},
    ),
)
"""Backward passes that are right."""


__all__ = ["CONTROLS", "ROGUES"]
