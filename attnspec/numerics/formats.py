"""Floating-point formats: how much one rounding may change a number."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from attnspec._arguments import checked
from attnspec.exceptions import UnknownName


@dataclasses.dataclass(frozen=True, slots=True)
class Format:
    """A binary floating-point format, as the bounds need it.

    Parameters
    ----------
    name
        The name, as NumPy and ml_dtypes spell it.
    unit
        The unit roundoff u: rounding x changes it by at most u |x|.
    tiny
        The largest absolute error of rounding near zero when subnormal numbers
        are kept: half the least subnormal.
    tiny_flushed
        The same when subnormal numbers are flushed to zero: the least normal.
    maximum
        The largest finite number.
    """

    name: str
    unit: float
    tiny: float
    tiny_flushed: float
    maximum: float

    def holds(self, array: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which numbers the format holds: rounding leaves them as they are.

        Examples
        --------
        >>> format_of("bfloat16").holds([1.0, 1.01, 2.0**-130, 1e39])
        array([ True, False,  True, False])
        """
        numbers = np.asarray(array, np.float64)
        fraction, exponent = np.frexp(np.where(np.isfinite(numbers), numbers, 0.0))
        digits = -np.frexp(self.unit)[1] + 1
        least = self.tiny if self.tiny == 5e-324 else 2 * self.tiny
        # What is below the least normal number has fewer digits.
        kept = np.minimum(digits, exponent - np.frexp(least)[1] + 1)
        shifted = np.ldexp(fraction, np.maximum(kept, 0))
        whole = (shifted == np.rint(shifted)) & (kept >= 0) | (numbers == 0)
        return np.asarray(whole & ~(np.abs(numbers) > self.maximum) | np.isinf(numbers))


# Half the least subnormal of float64 is no float64; its least subnormal stands in.
_FORMATS = (
    Format("float64", 2.0**-53, 5e-324, 2.0**-1022, 1.7976931348623157e308),
    Format("float32", 2.0**-24, 2.0**-150, 2.0**-126, 3.4028234663852886e38),
    Format("tfloat32", 2.0**-11, 2.0**-137, 2.0**-126, 3.4011621342146535e38),
    Format("float16", 2.0**-11, 2.0**-25, 2.0**-14, 65504.0),
    Format("bfloat16", 2.0**-8, 2.0**-134, 2.0**-126, 3.3895313892515355e38),
    Format("float8_e4m3", 2.0**-4, 2.0**-10, 2.0**-6, 448.0),
    Format("float8_e5m2", 2.0**-3, 2.0**-17, 2.0**-14, 57344.0),
)
FORMATS = {format_.name: format_ for format_ in _FORMATS}


@checked
def format_of(name: str) -> Format:
    """Return the format with this name.

    Parameters
    ----------
    name
        One of the keys of ``FORMATS``.

    Raises
    ------
    UnknownName
        If there is no such format.

    Examples
    --------
    >>> format_of("bfloat16").unit
    0.00390625
    """
    if name not in FORMATS:
        msg = f"format: expected one of {', '.join(FORMATS)}; got {name!r}"
        raise UnknownName(msg)
    return FORMATS[name]


__all__ = ["FORMATS", "Format", "format_of"]
