"""Backward passes of attention that are wrong, and unusual ones that are right."""

from __future__ import annotations

from typing import Any

from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.training import _wrong_passes as wrong
from attnspec.rogues.training._passes import BackwardPass
from attnspec.rogues.training._right_passes import RIGHT_PASSES

_KIND = "attention-gradient"
_CLAIMS = ("grouped_query", "value_width")


def _rogue(
    id: str,  # noqa: A002 - the field's name
    mistake: str,
    function: BackwardPass,
    law: str = "agreement",
    mimics: str = "",
) -> Rogue:
    sentence = (type(function).__doc__ or "").strip()
    return kind_rogue(
        *(_KIND, f"gradient-{id}", mistake, sentence, function),
        caught_by=f"{_KIND}-{law}",
        mimics=mimics,
        claims=_CLAIMS,
    )


ROGUES: tuple[Rogue, ...] = (
    _rogue("no-delta", "formula", wrong.DeltaMissing()),
    _rogue("delta-of-one-tile", "tail", wrong.DeltaOfOneTile()),
    _rogue("delta-of-next-row", "formula", wrong.DeltaOfNextRow(), "rows"),
    _rogue("delta-twice", "formula", wrong.DeltaTwice(), mimics="fla#1033"),
    _rogue("delta-in-bfloat16", "precision", wrong.NarrowDelta()),
    _rogue("delta-off-the-mean", "precision", wrong.NarrowDelta(), "key-shift"),
    _rogue("lse-in-bfloat16", "precision", wrong.NarrowLse()),
    _rogue("first-lse", "batch", wrong.FirstLse()),
    _rogue("binary-lse", "lse", wrong.BinaryLse(), "saved"),
    _rogue("other-output", "precision", wrong.OtherOutput(), "returned"),
    _rogue("mask-forgotten", "mask", wrong.MaskForgotten(), "unseen"),
    _rogue("empty-rows-as-nan", "empty-row", wrong.EmptyRowsAsNan(), "empty-rows"),
    _rogue("no-slope", "softcap", wrong.SlopeMissing()),
    _rogue("slope-twice", "softcap", wrong.SlopeTwice()),
    _rogue("slope-of-capped", "softcap", wrong.SlopeOfProduct()),
    _rogue("query-unscaled", "formula", wrong.QueryUnscaled(), "euler"),
    _rogue("key-scaled-twice", "formula", wrong.KeyScaledTwice(), "euler"),
    _rogue("last-rows-lost", "tail", wrong.LastRowsLost()),
    _rogue("last-keys-lost", "tail", wrong.LastKeysLost()),
    _rogue("first-key-lost", "order", wrong.FirstKeyLost(), "key-order"),
    _rogue("first-of-group", "heads", wrong.FirstOfGroup(), "groups"),
    _rogue("heads-in-turn", "heads", wrong.HeadsInTurn(), "groups"),
    _rogue("lse-dropped", "lse", wrong.LseDropped(), "lse"),
    _rogue("lse-added", "lse", wrong.LseAdded(), "lse"),
    _rogue("bias-of-one-slice", "formula", wrong.BiasOfOneSlice(), "bias"),
    _rogue("bias-in-bfloat16", "precision", wrong.BiasInHalf(), "bias"),
    _rogue("sink-zero", "sink", wrong.SinkZero(), "sink"),
    _rogue("sink-sign", "sink", wrong.SinkSign(), "sink"),
    _rogue("sink-without-share", "sink", wrong.SinkShareOne(), "sink"),
    _rogue("dropped-in-values", "formula", wrong.DroppedInValues(), "dropout"),
    _rogue("kept-products", "formula", wrong.KeptProducts(), "dropout"),
    _rogue("multiplier-lost", "formula", wrong.MultiplierLost(), "dropout"),
    _rogue("mask-moved", "formula", wrong.MaskMoved(), "dropout"),
    _rogue("clipped", "formula", wrong.Clipped(), "linear"),
    _rogue("small-added", "formula", wrong.SmallAdded(), "zero"),
    _rogue("value-stride", "width", wrong.ValueStride()),
    _rogue("dirty-buffer", "state", wrong.DirtyBuffer(), "again"),
    _rogue(
        "cotangent-as-dense",
        "layout",
        wrong.DenseCotangent(),
        mimics="flash-attention#355",
    ),
)
"""Backward passes that are wrong."""


def _control(id: str, sentence: str, function: BackwardPass, **more: Any) -> Control:  # noqa: A002 - the field's name
    more = {"dtypes": ("float32", "bfloat16"), **more}
    return kind_control(
        _KIND, f"gradient-{id}", sentence, function, claims=_CLAIMS, **more
    )


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
        "empty-mean",
        "An empty row is the mean of all values, as it declares.",
        BackwardPass(empty_mean=True),
        dialect={"empty_row": "mean"},
    ),
    _control(
        "lse-not-differentiated",
        "The cotangent of the logsumexp is dropped, as it declares.",
        wrong.LseDropped(),
        dialect={"lse_gradient": "dropped"},
    ),
)
"""Backward passes that are right."""


__all__ = ["CONTROLS", "ROGUES"]
