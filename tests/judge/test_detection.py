from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Implementation
from attnspec.conformance.call import InProcess
from attnspec.exceptions import Inadmissible
from attnspec.judge.case import Case, Result
from attnspec.judge.detection import detect
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect, Exact
from attnspec.judge.verdicts import Detected
from attnspec.kernels import tiled_attention
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.registry import KINDS
from attnspec.numerics import NumericModel, default_model
from attnspec.reference import attention, attention_with_logsumexp
from tests.conformance import _kernels


def _detected(function: Any, **fields: Any) -> Detected:
    implementation = Implementation.of(function, **fields)
    call, known = InProcess(implementation.function), implementation.description
    return detect(call, ATTENTION, known, default_model("float32"), "float32")


def _kernel(
    alignment: Any = "lower_right", empty: Any = None, lse_of: Any = None
) -> Any:
    """Return a kernel that speaks this dialect."""

    def kernel(
        query: Any,
        key: Any,
        value: Any,
        *,
        mask: Any = None,
        causal: bool = False,
        window: Any = None,
        return_lse: bool = False,
    ) -> Any:
        options: dict[str, Any] = {"mask": mask, "causal": causal, "window": window}
        output, lse = attention_with_logsumexp(
            query, key, value, **options, alignment=alignment
        )
        rows = np.isneginf(lse)
        if empty is not None:
            row = empty(value.astype(np.float64))
            output = np.where(rows[..., None], row, output)
        if lse_of is not None:
            lse = np.where(rows, lse_of, lse)
        output = output.astype(query.dtype)
        return (output, lse) if return_lse else output

    return kernel


@pytest.mark.parametrize("alignment", ["upper_left", "lower_right"])
def test_the_alignment_is_detected(alignment: str) -> None:
    found = _detected(_kernel(alignment))

    assert (found.dialect["alignment"], found.sources["alignment"]) == (
        alignment,
        "detected",
    )


@pytest.mark.parametrize(
    ("empty", "name"),
    [
        (None, "zero"),
        (lambda _: np.nan, "nan"),
        (lambda value: value.mean(2, keepdims=True), "mean"),
    ],
)
def test_the_value_of_an_empty_row_is_detected(empty: Any, name: str) -> None:
    assert _detected(_kernel(empty=empty)).dialect["empty_row"] == name


@pytest.mark.parametrize(
    ("lse", "name"),
    [
        (None, "minus_infinity"),
        (np.inf, "plus_infinity"),
        (-2.4e38, "finite"),
        (np.nan, "nan"),
    ],
)
def test_the_logsumexp_of_an_empty_row_is_detected(lse: Any, name: str) -> None:
    assert _detected(_kernel(lse_of=lse)).dialect["empty_lse"] == name


def test_a_value_that_is_no_choice_leaves_the_default() -> None:
    found = _detected(_kernel(empty=lambda _: 7.0))

    assert found.dialect["empty_row"] == "zero"
    assert "empty_row" not in found.sources


def _floored(alignment: Any) -> Any:
    """Return a causal kernel in which hidden keys keep a weight of exp(-64)."""

    def kernel(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
        scores = query @ key.swapaxes(-1, -2) / np.sqrt(np.float32(query.shape[-1]))
        queries, keys = scores.shape[-2:]
        start = keys - queries if alignment == "lower_right" else 0
        if causal:
            seen = np.arange(keys) <= np.arange(queries)[:, None] + start
            scores = np.where(seen, scores, np.float32(-1e30))
        weights = np.exp(np.maximum(scores - scores.max(-1, keepdims=True), -64))
        return weights / weights.sum(-1, keepdims=True) @ value

    return kernel


@pytest.mark.parametrize("alignment", ["upper_left", "lower_right"])
def test_where_no_choice_fits_the_nearest_is_taken_and_said(alignment: str) -> None:
    found = _detected(_floored(alignment))

    assert found.dialect["alignment"] == alignment
    assert found.fits_none == ("alignment",)
    assert found.sources["alignment"] == "nearest, none fits"


def test_a_kernel_that_ignores_the_flag_comes_near_to_nothing() -> None:
    def kernel(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
        return tiled_attention(query, key, value)

    found = _detected(kernel)

    assert found.fits_none == ()
    assert "alignment" not in found.sources


def test_a_row_that_sees_one_key_is_not_the_mean() -> None:
    def kernel(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
        return _kernel("upper_left")(query, key, value, causal=causal)

    assert "empty_row" not in _detected(kernel).sources


def test_a_declared_field_is_not_probed() -> None:
    found = _detected(_kernel("upper_left"), dialect={"alignment": "lower_right"})

    assert found.dialect["alignment"] == "lower_right"
    assert found.sources["alignment"] == "declared"


def test_nan_is_found_and_not_enforced() -> None:
    found = _detected(tiled_attention)

    assert found.sources["nan_masked_key"] == "clean (found, not enforced)"
    assert found.found["nan_masked_key"] == "clean"
    assert found.dialect["nan_masked_key"] == "unspecified"


def test_a_nan_that_leaks_is_found() -> None:
    def kernel(query: Any, key: Any, value: Any, *, mask: Any = None) -> Any:
        keep = 1.0 if mask is None else mask.astype(np.float64)
        output = attention(query, key, value, mask=mask)
        return (output + (0.0 * (1 - keep)) @ value).astype(query.dtype)

    found = _detected(kernel)

    assert found.sources["nan_masked_value"].startswith("poisons")


def test_a_kernel_that_raises_keeps_the_defaults() -> None:
    assert _detected(_kernels.raises).sources == {}


_PROBED = [kind for kind in KINDS.values() if kind.probes and not kind.questions]


@pytest.mark.parametrize("kind", _PROBED, ids=lambda kind: kind.name)
def test_a_probe_is_called_once_however_many_choices_there_are(kind: Kind) -> None:
    called = []

    class Counting(InProcess):
        def __call__(self, case: Case) -> Result:
            called.append(case)
            return super().__call__(case)

    known = Implementation.of(kind.definition, kind=kind.name).description
    call = Counting(kind.definition)
    found = detect(call, kind, known, default_model("float32"), "float32")

    assert len(called) == len(kind.probes)
    assert found.dialect == kind.default()


@pytest.mark.parametrize("kind", _PROBED, ids=lambda kind: kind.name)
def test_a_probe_of_which_a_choice_promises_nothing_says_nothing(kind: Kind) -> None:
    def judge(case: Any, dialect: Dialect, model: NumericModel) -> Exact:
        if dialect != kind.default():
            msg = "nothing is promised"
            raise Inadmissible(msg)
        return kind.judge(case, dialect, model)

    strict = dataclasses.replace(kind, judge=judge)
    known = Implementation.of(kind.definition, kind=kind.name).description
    call = InProcess(kind.definition)
    found = detect(call, strict, known, default_model("float32"), "float32")

    assert found.dialect == kind.default()
    assert found.sources == {}


def test_a_probe_that_raises_is_followed_by_no_other() -> None:
    kind = KINDS["sparsemax"]
    called = []

    def raising(*_: Any, **__: Any) -> Any:
        called.append(1)
        raise NotImplementedError

    known = Implementation.of(kind.definition, kind=kind.name).description
    detect(InProcess(raising), kind, known, default_model("float32"), "float32")

    assert (len(kind.probes), len(called)) == (2, 1)
