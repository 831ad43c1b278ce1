"""ONNX Runtime on the CPU, with a cache: Attention of opset 24, GroupQueryAttention.

The contributed GroupQueryAttention is asked for one new token of each sequence: several
come behind earlier ones only where there is one sequence, or none has any. Attention is
given the past tokens of sequences that have as many.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.adapters._onnx_operators import Operator
from attnspec.conformance import Implementation
from attnspec.numerics import NumericModel

_PAST_AND_PRESENT = Operator("Attention", 24, (4, 4, 4))

_GROUPED_QUERY = Operator("GroupQueryAttention", 1, (3, 4, 4), "com.microsoft")

_WIDTHS = 16
"""Of what number E is a multiple, where vectors are turned."""


def grouped_query() -> Implementation:
    """Return the operator, with what its text promises."""
    import onnxruntime

    return Implementation.of(
        _grouped_query,
        name="onnxruntime:grouped-query",
        kind="cached",
        dtypes=("float32", "float16"),
        claims=("always_causal", "lengths_last", "grouped_query"),
        without=("several_new", "nothing_new", "partial_rotary", "value_width"),
        multiples={"width": _WIDTHS},
        dialect={"pairing": "half_split"},
        version=f"onnxruntime {onnxruntime.__version__}",
    )


def _grouped_query(  # noqa: PLR0913 - what is asked of a cache
    query: Array,
    key_cache: Array,
    value_cache: Array,
    lengths: Array,
    *,
    key: Array,
    value: Array,
    cosine: Array | None = None,
    sine: Array | None = None,
    interleaved: bool | None = None,
    window: Window | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    scale: float | None = None,
) -> Array:
    """Return the output of a model that is this operator alone.

    What it returns as present keys and values is a cache of its own; what is new in
    it is put where the judge looks for it.
    """
    places = np.asarray(lengths)
    inputs = {
        "query": _in_rows(query),
        "key": _in_rows(key),
        "value": _in_rows(value),
        "past_key": key_cache.swapaxes(1, 2),
        "past_value": value_cache.swapaxes(1, 2),
        "seqlens_k": places.astype(np.int32),
        "total_sequence_length": np.array(places.max() + 1, np.int32),
        "cos_cache": cosine,
        "sin_cache": sine,
        "position_ids": None,
        "attention_bias": None,
        "head_sink": None if sink is None else sink.astype(query.dtype),
    }
    attributes: dict[str, Any] = {
        "num_heads": query.shape[2],
        "kv_num_heads": key.shape[2],
        "do_rotary": int(cosine is not None),
        "rotary_interleaved": int(bool(interleaved)),
    }
    if window is not None and window[0] is not None:
        attributes["local_window_size"] = window[0] + 1  # It counts the own key, too.
    options = {"softcap": softcap, "scale": scale}
    attributes |= {name: n for name, n in options.items() if n is not None}
    output, keys, values = _GROUPED_QUERY(inputs, attributes)
    batch = np.arange(len(query))
    for cache, present in ((key_cache, keys), (value_cache, values)):
        cache[batch, places] = present[batch, :, places]
    return output.reshape(query.shape)


def _in_rows(array: Array) -> Array:
    """Return (B, L, H, E) as (B, L, H E)."""
    return array.reshape(*array.shape[:2], -1)


def past_and_present(models: Mapping[str, NumericModel]) -> Implementation:
    """Return Attention with what is past and what is new, which it joins."""
    import onnxruntime

    return Implementation.of(
        _past_and_present,
        name="onnxruntime:past-and-present",
        kind="cached",
        dtypes=("float32", "float16", "float64"),
        claims=("grouped_query", "value_width"),
        without=("unequal_lengths", "nothing_new"),
        models=models,
        version=f"onnxruntime {onnxruntime.__version__}, opset 24",
    )


def _past_and_present(
    query: Array,
    key_cache: Array,
    value_cache: Array,
    lengths: Array,
    *,
    key: Array,
    value: Array,
    causal: bool = False,
    softcap: float | None = None,
    scale: float | None = None,
) -> Array:
    """Return the output of a model that is this operator alone."""
    past = int(lengths[0])
    new = np.s_[:, past : past + key.shape[1]]
    arrays = {
        "Q": query,
        "K": key,
        "V": value,
        "attn_mask": None,
        "past_key": key_cache[:, :past],
        "past_value": value_cache[:, :past],
    }
    inputs = {n: None if a is None else a.swapaxes(1, 2) for n, a in arrays.items()}
    options = {"softcap": softcap, "scale": scale}
    attributes: dict[str, Any] = {n: x for n, x in options.items() if x is not None}
    output, keys, values = _PAST_AND_PRESENT(
        inputs, {"is_causal": int(causal), **attributes}
    )
    for cache, present in ((key_cache, keys), (value_cache, values)):
        cache[new] = present.swapaxes(1, 2)[:, past:]
    return output.swapaxes(1, 2)


__all__ = ["grouped_query", "past_and_present"]
