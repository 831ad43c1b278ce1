"""How long it takes to judge a function that is compiled for each shape.

Run as ``python benchmarks/compiled.py [--tier TIER] [--seed N]``, where PyTorch and JAX
are installed. The same small function is written in both; that of JAX is compiled. A
line has the seconds, and how many shapes and calls there were; the last has the ratio
of the time of processors, which other programs change the least.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable
from typing import Any

from attnspec.conformance import check_implementation
from attnspec.judge.tiers import TIERS

Kernel = Callable[..., Any]


def of_torch() -> Kernel:
    """Return attention of tensors."""
    import torch  # noqa: PLC0415 - a library that may be missing

    def kernel(
        query: Any,
        key: Any,
        value: Any,
        *,
        mask: Any = None,
        scale: Any = None,
        causal: bool = False,
    ) -> Any:
        scale = query.shape[-1] ** -0.5 if scale is None else scale
        scores = query @ key.transpose(2, 3) * scale
        queries, keys = scores.shape[-2:]
        if causal:
            seen = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
            scores = scores.masked_fill(~seen, -torch.inf)
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        hidden = (scores == -torch.inf).all(-1, keepdim=True)
        weights = torch.softmax(scores.masked_fill(hidden, 0.0), -1)
        return (weights.masked_fill(hidden, 0.0)) @ value

    return kernel


def of_jax() -> Kernel:
    """Return attention of JAX's arrays, compiled."""
    import jax  # noqa: PLC0415 - a library that may be missing
    from jax import numpy as jnp  # noqa: PLC0415

    @functools.partial(jax.jit, static_argnames=("causal",))
    def kernel(
        query: Any,
        key: Any,
        value: Any,
        *,
        mask: Any = None,
        scale: Any = None,
        causal: bool = False,
    ) -> Any:
        scale = query.shape[-1] ** -0.5 if scale is None else scale
        scores = query @ key.swapaxes(2, 3) * jnp.asarray(scale, query.dtype)
        queries, keys = scores.shape[-2:]
        if causal:
            seen = jnp.tril(jnp.ones((queries, keys), bool), keys - queries)
            scores = jnp.where(seen, scores, -jnp.inf)
        if mask is not None:
            scores = jnp.where(mask, scores, -jnp.inf)
        hidden = (scores == -jnp.inf).all(-1, keepdims=True)
        weights = jax.nn.softmax(jnp.where(hidden, 0.0, scores), -1)
        return jnp.where(hidden, 0.0, weights) @ value

    return kernel


def measured(library: str, kernel: Kernel, tier: str, seed: int) -> float:
    """Print what it took to judge a kernel, and return the seconds of processors."""
    shapes: set[Any] = set()
    calls = 0

    @functools.wraps(kernel)
    def counted(*operands: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        given = (*operands, *options.values())
        shapes.add((*(getattr(a, "shape", None) for a in given), *options))
        return kernel(*operands, **options)

    begun, busy = time.monotonic(), time.process_time()
    report = check_implementation(
        counted,
        arrays=library,  # type: ignore[arg-type]
        dtypes=["float32"],
        tier=tier,  # type: ignore[arg-type]
        seed=seed,
    )
    taken, work = time.monotonic() - begun, time.process_time() - busy
    said = "conforms" if report.conforms else "does not conform"
    times = f"{taken:7.1f} s  {work:7.1f} s of processors"
    counts = f"{len(shapes):5} shapes  {calls:6,} calls"
    print(f"{library:6} {times}  {counts}  {said}", flush=True)
    return work


def main() -> None:
    """Print a line for each library, and the ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tier", choices=list(TIERS), default="smoke")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch = measured("torch", of_torch(), asked.tier, asked.seed)
    jax = measured("jax", of_jax(), asked.tier, asked.seed)
    print(f"ratio {jax / torch:.2f}")


if __name__ == "__main__":
    main()
