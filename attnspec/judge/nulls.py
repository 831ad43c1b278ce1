"""Wrong answers that an example must be able to tell from a right one.

A null is a function of a case and of what is right. It is asked for one result of
the case; the others are right, so that each result must exclude its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case, Result, Shape, settled
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind, Null
from attnspec.judge.law import Dialect, Exact
from attnspec.numerics import NumericModel
from attnspec.numerics.dtypes import numpy_dtype


@dataclasses.dataclass(frozen=True)
class Right:
    """What is right for any case: one of its results, in float64, without a bound."""

    bench: KernelBench
    result: str = ""
    """The name of the result; the first one if it is empty."""
    changed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Choices other than those of the function before the judge."""

    @property
    def dialect(self) -> Dialect:
        """The choices under which this is right."""
        return {**self.bench.dialect, **self.changed}

    def under(self, **choices: str) -> Right:
        """Return what is right under other choices."""
        return dataclasses.replace(self, changed={**self.changed, **choices})

    def __call__(self, case: Case) -> Array:
        """Return the result, which the caller may change."""
        exact = self.exact(case)
        found = exact.others[self.result][0] if self.result else exact.output
        return found.copy()

    def shape(self, case: Case) -> Shape:
        """Return the shape of the result, which takes no evaluation."""
        shapes = {name: shape for name, shape, _ in case.results}
        return shapes[self.result or case.results[0][0]]

    def exact(self, case: Case) -> Exact:
        """Return every result."""
        if not self.changed:
            return self.bench.right(case)
        return self.bench.kind.right(case, self.dialect, self.bench.model)


class NullBench:
    """A bench on which a null answer stands in place of the real function."""

    def __init__(self, bench: KernelBench, name: str) -> None:
        """Answer by a null of this name, ``null`` or ``null:result``."""
        null, _, self._result = name.partition(":")
        self._bench = bench
        self._null = null_named(bench.kind, null)
        self._right = Right(bench, self._result)

    @property
    def dialect(self) -> Dialect:
        """The choices that the real function is held to."""
        return self._bench.dialect

    @property
    def capabilities(self) -> Capabilities:
        """What the real function claims."""
        return self._bench.capabilities

    @property
    def model(self) -> NumericModel:
        """How the real function computes."""
        return self._bench.model

    def run(self, case: Case) -> Result:
        """Give the null answer, the other results right."""
        left_open = self._bench.kind.left_open(case, self.dialect)
        return settled(self._answered(case), left_open)

    def _answered(self, case: Case) -> Result:
        """Answer with all that is wrong, even where anything is right."""
        names = [name for name, _, _ in case.results]
        first, wrong = names[0], self._result or names[0]
        with np.errstate(all="ignore"):  # A null may overflow what is right.
            # A call that is not asked for the wrong result has nothing wrong in it.
            answer = self._null(case, self._right) if wrong in names else None
            if isinstance(answer, Result):
                return answer
            found = {} if answer is None else {wrong: answer}
            if set(names) > set(found):
                exact = self._right.exact(case)
                known = {first: exact.output}
                known |= {name: value for name, (value, _) in exact.others.items()}
                found = {**known, **found}
            arrays = {
                name: np.asarray(found[name]).astype(_dtype(form, case.dtype))
                for name, _, form in case.results
            }
        return Result(arrays.pop(first), others=arrays)

    def judged(self, case: Case) -> Exact:
        """Return what the real function is judged by."""
        return self._bench.judged(case)


def _dtype(form: str | None, dtype: str) -> np.dtype[np.generic]:
    """Return the NumPy dtype of a result; one of any real format has the case's."""
    plain = {"integer": np.dtype(np.int64), "boolean": np.dtype(np.bool_)}
    # What may have any format is not rounded to 16 bits: few functions do that.
    wide = "float64" if dtype == "float64" else "float32"
    return plain[form] if form in plain else numpy_dtype(form or wide)


def zeros(case: Case, right: Right) -> Array:
    """Answer zero."""
    return np.zeros(right.shape(case))


def ones(case: Case, right: Right) -> Array:
    """Answer one."""
    return np.ones(right.shape(case))


def late(case: Case, right: Right) -> Array:
    """Answer each step with the answer to the one before it."""
    return np.roll(right(case), 1, axis=-2)


def backward(case: Case, right: Right) -> Array:
    """Answer from the other end."""
    return right(case)[::-1]


def placed(case: Case, right: Right) -> Array:
    """Add the place of each reader to what it takes."""
    output = right(case)
    return output + np.arange(1, len(output) + 1)[:, None]


def whole_sequence(case: Case, right: Right) -> Array:
    """Answer every step with the sum of all answers."""
    output = right(case)
    return np.broadcast_to(output.sum(-2, keepdims=True), output.shape)


def forgetting(*options: str) -> Null:
    """Return the wrong answer that knows nothing of some options."""
    return lambda case, right: right(case.without(*options))


def zeroing(*arguments: str) -> Null:
    """Return the wrong answer for which some arguments are zero."""
    return lambda case, right: right(case.changed(np.zeros_like, *arguments))


EVERYWHERE: Mapping[str, Null] = {"zeros": zeros, "ones": ones}
"""The nulls that every kind has."""


def null_named(kind: Kind, name: str) -> Null:
    """Return a fresh null of a kind by name: one with a state begins anew."""
    null = {**EVERYWHERE, **kind.nulls}[name]
    return null() if isinstance(null, type) else null


__all__ = [
    "EVERYWHERE",
    "NullBench",
    "Right",
    "backward",
    "forgetting",
    "late",
    "null_named",
    "ones",
    "placed",
    "whole_sequence",
    "zeroing",
    "zeros",
]
