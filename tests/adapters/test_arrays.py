"""A function of another library's arrays is judged like one of NumPy's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnspec._typing import DType
from attnspec.adapters._arrays import _wrapped
from attnspec.conformance import check_implementation
from attnspec.conformance.libraries import through
from attnspec.conformance.targets import Request
from attnspec.exceptions import UnusableTarget

TORCH = """
import torch

def rope(x, positions, *, base=10000.0):
    assert isinstance(x, torch.Tensor) and isinstance(positions, torch.Tensor)
    work = torch.float64 if x.dtype == torch.float64 else torch.float32
    half = x.shape[-1] // 2
    powers = -torch.arange(half, dtype=work) / half
    angles = positions[:, None].to(work) * torch.tensor(base, dtype=work) ** powers
    one, two = x[..., :half].to(work), x[..., half:].to(work)
    c, s = angles.cos(), angles.sin()
    return torch.cat([one * c - two * s, two * c + one * s], -1).to(x.dtype)
"""

JAX = """
import jax
from jax import numpy as jnp

def rope(x, positions, *, base=10000.0):
    assert isinstance(x, jax.Array) and isinstance(positions, jax.Array)
    work = jnp.float64 if x.dtype == jnp.float64 else jnp.float32
    half = x.shape[-1] // 2
    powers = -jnp.arange(half, dtype=work) / half
    angles = positions[:, None].astype(work) * jnp.asarray(base, work) ** powers
    one, two = x[..., :half].astype(work), x[..., half:].astype(work)
    c, s = jnp.cos(angles), jnp.sin(angles)
    turned = [one * c - two * s, two * c + one * s]
    return jnp.concatenate(turned, -1).astype(x.dtype)
"""


@pytest.mark.parametrize(("library", "source"), [("torch", TORCH), ("jax", JAX)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_a_function_of_tensors_conforms(
    library: str, source: str, dtype: DType, tmp_path: Path
) -> None:
    pytest.importorskip(library)
    file = tmp_path / f"rope_of_{library}.py"
    file.write_text(source, "utf-8")
    request = Request(f"{file}:rope", "rope", library)

    report = check_implementation(request(), dtypes=[dtype], tier="smoke")

    assert report.conforms
    assert report.detected.dialect["pairing"] == "half_split"
    assert report.detected.sources == {"pairing": "detected"}


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_results_keep_their_format_and_several_stay_several(library: str) -> None:
    pytest.importorskip(library)
    function = through(library, lambda x: (x, x * 2))

    found = function(np.ones((2, 3), np.float16))

    assert [(part.dtype, part.shape) for part in found] == [("float16", (2, 3))] * 2


@pytest.mark.parametrize(
    ("library", "module"), [("torch", "torch"), ("jax", "jax.numpy")]
)
def test_a_function_of_numbers_alone_gives_arrays(library: str, module: str) -> None:
    made = pytest.importorskip(module)

    def function(length: int) -> Any:
        return made.ones((length, 2), dtype=made.bfloat16)

    found = through(library, function)(3)

    assert (found.dtype.name, found.shape) == ("bfloat16", (3, 2))


def test_what_goes_in_and_what_comes_out_is_converted() -> None:
    def function(x: list[float], count: int, *, by: list[float]) -> Any:
        assert isinstance(x, list)
        return [x, by] if count == 2 else by

    wrapped = _wrapped(function, np.ndarray.tolist, np.asarray)
    one, two = np.ones(2), np.zeros(3)

    assert [np.shape(part) for part in wrapped(one, 2, by=two)] == [(2,), (3,)]


def test_a_library_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jax", None)

    with pytest.raises(UnusableTarget, match=r"jax is not installed; pip install '"):
        through("jax", lambda x: x)
