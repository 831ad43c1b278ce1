"""What a translation gets wrong easily, and other tests here do not hold."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from attnspec.conformance import Report, check_implementation
from attnspec.faces import called
from tests.faces import _numpy
from tests.faces.test_recognition import SIGNATURES, made


def _judged(kernel: Any, *only: str) -> Report:
    return check_implementation(
        kernel, only=only, arrays="numpy", dtypes=["float32"], tier="smoke"
    )


def test_kwargs_are_sent_nothing_that_some_documents_alone_promise() -> None:
    known = called(made("q, k, v, softmax_scale=None, **kwargs"))

    assert not {"alibi_slopes", "sink", "dropout_p"} & known.capabilities().claims
    assert not {"alibi_slopes", "learnable_sink", "dropout_p"} & {*known.parameters}


def test_slopes_are_passed_by_the_name_that_has_them() -> None:
    known = called(made(SIGNATURES["flash-attn"][0]))

    assert {"alibi_slopes", "batch_slopes"} <= known.capabilities().claims
    assert "bias" not in known.capabilities().claims


def test_empty_rows_of_either_version_of_flash_attention_conform() -> None:
    @functools.wraps(_numpy.flash)
    def version_2(*operands: Any, **options: Any) -> Any:
        found = _numpy.flash(*operands, **options)
        if not options.get("return_attn_probs"):
            return found
        output, lse, _ = found
        return output, np.where(np.isneginf(lse), np.inf, lse), None

    for kernel, choice in (
        (_numpy.flash, "minus_infinity"),
        (version_2, "plus_infinity"),
    ):
        report = _judged(kernel, "lse-agreement", "empty-rows")

        assert report.conforms, str(report)
        assert report.detected.dialect["empty_lse"] == choice
        assert report.detected.sources["empty_row"] == "face"


def test_more_queries_than_keys_are_claimed_of_flash_attention() -> None:
    known = called(made(SIGNATURES["flash-attn"][0])).capabilities()

    assert {"unequal_lengths", "more_queries"} <= known.claims


def test_operands_are_dense_along_the_width_and_no_two_of_them_are_one() -> None:
    @functools.wraps(_numpy.flash)
    def kernel(q: Any, k: Any, v: Any, **options: Any) -> Any:
        for array in (q, k, v):
            assert array.shape[-1] < 2 or array.strides[-1] == array.itemsize
        assert not np.shares_memory(k, v)
        assert not np.shares_memory(q, k)
        return _numpy.flash(q, k, v, **options)

    report = _judged(kernel, "agreement", "layout", "grouped-heads")

    assert report.conforms, str(report)


def test_the_module_of_transformers_has_what_its_functions_read() -> None:
    seen: list[Any] = []

    def kernel(
        module: Any, query: Any, key: Any, value: Any, attention_mask: Any
    ) -> Any:
        seen.append((module.layer_idx, module.config._attn_implementation))
        return _numpy.hf(module, query, key, value, attention_mask, 0.5)

    one = np.zeros((1, 1, 1, 4), np.float32)
    called(kernel).translated(kernel)(one, one, one)

    assert seen == [(0, "eager")]
