"""What attention is, exactly, and a judge for every kernel that computes it.

The definitions are here; so are the names with which a kernel is judged, which are
imported when they are asked for, because they need Hypothesis.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

from attnspec.reference import (
    Gradients,
    HeadProjections,
    LatentProjections,
    Projections,
    additive,
    alibi,
    alibi_slopes,
    attention,
    attention_backward,
    attention_vjp,
    attention_weights,
    attention_with_logsumexp,
    banded_attention,
    bilinear,
    concatenated,
    convolve,
    cosine,
    decode_greedily,
    delta_rule,
    dot_product,
    entmax15,
    frequencies,
    latent_attention_absorbed,
    latent_attention_expanded,
    learned,
    linear_attention,
    logsumexp,
    logsumexp_with_sink,
    masks,
    merge_heads,
    multi_head_attention,
    placed,
    pool,
    projected,
    read_set,
    relu_by_length,
    relu_by_visible,
    repeat_kv,
    rotary,
    rotary_matrix,
    scaled_dot_product,
    self_attention,
    self_attention_by_vector,
    self_attention_of_columns,
    shaw_outputs,
    shaw_scores,
    sigmoid,
    sinusoidal,
    softcapped,
    softmax,
    softmax_with_sink,
    sparsemax,
    split_attention,
    split_heads,
    stacked,
    t5_bias,
    t5_buckets,
    tanh_rnn,
    tempered,
    transformer_xl_scores,
    visible_keys,
    weighted_sum,
)

if TYPE_CHECKING:
    from attnspec.conformance import (
        Implementation,
        Program,
        check_implementation,
        parametrize_with_checks,
    )
    from attnspec.conformance.include import get_include
    from attnspec.judge.claims import Capabilities

try:
    __version__ = importlib.metadata.version("attnspec")
except importlib.metadata.PackageNotFoundError:  # A source tree, not installed.
    __version__ = "0+unknown"

_LAZY = {
    "Capabilities": "attnspec.judge.claims",
    "Implementation": "attnspec.conformance",
    "Program": "attnspec.conformance",
    "check_implementation": "attnspec.conformance",
    "get_include": "attnspec.conformance.include",
    "parametrize_with_checks": "attnspec.conformance",
}


if not TYPE_CHECKING:  # Type checkers would take any name as one of this module.

    def __getattr__(name: str) -> Any:
        """Import a name of the judge when it is asked for."""
        if name not in _LAZY:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    """List the names that are imported on demand as well."""
    return sorted({*globals(), *_LAZY})


__all__ = [
    "Capabilities",
    "Gradients",
    "HeadProjections",
    "Implementation",
    "LatentProjections",
    "Program",
    "Projections",
    "__version__",
    "additive",
    "alibi",
    "alibi_slopes",
    "attention",
    "attention_backward",
    "attention_vjp",
    "attention_weights",
    "attention_with_logsumexp",
    "banded_attention",
    "bilinear",
    "check_implementation",
    "concatenated",
    "convolve",
    "cosine",
    "decode_greedily",
    "delta_rule",
    "dot_product",
    "entmax15",
    "frequencies",
    "get_include",
    "latent_attention_absorbed",
    "latent_attention_expanded",
    "learned",
    "linear_attention",
    "logsumexp",
    "logsumexp_with_sink",
    "masks",
    "merge_heads",
    "multi_head_attention",
    "parametrize_with_checks",
    "placed",
    "pool",
    "projected",
    "read_set",
    "relu_by_length",
    "relu_by_visible",
    "repeat_kv",
    "rotary",
    "rotary_matrix",
    "scaled_dot_product",
    "self_attention",
    "self_attention_by_vector",
    "self_attention_of_columns",
    "shaw_outputs",
    "shaw_scores",
    "sigmoid",
    "sinusoidal",
    "softcapped",
    "softmax",
    "softmax_with_sink",
    "sparsemax",
    "split_attention",
    "split_heads",
    "stacked",
    "t5_bias",
    "t5_buckets",
    "tanh_rnn",
    "tempered",
    "transformer_xl_scores",
    "visible_keys",
    "weighted_sum",
]
