"""The face `single-decode`: FlashInfer's function of one query of one sequence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from attnspec._typing import Array
from attnspec.faces._of_kind import KindFace, Wrap, word
from attnspec.faces._single import joined
from attnspec.faces.planned import of_tokens
from attnspec.judge.usage import ANY, FLOATING, Argument
from attnspec.reference import gather_pages


@dataclasses.dataclass(frozen=True, kw_only=True)
class _SingleFace(KindFace):
    """A calling convention for one sequence: a batch takes a call for each."""

    def native(self, function: Callable[..., Any], wrap: Wrap) -> Callable[..., Any]:
        """Return the calls of a batch as one of NumPy's arrays."""
        call = wrap(function)

        def calls(*placed: Any, **passed: Any) -> Any:
            answers = [call(*own, **passed) for own in zip(*placed, strict=True)]
            return joined(answers, 2 if passed.get("return_lse") else 1)

        return calls


def _sequences(
    query: Array,
    key_pages: Array,
    value_pages: Array,
    table: Array,
    lengths: Array,
    **_: Any,
) -> tuple[Any, ...]:
    """Give the query of each sequence, and its keys and values in one array each."""
    key, value = (
        [x[:n] for x, n in zip(gather_pages(a, table, lengths), lengths, strict=True)]
        for a in (key_pages, value_pages)
    )
    return query[:, 0], key, value


_EXAMPLE = """\
# example.py
import numpy as np


def single_decode(q, k, v, use_tensor_cores=False, sm_scale=None):
    scale = q.shape[-1] ** -0.5 if sm_scale is None else sm_scale
    groups = q.shape[0] // k.shape[1]
    k, v = k.repeat(groups, axis=1), v.repeat(groups, axis=1)
    scores = scale * np.einsum("he,khe->hk", q, k)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("hk,khe->he", weights, v)
"""

SINGLE_DECODE = _SingleFace(
    id="single-decode",
    title="flashinfer.single_decode_with_kv_cache",
    sentence="FlashInfer's function of one query and its keys, read from their pages.",
    kind="paged",
    operands={
        "q": Argument("Hq E", "a query", ANY, known_as=("query",)),
        "k": Argument("S Hkv E", "all keys", ANY, known_as=("key", "k_cache")),
        "v": Argument("S Hkv Ev", "all values", ANY, known_as=("value", "v_cache")),
    },
    results={
        "output": Argument("Hq Ev", "the values, weighed", ANY),
        "lse": Argument("Hq", "the logarithm of the denominator", ANY, FLOATING),
    },
    given=_sequences,
    keywords=(
        word("scale", "sm_scale"),
        word("softcap", "logits_soft_cap"),
        word("return_lse", "return_lse"),
    ),
    needs=("use_tensor_cores",),
    read=of_tokens,
    without=("no_keys", "several_queries"),
    example=_EXAMPLE,
    arrays="torch",
)
"""Decoding one sequence, as FlashInfer has it."""

__all__ = ["SINGLE_DECODE"]
