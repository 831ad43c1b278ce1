"""Functions of other libraries whose conventions the judge has as choices or claims.

They are targets of the judge, as those of `functions` are. Nothing is repaired on the
way; arrays of bfloat16 pass bit by bit.
"""

from __future__ import annotations

import functools
from typing import Any

import keras
import ml_dtypes
import numpy as np
import torch
import transformers
from diffusers.models import embeddings
from onnx import helper
from onnx.reference import ReferenceEvaluator
from transformers import masking_utils
from transformers.models.deepseek_v3 import modeling_deepseek_v3 as deepseek
from transformers.models.gemma4 import modeling_gemma4 as gemma4
from transformers.models.llama import modeling_llama as llama
from transformers.models.mpt import modeling_mpt as mpt

Array = np.ndarray[Any, np.dtype[Any]]


def _tensor(array: Array) -> torch.Tensor:
    """Return a copy as a tensor; NumPy's own formats do not have bfloat16."""
    if array.dtype != ml_dtypes.bfloat16:
        return torch.from_numpy(array.copy())
    return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)


def _array(tensor: torch.Tensor) -> Array:
    found = tensor.detach()
    if found.dtype != torch.bfloat16:
        return np.asarray(found.numpy())
    return found.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)


@functools.cache
def _llama(width: int, base: float) -> Any:
    theta: dict[str, Any] = {"rope_type": "default", "rope_theta": base}
    config = transformers.LlamaConfig(
        hidden_size=width, num_attention_heads=1, rope_parameters=theta
    )
    return llama.LlamaRotaryEmbedding(config)


def _tables(x: torch.Tensor, positions: Array, base: float) -> Any:
    """Return cosines and sines as Llama makes them, in the format of the vectors."""
    return _llama(x.shape[-1], base)(x, torch.from_numpy(positions.copy())[None])


def rope_of_llama(x: Array, positions: Array, *, base: float = 10_000.0) -> Array:
    """Turn as Llama does: table, products and sum in the format of the vectors."""
    tensor = _tensor(x)
    cosine, sine = _tables(tensor, positions, base)
    turned, _ = llama.apply_rotary_pos_emb(tensor, tensor, cosine, sine)
    return _array(turned)


def rope_of_deepseek(x: Array, positions: Array, *, base: float = 10_000.0) -> Array:
    """Turn as DeepSeek-V3 does: neighbors are read, halves are written."""
    tensor = _tensor(x)
    cosine, sine = _tables(tensor, positions, base)
    turned, _ = deepseek.apply_rotary_pos_emb_interleave(tensor, tensor, cosine, sine)
    return _array(turned)


def rope_of_gemma(
    x: Array, positions: Array, *, base: float = 10_000.0, width: int | None = None
) -> Array:
    """Turn as the full attention of Gemma 4 does: the first of all pairs."""
    whole = x.shape[-1]
    share = 1.0 if width is None else width / whole
    theta = {"rope_type": "proportional", "rope_theta": base}
    config = transformers.LlamaConfig(
        hidden_size=whole,
        num_attention_heads=1,
        rope_parameters=theta | {"partial_rotary_factor": share},
    )
    make = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["proportional"]
    speeds, _ = make(config, None)
    angles = torch.from_numpy(positions.copy())[:, None].float() * speeds
    both = torch.cat([angles, angles], dim=-1)[None]
    return _array(gemma4.apply_rotary_pos_emb(_tensor(x), both.cos(), both.sin()))


def alibi_of_mpt(heads: int, queries: int, keys: int) -> Array:
    """Make the bias as MPT does: counted back from the last key, for all queries."""
    bias = mpt.build_mpt_alibi_tensor(heads, keys).numpy()
    return np.asarray(np.broadcast_to(bias, (heads, queries, keys)))


def steps_of_diffusers(
    positions: Array, width: int, *, base: float = 10_000.0
) -> Array:
    """Encode time steps as most diffusion models do: all cosines first."""
    where = torch.from_numpy(positions.copy())
    found = embeddings.get_timestep_embedding(
        where,
        width,
        flip_sin_to_cos=True,
        downscale_freq_shift=0.0,
        max_period=base,
    )
    return _array(found)


def rows_of_torch(positions: Array, table: Array) -> Array:
    """Look up by an index of torch, which counts negative positions from the end."""
    return _array(torch.from_numpy(table.copy())[torch.from_numpy(positions.copy())])


def rows_of_numpy(positions: Array, table: Array) -> Array:
    """Look up by ``numpy.take`` with positions that go around."""
    return np.take(table, positions, axis=0, mode="wrap")


def documents_of_transformers(query_ids: Array, key_ids: Array) -> Array:
    """Show the documents of packed sequences, which one vector names."""
    inside = masking_utils.packed_sequence_mask_function(
        torch.from_numpy(query_ids.copy())[None]
    )
    rows, columns = torch.arange(len(query_ids))[:, None], torch.arange(len(key_ids))
    return np.asarray(inside(0, 0, rows, columns).numpy())


def banded_of_transformers(
    query: Array,
    key: Array,
    value: Array,
    window: tuple[int, int],
    *,
    scale: float | None = None,
) -> Array:
    """Attend with the sliding window of Transformers, which looks back alone."""
    left, _ = window
    at = torch.arange(query.shape[-2])
    inside = masking_utils.sliding_window_causal_mask_function(left + 1)
    mask = inside(0, 0, at[:, None], at)
    tensors = map(_tensor, (query, key, value))
    attend = torch.nn.functional.scaled_dot_product_attention
    return _array(attend(*tensors, attn_mask=mask, scale=scale))


def heads_of_keras(*operands: Array, causal: bool = False) -> Array:
    """Call keras.layers.MultiHeadAttention with these matrices, without biases."""
    readers, members, ask, answer, pass_on, out = operands
    layer = keras.layers.MultiHeadAttention(
        len(ask),
        ask.shape[-1],
        value_dim=pass_on.shape[-1],
        output_shape=out.shape[-1],
        use_bias=False,
    )
    layer.build(readers.shape, members.shape)
    # Keras has (D, H, E) for what goes in.
    by = [weights.swapaxes(0, 1) for weights in (ask, answer, pass_on)]
    # The order of its own list: query, key, value, output.
    layer.set_weights([*by, out])
    found = layer(readers, members, use_causal_mask=causal)
    return _array(found)


def heads_of_torch(*operands: Array, mask: Array | None = None) -> Array:
    """Call torch.nn.MultiheadAttention: one number of features and one of heads."""
    readers, members, ask, answer, pass_on, out = operands
    heads, features, _ = ask.shape
    layer = torch.nn.MultiheadAttention(features, heads, bias=False, batch_first=True)
    joint = [
        by.swapaxes(1, 2).reshape(features, features) for by in (ask, answer, pass_on)
    ]
    hidden = None
    if mask is not None:
        # True does not attend, and heads are counted within each element.
        shape = (len(readers), heads, readers.shape[1], members.shape[1])
        hidden = torch.from_numpy(~np.broadcast_to(mask, shape)).flatten(0, 1)
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.from_numpy(np.concatenate(joint)))
        layer.out_proj.weight.copy_(
            torch.from_numpy(out.reshape(-1, features).T.copy())
        )
        sequences = [_tensor(array) for array in (readers, members, members)]
        found, _ = layer(*sequences, attn_mask=hidden, need_weights=False)
    return _array(found)


def linear_of_onnx(
    query: Array, key: Array, value: Array, *, scale: float = 0.0
) -> Array:
    """Evaluate ONNX LinearAttention-27 by its reference, with its attribute `scale`."""
    batch, heads, length, _ = query.shape
    node = helper.make_node(
        "LinearAttention",
        ["query", "key", "value"],
        ["output", "present"],
        q_num_heads=heads,
        kv_num_heads=heads,
        update_rule="linear",
        scale=float(scale),
    )
    packed = {
        name: array.swapaxes(1, 2).reshape(batch, length, -1)
        for name, array in (("query", query), ("key", key), ("value", value))
    }
    output, _ = ReferenceEvaluator(node).run(None, packed)
    unpacked = output.reshape(batch, length, heads, -1).swapaxes(1, 2)
    return np.ascontiguousarray(unpacked).astype(query.dtype)


def softmax_one_by_one(scores: Array, *, axis: int = -1) -> Array:
    """Subtract, exponentiate, sum and divide tensors of 16 bits one by one."""
    tensor = _tensor(scores)
    sizes = (tensor - tensor.amax(axis, keepdim=True)).exp()
    return _array(sizes / sizes.sum(axis, keepdim=True))


def softmax_in_float32(scores: Array, *, axis: int = -1) -> Array:
    """Compute in float32 and round once, as eager attention in Transformers does."""
    tensor = _tensor(scores)
    wide = torch.nn.functional.softmax(tensor, dim=axis, dtype=torch.float32)
    return _array(wide.to(tensor.dtype))


def cosine_of_norms(query: Array, key: Array) -> Array:
    """Divide tensors by their norms, and multiply them, one operation at a time."""
    one, other = (
        tensor / torch.linalg.vector_norm(tensor, dim=-1, keepdim=True)
        for tensor in map(_tensor, (query, key))
    )
    return _array(one @ other.transpose(-1, -2))
