"""Global tokens that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.windows._windowed_attention import Mask


def _global(queries: Mask, keys: Mask) -> Mask:
    return np.logical_or.outer(queries, keys)


def _global_filled(queries: Mask, keys: Mask) -> Mask:
    """Fill rows, then columns."""
    mask = np.zeros((len(queries), len(keys)), dtype=np.bool_)
    mask[queries] = True
    mask[:, keys] = True
    return mask


def _global_keys(queries: Mask, keys: Mask) -> Mask:
    return np.broadcast_to(keys, (len(queries), len(keys)))


def _global_queries(queries: Mask, keys: Mask) -> Mask:
    return np.broadcast_to(queries[:, None], (len(queries), len(keys)))


def _global_both(queries: Mask, keys: Mask) -> Mask:
    return np.logical_and.outer(queries, keys)


def _global_either(queries: Mask, keys: Mask) -> Mask:
    return np.logical_xor.outer(queries, keys)


ROGUES: tuple[Rogue, ...] = (
    kind_rogue(
        "global-mask",
        "global-mask-both",
        "mask",
        "A pair is seen only if both are global.",
        _global_both,
        caught_by="global-mask-agreement",
    ),
    kind_rogue(
        "global-mask",
        "global-mask-keys",
        "mask",
        "Global keys are seen, but global queries see no more than others.",
        _global_keys,
        caught_by="global-mask-mutual",
    ),
    kind_rogue(
        "global-mask",
        "global-mask-queries",
        "mask",
        "Global queries see everything, but are not seen by others.",
        _global_queries,
        caught_by="global-mask-mutual",
    ),
    kind_rogue(
        "global-mask",
        "global-mask-either",
        "mask",
        "Two global tokens do not see each other.",
        _global_either,
        caught_by="global-mask-cross",
    ),
)
"""Global tokens that are wrong."""

CONTROLS: tuple[Control, ...] = (
    kind_control("global-mask", "global-mask-outer", "It compares all pairs.", _global),
    kind_control(
        "global-mask",
        "global-mask-filled",
        "It fills rows and columns.",
        _global_filled,
    ),
)
"""Global tokens that are right."""

__all__ = ["CONTROLS", "ROGUES"]
