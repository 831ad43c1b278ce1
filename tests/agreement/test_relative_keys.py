"""Vectors for distances: Shaw and Transformer-XL, beside Transformers 5.23.

In float64. Wav2Vec2-BERT has both, and gives them as a bias beside the content; XLNet
has the second one and gives the weights. Their relative shifts pad, reshape and slice.
"""

from __future__ import annotations

import math
import types
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from attnspec.reference import shaw_scores, sinusoidal, softmax, transformer_xl_scores
from attnspec.reference.masks import relative_positions
from tests.agreement._formats import FLOAT64, gamma
from tests.reference._problems import Array, generators, sizes

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def model(name: str) -> Any:
    return pytest.importorskip(f"transformers.models.{name}.modeling_{name}")


wav2vec2_bert, xlnet = model("wav2vec2_bert"), model("xlnet")


def tensor(array: Array) -> Any:
    return torch.from_numpy(np.ascontiguousarray(array))


@given(generators(), sizes(1, 7), sizes(1, 7), sizes(1, 4), sizes(0, 4))
def test_shaw_is_that_of_wav2vec2_bert(
    rng: np.random.Generator, length: int, keys: int, width: int, reach: int
) -> None:
    """Whole numbers are exact on both sides. Query i stands at key i."""
    query = rng.integers(-4, 5, (2, 3, length, width)).astype(np.float64)
    key = rng.integers(-4, 5, (2, 3, keys, width)).astype(np.float64)
    table = rng.integers(-4, 5, (2 * reach + 1, width)).astype(np.float64)
    layer = types.SimpleNamespace(
        left_max_position_embeddings=reach,
        right_max_position_embeddings=reach,
        distance_embedding=lambda n: tensor(table)[n],
        scaling=1.0,
    )
    _, bias = wav2vec2_bert._apply_relative_key_position_encoding(
        layer, tensor(query), tensor(key)
    )
    expected = query @ key.swapaxes(-1, -2) + bias.numpy()
    relative = relative_positions(np.arange(length), np.arange(keys))

    assert np.array_equal(expected, shaw_scores(query, key, relative, table))


def drawn_biases(rng: np.random.Generator, heads: int, width: int) -> list[Array]:
    return [rng.normal(size=(heads, width)) for _ in range(2)]


def scores_and_sizes(
    query: Array, key: Array, relative: Array, weight: Array, biases: list[Array]
) -> tuple[Array, Array]:
    """Give the scores of each head, and the sums of their absolute products.

    Sines and cosines are at most one, so that ones in their place are at least as much.
    """
    scores = transformer_xl_scores(query, key, relative, weight, *biases)
    content, distance = (np.abs(query) + np.abs(b)[:, None] for b in biases)
    keys = np.abs(key).swapaxes(-1, -2)
    most = (distance * np.abs(weight).sum(axis=0)).sum(axis=-1, keepdims=True)
    return scores, content @ keys + most


@given(generators(), sizes(1, 7), sizes(1, 3), sizes(1, 3))
def test_transformer_xl_is_that_of_wav2vec2_bert(
    rng: np.random.Generator, length: int, width: int, pairs: int
) -> None:
    """On keys at both sides; its shift pads, reshapes and slices."""
    query, key = rng.normal(size=(2, 1, 2, length, width))
    weight, biases = rng.normal(size=(2 * pairs, width)), drawn_biases(rng, 2, width)
    both = tensor(np.hstack([weight, weight]))
    layer = types.SimpleNamespace(
        linear_pos=lambda x: x @ both,
        head_size=width,
        pos_bias_u=tensor(biases[0]),
        pos_bias_v=tensor(biases[1]),
        scaling=1.0,
    )
    encoding = sinusoidal(np.arange(length - 1, -length, -1), 2 * pairs)[None]
    asking, bias = wav2vec2_bert._apply_relative_position_encoding(
        layer, tensor(query), tensor(key), tensor(encoding)
    )
    expected = (asking @ tensor(key).swapaxes(-1, -2) + bias).numpy()
    relative = relative_positions(np.arange(length), np.arange(length))
    actual, size = scores_and_sizes(query, key, relative, weight, biases)
    bound = 2.0 * gamma(width + 2 * pairs + 5, FLOAT64) * size

    assert (np.abs(expected - actual) <= bound).all()


@given(generators(), sizes(1, 5), sizes(0, 4), sizes(1, 3), sizes(1, 3))
def test_transformer_xl_is_that_of_xlnet(
    rng: np.random.Generator, length: int, more: int, width: int, pairs: int
) -> None:
    """With keys that lie before; its weights are a softmax of the scaled scores.

    A score is off by d on both sides and a weight by a factor of exp(4 d), and of
    exp(2 u range) for two differences from the peak.
    """
    keys = length + more
    query = rng.normal(size=(1, 2, length, width))
    key = rng.normal(size=(1, 2, keys, width))
    weight, biases = rng.normal(size=(2 * pairs, width)), drawn_biases(rng, 2, width)
    config = transformers.XLNetConfig(d_model=2 * width, n_head=2, n_layer=1, d_inner=1)
    layer = xlnet.XLNetRelativeAttention(config).double().eval()
    layer.r_w_bias.data, layer.r_r_bias.data = (tensor(b) for b in biases)
    encoding = sinusoidal(np.arange(keys, -length, -1), 2 * pairs) @ weight
    first = [tensor(np.moveaxis(x, 2, 0)) for x in (query, key)]
    distances = tensor(np.stack([encoding, encoding], axis=1)[:, None])
    _, found = layer.rel_attn_core(*first, first[1], distances, output_attentions=True)
    expected = np.moveaxis(found.detach().numpy(), (2, 3), (0, 1))
    relative = relative_positions(np.arange(length) + more, np.arange(keys))
    scores, size = scores_and_sizes(query, key, relative, weight, biases)
    actual = softmax(scores / math.sqrt(width))
    score = gamma(width + 2 * pairs + 8, FLOAT64) * size.max() / math.sqrt(width)
    spread = np.expm1(4.0 * score + 4.0 * FLOAT64 * size.max())
    bound = (spread + gamma(2 * keys + 20, FLOAT64)) * actual

    assert (np.abs(expected - actual) <= bound).all()
