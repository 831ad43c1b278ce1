"""Packed, padded and chunked sequences, beside Transformers 5.23 and ONNX 1.23.

What differs, and why:

- Transformers packs into one row of a batch, and tells the sequences apart by positions
  that begin anew.
- ONNX pads keys alone. Causally the last row of the queries stands at the last key: the
  choice `queries` of `frontier`. The definition counts queries as well; all are here.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import chunked, packed_attention, padded_attention
from tests.reference._bounds import bounds
from tests.reference._problems import Array, Problem, generators, sizes
from tests.reference._sequences import same

torch = pytest.importorskip("torch")
masking = pytest.importorskip("transformers.masking_utils")
onnx = pytest.importorskip("onnx")
evaluation = pytest.importorskip("onnx.reference")

LENGTHS = st.lists(sizes(1, 6), min_size=1, max_size=4)
OPTIONS = st.sampled_from([{}, {"causal": True}])


def _grid(length: int) -> Any:
    """Return the numbers of queries and keys."""
    return torch.meshgrid(torch.arange(length), torch.arange(length), indexing="ij")


@given(LENGTHS, generators(), OPTIONS)
def test_packed_is_what_transformers_makes_of_positions(
    lengths: list[int], rng: np.random.Generator, options: dict[str, Any]
) -> None:
    sums = np.append(0, np.cumsum(lengths))
    rows = int(sums[-1])
    arrays = [rng.normal(size=(2, rows, width)) for width in (3, 3, 2)]
    positions = torch.from_numpy(np.concatenate([np.arange(n) for n in lengths]))[None]
    seen = torch.ones((rows, rows), dtype=torch.bool)
    # None says that they are one sequence.
    if (found := masking.find_packed_sequence_indices(positions)) is not None:
        seen &= masking.packed_sequence_mask_function(found)(0, 0, *_grid(rows))
    if options:
        seen &= masking.causal_mask_function(0, 0, *_grid(rows))

    theirs = torch.nn.functional.scaled_dot_product_attention(
        *(torch.from_numpy(array)[None] for array in arrays), attn_mask=seen
    ).numpy()[0]
    query, key, value = (array.swapaxes(0, 1) for array in arrays)
    ours, _ = packed_attention(query, key, value, sums, sums, **options)

    for start, stop in itertools.pairwise(sums):
        query, key, value = (array[None, :, start:stop] for array in arrays)
        bound = bounds(Problem(query, key, value, options)).output[0]
        own = slice(start, stop)
        assert same(theirs[:, own], ours[own].swapaxes(0, 1), bound)


@given(sizes(1, 12), sizes(1, 5), sizes(0, 6))
def test_chunks_are_those_of_llama_4_behind_the_padding_on_the_left(
    length: int, size: int, padding: int
) -> None:
    inside = masking.chunked_causal_mask_function(size, torch.tensor([padding]))
    theirs = inside(0, 0, *_grid(length)).numpy()

    places = np.arange(length)
    assert np.array_equal(theirs, chunked(places, places, size, start=padding))


def _of_onnx(arrays: list[Array], lengths: Array, *, causal: bool = False) -> Array:
    """Return what ONNX's reference evaluator gives for padded keys."""
    helper, double = onnx.helper, onnx.TensorProto.DOUBLE
    info, names = helper.make_tensor_value_info, ["Q", "K", "V", *[""] * 3, "lengths"]
    given = dict(zip("QKV", arrays, strict=True))
    inputs = [info(name, double, array.shape) for name, array in given.items()]
    inputs.append(info("lengths", onnx.TensorProto.INT64, lengths.shape))
    node = helper.make_node("Attention", names, ["Y"], is_causal=int(causal))
    graph = helper.make_graph([node], "padded", inputs, [info("Y", double, [None] * 4)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)])
    run = evaluation.ReferenceEvaluator(model).run
    return np.asarray(run(None, given | {"lengths": lengths})[0])


@given(st.data(), sizes(1, 6), sizes(1, 6), generators(), OPTIONS)
def test_padded_keys_are_those_of_onnx(
    data: st.DataObject,
    queries: int,
    keys: int,
    rng: np.random.Generator,
    options: dict[str, Any],
) -> None:
    """A query that sees no key is answered with zero by both."""
    lengths = np.array(data.draw(st.lists(sizes(0, keys), min_size=1, max_size=3)))
    shapes = (4, queries, 3), (2, keys, 3), (2, keys, 2)
    arrays = [rng.normal(size=(len(lengths), *shape)) for shape in shapes]

    theirs = _of_onnx(arrays, lengths, **options)
    ours, _ = padded_attention(*arrays, key_lengths=lengths, **options)

    for at, count in enumerate(lengths):
        query, key, value = (array[at : at + 1] for array in arrays)
        seen = key[:, :, :count], value[:, :, :count]
        bound = bounds(Problem(query, *seen, options)).output[0]
        assert same(theirs[at], ours[at], bound)
