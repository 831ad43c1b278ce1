r"""Arrays that carry what rounding may have done to them.

A `Tracked` array is an exact value, evaluated in float64, and a bound on how far the
same computation in the working format of a numeric model may be from it. Every
operation carries the errors of its operands forward and adds its own rounding: with
u the unit roundoff and gamma(n) = n u / (1 - n u), a sum of n terms in any order is
off by at most gamma(n - 1) times the sum of their sizes. A formula that is written
down once thus gives value and bound together.

A library that runs operation by operation in a 16-bit format computes each of them in
float32 and stores its result in 16 bits. A model whose working format is coarser than
its accumulator says this: sums, functions and the roundings of other ways to compute
the same count in the format of the accumulator, and the result of every operation is
rounded to the working format once more.

References
----------
N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM, 2002,
doi:10.1137/1.9780898718027, sections 3.1 to 3.3 (running error analysis).
"""

from __future__ import annotations

import dataclasses
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from attnspec.numerics.formats import format_of
from attnspec.numerics.models import TANH_ROUNDINGS, NumericModel

F64 = npt.NDArray[np.float64]

_FUNCTION = 4.0
"""Roundings that a library function is allowed: it may be off by four units."""


def gamma(roundings: npt.ArrayLike, unit: float) -> F64:
    """Return n u / (1 - n u), which bounds what n roundings do to a number.

    Where n u is 1 or more there is no bound.

    Examples
    --------
    >>> gamma(2.0, 0.25), gamma(4.0, 0.25)
    (array(1.), array(inf))
    """
    product = np.asarray(roundings, np.float64) * unit
    with np.errstate(divide="ignore"):
        return np.where(product < 1.0, product / np.abs(1.0 - product), np.inf)


@dataclasses.dataclass(frozen=True, eq=False)
class Tracked:
    """An exact value, and how far the working format may be from it."""

    value: F64
    error: F64
    unit: float
    """The unit roundoff of the format that results of operations are stored in."""
    tiny: float
    inner: float
    """The unit roundoff of the format that an operation computes in."""

    @classmethod
    def of(cls, array: npt.ArrayLike, model: NumericModel) -> Self:
        """Return operands as they are given: exact."""
        value = np.asarray(array, np.float64)
        unit = format_of(model.softmax).unit
        inner = min(unit, format_of(model.accumulator).unit)
        tiny = model.tiny(model.softmax)
        if inner < unit:
            tiny = max(tiny, model.tiny(model.accumulator))
        return cls(value, np.zeros_like(value), unit, tiny, inner)

    def like(self, array: npt.ArrayLike, error: npt.ArrayLike = 0.0) -> Self:
        """Return numbers that meet this array: exact, or with errors of their own."""
        return self._with(np.asarray(array, np.float64), np.asarray(error, np.float64))

    def within(self) -> Self:
        """Return the same in one operation: none of its steps is stored."""
        return dataclasses.replace(self, unit=self.inner)

    def _with(self, value: F64, error: F64) -> Self:
        value, error = np.asarray(value), np.asarray(error)
        return dataclasses.replace(
            self, value=value, error=np.broadcast_to(error, value.shape)
        )

    def _off(self, roundings: float, size: npt.ArrayLike) -> F64:
        """Return how far off so many roundings of numbers of a size may be."""
        sizes = np.asarray(size)
        # Too many roundings leave nothing known, but of zeros.
        with np.errstate(invalid="ignore"):
            return np.where(sizes > 0, gamma(roundings, self.inner) * sizes, 0.0)

    def rounding(self, times: float = 1.0) -> Self:
        """Round a number of times more, within an operation."""
        size = np.abs(self.value) + self.error
        return self._with(
            self.value, self.error + self._off(times, size) + times * self.tiny
        )

    def kept(self) -> Self:
        """Store the result of an operation, if that is a rounding of its own."""
        if self.unit <= self.inner:
            return self
        size = np.abs(self.value) + self.error
        return self._with(self.value, self.error + self.unit * size + self.tiny)

    def _taken(self, other: Any) -> Self:
        return other if isinstance(other, Tracked) else self.like(other)  # type: ignore[return-value]

    def __neg__(self) -> Self:
        """Negate: exact."""
        return self._with(-self.value, self.error)

    def __add__(self, other: Any) -> Self:
        """Add and round."""
        right = self._taken(other)
        return (
            self._with(self.value + right.value, self.error + right.error)
            .rounding()
            .kept()
        )

    def __sub__(self, other: Any) -> Self:
        """Subtract and round."""
        return self + (-self._taken(other))

    def __mul__(self, other: Any) -> Self:
        """Multiply and round."""
        right = self._taken(other)
        # Without a bound times 0: no number, so that nothing is promised.
        with np.errstate(invalid="ignore"):
            error = np.abs(self.value) * right.error + self.error * np.abs(right.value)
            error = error + self.error * right.error
        return self._with(self.value * right.value, error).rounding().kept()

    def __truediv__(self, other: Any) -> Self:
        """Divide and round; a divisor that may be 0 has no bound."""
        right = self._taken(other)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = self.value / right.value
            least = np.abs(right.value) - right.error
            error = (self.error + np.abs(value) * right.error) / least
        return self._with(value, np.where(least > 0, error, np.inf)).rounding().kept()

    def __matmul__(self, other: Any) -> Self:
        """Multiply matrices, the sums in any order."""
        right = self._taken(other)
        size, other_size = np.abs(self.value), np.abs(right.value)
        terms = self.value.shape[-1]
        error = size @ right.error + self.error @ (other_size + right.error)
        whole = (size + self.error) @ (other_size + right.error)
        error = error + self._off(terms + 1, whole) + terms * self.tiny
        return self._with(self.value @ right.value, error).kept()

    def sum(self, axis: int = -1, *, keepdims: bool = False) -> Self:
        """Sum along an axis, in any order."""
        size = (np.abs(self.value) + self.error).sum(axis, keepdims=keepdims)
        error = self.error.sum(axis, keepdims=keepdims)
        terms = max(1, self.value.shape[axis])
        value = self.value.sum(axis, keepdims=keepdims)
        return self._with(value, error + self._off(terms, size)).kept()

    def exp(self) -> Self:
        """Exponentiate; the argument may have been scaled to another base."""
        with np.errstate(over="ignore"):
            value = np.exp(self.value)
            carried = self.error + 2 * self.inner * np.abs(self.value)
            error = value * np.expm1(carried)
        return self._with(value, error).rounding(_FUNCTION).kept()

    def log(self) -> Self:
        """Take the logarithm; of a number that may be 0 it has no bound.

        A relative error r becomes an absolute one of at most -log(1 - r).
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(self.value)
            carried = -np.log1p(-np.minimum(self.error / self.value, 1.0))
        known = np.where(self.value > 0, carried, np.inf)
        return self._with(value, known).rounding(_FUNCTION).kept()

    def tanh(self) -> Self:
        """Take the hyperbolic tangent; its slope is greatest next to zero.

        It may be made of exponentials, and then absolute errors count.
        """
        nearest = np.maximum(np.abs(self.value) - self.error, 0.0)
        slope = 1.0 - np.tanh(nearest) ** 2
        value = np.tanh(self.value)
        error = self.error * slope + self._off(TANH_ROUNDINGS, 1.0 + np.abs(value))
        return self._with(value, np.minimum(error, 2.0)).rounding().kept()

    def cosine(self) -> Self:
        """Take the cosine of an angle."""
        error = self.error + _FUNCTION * self.inner
        return self._with(np.cos(self.value), np.minimum(error, 2.0)).kept()

    def sine(self) -> Self:
        """Take the sine of an angle."""
        error = self.error + _FUNCTION * self.inner
        return self._with(np.sin(self.value), np.minimum(error, 2.0)).kept()

    def sqrt(self) -> Self:
        """Take the root; of a number that may be 0 without a slope."""
        value = np.sqrt(self.value)
        least = np.sqrt(np.maximum(self.value - self.error, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(self.error > 0, self.error / (value + least), 0.0)
        return self._with(value, slope).rounding(_FUNCTION).kept()

    def maximum(self, other: Any) -> Self:
        """Take the larger of two: exact."""
        right = self._taken(other)
        error = np.maximum(self.error, right.error)
        return self._with(np.maximum(self.value, right.value), error)

    def where(self, condition: npt.ArrayLike, other: Any) -> Self:
        """Keep what a condition keeps, and take another elsewhere."""
        right = self._taken(other)
        value = np.where(condition, self.value, right.value)
        return self._with(value, np.where(condition, self.error, right.error))

    def reshape(self, *shape: int) -> Self:
        """Arrange in another shape."""
        return self._with(self.value.reshape(*shape), self.error.reshape(*shape))

    def swapaxes(self, one: int, two: int) -> Self:
        """Exchange two axes."""
        return self._with(self.value.swapaxes(one, two), self.error.swapaxes(one, two))

    def __getitem__(self, index: Any) -> Self:
        """Take a part."""
        return self._with(self.value[index], self.error[index])

    def stored(self, name: str) -> Self:
        """Round to a format: nothing happens to what it can hold already."""
        format_ = format_of(name)
        size = np.abs(self.value) + self.error
        step = format_.unit * size + max(format_.tiny, self.tiny)
        return self._with(self.value, self.error + step)


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """What is right for a case: the exact result, and the bound on a function's error.

    `others` holds further results by name, each with its own bound.
    """

    output: F64
    bound: F64
    others: dict[str, tuple[F64, F64]] = dataclasses.field(default_factory=dict)


def unrounded(output: npt.ArrayLike) -> Judged:
    """Return a result that no arithmetic touches: a function must give it exactly."""
    value = np.asarray(output, np.float64)
    return Judged(value, np.zeros(value.shape))


def judged(output: Tracked, model: NumericModel, **others: Tracked) -> Judged:
    """Return results as a function returns them: rounded to the format of the output.

    The exact value was itself evaluated in float64, so the bound of a function that
    works in float64 counts twice.
    """
    known = {name: _bounded(t, model.softmax) for name, t in others.items()}
    value, bound = _bounded(output, model.output)
    return Judged(value, bound, known)


def _bounded(result: Tracked, name: str) -> tuple[F64, F64]:
    twice = 1.0 + format_of("float64").unit / result.unit
    return result.value, result.stored(name).error * twice


__all__ = ["Judged", "Tracked", "gamma", "judged", "unrounded"]
