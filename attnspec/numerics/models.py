"""Numeric models: what a kernel may do on the way from its inputs to its output."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.numerics.dtypes import DTYPES
from attnspec.numerics.formats import format_of


@dataclasses.dataclass(frozen=True, slots=True)
class NumericModel:
    """How a kernel computes; every field is an upper bound on what it may do.

    A kernel that does less than the model allows still satisfies it. Formats
    are given by name, relative errors as plain numbers.

    Parameters
    ----------
    name
        The name in reports.
    output
        The format that the output is rounded to.
    dot
        The format of the accumulator of query-key products.
    dot_unit
        Rounding error of one accumulation in units of the unit roundoff of
        `dot`: 1 for rounding to nearest, 2 for truncation, 4 for tensor cores.
    prescale
        The format that the query is rounded to after multiplication with the
        scale, if that happens before the dot product. It costs nothing when
        the scale is a power of two.
    operands
        The formats that query or key are rounded to before the dot product,
        one entry a rounding (four float32 entries admit a rounded scale on
        either side; ``tfloat32`` twice is what TF32 does).
    scores
        The formats that scores are rounded to when they are stored, one entry
        a rounding.
    scale_roundings
        The roundings of a score in `softmax` by the scale, its constant and the
        change to base two.
    softmax
        The format of maximum, subtraction, exponential, sum and division.
    exp_relative, exp_argument
        The computed exponential of x is exact up to the relative error
        ``exp_relative + exp_argument * |x|``.
    log_relative, tanh_relative
        The relative errors of logarithm and hyperbolic tangent.
    max_slack
        How far the subtracted number may lie from the running maximum, in
        nats (8 log 2 for a maximum that is updated lazily).
    weights
        The format that weights are rounded to before they meet the values;
        ``None`` if they are not rounded.
    weights_normalized
        Whether weights are divided by their sum before that rounding.
    weights_in_sum
        Whether the sum adds the rounded weights: ``"no"``, ``"yes"`` or
        ``"either"``.
    accumulator, accumulator_unit
        The format of the accumulator of weight-value products, and the error
        of one accumulation as in `dot_unit`.
    stored_accumulator
        The format that the running output is rounded to after every block of
        keys; ``None`` if it is not.
    block
        The smallest number of keys between two rescalings.
    splits
        Whether parts of the keys are computed apart and merged by their
        logsumexp.
    lse
        The format that the logsumexp is rounded to; ``None`` is `softmax`.
    flushed
        The formats whose subnormal numbers may be flushed to zero.
    tables
        The format that factors are stored in which depend on positions alone, as
        cosines and sines do; ``None`` if they are not. Attention has none.

    Notes
    -----
    Other kinds than attention have a formula in place of these steps. Of the fields
    they have `output`, `softmax` for the format that each operation of the formula
    stores its result in, `accumulator` for the format that an operation computes in,
    if that is finer, `weights` where there are weights, `tables` and `flushed`.

    References
    ----------
    N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed.,
    SIAM, 2002, doi:10.1137/1.9780898718027, chapters 2 and 3.
    """

    name: str
    output: str = "float32"
    dot: str = "float32"
    dot_unit: float = 1.0
    prescale: str | None = None
    operands: tuple[str, ...] = ("float32",) * 4
    scores: tuple[str, ...] = ()
    scale_roundings: int = 3
    softmax: str = "float32"
    exp_relative: float = 2.0**-22
    exp_argument: float = 2.0**-23
    log_relative: float = 2.0**-22
    tanh_relative: float = 2.0**-21
    max_slack: float = 0.0
    weights: str | None = None
    weights_normalized: bool = False
    weights_in_sum: Literal["no", "yes", "either"] = "no"
    accumulator: str = "float32"
    accumulator_unit: float = 1.0
    stored_accumulator: str | None = None
    block: int = 16
    splits: bool = False
    lse: str | None = None
    flushed: tuple[str, ...] = ("float32", "tfloat32")
    tables: str | None = None

    def __post_init__(self) -> None:
        """Reject unknown formats and numbers that are no error bounds."""
        for name in self.formats:
            format_of(name)
        for name in _RELATIVE_ERRORS:
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                msg = f"{name}: expected a finite number >= 0, got {value!r}"
                raise InvalidArgument(msg)
        if self.block < 1:
            msg = f"block: expected at least 1 key, got {self.block!r}"
            raise InvalidArgument(msg)

    @property
    def formats(self) -> tuple[str, ...]:
        """The names of all formats that occur in the model."""
        single = (
            self.output,
            self.dot,
            self.prescale,
            self.softmax,
            self.weights,
            self.accumulator,
            self.stored_accumulator,
            self.lse,
            self.tables,
        )
        several = self.operands + self.scores + self.flushed
        return tuple(name for name in single if name is not None) + several

    def tiny(self, name: str) -> float:
        """Return the largest absolute error of rounding to a format near zero."""
        format_ = format_of(name)
        return format_.tiny_flushed if name in self.flushed else format_.tiny

    def replace(self, **changes: Any) -> NumericModel:
        """Return the same model with some fields changed.

        Examples
        --------
        >>> default_model("float32").replace(block=64).block
        64
        """
        return dataclasses.replace(self, **changes)


_RELATIVE_ERRORS = (
    "dot_unit",
    "scale_roundings",
    "exp_relative",
    "exp_argument",
    "log_relative",
    "tanh_relative",
    "max_slack",
    "accumulator_unit",
)


def _half_models(dtype: str) -> dict[str, NumericModel]:
    """Return the models of kernels with inputs and outputs in a 16-bit format."""
    flash = NumericModel(f"flash-{dtype}", output=dtype, weights=dtype)
    return {
        flash.name: flash,
        f"upcast-{dtype}": flash.replace(name=f"upcast-{dtype}", weights=None),
        f"naive-{dtype}": flash.replace(
            name=f"naive-{dtype}",
            prescale=dtype,
            operands=(dtype,),
            scores=(dtype,) * 3,
            weights_normalized=True,
        ),
        f"tensor-core-{dtype}": flash.replace(
            name=f"tensor-core-{dtype}",
            dot_unit=4.0,
            accumulator_unit=4.0,
            exp_relative=2.0**-21,
            max_slack=8 * math.log(2),
            weights_in_sum="either",
            splits=True,
            flushed=("float32", "tfloat32"),
        ),
    }


_FLOAT32 = NumericModel("float32")
_FLOAT64 = NumericModel(
    "float64",
    output="float64",
    dot="float64",
    operands=("float64",) * 4,
    softmax="float64",
    exp_relative=2.0**-51,
    exp_argument=2.0**-52,
    log_relative=2.0**-51,
    tanh_relative=2.0**-50,
    accumulator="float64",
    flushed=(),
)
_TFLOAT32 = _FLOAT32.replace(
    name="tfloat32",
    operands=("float32",) * 4 + ("tfloat32",) * 2,
    weights="tfloat32",
    dot_unit=4.0,
    accumulator_unit=4.0,
    weights_in_sum="either",
)

PRESETS: dict[str, NumericModel] = {
    model.name: model for model in (_FLOAT64, _FLOAT32, _TFLOAT32)
}
"""The models that have a name."""
PRESETS |= _half_models("float16") | _half_models("bfloat16")


def default_model(dtype: str) -> NumericModel:
    """Return the model of a kernel that declares none.

    It is float64 throughout for float64 inputs and float32 throughout for
    float32 inputs. For 16-bit inputs scores and sums are float32 and the
    weights are rounded to the format of the inputs.

    Parameters
    ----------
    dtype
        The format of query, key, value and output.

    Raises
    ------
    UnknownName
        If there is no such format.

    Examples
    --------
    >>> default_model("bfloat16").name
    'flash-bfloat16'
    """
    if dtype not in DTYPES:
        msg = f"dtype: expected one of {', '.join(DTYPES)}; got {dtype!r}"
        raise UnknownName(msg)
    return PRESETS[dtype if dtype in PRESETS else f"flash-{dtype}"]


__all__ = ["PRESETS", "NumericModel", "default_model"]
