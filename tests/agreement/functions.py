"""Functions of other libraries, each behind the face of its kind.

They are targets of the judge: ``attnspec check --kind rope FILE:rope_of_llama``.
Nothing is repaired on the way.
"""

from __future__ import annotations

import functools
from typing import Any

import entmax
import keras
import numpy as np
import torch
import transformers
from onnx import helper
from onnx.reference import ReferenceEvaluator
from scipy import ndimage, special
from transformers.models.bloom import modeling_bloom as bloom
from transformers.models.gptj import modeling_gptj as gptj
from transformers.models.llama import modeling_llama as llama
from transformers.models.t5 import modeling_t5 as t5

Array = np.ndarray[Any, np.dtype[Any]]


def softmax_of_scipy(scores: Array, *, axis: int = -1) -> Array:
    """Call scipy.special.softmax, whose own default is all axes at once."""
    found: Array = special.softmax(scores, axis=axis)
    return found


def softmax_of_torch(scores: Array, *, axis: int = -1) -> Array:
    """Call torch.softmax."""
    return torch.softmax(torch.from_numpy(scores.copy()), dim=axis).numpy()


def sparsemax_of_entmax(scores: Array, *, axis: int = -1) -> Array:
    """Call entmax.sparsemax."""
    found = entmax.sparsemax(torch.from_numpy(scores.copy()), dim=axis)
    return np.asarray(found.numpy())


def entmax15_of_entmax(scores: Array, *, axis: int = -1) -> Array:
    """Call entmax.entmax15."""
    found = entmax.entmax15(torch.from_numpy(scores.copy()), dim=axis)
    return np.asarray(found.numpy())


def sparsemax_of_keras(scores: Array, *, axis: int = -1) -> Array:
    """Call keras.activations.sparsemax."""
    found = keras.activations.sparsemax(keras.ops.convert_to_tensor(scores), axis=axis)
    return np.asarray(found.detach().numpy())


def sigmoid_of_torch(scores: Array) -> Array:
    """Call torch.sigmoid."""
    return torch.sigmoid(torch.from_numpy(scores.copy())).numpy()


@functools.cache
def _llama(width: int, base: float) -> Any:
    """Return the module that makes cosines and sines, one for each width and base."""
    theta: dict[str, Any] = {"rope_type": "default", "rope_theta": base}
    config = transformers.LlamaConfig(
        hidden_size=width, num_attention_heads=1, rope_parameters=theta
    )
    return llama.LlamaRotaryEmbedding(config)


def rope_of_llama(x: Array, positions: Array, *, base: float = 10_000.0) -> Array:
    """Turn as Llama does in Transformers."""
    tensor = torch.from_numpy(x.copy())
    where = torch.from_numpy(positions.copy())[None]
    cosine, sine = _llama(x.shape[-1], base)(tensor, where)
    turned, _ = llama.apply_rotary_pos_emb(tensor, tensor, cosine, sine)
    return np.asarray(turned.numpy())


def rope_of_gptj(x: Array, positions: Array) -> Array:
    """Turn as GPT-J does in Transformers, with its table of sines and cosines."""
    width = x.shape[-1]
    table = gptj.create_sinusoidal_positions(int(positions.max()) + 1, width)
    rows = table[torch.from_numpy(positions.copy())][None]
    sine, cosine = torch.split(rows, width // 2, dim=-1)
    tensor = torch.from_numpy(x.swapaxes(1, 2).copy())
    turned = gptj.apply_rotary_pos_emb(tensor, sine, cosine)
    return np.asarray(turned.numpy().swapaxes(1, 2))


def alibi_of_bloom(heads: int, queries: int, keys: int) -> Array:
    """Make the bias as Bloom does in Transformers: one row for all queries."""
    ones = torch.ones((1, keys), dtype=torch.int64)
    bias = bloom.build_alibi_tensor(ones, heads, torch.float32).numpy()
    return np.asarray(np.broadcast_to(bias, (heads, queries, keys)))


def buckets_of_t5(
    relative: Array,
    *,
    bidirectional: bool = True,
    buckets: int = 32,
    max_distance: int = 128,
) -> Array:
    """Sort distances as T5 does in Transformers."""
    found = t5.T5Attention._relative_position_bucket(
        torch.from_numpy(relative.copy()),
        bidirectional=bidirectional,
        num_buckets=buckets,
        max_distance=max_distance,
    )
    return np.asarray(found.numpy())


def linear_of_onnx(
    query: Array,
    key: Array,
    value: Array,
    *,
    log_decay: Array | None = None,
    state: Array | None = None,
    return_state: bool = False,
) -> Any:
    """Evaluate ONNX LinearAttention-27 by its reference."""
    rule = "linear" if log_decay is None else "gated"
    feeds = {"query": query, "key": key, "value": value}
    if log_decay is not None:
        feeds["decay"] = log_decay
    return _onnx(rule, feeds, state, return_state=return_state)


def delta_of_onnx(
    query: Array,
    key: Array,
    value: Array,
    rate: Array,
    *,
    state: Array | None = None,
    return_state: bool = False,
) -> Any:
    """Evaluate the delta rule of ONNX LinearAttention-27 by its reference."""
    feeds = {"query": query, "key": key, "value": value, "beta": rate[..., None]}
    return _onnx("delta", feeds, state, return_state=return_state)


def _onnx(
    rule: str, feeds: dict[str, Array], state: Array | None, *, return_state: bool
) -> Any:
    """Run one node; it wants (B, N, H width) and gives float32."""
    heads, dtype = feeds["query"].shape[1], feeds["query"].dtype
    shape = (*feeds["query"].shape[:3], feeds["value"].shape[-1])
    named = {name: _packed(array) for name, array in feeds.items()}
    if state is not None:
        named["past_state"] = state.astype(np.float32)
    names = ("query", "key", "value", "past_state", "decay", "beta")
    node = helper.make_node(
        "LinearAttention",
        [name if name in named else "" for name in names],
        ["output", "present"],
        q_num_heads=heads,
        kv_num_heads=heads,
        update_rule=rule,
    )
    output, present = ReferenceEvaluator(node).run(None, named)
    unpacked = output.reshape(shape[0], shape[2], heads, shape[3]).swapaxes(1, 2)
    answer = np.ascontiguousarray(unpacked).astype(dtype)
    return (answer, present) if return_state else answer


def _packed(array: Array) -> Array:
    batch, heads, length, width = array.shape
    return array.swapaxes(1, 2).reshape(batch, length, heads * width)


def states_of_torch(*operands: Array, state: Array | None = None) -> Array:
    """Run torch.nn.RNN with these matrices, which it has transposed."""
    x, by_input, by_state, bias = operands
    network = torch.nn.RNN(x.shape[-1], len(bias), batch_first=True)
    matrices = {
        "weight_ih_l0": by_input.T,
        "weight_hh_l0": by_state.T,
        "bias_ih_l0": bias,
        "bias_hh_l0": np.zeros_like(bias),
    }
    with torch.no_grad():
        for name, array in matrices.items():
            getattr(network, name).copy_(torch.from_numpy(array.copy()))
        start = None if state is None else torch.from_numpy(state.copy())[None, None]
        found, _ = network(torch.from_numpy(x.copy())[None], start)
    return np.asarray(found[0].numpy())


def correlation_of_scipy(x: Array, kernel: Array) -> Array:
    """Add up one scipy.ndimage.correlate1d for each pair of channels."""
    taps, inputs, outputs = kernel.shape
    found = np.zeros((len(x), outputs), np.float64)
    for i in range(inputs):
        for o in range(outputs):
            found[:, o] += ndimage.correlate1d(
                x[:, i].astype(np.float64),
                kernel[:, i, o].astype(np.float64),
                mode="constant",
                origin=-(taps % 2 == 0),
            )
    return found.astype(x.dtype)
