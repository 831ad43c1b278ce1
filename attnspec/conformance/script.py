"""A finding as a script in NumPy alone, for a report to those who write the kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.script_arrays import laid, literal
from attnspec.conformance.script_calls import call, preparation
from attnspec.conformance.witness import Compared, Witness
from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect, Invariant
from attnspec.numerics import within

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
    if found.called is not None:
        calls += preparation(found.called)
    for case in earlier:
        calls += [*_arguments(case, found), *_call(case, "", found)]
    calls += [*_arguments(found.case, found), *_right(found, kind, dialect)]
    calls += [*_call(found.case, "result = ", found), *_comparison(found.results)]
    library = found.called.arrays if found.called else "numpy"
    body = "\n".join([*_kernel(target, library), _CHECK.rstrip(), *calls])
    text = "\n".join([*_head(law, said, library), *_imports(body), "", body]) + "\n"
    if len(text) > _LONGEST:
        msg = f"script: the arrays of this case take {len(text):,} characters"
        raise InvalidArgument(msg)
    return text


def _head(law: Invariant, said: str, library: str) -> Iterator[str]:
    yield f'"""{law.sentence}'
    yield ""
    yield f"A call breaks the law {law.id!r}: {said}."
    needs = "Python and NumPy" if library == "numpy" else f"Python, NumPy and {library}"
    yield f"Run it with {needs}; it ends with 1 where the fault shows."
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


def _kernel(target: str, library: str) -> Iterator[str]:
    """Yield the import of the kernel, or the place for it."""
    where, _, name = target.partition(":")
    whose = "NumPy" if library == "numpy" else library
    yield f"# The kernel: it takes and returns arrays of {whose}."
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


_NOT_ASSIGNED = ("causal", "window", "return_lse")
"""Options that the formula writes out, and a face says in its own words."""


def _arguments(case: Case, found: Witness) -> Iterator[str]:
    """Yield an assignment for each argument of a call."""
    for name, value in case.arguments.items():
        if found.called is not None and name in _NOT_ASSIGNED:
            continue
        if not isinstance(value, np.ndarray):
            yield f"{name} = {_plain(value)}"
            continue
        yield f"{name} = {literal(value)}"
        yield from laid(name, case.layout(name), tuple(range(value.ndim)))


def _plain(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)


def _call(case: Case, before: str, found: Witness) -> Iterator[str]:
    """Yield a call, in the words of the kernel's face if it has one of its own."""
    if found.called is not None:
        yield from call(found.called, case.without(*found.unsaid), before)
        return
    operands = list(case.operands)
    options = [f"{name}={name}" for name in case.options if name not in found.unsaid]
    plain = f"kernel({', '.join([*operands, *options])})"
    if not case.writes:
        yield f"{before}{plain}"
        return
    # What it does not return is in its arguments then.
    places = {write.result: name for name, write in case.writes.items()}
    back = {name: f"returned_{name}" for name, _, _ in case.returned}
    yield f"{', '.join(back.values())} = {plain}" if back and before else plain
    if before:
        places |= back
        yield f"{before}{', '.join(places[name] for name, _, _ in case.results)}"


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
            yield f"{name} = {literal(result.expected)}"
    for result in found.results:
        yield f"allowed_{result.name} = {literal(_rounded_up(result))}"


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
