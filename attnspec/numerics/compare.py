"""Whether a result is right: within a bound, or identical."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
from jaxtyping import Shaped

from attnspec._arguments import checked
from attnspec._checks import check_broadcast
from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """The worst element of a comparison, and whether all elements hold.

    Parameters
    ----------
    holds
        Whether every element is right.
    ratio
        The largest error in units of its bound; infinite where a NaN or an
        infinity is wrong, or where an error has bound zero; 0 if all is exact.
    index
        The place of the worst element; None if there are no elements.
    expected, actual, bound, error
        The numbers there.
    what
        What was compared, for reports.
    note
        What is wrong there if it is not the size of the error.
    """

    holds: bool
    ratio: float
    index: tuple[int, ...] | None
    expected: float
    actual: float
    bound: float
    error: float
    what: str
    note: str = ""


@checked
def within(
    expected: Shaped[np.ndarray, "..."],
    actual: Shaped[np.ndarray, "..."],
    bound: Shaped[np.ndarray, "..."],
    *,
    what: str = "output",
) -> Comparison:
    """Say whether every error is at most its bound.

    The comparison is ``not (error <= bound)``, so a NaN fails. Where a NaN is
    expected a NaN is required, and where an infinity is expected the same one.

    Parameters
    ----------
    expected, actual
        Arrays of one shape, in any formats.
    bound
        The largest allowed errors; broadcasts to that shape.
    what
        What is compared, for messages.

    Returns
    -------
    Comparison

    Raises
    ------
    InvalidArgument
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> within(np.array([1.0, 2.0]), np.array([1.0, 2.5]), np.array(0.25)).ratio
    2.0
    >>> within(np.array([np.nan]), np.array([0.0]), np.array(1.0)).note
    'expected NaN'
    """
    right, given = _numbers(expected, actual, what)
    check_broadcast("bound", bound, right.shape)
    allowed = np.broadcast_to(np.asarray(bound, np.float64), right.shape)
    with np.errstate(all="ignore"):
        error = np.abs(given - right)
        ratio = np.where(error == 0, 0.0, error / allowed)
    same = (np.isnan(right) & np.isnan(given)) | (right == given)
    finite = np.isfinite(right) & np.isfinite(given)
    ratio = np.where(same, 0.0, np.where(finite, ratio, np.inf))
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    holds = same | (finite & (error <= allowed))
    return _worst(
        right, given, allowed, np.where(holds, np.minimum(ratio, 1), ratio), holds, what
    )


@checked
def identical(
    expected: Shaped[np.ndarray, "..."],
    actual: Shaped[np.ndarray, "..."],
    *,
    what: str = "output",
) -> Comparison:
    """Say whether all elements are equal, up to the sign of zero.

    Parameters
    ----------
    expected, actual
        Arrays of one shape, in any formats; NaN equals NaN.
    what
        What is compared, for messages.

    Returns
    -------
    Comparison
        Its ratio is 0 or infinite.

    Raises
    ------
    InvalidArgument
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> identical(np.array([0.0, np.nan]), np.array([-0.0, np.nan])).holds
    True
    """
    right, given = _numbers(expected, actual, what)
    holds = (np.isnan(right) & np.isnan(given)) | (right == given)
    nothing = np.zeros(right.shape)
    return _worst(right, given, nothing, np.where(holds, 0.0, np.inf), holds, what)


def _numbers(
    expected: Array, actual: Array, what: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return both arrays in float64."""
    if np.shape(expected) != np.shape(actual):
        msg = f"{what}: expected shape {np.shape(expected)}, got {np.shape(actual)}"
        raise InvalidArgument(msg)
    return np.asarray(expected, np.float64), np.asarray(actual, np.float64)


def _worst(
    expected: npt.NDArray[np.float64],
    actual: npt.NDArray[np.float64],
    bound: npt.NDArray[np.float64],
    ratio: npt.NDArray[np.float64],
    holds: npt.NDArray[np.bool_],
    what: str,
) -> Comparison:
    """Describe the worst element; one that does not hold comes before any other."""
    if not ratio.size:
        nothing = (None, 0.0, 0.0, 0.0, 0.0, what)
        return Comparison(True, 0.0, *nothing)  # noqa: FBT003
    rank = np.where(holds, ratio, np.maximum(ratio, 2.0))
    index = tuple(int(i) for i in np.unravel_index(int(rank.argmax()), ratio.shape))
    right, given = float(expected[index]), float(actual[index])
    is_same = right == given or (np.isnan(right) and np.isnan(given))
    return Comparison(
        holds=bool(holds.all()),
        ratio=float(ratio[index]),
        index=index,
        expected=right,
        actual=given,
        bound=float(bound[index]),
        error=0.0 if is_same else abs(given - right),
        what=what,
        note="" if holds[index] else _note(right, given),
    )


def _note(expected: float, actual: float) -> str:
    """Say what is wrong with an element other than the size of its error."""
    if np.isnan(expected):
        return "expected NaN"
    if np.isnan(actual):
        return "NaN is wrong here"
    if np.isinf(expected):
        return f"expected {expected}"
    if np.isinf(actual):
        return f"{actual} is wrong here"
    return ""


__all__ = ["Comparison", "identical", "within"]
