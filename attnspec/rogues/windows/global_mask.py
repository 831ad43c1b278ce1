"""Global tokens that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.windows._windowed_attention import Mask


def _global_filled(queries: Mask, keys: Mask) -> Mask:
    """Fill rows, then columns."""
    mask = np.zeros((len(queries), len(keys)), dtype=np.bool_)
    mask[queries] = True
    mask[:, keys] = True
    return mask


_rogue, _control = makers("global-mask", usual="mask")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "both",
        "A pair is seen only if both are global.",
        lambda q, k: q[:, None] & k,
        "agreement",
    ),
    _rogue(
        "keys",
        "Global keys are seen, but global queries see no more than others.",
        lambda q, k: np.broadcast_to(k, (len(q), len(k))),
        "mutual",
    ),
    _rogue(
        "queries",
        "Global queries see everything, but are not seen by others.",
        lambda q, k: np.broadcast_to(q[:, None], (len(q), len(k))),
        "mutual",
    ),
    _rogue(
        "either",
        "Two global tokens do not see each other.",
        lambda q, k: q[:, None] ^ k,
        "cross",
    ),
)
"""Global tokens that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "outer",
        "It compares all pairs.",
        lambda q, k: q[:, None] | k,
    ),
    _control(
        "filled",
        "It fills rows and columns.",
        _global_filled,
    ),
)
"""Global tokens that are right."""

__all__ = ["CONTROLS", "ROGUES"]
