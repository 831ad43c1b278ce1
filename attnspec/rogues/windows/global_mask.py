"""Global tokens that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.windows._windowed_attention import Mask


def _global_filled(queries: Mask, keys: Mask) -> Mask:
    """Fill rows, then columns."""
    mask = np.zeros((len(queries), len(keys)), dtype=np.bool_)
    mask[queries] = True
    mask[:, keys] = True
    return mask


ROGUES: tuple[Rogue, ...] = (
    kind_rogue(
        "global-mask",
        "global-mask-both",
        "mask",
        "A pair is seen only if both are global.",
        lambda q, k: q[:, None] & k,
        caught_by="global-mask-agreement",
    ),
    kind_rogue(
        "global-mask",
        "global-mask-keys",
        "mask",
        "Global keys are seen, but global queries see no more than others.",
        lambda q, k: np.broadcast_to(k, (len(q), len(k))),
        caught_by="global-mask-mutual",
    ),
    kind_rogue(
        "global-mask",
        "global-mask-queries",
        "mask",
        "Global queries see everything, but are not seen by others.",
        lambda q, k: np.broadcast_to(q[:, None], (len(q), len(k))),
        caught_by="global-mask-mutual",
    ),
    kind_rogue(
        "global-mask",
        "global-mask-either",
        "mask",
        "Two global tokens do not see each other.",
        lambda q, k: q[:, None] ^ k,
        caught_by="global-mask-cross",
    ),
)
"""Global tokens that are wrong."""

CONTROLS: tuple[Control, ...] = (
    kind_control(
        "global-mask",
        "global-mask-outer",
        "It compares all pairs.",
        lambda q, k: q[:, None] | k,
    ),
    kind_control(
        "global-mask",
        "global-mask-filled",
        "It fills rows and columns.",
        _global_filled,
    ),
)
"""Global tokens that are right."""

__all__ = ["CONTROLS", "ROGUES"]
