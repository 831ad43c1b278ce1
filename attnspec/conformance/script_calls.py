"""The calls of a script, in the words of the face of the kernel that is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from attnspec.conformance.script_arrays import laid, literal
from attnspec.faces import Called
from attnspec.faces._packed import AXIS
from attnspec.judge.case import Case
from attnspec.kinds.attention.case import AttentionCase

_BOTH_WAYS = {
    "numpy": ("", "return array", "return value"),
    "torch": (
        "import torch",
        """half = array.dtype.name == "bfloat16"
    tensor = torch.from_numpy(array.view(np.int16) if half else array)
    return tensor.view(torch.bfloat16) if half else tensor""",
        """value = value.detach().cpu()
    return (value.float() if value.dtype == torch.bfloat16 else value).numpy()""",
    ),
    "jax": (
        "import jax\n\njax.config.update('jax_enable_x64', True)",
        "return jax.numpy.asarray(array)",
        "return np.asarray(value)",
    ),
    "mlx": (
        "import mlx.core as mx",
        "return mx.array(array)",
        "return np.array(value.astype(mx.float32))",
    ),
}
"""For each library its import, and how arrays become its own and come back."""


def preparation(called: Called) -> Iterator[str]:
    """Yield what must stand before the calls of a kernel."""
    library, there, back = _BOTH_WAYS[called.arrays]
    if called.device:
        there = f"{there}.to({called.device!r})"
    yield library
    if called.face.leading:
        yield "from types import SimpleNamespace as namespace"
    yield from ("", "", "def there(array):", f"    {there}")
    yield from ("", "", "def back(value):", f"    {back}", "", "")


def call(called: Called, case: Case, before: str) -> Iterator[str]:
    """Yield a call of a kernel; after `before` stands its result in our own order."""
    mine = cast("AttentionCase", case)
    names, order = called.operands, called.face.order
    for name, held in zip(names, called.face.operands.values(), strict=True):
        parts = [f"{operand}.transpose({order})" for operand in held]
        if len(parts) > 1:
            yield f"{name} = np.stack([{', '.join(parts)}], {AXIS})"
            continue
        yield f"{name} = np.ascontiguousarray({parts[0]})"
        yield from laid(name, case.layout(held[0]), order)
    words = [f"{made(mine)!r}" for made in called.face.leading.values()]
    words += [f"there({name})" for name in names]
    for name, value in called.keywords(mine).items():
        if isinstance(value, np.ndarray):
            yield f"{name} = {literal(value)}"
            words.append(f"{name}=there({name})")
        else:
            words.append(f"{name}={_plain(value)}")
    yield f"found = kernel({', '.join(words)})"
    if before:
        yield f"{before}{_read(called, mine)}"


def _read(called: Called, case: AttentionCase) -> str:
    """Return the expression that has the results in our own order."""
    said = called.face.returned
    output = tuple(map(said.axes.index, "BHLE"))
    first = "found[0] if isinstance(found, tuple | list) else found"
    result = f"back({first}).transpose({output})"
    if "return_lse" not in case.options:
        return result
    lse = tuple(map(said.lse_axes.index, "BHL"))
    return f"{result}, back(found[1]).transpose({lse})"


def _plain(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)


__all__ = ["call", "preparation"]
