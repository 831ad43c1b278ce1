"""The numeric models that have a name, and the one of a kernel that declares none."""

from __future__ import annotations

import math

from attnspec._arguments import checked
from attnspec.exceptions import UnknownName
from attnspec.numerics.dtypes import DTYPES
from attnspec.numerics.models import TANH_ROUNDINGS, NumericModel


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
            folded_scale=True,
            exp_relative=2.0**-21,
            max_slack=8 * math.log(2),
            weights_in_sum="either",
            splits=True,
            merges=1,  # FlashAttention combines all parts at once.
        ),
    }


def _variants(model: NumericModel, dtype: str) -> dict[str, NumericModel]:
    """Return what right kernels of every format do beside the usual way."""
    ways = {
        "split": {"splits": True},
        "two-pass": {"normalized_by_lse": True},
        "folded": {"folded_scale": True},
    }
    named = {f"{way}-{dtype}": changes for way, changes in ways.items()}
    return {name: model.replace(name=name, **c) for name, c in named.items()}


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
    tanh_relative=TANH_ROUNDINGS * 2.0**-53,
    tanh_absolute=TANH_ROUNDINGS * 2.0**-53,
    accumulator="float64",
    flushed=(),
)
_TFLOAT32 = _FLOAT32.replace(
    name="tfloat32",
    operands=("float32",) * 4 + ("tfloat32",) * 2,
    operand_unit=2.0,
    weights="tfloat32",
    values=("tfloat32",),
    dot_unit=4.0,
    accumulator_unit=4.0,
    weights_in_sum="either",
)

PRESETS: dict[str, NumericModel] = {
    model.name: model for model in (_FLOAT64, _FLOAT32, _TFLOAT32)
}
"""The models that have a name."""
PRESETS |= _half_models("float16") | _half_models("bfloat16")


@checked
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


for _dtype in DTYPES:
    PRESETS |= _variants(default_model(_dtype), _dtype)

__all__ = ["PRESETS", "default_model"]
