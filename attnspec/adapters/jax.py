"""JAX on the CPU: jax.nn.dot_product_attention."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from attnspec._typing import DType, Window
from attnspec.conformance import Implementation
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.numerics import PRESETS, NumericModel

REQUIRES: tuple[str, ...] = ("jax",)
EXTRA = "jax"

_CLAIMS = ("grouped_query", "empty_keys", "empty_queries")

_DIALECT = {
    "alignment": "upper_left",
    "empty_row": "mean",
    "empty_lse": "finite",
    "empty_keys": "zero",
    "nan_masked_key": "clean",
}

# A new shape is compiled anew, and a run sees thousands of shapes: this takes a
# sixth of the time, with the same operators in the same order.
_QUICK = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
}

_ROOM = 500
"""Calls after which compiled programs are dropped."""

_STATIC = (
    "scale",
    "is_causal",
    "local_window_size",
    "implementation",
    "return_residual",
)


def implementations() -> dict[str, Implementation]:
    """Return JAX's attention by variant; the first is the default.

    Notes
    -----
    ``xla`` is compiled with little optimization, which is faster where every
    call has another shape; ``optimized`` as `jax.jit` does it by default;
    ``eager`` is not compiled as a whole, and alone has float16: a compiled
    float16 product is refused on the CPU.
    """
    compiled: tuple[DType, ...] = ("float32", "bfloat16", "float64")
    return {
        "xla": _implementation("xla", _QUICK, compiled),
        "optimized": _implementation("optimized", {}, compiled),
        "eager": _implementation("eager", None, (*compiled, "float16")),
    }


def _implementation(
    variant: str, options: Mapping[str, Any] | None, dtypes: tuple[DType, ...]
) -> Implementation:
    """Return a variant with what the documentation says that it supports."""
    import jax

    from attnspec.adapters._jax_deviations import deviations, refused_products

    return Implementation.of(
        _attention(options),
        arrays="jax",
        name=f"jax:{variant}",
        dtypes=dtypes,
        claims=_CLAIMS,
        without=ATTENTION.strided,  # Its arrays have strides of their own.
        dialect=_DIALECT,
        models={name: _models()[name] for name in dtypes},
        deviations=deviations() + (() if options is None else refused_products()),
        version=f"jax {jax.__version__}",
    )


def _models() -> dict[str, NumericModel]:
    """Return how it computes in each format.

    Scores are at least float32 and the softmax is float32 always, in float64
    too. Weights are normalized, rounded to the format of the keys, and so is
    the logsumexp.
    """
    single = PRESETS["float32"]
    models = {"float32": single.replace(name="jax-float32")}
    for name in ("bfloat16", "float16"):
        models[name] = PRESETS[f"flash-{name}"].replace(
            name=f"jax-{name}", weights_normalized=True, lse=name
        )
    inner = ("softmax", "exp_relative", "exp_argument", "log_relative", "flushed")
    models["float64"] = PRESETS["float64"].replace(
        name="jax-float64",
        scores=("float32",),
        weights="float32",
        weights_normalized=True,
        **{name: getattr(single, name) for name in inner},
    )
    return models


def _attention(options: Mapping[str, Any] | None) -> Callable[..., Any]:
    """Return the function as a kernel, compiled with these options, or not."""

    def kernel(
        query: Any,
        key: Any,
        value: Any,
        *,
        mask: Any = None,
        bias: Any = None,
        scale: float | None = None,
        causal: bool = False,
        window: Window | None = None,
        return_lse: bool = False,
    ) -> Any:
        """Return the output, and the logsumexp if asked for."""
        import jax

        # What is traced is compiled by whoever traces it, with options of its own.
        traced = isinstance(query, jax.core.Tracer)
        chosen = () if traced or options is None else tuple(options.items())
        function = _function(None if options is None else chosen)
        _make_room()
        output, lse = function(
            *map(_heads_last, (query, key, value)),
            mask=None if mask is None else _of_rank_four(mask),
            bias=None if bias is None else _of_rank_four(bias),
            scale=scale,
            is_causal=causal,
            local_window_size=_distances(window, query.shape[2], key.shape[2]),
            implementation="xla",
            return_residual=True,
        )
        result = output.swapaxes(1, 2)
        return (result, lse.swapaxes(1, 2)) if return_lse else result

    return kernel


@functools.cache
def _function(options: tuple[tuple[str, Any], ...] | None) -> Callable[..., Any]:
    """Return the function, compiled for each shape, or as it is."""
    import jax

    function: Callable[..., Any] = jax.nn.dot_product_attention
    if options is None:
        return function
    return jax.jit(function, static_argnames=_STATIC, compiler_options=dict(options))


_CALLS = itertools.count(1)


def _make_room() -> None:
    """Drop what was compiled, now and then: some thousand programs end the process."""
    import jax

    if next(_CALLS) % _ROOM == 0:
        jax.clear_caches()


def _heads_last(array: Any) -> Any:
    """Return an operand as (B, L, H, E)."""
    return array.swapaxes(1, 2)


def _of_rank_four(array: Any) -> Any:
    """Return a mask or bias with leading axes: it takes no other rank."""
    return array[(None,) * (4 - array.ndim)]


def _distances(
    window: Window | None, queries: int, keys: int
) -> tuple[int, int] | None:
    """Return a window whose sides are numbers; beyond all keys is unlimited."""
    if window is None:
        return None
    far = queries + keys
    left, right = (far if side is None else side for side in window)
    return left, right


__all__ = ["EXTRA", "REQUIRES", "implementations"]
