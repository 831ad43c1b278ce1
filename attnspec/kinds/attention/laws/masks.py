"""Laws of masks: which keys count, and that the others do not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.claims import Capabilities
from attnspec.judge.compare import alike, noted, same_at
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.build import HUGE
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench, output_agrees
from attnspec.kinds.attention.families import BOUNDARIES
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.attention.probes import (
    flat,
    hidden_from_all,
    one_hot_values,
    visible_keys,
    with_values,
)
from attnspec.kinds.attention.scope import hides_keys
from attnspec.numerics import Comparison, identical, within

_SUPPORT_LENGTHS = (
    *((1, 1), (2, 2), (3, 3), (2, 5), (5, 2), (4, 9), (9, 4), (8, 8), (16, 16)),
    *((17, 17), (7, 33), (33, 7), (32, 32), (3, 65), (65, 3), (64, 64)),
)

_NOT_FLAT = ("mask", "bias", "softcap", "sink", "scale", "alibi_slopes")


def _support(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
    """Yield whether every row weighs its visible keys alike and all others by 0."""
    probe = flat(case).replace(mask=None)
    hot = one_hot_values(probe, np.arange(probe.sizes.S))
    probe = with_values(probe, hot, bench.capabilities)
    exact = bench.judged(probe)
    output = bench.run(probe).output
    seen = visible_keys(probe, bench.dialect)
    judged = exact.visible > 0
    weights = output[..., : probe.sizes.S].astype(np.float64)
    leak = np.where(seen, 0.0, weights)[judged]
    nothing = identical(np.zeros_like(leak), leak, what="output")
    yield noted(nothing, "weight of hidden keys")
    yield noted(within(exact.output, output, exact.bound), "weight of visible keys")


@ATTENTION.law(
    "causal-support",
    "masks.causal",
    pins=("model-widths", "composite-keys", "model-groups"),
    also=("masks.alignment",),
    needs=("causal",),
    families=("plain", "unequal-lengths", "tile-boundaries"),
    fields={"lengths": _SUPPORT_LENGTHS, "heads": ((1, 1), (2, 2))},
    without=("window", *_NOT_FLAT),
    nulls=("zeros", "options_dropped", "mask_shifted"),
)
def check_causal_support(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A causal query weighs the keys up to its position alike, all later ones by 0."""
    yield from _support(case, bench)


@ATTENTION.law(
    "window-support",
    "masks.window",
    pins=("composite-keys", "model-groups"),
    also=("masks.alignment", "bands.support"),
    needs=("window",),
    families=("plain", "unequal-lengths", "tile-boundaries"),
    fields={"lengths": _SUPPORT_LENGTHS, "heads": ((1, 1), (2, 2))},
    without=_NOT_FLAT,
    nulls=("zeros", "options_dropped", "mask_shifted"),
)
def check_window_support(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A query weighs the keys within its window alike, all others by 0."""
    yield from _support(case, bench)


@ATTENTION.law(
    "tail-sweep",
    "masks.visible-keys",
    pins=(
        "composite-keys",
        "tiled-keys",
        "model-groups",
        "every-tile",
        "very-long-rows",
    ),
    families=("tile-boundaries",),
    fields={
        "lengths": (*((3, n) for n in BOUNDARIES), (1, 1), (1, 2), (65, 65)),
        "width": (4,),
        "value_width": (4, 8),
    },
    without=("softcap",),
    nulls=("last_key_dropped", "zeros"),
)
def check_tail_sweep(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """At every length the last key, the first and each tile's last count once."""
    keys = case.sizes.S
    edges = [keys - 1, 0, *(t - 1 for t in (64, 32, 16, 128) if t < keys)]
    hot = one_hot_values(case, np.unique([max(0, e) for e in edges]))
    probe = with_values(flat(case), hot, bench.capabilities)
    yield from output_agrees(probe, bench, f"S = {keys}: share of single keys")


@ATTENTION.law(
    "masked-keys-inert",
    "masks.hidden-keys",
    pins=("model-widths", "model-groups", "composite-keys"),
    also=("masks.padding",),
    families=(
        *("masks-with-holes", "unequal-lengths", "poisoned-padding", "biases"),
        "far-below-zero",
    ),
    fields={
        "mask": ("padding", "left_padding", "sparse", "prefix_hidden", "one_key"),
        "bias": ("holes",),
        "bias_axes": ("111S", "B11S", "11LS"),
        "lengths": ((1, 5), (2, 9), (3, 17), (1, 65), (5, 33), (7, 7)),
    },
    any_of=("mask", "bias", "causal", "window"),
    nulls=("options_dropped",),
    applies=hides_keys,
)
def check_masked_keys_inert(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Huge numbers in keys and values that no query sees change nothing."""
    hidden = hidden_from_all(case, bench.dialect)
    if not hidden.any():
        return
    huge = np.asarray(HUGE[case.dtype]).astype(case.key.dtype)
    for name, sign in (("key", 1), ("key", -1), ("value", 1)):
        fill = sign * huge
        array = np.where(hidden, fill, case[name]).astype(case[name].dtype)
        poisoned = case.replace(**{name: array})
        yield from alike(case, poisoned, bench, f"huge hidden {name}s")


def _has_forms(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether there are two ways to say the same mask."""
    by_bias = capabilities.allows({"bias", "minus_infinity_bias", "head_mask"})
    return by_bias or _has_flags_beside_mask(dialect, capabilities)


def _has_flags_beside_mask(_dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether a mask can come together with the causal flag or a window."""
    return any(capabilities.allows({"mask", flag}) for flag in ("causal", "window"))


@ATTENTION.law(
    "mask-forms",
    "masks.forms",
    pins=("model-widths", "composite-keys"),
    needs=("mask",),
    families=("masks-with-holes", "unequal-lengths", "plain", "empty-rows"),
    any_of=("causal", "window"),
    nulls=("flags_dropped", "mask_argument_dropped"),
    applies=_has_forms,
)
def check_mask_forms(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A flag, the boolean mask that it means and a bias of minus infinity are equal."""
    mask = visible_keys(case, bench.dialect)
    plain = case.replace(causal=False, window=None, layouts={})
    if case.causal or case.window:
        yield from alike(case, plain.replace(mask=mask), bench, "flags as a mask")
    allowed = {"bias", "minus_infinity_bias", "head_mask"}
    if bench.capabilities.allows(allowed) and case.bias is None:
        dtype = case.query.dtype
        bias = np.where(mask, 0.0, -np.inf).astype(dtype)
        form = plain.replace(mask=None, bias=bias)
        yield from alike(case, form, bench, "mask as a bias of minus infinity")


@ATTENTION.law(
    "mask-broadcast",
    "masks.broadcast",
    needs=("mask", "head_mask"),
    families=("masks-with-holes", "biases"),
    fields={"batch": (2, 3), "heads": ((2, 2), (3, 3), (6, 2), (2, 1))},
    any_of=("mask", "bias"),
    nulls=("small_masks_dropped",),
)
def check_mask_broadcast(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A mask or bias that is broadcast equals the same one written out."""
    sizes = case.sizes
    shape = (sizes.B, sizes.Hq, sizes.L, sizes.S)
    names = [name for name in ("mask", "bias") if case[name] is not None]
    if any(case[name].shape != shape for name in names):
        whole = case.changed(lambda array: np.broadcast_to(array, shape), *names)
        yield from alike(case, whole.replace(layouts={}), bench, "written out")


@ATTENTION.law(
    "mask-composition",
    "masks.intersection",
    pins=("model-groups", "composite-keys"),
    needs=("mask",),
    families=("option-pairs", "masks-with-holes", "unequal-lengths", "far-below-zero"),
    any_of=("causal", "window"),
    nulls=("flags_dropped", "mask_argument_dropped"),
    applies=_has_flags_beside_mask,
)
def check_mask_composition(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Mask, causal flag and window together show what each of them shows."""
    if not (case.causal or case.window):
        return
    yield from output_agrees(case, bench, "intersection")
    mask = visible_keys(case.replace(bias=None), bench.dialect)
    full = case.replace(mask=mask, layouts={})
    yield from alike(full, case, bench, "mask that contains the flags")


@ATTENTION.law(
    "causality",
    "masks.causal",
    pins=("model-widths", "composite-keys"),
    needs=("causal",),
    families=(
        *("plain", "unequal-lengths", "tile-boundaries", "peaked-scores"),
        "far-below-zero",
    ),
    fields={"layouts": ((),)},
    nulls=("flags_dropped", "mask_shifted"),
)
def check_causality(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
    """What comes after a query does not change its output."""
    keys = case.sizes.S
    for cut in sorted({keys // 2, keys - 1}):
        if cut < 1:
            continue
        late = np.arange(keys)[:, None] >= cut
        late_seen = visible_keys(case, bench.dialect)[..., cut:].any((0, 1, 3))
        blind: Array = np.logical_not(late_seen)
        key = np.where(late, -case.key[:, :, ::-1], case.key)
        value = np.where(late, 1.0 - case.value, case.value)
        changed = case.replace(
            key=key.astype(case.key.dtype), value=value.astype(case.value.dtype)
        )
        if blind.any():
            rows = (slice(None), slice(None), blind)
            note = f"other keys from {cut} on"
            yield from same_at(case, changed, bench, note, rows)


__all__: list[str] = []
