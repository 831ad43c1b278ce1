"""Caches, beside ONNX 1.23, onnxruntime 1.32 and Transformers 5.24.

What differs, and why:

- ONNX has no capacity: past and new tokens are joined, and all sequences have as many.
- GroupQueryAttention of onnxruntime is told the place of the last new token, has heads
  before tokens in its caches, turns halves unless it is told otherwise, and is always
  causal. A prompt has no past: several new tokens come behind earlier ones only where
  all sequences have as many.
- The caches of Transformers hold keys that were turned before; they only append.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnspec.judge.case import Case
from attnspec.kinds.serving._cached import sized
from attnspec.kinds.serving._cached_kind import CACHED
from attnspec.kinds.serving._cached_table import CACHES
from attnspec.numerics import default_model, within
from attnspec.reference import append, cached_attention
from tests.reference._bounds import bounds
from tests.reference._problems import Array, Problem, generators, sizes
from tests.reference._sequences import same

torch = pytest.importorskip("torch")
caches = pytest.importorskip("transformers.cache_utils")
onnx = pytest.importorskip("onnx")
evaluation = pytest.importorskip("onnx.reference")
onnxruntime = pytest.importorskip("onnxruntime")

FEW = settings(max_examples=25)
_TYPES = {"float64": 11, "float32": 1, "int32": 6}


def _run(
    node: str, inputs: dict[str, Array | None], names: list[str], **said: Any
) -> Any:
    """Run one node of ONNX; by the reference evaluator if it is of the standard."""
    helper, domain = onnx.helper, said.pop("domain", "")
    given = {name: array for name, array in inputs.items() if array is not None}
    infos = [
        helper.make_tensor_value_info(name, _TYPES[array.dtype.name], array.shape)
        for name, array in given.items()
    ]
    form = next(iter(infos)).type.tensor_type.elem_type
    outputs = [
        helper.make_tensor_value_info(name, form, [None] * n)
        for n, name in zip((3 if domain else 4, 4, 4), names, strict=True)
    ]
    placed = [name if name in given else "" for name in inputs]
    made = helper.make_node(node, placed, names, domain=domain, **said)
    graph = helper.make_graph([made], "cached", infos, outputs)
    versions = [helper.make_opsetid("", 24), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=versions, ir_version=11)
    if not domain:
        return evaluation.ReferenceEvaluator(model).run(None, given)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, given)


def _heads_first(array: Array) -> Array:
    return np.ascontiguousarray(array.swapaxes(1, 2))


@FEW
@given(
    sizes(1, 3), sizes(0, 4), sizes(1, 4), generators(), st.sampled_from([False, True])
)
def test_past_and_present_of_onnx_are_a_cache_of_one_length(
    batch: int, past: int, new: int, rng: np.random.Generator, is_causal: Any
) -> None:
    shapes = ((new, 4, 3), (past, 2, 3), (past, 2, 2), (new, 2, 3), (new, 2, 2))
    query, keys, values, key, value = (rng.normal(size=(batch, *s)) for s in shapes)
    room = ((0, 0), (0, new), (0, 0), (0, 0))
    ours = cached_attention(
        query,
        np.pad(keys, room),
        np.pad(values, room),
        np.full(batch, past),
        key=key,
        value=value,
        causal=is_causal,
    )

    inputs = {"Q": query, "K": key, "V": value, "mask": None, "pk": keys, "pv": values}
    turned = {n: None if a is None else _heads_first(a) for n, a in inputs.items()}
    names = ["Y", "present_key", "present_value"]
    theirs = _run("Attention", turned, names, is_causal=int(is_causal))

    options: dict[str, Any] = {"causal": True} if is_causal else {}
    present = _heads_first(ours.key_cache), _heads_first(ours.value_cache)
    bound = bounds(Problem(_heads_first(query), *present, options)).output
    assert same(theirs[0], ours.output.swapaxes(1, 2), bound)
    assert np.array_equal(theirs[1], present[0])
    assert np.array_equal(theirs[2], present[1])


def _grouped(arrays: list[Array], total: Array, tables: Any, **said: Any) -> Any:
    """Run GroupQueryAttention of onnxruntime."""
    query, key, value, keys, values = arrays
    batch, new, heads, width = query.shape
    cosine, sine = tables or (None, None)
    inputs = {
        "query": query.reshape(batch, new, heads * width),
        "key": key.reshape(batch, new, -1),
        "value": value.reshape(batch, new, -1),
        "past_key": _heads_first(keys),
        "past_value": _heads_first(values),
        "seqlens_k": (total - 1).astype(np.int32),
        "total": np.array(total.max(), np.int32),
        "cos_cache": cosine,
        "sin_cache": sine,
    }
    names = ["output", "present_key", "present_value"]
    said |= {
        "num_heads": heads,
        "kv_num_heads": key.shape[2],
        "domain": "com.microsoft",
    }
    return _run(
        "GroupQueryAttention", inputs, names, do_rotary=int(tables is not None), **said
    )


@FEW
@given(
    st.lists(sizes(1, 9), min_size=1, max_size=3),
    generators(),
    st.sampled_from([None, False, True]),
    st.sampled_from([{}, {"window": (2, 0)}, {"softcap": 2.0}, {"scale": 0.3}]),
)
def test_one_new_token_is_answered_as_by_onnxruntime(
    lengths: list[int], rng: np.random.Generator, interleaved: Any, options: Any
) -> None:
    before, batch, width = np.array(lengths), len(lengths), 16
    room = int(before.max()) + 1
    shapes = ((1, 4, width), (1, 2, width), (1, 2, width), *[(room, 2, width)] * 2)
    arrays = [rng.normal(size=(batch, *s)).astype(np.float32) for s in shapes]
    query, key, value, keys, values = arrays
    tables = None
    if interleaved is not None:
        angles = rng.uniform(0, 6, size=(16, width // 2))
        tables = tuple(f(angles).astype(np.float32) for f in (np.cos, np.sin))
    said: dict[str, Any] = {n: v for n, v in options.items() if n != "window"}
    if "window" in options:  # Theirs counts the query's own key, too.
        said["local_window_size"] = options["window"][0] + 1
    theirs = _grouped(
        arrays, before + 1, tables, rotary_interleaved=int(bool(interleaved)), **said
    )

    given = {"key": key, "value": value, "causal": True, **options}
    if tables is not None:
        given |= zip(("cosine", "sine"), tables, strict=True)
        given["interleaved"] = bool(interleaved)
    names = ("query", "key_cache", "value_cache", "lengths")
    operands = dict(zip(names, (query, keys, values, before), strict=True))
    facts = {"lengths_are": "before", "standing": None}
    case = sized(Case(operands, given, (), "float32", facts=facts), return_lse=False)
    exact = CACHED.judge(case, CACHED.default(), default_model("float32"))

    output = theirs[0].reshape(query.shape)
    assert within(exact.output, output, exact.bound).holds
    for name, found in zip(CACHES, theirs[1:], strict=True):
        expected, bound = exact.others[name]
        for b, length in enumerate(before):
            own = found[b].swapaxes(0, 1)[: length + 1]
            right, off = expected[b, : length + 1], bound[b, : length + 1]
            assert within(right, own, off).holds


@FEW
@given(st.lists(sizes(1, 3), min_size=1, max_size=4), generators())
def test_caches_of_transformers_append(
    steps: list[int], rng: np.random.Generator
) -> None:
    cache, total = np.zeros((2, 12, 2, 3)), 0
    dynamic = caches.DynamicCache()
    for new in steps:
        tokens = rng.normal(size=(2, new, 2, 3))
        cache = append(cache, tokens, np.full(2, total))
        total += new
        given = torch.from_numpy(_heads_first(tokens))
        theirs, _ = dynamic.update(given, given, 0)
        assert np.array_equal(theirs.numpy(), _heads_first(cache[:, :total]))
