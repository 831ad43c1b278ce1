"""The same problem of attention by other options."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.law import Bench
from attnspec.judge.likeness import Form
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.probes import visible_keys

_HIDDEN = "hidden keys"
"""What causal flag, window, mask and bias have in common."""


def forms(case: AttentionCase, bench: Bench) -> Iterator[Form]:
    """Yield a case whose keys are hidden by other options, and one with none hidden.

    What the flags or the bias hide a mask hides; what a mask hides the bias does.
    """
    visible = visible_keys(case, bench.dialect)
    if visible.all():
        return
    finite = _finite(case.bias)
    shown = case.replace(causal=None, window=None, mask=None, bias=finite, layouts={})
    is_mask_alone = not (case.causal or case.window) and finite is case.bias
    same = shown.replace(
        **_by_bias(shown, visible) if is_mask_alone else {"mask": visible}
    )
    if bench.capabilities.allows(_claims(same)):
        yield Form(_HIDDEN, same, shown)


def _finite(bias: Array | None) -> Array | None:
    """Return a bias that hides nothing."""
    if bias is None or not np.isneginf(bias.astype(np.float64)).any():
        return bias
    return np.where(np.isneginf(bias.astype(np.float64)), 0, bias).astype(bias.dtype)


def _by_bias(case: AttentionCase, visible: Array) -> dict[str, Array]:
    """Return the bias that hides what a mask hides."""
    bias = np.zeros(1, case.query.dtype) if case.bias is None else case.bias
    return {"bias": np.where(visible, bias, -np.inf).astype(bias.dtype)}


def _claims(case: AttentionCase) -> set[str]:
    """Return what a case makes use of, as far as forms bring it in."""
    by_bias = {"minus_infinity_bias"} if case.mask is None else set()
    return set(case.options) - {"return_lse"} | {"head_mask"} | by_bias


__all__ = ["forms"]
