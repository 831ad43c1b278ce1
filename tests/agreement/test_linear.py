"""Linear attention and the delta rule, beside ONNX and Transformers.

ONNX LinearAttention-27 as its reference evaluates it (onnx 1.23), and the gated delta
rule of Qwen3-Next (Transformers), recurrent and in chunks. What differs, by design:

- Both scale the output by 1 / sqrt(E); ONNX takes a scale of 0 for the default.
- Both take the logarithm of the decay, and compute in float32 whatever they are given.
- Heads: ONNX repeats the state for groups of queries, Qwen3-Next repeats queries and
  keys for groups of values. Here each head has its own state.
- Chunks of Qwen3-Next subtract logarithms of decays, and make NaN of a decay of 0.

Where nothing is rounded, both sides have to be equal; everywhere else a product
passes a counted number of roundings in float32, see `_formats`. The sum of absolute
products is the definition itself: with a rate of -b and a value of -v, what is written
is not b (v - S k) but b (v + S k), and nothing is subtracted any more.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import (
    delta_rule,
    delta_rule_chunked,
    delta_rule_recurrent,
    linear_attention,
    linear_attention_chunked,
    linear_attention_recurrent,
)
from tests.agreement._formats import FLOAT32, gamma
from tests.reference._problems import Array, generators, sizes

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
evaluators = pytest.importorskip("onnx.reference")
pytest.importorskip("transformers")
qwen = pytest.importorskip("transformers.models.qwen3_next.modeling_qwen3_next")

RULES = ["linear", "gated", "delta", "gated_delta"]
LINEAR: list[Any] = [
    linear_attention,
    linear_attention_recurrent,
    lambda *x, **options: linear_attention_chunked(*x, chunk=2, **options),
]
DELTA: list[Any] = [
    delta_rule,
    delta_rule_recurrent,
    lambda *x, **options: delta_rule_chunked(*x, chunk=2, **options),
]


@dataclasses.dataclass(frozen=True)
class Task:
    """Arrays (B, H, N, width), each with heads of its own; states belong to values."""

    query: Array
    key: Array
    value: Array
    log_decay: Array
    rate: Array
    state: Array | None
    scale: float = 0.0

    @property
    def heads(self) -> int:
        return max(self.query.shape[1], self.value.shape[1])

    def replaced(self, change: Any, **other: Any) -> Task:
        """Change every array; leave out the state where there is none."""
        names = ("query", "key", "value", "log_decay", "rate", "state")
        there = [name for name in names if getattr(self, name) is not None]
        arrays = {name: change(getattr(self, name)) for name in there}
        return dataclasses.replace(self, **(arrays | other))


@st.composite
def tasks(draw: st.DrawFn, *, exact: bool, grouped: str) -> Task:
    """Sequences in float32, where queries, or values, have the more heads.

    Exact ones are not rounded: with keys of -1, 0 and 1, four of them, the state grows
    by a factor of at most 5 and one bit at each of 4 steps, from 3 to below 2^12 with
    four bits behind the point.
    """
    rng, onnx_like = draw(generators()), grouped == "query"
    batch, heads, group = draw(sizes(1, 2)), draw(sizes(1, 2)), draw(sizes(1, 3))
    length = draw(sizes(int(not onnx_like), 4 if exact else 6))
    width, value_width = draw(st.sampled_from([1, 4])), draw(sizes(1, 3))
    gates = draw(st.sampled_from([1, width])) if onnx_like else 1
    more, owners = heads * group, heads if onnx_like else heads * group
    rates = 1 if onnx_like and draw(st.booleans()) else owners

    def vectors(count: int, size: int) -> Array:
        shape = batch, count, length, size
        return rng.integers(-2, 3, shape) if exact else rng.normal(size=shape)

    key = vectors(heads, width)
    logs = (0.0, -np.inf) if exact else (0.0, -0.1, -1.0, -2.5)
    state = rng.integers(-3, 4, (batch, owners, width, value_width))
    drawn = Task(
        query=vectors(more if onnx_like else heads, width),
        key=np.sign(key) if exact else key / 2.0,
        value=vectors(owners, value_width),
        log_decay=rng.choice(logs, size=(batch, owners, length, gates)),
        rate=rng.choice([0.0, 0.5, 1.0], size=(batch, rates, length)),
        state=state if draw(st.booleans()) else None,
        scale=draw(st.sampled_from([0.0, 0.25, 2.0])) if onnx_like else 0.0,
    )
    return drawn.replaced(lambda x: x.astype(np.float32))


def packed(array: Array) -> Array:
    """Put (B, H, N, width) as ONNX has it: (B, N, H width)."""
    batch, heads, length, width = array.shape
    return array.swapaxes(1, 2).reshape(batch, length, heads * width)


def onnx_answer(task: Task, rule: str) -> tuple[Array, Array]:
    """Ask the reference of ONNX; it gives the output as (B, Hq, N, Ev)."""
    feeds = {n: packed(getattr(task, n)) for n in ("query", "key", "value")}
    if task.state is not None:
        feeds["past_state"] = task.state
    if "gated" in rule:
        feeds["decay"] = packed(task.log_decay)
    if "delta" in rule:
        feeds["beta"] = packed(task.rate[..., None])
    names = ("query", "key", "value", "past_state", "decay", "beta")
    heads, shared = task.query.shape[1], task.key.shape[1]
    node = onnx.helper.make_node(
        "LinearAttention",
        [name if name in feeds else "" for name in names],
        ["output", "present"],
        q_num_heads=heads,
        kv_num_heads=shared,
        scale=task.scale,
        update_rule=rule,
    )
    output, state = evaluators.ReferenceEvaluator(node).run(None, feeds)
    batch, length, size = output.shape
    unpacked = output.reshape(batch, length, heads, size // heads)
    return unpacked.swapaxes(1, 2), state


def definition(task: Task, rule: str, form: Any) -> tuple[Array, Array]:
    """Ask a definition with all arrays repeated to the most heads."""

    def spread(x: Array) -> Array:
        return np.repeat(x, task.heads // x.shape[1], axis=1)

    arrays = [spread(x) for x in (task.query, task.key, task.value)]
    options: dict[str, Array] = {}
    if task.state is not None:
        options["state"] = spread(task.state)
    if "gated" in rule:
        options["decay"] = np.exp(spread(task.log_decay).astype(np.float64))
    if "delta" in rule:
        arrays.append(spread(task.rate))
    output, state = form(*arrays, **options)
    scale = task.scale or 1.0 / np.sqrt(task.query.shape[-1])
    return scale * output, state[:, :: task.heads // task.value.shape[1]]


def absolute(task: Task, rule: str) -> tuple[Array, Array]:
    """Sum up the absolute products of output and state."""
    positive = task.replaced(np.abs, log_decay=task.log_decay)
    if "delta" not in rule:
        return definition(positive, rule, LINEAR[1])
    turned = dataclasses.replace(positive, value=-positive.value, rate=-positive.rate)
    return definition(turned, rule, DELTA[1])


def near(
    expected: tuple[Array, Array], actual: tuple[Array, Array], bound: Any = (0.0, 0.0)
) -> bool:
    """Whether output and state are each within their bound, or equal."""
    pairs = zip(expected, actual, bound, strict=True)
    return all((np.abs(e - a) <= b).all() for e, a, b in pairs)


def forms(rule: str) -> list[Any]:
    return DELTA if "delta" in rule else LINEAR


@pytest.mark.parametrize("rule", RULES)
@given(tasks(exact=True, grouped="query"))
def test_onnx_is_the_definition_where_nothing_is_rounded(rule: str, task: Task) -> None:
    expected = onnx_answer(task, rule)

    for form in forms(rule):
        assert near(expected, definition(task, rule, form))


@pytest.mark.parametrize("rule", RULES)
@given(tasks(exact=False, grouped="query"))
def test_onnx_is_the_definition_up_to_float32(rule: str, task: Task) -> None:
    """At each step: exp and decay 9, a sum over E, and four more; then the output."""
    expected = onnx_answer(task, rule)
    *_, length, width = task.query.shape
    count = (length + 1) * (width + 16)
    bound = [gamma(count, FLOAT32) * size for size in absolute(task, rule)]

    for form in forms(rule):
        assert near(expected, definition(task, rule, form), bound)


# Unwrapped: where fla is installed, transformers calls its kernels instead.
recurrent = inspect.unwrap(qwen.torch_recurrent_gated_delta_rule)


def chunked(size: int) -> Any:
    form = inspect.unwrap(qwen.torch_chunk_gated_delta_rule)
    return functools.partial(form, chunk_size=size)


QWEN: st.SearchStrategy[int | None] = st.sampled_from([None, 1, 2, 3, 64])
"""No chunks, or chunks of a size."""


def qwen_answer(task: Task, chunk: int | None) -> tuple[Array, Array]:
    """Ask Qwen3-Next, which has (B, N, H, width) and one decay for each step."""
    arrays = [task.query, task.key, task.value, task.log_decay[..., 0], task.rate]
    moved = [torch.from_numpy(x.swapaxes(1, 2).copy()) for x in arrays]
    past = None if task.state is None else torch.from_numpy(task.state)
    form = recurrent if chunk is None else chunked(chunk)
    output, state = form(*moved, initial_state=past, output_final_state=True)
    return output.numpy().swapaxes(1, 2), state.numpy()


@given(tasks(exact=True, grouped="value"), QWEN)
def test_qwen_is_the_definition_where_nothing_is_rounded(
    task: Task, chunk: int | None
) -> None:
    """In chunks, without decays of zero."""
    log_decay = task.log_decay if chunk is None else np.zeros_like(task.log_decay)
    exact = dataclasses.replace(task, log_decay=log_decay)
    expected = qwen_answer(exact, chunk)

    for form in DELTA:
        assert near(expected, definition(exact, "gated_delta", form))


@given(tasks(exact=False, grouped="value"), QWEN)
def test_qwen_is_the_definition_up_to_float32(task: Task, chunk: int | None) -> None:
    """As for ONNX; in chunks, sums over their steps, and differences of logarithms.

    A sum of logarithms g is off by C u times the sum of |g|, their difference by twice
    that and u more, and its exponential by a factor that is as far from one. Every step
    of a product passes one of them at most.
    """
    expected = qwen_answer(task, chunk)
    *_, length, width = task.query.shape
    count = width + 16.0
    if chunk is not None:
        count += chunk + (2.0 * chunk + 1.0) * np.abs(task.log_decay).sum(2).max()
    size = absolute(task, "gated_delta")
    bound = [gamma((length + 1) * count, FLOAT32) * x for x in size]

    for form in DELTA:
        assert near(expected, definition(task, "gated_delta", form), bound)


@pytest.mark.parametrize("chunk", [None, 2])
def test_a_decay_of_zero_forgets_except_in_chunks_of_qwen(chunk: int | None) -> None:
    """Minus infinity less minus infinity is no number (Transformers 5.23)."""
    ones = np.ones((1, 1, 2, 1), dtype=np.float32)
    logs = np.array([0.0, -np.inf], dtype=np.float32).reshape(1, 1, 2, 1)
    task = Task(ones, ones, np.float32(3.0) * ones, logs, ones[..., 0], None)
    expected, _ = definition(task, "gated_delta", DELTA[0])
    actual, _ = qwen_answer(task, chunk)

    assert np.array_equal([3.0, 3.0], expected.ravel())
    assert np.array_equal([False, chunk is not None], np.isnan(actual.ravel()))


def test_qwen_does_not_take_a_short_key_to_length_one() -> None:
    """Its normalizer adds 1e-6 under the root: as much as is there already."""
    short = torch.full((1,), 1e-3, dtype=torch.float64)

    assert abs(qwen.l2norm(short).item() - 0.5**0.5) <= gamma(8, 2.0**-53)
