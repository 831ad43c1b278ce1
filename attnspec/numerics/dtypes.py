"""The floating-point formats by name."""

from __future__ import annotations

from typing import get_args

import ml_dtypes
import numpy as np

from attnspec._arguments import checked
from attnspec._typing import DType
from attnspec.exceptions import UnknownName

DTYPES: tuple[DType, ...] = get_args(DType)


@checked
def numpy_dtype(name: str) -> np.dtype[np.generic]:
    """Return the NumPy dtype with this name, ``bfloat16`` included.

    Examples
    --------
    >>> numpy_dtype("bfloat16").itemsize
    2
    """
    if name not in DTYPES:
        msg = f"dtype: expected one of {', '.join(DTYPES)}; got {name!r}"
        raise UnknownName(msg)
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def working_dtype(dtype: str | np.dtype[np.generic]) -> np.dtype[np.floating]:
    """Return the format of scores, sums and logsumexps where a kernel takes this one.

    Examples
    --------
    >>> working_dtype("bfloat16")
    dtype('float32')
    """
    return np.dtype(np.float64 if dtype == "float64" else np.float32)


__all__ = ["DTYPES", "numpy_dtype", "working_dtype"]
