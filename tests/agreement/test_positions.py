"""Rotary and sinusoidal positions, beside Transformers and ONNX.

Transformers 5.23 and the reference evaluator of ONNX RotaryEmbedding-23. What differs,
and why:

- Transformers takes frequencies, angles, sines and cosines in float32: an angle is off
  by (ln base + 6) u of itself. Of the same sines and cosines everything is equal.
- Marian and XLNet put all sines before all cosines: an order of the entries.
- XGLM and FSMT end at a frequency of exactly 1 / 10,000, as tensor2tensor does: the
  same as a base of 10,000 to the power of h / (h - 1), with h pairs.
"""

from __future__ import annotations

import math
import types
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import frequencies, rotary, sinusoidal
from attnspec.reference.rope import Pairing
from tests.agreement._formats import FLOAT32, FLOAT64, gamma
from tests.reference._problems import Array, generators, sizes

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
evaluators = pytest.importorskip("onnx.reference")
transformers = pytest.importorskip("transformers")


def model(name: str) -> Any:
    return pytest.importorskip(f"transformers.models.{name}.modeling_{name}")


llama, gptj, gpt_neox = model("llama"), model("gptj"), model("gpt_neox")
marian, xglm, fsmt = model("marian"), model("xglm"), model("fsmt")
wav2vec2_bert = model("wav2vec2_bert")

PAIRINGS: st.SearchStrategy[Pairing] = st.sampled_from(get_args(Pairing))
BASES = st.sampled_from([100.0, 10_000.0, 500_000.0])


def tensor(array: Array) -> Any:
    return torch.from_numpy(np.ascontiguousarray(array))


# Rotary


@given(generators(), sizes(1, 5), sizes(1, 4), sizes(0, 3), BASES)
def test_rotary_is_that_of_llama_neox_and_gptj_for_the_same_sines(
    rng: np.random.Generator, length: int, pairs: int, rest: int, base: float
) -> None:
    """The same two products and their sum: nothing is left to rounding."""
    x = rng.normal(size=(2, 3, length, 2 * pairs + rest))
    places = rng.integers(-5000, 5000, size=(2, 1, length))
    angles = places[..., 0, :, None] * frequencies(2 * pairs, base=base)
    cosine, sine = (tensor(f(angles)) for f in (np.cos, np.sin))
    both = [torch.cat([half, half], dim=-1) for half in (cosine, sine)]
    neox, _ = gpt_neox.apply_rotary_pos_emb(tensor(x), tensor(x), *both)
    whole, _ = llama.apply_rotary_pos_emb(*2 * [tensor(x[..., : 2 * pairs])], *both)
    turning = tensor(x[..., : 2 * pairs].swapaxes(1, 2))
    interleaved = gptj.apply_rotary_pos_emb(turning, sine, cosine).swapaxes(1, 2)
    options: dict[str, Any] = {"width": 2 * pairs, "base": base}
    halves = rotary(x, places, pairing="half_split", **options)
    neighbors = rotary(x, places, pairing="interleaved", **options)

    assert np.array_equal(neox.numpy(), halves)
    assert np.array_equal(whole.numpy(), halves[..., : 2 * pairs])
    assert np.array_equal(interleaved.numpy(), neighbors[..., : 2 * pairs])


def turned(angles: Array, base: float) -> Array:
    """Limit the error of a sine or a cosine of an angle that is taken in float32.

    The exponent of the frequency is off by u, its power by ln base u and 2 u, the
    reciprocal, the position and the product by u each; sine and cosine by 2 u.
    """
    return FLOAT32 * ((math.log(base) + 6.0) * np.abs(angles) + 3.0)


def tables(width: int, rest: int, base: float, places: Array) -> dict[str, Any]:
    """Ask each model for its cosines and sines, (1, L, its layout)."""
    size = {"hidden_size": width + rest, "num_attention_heads": 1}
    theta: dict[str, Any] = {"rope_type": "default", "rope_theta": base}
    part = theta | {"partial_rotary_factor": width / (width + rest)}
    one = transformers.LlamaConfig(
        **size | {"hidden_size": width}, rope_parameters=theta
    )
    two = transformers.GPTNeoXConfig(**size, rope_parameters=part)
    like, where = torch.zeros(1), tensor(places[None])
    return {
        "llama": llama.LlamaRotaryEmbedding(one)(like, where),
        "neox": gpt_neox.GPTNeoXRotaryEmbedding(two)(like, where),
    }


@given(generators(), sizes(1, 5), sizes(1, 4), st.sampled_from([0, 2, 6]), BASES)
def test_angles_of_llama_and_neox_are_those_of_the_definition_up_to_float32(
    rng: np.random.Generator, length: int, pairs: int, rest: int, base: float
) -> None:
    places = rng.integers(0, 4000, size=length)
    angles = np.multiply.outer(places, frequencies(2 * pairs, base=base))
    bound = turned(angles, base)

    for cosine, sine in tables(2 * pairs, rest, base, places).values():
        assert cosine.shape == (1, length, 2 * pairs)
        for half in (slice(None, pairs), slice(pairs, None)):
            assert (np.abs(np.cos(angles) - cosine[0, :, half].numpy()) <= bound).all()
            assert (np.abs(np.sin(angles) - sine[0, :, half].numpy()) <= bound).all()


@given(sizes(1, 6), sizes(1, 4))
def test_angles_of_gptj_are_those_of_the_definition_up_to_float32(
    length: int, pairs: int
) -> None:
    """In its table all sines come before all cosines."""
    angles = np.multiply.outer(100 * np.arange(length), frequencies(2 * pairs))
    table = gptj.create_sinusoidal_positions(100 * length, 2 * pairs)[::100].numpy()
    expected = np.hstack([np.sin(angles), np.cos(angles)])
    bound = np.hstack(2 * [turned(angles, 10_000.0)])

    assert (np.abs(expected - table) <= bound).all()


@given(
    generators(), sizes(1, 5), sizes(1, 4), sizes(0, 3), PAIRINGS, BASES, st.booleans()
)
def test_rotary_is_that_of_onnx(
    rng: np.random.Generator,
    length: int,
    pairs: int,
    rest: int,
    pairing: Pairing,
    base: float,
    packed: bool,  # noqa: FBT001
) -> None:
    """Of caches in float64, looked up by position, with heads apart or packed."""
    x = rng.normal(size=(2, 3, length, 2 * pairs + rest))
    places = rng.integers(0, 50, size=(2, length))
    angles = np.multiply.outer(np.arange(50), frequencies(2 * pairs, base=base))
    node = onnx.helper.make_node(
        "RotaryEmbedding",
        ["x", "cosine", "sine", "places"],
        ["y"],
        interleaved=int(pairing == "interleaved"),
        rotary_embedding_dim=2 * pairs if rest else 0,
        num_heads=3,
    )
    rows = x.swapaxes(1, 2).reshape(2, length, -1) if packed else x
    feeds = {"cosine": np.cos(angles), "sine": np.sin(angles), "places": places}
    (y,) = evaluators.ReferenceEvaluator(node).run(None, feeds | {"x": rows})
    expected = y.reshape(2, length, 3, -1).swapaxes(1, 2) if packed else y
    actual = rotary(x, places[:, None], pairing=pairing, width=2 * pairs, base=base)

    assert np.array_equal(expected, actual)


# Sinusoidal


@given(sizes(1, 6), sizes(1, 9))
def test_sinusoidal_is_that_of_marian_with_all_sines_first(
    length: int, pairs: int
) -> None:
    """Marian computes in float64, an angle off by 30 u each, and rounds to float32."""
    encoder = marian.MarianSinusoidalPositionalEmbedding(100 * length, 2 * pairs)
    expected = encoder.create_weight().numpy()[::100]
    encoding = sinusoidal(100 * np.arange(length), 2 * pairs)
    actual = np.hstack([encoding[:, ::2], encoding[:, 1::2]])
    bound = FLOAT32 + gamma(60.0 * 100.0 * length + 16.0, FLOAT64)

    assert (np.abs(expected - actual) <= bound).all()


@pytest.mark.parametrize(
    "encoder",
    [xglm.XGLMSinusoidalPositionalEmbedding, fsmt.SinusoidalPositionalEmbedding],
    ids=["xglm", "fsmt"],
)
@given(sizes(1, 6), sizes(2, 9))
def test_sinusoidal_is_that_of_tensor2tensor_with_another_base(
    encoder: Any, length: int, pairs: int
) -> None:
    """Frequencies are exponentials of exponents up to ln base, each off by 3 u."""
    table = encoder.get_embedding(100 * length, 2 * pairs, None).numpy()[::100]
    base = 10_000.0 ** (pairs / (pairs - 1.0))
    places = 100 * np.arange(length)
    encoding = sinusoidal(places, 2 * pairs, base=base)
    actual = np.hstack([encoding[:, ::2], encoding[:, 1::2]])
    angles = np.multiply.outer(places, frequencies(2 * pairs, base=base))
    bound = np.hstack(2 * [3.0 * turned(angles, base)])

    assert (np.abs(table - actual) <= bound).all()


@given(sizes(1, 9), sizes(1, 6))
def test_sinusoidal_distances_are_those_of_wav2vec2_bert(
    length: int, pairs: int
) -> None:
    """Interleaved, from length - 1 to the left to length - 1 to the right."""
    config = types.SimpleNamespace(max_source_positions=length, hidden_size=2 * pairs)
    table = wav2vec2_bert.Wav2Vec2BertRelPositionalEmbedding(config).pe[0].numpy()
    distances = np.arange(length - 1, -length, -1)
    angles = np.multiply.outer(distances, frequencies(2 * pairs))
    bound = np.repeat(3.0 * turned(angles, 10_000.0), 2, axis=1)

    assert (np.abs(sinusoidal(distances, 2 * pairs) - table) <= bound).all()
