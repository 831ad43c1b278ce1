"""Numeric models: what a kernel may do on the way from its inputs to its output."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

from attnspec.exceptions import InvalidArgument
from attnspec.numerics.formats import format_of

TANH_ROUNDINGS = 8.0
"""Roundings that a tanh may be off by, absolutely and relatively.

With exponentials of relative error 4u + 2u|x| both 2 s(2x) - 1 and
(e^x - e^-x) / (e^x + e^-x) are off by at most 5u near zero, for |x| sech(x)^2 < 1/2,
and by three roundings of the result.
"""


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
    output_unit
        The error of that rounding in units of the unit roundoff: 1 for rounding
        to nearest, 2 for truncation.
    dot
        The format of the accumulator of query-key products.
    dot_unit
        Rounding error of one accumulation in units of the unit roundoff of
        `dot`: 1 for rounding to nearest, 2 for truncation, 4 for tensor cores.
    inputs
        The formats that query and key are rounded to as they are given, one
        entry a rounding. A number that the format holds is not rounded.
    prescale
        The format that the query is rounded to after multiplication with the
        scale, if that happens before the dot product. It costs nothing when
        the scale is a power of two and the format holds the query.
    operands
        The formats that query or key are rounded to before the dot product,
        one entry a rounding (four float32 entries admit a rounded scale on
        either side; ``tfloat32`` twice is what TF32 does).
    operand_unit
        The error of a rounding of query, key, weights or values, as in
        `output_unit`.
    scale
        The format that the scale is rounded to; ``None`` if it is not. A scale
        that the format holds is not rounded.
    scores
        The formats that scores are rounded to when they are stored, one entry
        a rounding.
    scale_roundings
        The roundings of a score in `softmax` by the scale, its constant and the
        change to base two.
    folded_scale
        Whether the scale multiplies scores and maximum apart, as in
        ``exp2(fma(s, c, -round(m * c)))``: then the largest weight is near 1,
        and not 1.
    softmax
        The format of maximum, subtraction, exponential, sum and division.
    exp_relative, exp_argument
        The computed exponential of x is exact up to the relative error
        ``exp_relative + exp_argument * |x|``; that of 0 is 1.
    log_relative
        The relative error of the logarithm.
    tanh_relative, tanh_absolute
        The computed tanh of x is exact up to
        ``tanh_relative * |tanh(x)| + tanh_absolute``.
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
    normalized_by_lse
        Whether weights are ``exp(s - lse)``, from a logsumexp that was stored
        before (two passes, or a backward pass that computes weights anew).
    values
        The formats that values are rounded to before weights meet them, one
        entry a rounding. A number that the format holds is not rounded.
    row_sum
        The format in which weights are added up; ``None`` is `softmax`.
    stored_row_sum
        The format that the running sum of weights is rounded to after every
        block of keys; ``None`` if it is not.
    accumulator, accumulator_unit
        The format of the accumulator of weight-value products, and the error
        of one accumulation as in `dot_unit`.
    stored_accumulator
        The format that the running output is rounded to after every block of
        keys; ``None`` if it is not.
    block
        The smallest number of keys between two rescalings.
    sum_block
        How many consecutive keys are added up by themselves, before that sum
        joins those of other keys; ``None`` promises no order of summation.
    splits
        Whether parts of the keys are computed apart and merged by their
        logsumexp.
    merges
        How many merges a part goes through at most: 1 if all are merged at
        once, one less than there are parts if they join one after the other.
    lse
        The format that the logsumexp is rounded to when it is returned; ``None``
        is `softmax`.
    flushed
        The formats whose subnormal numbers may be flushed to zero.
    backward_weights
        Where a backward pass has its weights from: ``"lse"``, formed anew from the
        logsumexp, ``"sum"``, divided by their own sum, or ``"either"``. Weights that
        the forward pass has rounded and kept have gradients of the same format, as
        automatic differentiation gives them, but for those of ``"lse"``.
    delta
        What a backward pass forms delta from: ``"output"``, ``"weights"``, or
        ``"either"``. Gradients of scores are rounded to the format of the weights.
    stored_heads
        Whether a backward pass rounds the gradients of keys and values of each query
        head to the format of the output before it sums those that share a key head.
    stored_gradients
        The format that a backward pass rounds its running sums to: the gradient of
        the query after every block of keys, those of key and value after every block
        of queries, in their order; ``None`` if it does not.
    query_block
        The smallest number of queries between two such roundings.
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
    output_unit: float = 1.0
    dot: str = "float32"
    dot_unit: float = 1.0
    inputs: tuple[str, ...] = ()
    prescale: str | None = None
    operands: tuple[str, ...] = ("float32",) * 4
    operand_unit: float = 1.0
    scale: str | None = None
    scores: tuple[str, ...] = ()
    scale_roundings: int = 3
    folded_scale: bool = False
    softmax: str = "float32"
    exp_relative: float = 2.0**-22
    exp_argument: float = 2.0**-23
    log_relative: float = 2.0**-22
    tanh_relative: float = TANH_ROUNDINGS * 2.0**-24
    tanh_absolute: float = TANH_ROUNDINGS * 2.0**-24
    max_slack: float = 0.0
    weights: str | None = None
    weights_normalized: bool = False
    weights_in_sum: Literal["no", "yes", "either"] = "no"
    normalized_by_lse: bool = False
    values: tuple[str, ...] = ()
    row_sum: str | None = None
    stored_row_sum: str | None = None
    accumulator: str = "float32"
    accumulator_unit: float = 1.0
    stored_accumulator: str | None = None
    block: int = 16
    sum_block: int | None = None
    splits: bool = False
    merges: int = 8
    lse: str | None = None
    flushed: tuple[str, ...] = ("float32", "tfloat32")
    backward_weights: Literal["either", "lse", "sum"] = "either"
    delta: Literal["either", "output", "weights"] = "either"
    stored_heads: bool = True
    stored_gradients: str | None = None
    query_block: int = 16
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
        counts = {"block": "key", "sum_block": "key", "merges": "merge"}
        for name, unit in {**counts, "query_block": "query"}.items():
            value = getattr(self, name)
            if value is not None and value < 1:
                msg = f"{name}: expected at least 1 {unit}, got {value!r}"
                raise InvalidArgument(msg)

    @property
    def formats(self) -> tuple[str, ...]:
        """The names of all formats that occur in the model."""
        several = self.inputs + self.operands + self.scores + self.values + self.flushed
        single = (getattr(self, name) for name in _FORMATS)
        return tuple(name for name in single if name is not None) + several

    @property
    def is_exact_on_ones(self) -> bool:
        """Whether weights of 1 and values that need no rounding stay exact.

        The largest weight is then exp(0) = 1 and sums of ones are exact, so that
        equal weights over a power of two of keys give the mean of small integers
        to the bit, and a key that leaves no weight to others gives its value.
        """
        merged = self.splits or self.normalized_by_lse
        inexact = self.folded_scale or self.max_slack or self.values
        stored = self.row_sum or self.stored_row_sum or self.stored_accumulator
        wide = {self.softmax, self.accumulator} <= {"float32", "float64"}
        return wide and not (merged or inexact or stored)

    def tiny(self, name: str) -> float:
        """Return the largest absolute error of rounding to a format near zero."""
        format_ = format_of(name)
        return format_.tiny_flushed if name in self.flushed else format_.tiny

    def replace(self, **changes: Any) -> NumericModel:
        """Return the same model with some fields changed.

        Examples
        --------
        >>> from attnspec.numerics import default_model
        >>> default_model("float32").replace(block=64).block
        64
        """
        return dataclasses.replace(self, **changes)


_FORMATS = (
    "output",
    "dot",
    "prescale",
    "scale",
    "softmax",
    "weights",
    "row_sum",
    "stored_row_sum",
    "accumulator",
    "stored_accumulator",
    "stored_gradients",
    "lse",
    "tables",
)

_RELATIVE_ERRORS = (
    "output_unit",
    "dot_unit",
    "operand_unit",
    "scale_roundings",
    "exp_relative",
    "exp_argument",
    "log_relative",
    "tanh_relative",
    "tanh_absolute",
    "max_slack",
    "accumulator_unit",
)

__all__ = ["TANH_ROUNDINGS", "NumericModel"]
