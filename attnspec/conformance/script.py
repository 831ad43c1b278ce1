"""A finding as a script in NumPy alone, for a report to those who write the kernel."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.witness import Compared, Witness
from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect, Invariant
from attnspec.numerics import within

_LITERAL = 256
"""Values of an array that are written one by one; a larger one is packed."""

_LONGEST = 400_000
"""Characters of a script: an issue takes no more."""

_EARLIER = 8
"""The most earlier calls that a script makes."""

_CHECK = '''

def check(name, expected, actual, allowed):
    """Print the worst entry, and return whether the result is wrong."""
    if np.shape(actual) != expected.shape:
        print(f"{name}: expected shape {expected.shape}, got {np.shape(actual)}")
        return True
    actual = np.asarray(actual).astype(np.float64)
    with np.errstate(invalid="ignore"):
        error = np.abs(actual - expected)
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        wrong = ~(same | (error <= allowed))
    if not wrong.any():
        print(f"{name}: right")
        return False
    badness = np.where(wrong, np.nan_to_num(error, nan=np.inf), -1.0)
    worst = np.unravel_index(badness.argmax(), badness.shape)
    limit = np.broadcast_to(allowed, expected.shape)[worst]
    index = ", ".join(map(str, worst))
    print(f"{name}[{index}]: expected {expected[worst]:.9g}", end=" ")
    print(f"within {limit:.3g}, got {actual[worst]:.9g}; {wrong.sum()} entries wrong")
    return True

'''


def script(
    found: Witness,
    law: Invariant,
    kind: Kind,
    dialect: Dialect,
    target: str,
    said: str,
) -> str:
    """Return the text of a script that shows a fault, and ends with 1 where it does.

    Parameters
    ----------
    found
        The call that is wrong.
    law, kind, dialect
        What it breaks, and what is right.
    target
        The words that name the kernel; what can be imported is.
    said
        The smallest case in words.

    Raises
    ------
    InvalidArgument
        If no call is wrong by itself, or the arrays are too many.
    """
    if not found.is_wrong:
        msg = f"script: every call of {law.id} is right by itself; it compares calls"
        raise InvalidArgument(msg)
    earlier = found.earlier
    if len(earlier) > _EARLIER:
        earlier = ()
    calls = ["", ""]
    for case in earlier:
        calls += [*_arguments(case), _call(case, "", found.unsaid)]
    calls += [*_arguments(found.case), *_right(found, kind, dialect)]
    calls += [_call(found.case, "result = ", found.unsaid), *_comparison(found.results)]
    body = "\n".join([*_kernel(target), _CHECK.rstrip(), *calls])
    text = "\n".join([*_head(law, said), *_imports(body), "", body]) + "\n"
    if len(text) > _LONGEST:
        msg = f"script: the arrays of this case take {len(text):,} characters"
        raise InvalidArgument(msg)
    return text


def _head(law: Invariant, said: str) -> Iterator[str]:
    yield f'"""{law.sentence}'
    yield ""
    yield f"A call breaks the law {law.id!r}: {said}."
    yield "Run it with Python and NumPy; it ends with 1 where the fault shows."
    yield '"""'
    yield ""


def _imports(body: str) -> Iterator[str]:
    """Yield the imports that the rest of a script makes use of."""
    if "zlib." in body:
        yield from ("import base64", "import sys", "import zlib", "")
    else:
        yield from ("import sys", "")
    if "ml_dtypes." in body:
        yield "import ml_dtypes"
    yield "import numpy as np"
    yield "from numpy import inf, nan"


def _is_foreign(array: Array) -> bool:
    """Return whether an array has a format that NumPy alone does not have."""
    return not hasattr(np, array.dtype.name)


def _kernel(target: str) -> Iterator[str]:
    """Yield the import of the kernel, or the place for it."""
    where, _, name = target.partition(":")
    yield "# The kernel: it takes and returns arrays of NumPy."
    if name and where.endswith(".py"):
        path = Path(where)
        yield f"sys.path.insert(0, {str(path.parent)!r})"
        where = path.stem
    if name and where.replace(".", "").isidentifier():
        first, *rest = name.split(".")
        yield f"from {where} import {first} as kernel"
        if rest:
            yield f"kernel = kernel.{'.'.join(rest)}"
        return
    yield "def kernel(*operands, **options):"
    yield '    raise NotImplementedError("import the kernel here")'


def _arguments(case: Case) -> Iterator[str]:
    """Yield an assignment for each argument of a call."""
    for name, value in case.arguments.items():
        if not isinstance(value, np.ndarray):
            yield f"{name} = {_plain(value)}"
            continue
        yield f"{name} = {_array(value)}"
        yield from _laid(name, case.layout(name), value.ndim)


_LEAST_AXES = {
    "transposed": 3,
    "sliced": 2,
    "broadcast_batch": 4,
    "broadcast_heads": 4,
}
"""The axes that an array must have for a layout to change how it lies."""


def _plain(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)


def _laid(name: str, layout: str, axes: int) -> Iterator[str]:
    """Yield how an array comes to lie in memory as it did, if it has the axes."""
    if axes < _LEAST_AXES.get(layout, 0):
        return
    if layout == "transposed":
        yield f"{name} = np.swapaxes(np.swapaxes({name}, -3, -2).copy(), -3, -2)"
    elif layout == "sliced":
        yield f"{name} = np.repeat({name}, 2, axis=-2)[..., ::2, :]"
    elif layout.startswith("broadcast"):
        part = ":1" if layout.endswith("batch") else ":, :1"
        yield f"{name} = np.broadcast_to({name}[{part}], {name}.shape)"
    elif layout != "contiguous":
        yield f"# attnspec gave {name} a layout of its own: {layout}"


def _array(array: Array) -> str:
    """Return an expression that makes an array, bit for bit."""
    foreign, name = _is_foreign(array), array.dtype.name
    dtype = "bool" if name == "bool" else f"np.{name}"
    flat = array.reshape(-1)
    if flat.size > _LITERAL:
        packed = base64.b64encode(zlib.compress(flat.tobytes(), 9)).decode()
        form = f"ml_dtypes.{name}" if foreign else dtype
        raw = f"zlib.decompress(base64.b64decode({packed!r}))"
        return f"np.frombuffer({raw}, {form}).reshape({array.shape}).copy()"
    values = flat.astype(np.float64) if foreign else flat
    form = f"np.float64).astype(ml_dtypes.{name}" if foreign else dtype
    return f"np.array({values.tolist()!r}, {form}).reshape({array.shape})"


def _call(case: Case, before: str, unsaid: Sequence[str]) -> str:
    operands = list(case.operands)
    options = [f"{name}={name}" for name in case.options if name not in unsaid]
    return f"{before}kernel({', '.join([*operands, *options])})"


def _right(found: Witness, kind: Kind, dialect: Dialect) -> Iterator[str]:
    """Yield what is right, as a formula where one says it, and the bounds."""
    names = [f"expected_{result.name}" for result in found.results]
    formula = kind.words.formula(found.case, dialect) if kind.words.formula else ""
    if formula and _is_right(formula, found, names):
        yield "# What is right, in float64."
        yield from formula.splitlines()
    else:
        yield "# What is right, rounded to float64."
        for name, result in zip(names, found.results, strict=True):
            yield f"{name} = {_array(result.expected)}"
    for result in found.results:
        yield f"allowed_{result.name} = {_array(_rounded_up(result))}"


def _rounded_up(result: Compared) -> Array:
    """Return the bound with four digits, one number if it is the same everywhere."""
    bound = np.asarray(result.bound, np.float64)
    up = np.array([float(f"{1.0005 * b:.4g}") for b in bound.reshape(-1)], np.float64)
    is_one = bool(up.size) and (up == up[:1]).all()
    return up[:1].reshape(()) if is_one else up.reshape(bound.shape)


def _is_right(formula: str, found: Witness, names: Sequence[str]) -> bool:
    """Return whether a formula gives what the bounds are about."""
    space: dict[str, Any] = {"np": np, "inf": np.inf, **found.case.arguments}
    with np.errstate(all="ignore"):
        exec(formula, space)  # noqa: S102 - our own formula
    return all(
        within(result.expected, space[name], 0.125 * result.bound).holds
        for name, result in zip(names, found.results, strict=True)
    )


def _comparison(results: Sequence[Compared]) -> Iterator[str]:
    """Yield the comparisons, and the end."""
    several = len(results) > 1
    yield "wrong = ["
    for place, result in enumerate(results):
        name, part = result.name, f"result[{place}]" if several else "result"
        yield f"    check({name!r}, expected_{name}, {part}, allowed_{name}),"
    yield "]"
    yield "sys.exit(any(wrong))"


__all__ = ["script"]
