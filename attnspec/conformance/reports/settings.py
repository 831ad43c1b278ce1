"""What a run was told by its environment that makes libraries take another kernel."""

from __future__ import annotations

import os

from attnspec.conformance.reports.words import one_line

_NAMES = {
    "torch": (
        "ATEN_CPU_CAPABILITY",
        "CUBLAS_WORKSPACE_CONFIG",
        "FLASH_ATTENTION_DETERMINISTIC",
        "FLASH_ATTENTION_TRITON_AMD_ENABLE",
        "NVIDIA_TF32_OVERRIDE",
        "NVTE_ALLOW_NONDETERMINISTIC_ALGO",
        "NVTE_FLASH_ATTN",
        "NVTE_FUSED_ATTN",
        "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    ),
    "jax": (
        "JAX_DEFAULT_MATMUL_PRECISION",
        "JAX_ENABLE_X64",
        "NVIDIA_TF32_OVERRIDE",
        "XLA_FLAGS",
    ),
    "mlx": ("MLX_ENABLE_TF32",),
}
"""For each library the variables that choose among its kernels, or change one."""

_LONGEST = 200
"""Characters of a value that are shown."""


def settings(arrays: str) -> dict[str, str]:
    """Return those that are set for a library's arrays; NumPy has one kernel.

    Examples
    --------
    >>> os.environ["XLA_FLAGS"] = "--xla_cpu_enable_fast_math=true"
    >>> settings("jax")
    {'XLA_FLAGS': '--xla_cpu_enable_fast_math=true'}
    >>> del os.environ["XLA_FLAGS"]
    """
    found = {name: os.environ.get(name, "") for name in _NAMES.get(arrays, ())}
    return {name: one_line(v)[:_LONGEST] for name, v in found.items() if v}


__all__ = ["settings"]
