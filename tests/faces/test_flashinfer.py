"""What FlashInfer's traces hold its kernels to is judged itself; no GPU is needed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance import Implementation, Report, Verdict, check_implementation

SCRIPTS = Path(__file__).parents[2] / "docs" / "scripts" / "deviations"


@pytest.fixture(scope="module")
def flashinfer() -> Any:
    """Import what the scripts of its deviations import."""
    pytest.importorskip("torch")
    if importlib.util.find_spec("flashinfer") is None:
        pytest.skip("flashinfer is not installed")
    path = SCRIPTS / "_flashinfer_traces.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _judged(function: Any, kind: str, **asked: Any) -> Report:
    torch = Implementation.of(function, kind=kind, arrays="torch")
    return check_implementation(torch, tier="smoke", **asked)


@pytest.mark.parametrize(
    ("name", "kind", "dtypes"),
    [
        ("merge_state", "merge", ["float32"]),
        ("merge_states", "merge-all", ["float32", "bfloat16"]),
    ],
)
def test_parts_are_merged_in_base_2_and_two_without_keys_are_nan(
    flashinfer: Any, name: str, kind: str, dtypes: Any
) -> None:
    report = _judged(getattr(flashinfer, name), kind, dtypes=dtypes)

    assert report.conforms, str(report)
    assert report.detected.dialect["base"] == "2"
    assert report.detected.dialect["all_empty"] == "nan"


def test_parts_that_are_merged_to_zero_and_none_are_asked_for(flashinfer: Any) -> None:
    merge = Implementation.of(
        flashinfer.merge_state,
        kind="merge",
        arrays="torch",
        dialect={"base": "2", "all_empty": "zeros", "empty_lse": "minus_infinity"},
    )

    report = check_implementation(merge, dtypes=["float32"], tier="smoke")

    assert "merge-empty" in {o.invariant for o in report.failures}


def test_two_parts_in_bfloat16_are_merged_into_float32(flashinfer: Any) -> None:
    report = _judged(flashinfer.merge_state, "merge", dtypes=["bfloat16"])

    said = " ".join(str(report).split())
    assert "output: expected dtype bfloat16, got float32" in said


def test_a_prefill_of_more_queries_than_keys_counts_from_the_first_key(
    flashinfer: Any,
) -> None:
    few = ["agreement", "causality", "causal-support"]
    asked: dict[str, Any] = {"dtypes": ["float32", "bfloat16"], "only": few}
    prefill = Implementation.of(
        flashinfer.single_prefill, face="single-prefill", arrays="torch"
    )

    whole = check_implementation(prefill, tier="smoke", **asked)
    fewer = check_implementation(
        prefill, tier="smoke", without=["more_queries"], **asked
    )

    assert {o.verdict for o in whole.failures} == {Verdict.FAILED}
    assert fewer.conforms, str(fewer)


def _paged(flashinfer: Any, slots: int | None = None) -> Any:
    """Return its paged prefill for pages behind a table, or for pages of fewer slots.

    It is always causal, and not told how many tokens a last page has.
    """
    torch = pytest.importorskip("torch")

    def paged(
        query: Any,
        key_pages: Any,
        value_pages: Any,
        table: Any,
        lengths: Any,
        *,
        causal: bool = False,
        scale: Any = None,
        return_lse: bool = False,
    ) -> Any:
        batch, queries, heads, width = query.shape
        page = key_pages.shape[1]
        size = slots or page
        pools = [x.reshape(-1, size, *x.shape[2:]) for x in (key_pages, value_pages)]
        tokens = [torch.arange(0, int(n), size) for n in lengths]
        # Without causality each query is a request of its own.
        together = queries if causal else 1
        pages = [
            (row[at // page] * page + at % page) // size
            for row, at in zip(table, tokens, strict=True)
            for _ in range(queries // together)
        ]
        counts = torch.tensor([0, *map(len, pages)])
        output, lse = flashinfer.paged_prefill(
            query.reshape(-1, heads, width),
            *pools,
            torch.arange(0, batch * queries + 1, together),
            counts.cumsum(0),
            torch.cat(pages),
            width**-0.5 if scale is None else scale,
        )
        output = output.reshape(query.shape)
        lse = lse.reshape(batch, queries, heads).swapaxes(1, 2)
        return (output, lse) if return_lse else output

    return paged


def test_a_paged_prefill_of_single_slots_conforms_in_base_2(flashinfer: Any) -> None:
    laws = ("agreement", "causal", "lse", "shared", "unread")

    report = _judged(
        _paged(flashinfer, 1),
        "paged",
        dtypes=["bfloat16"],
        without=["value_width"],
        only=[f"paged-{law}" for law in laws],
    )

    assert report.conforms, str(report)
    assert report.detected.dialect["lse_base"] == "2"
    assert report.detected.dialect["alignment"] == "lower_right"


def test_a_paged_prefill_reads_the_last_page_to_its_end(flashinfer: Any) -> None:
    report = _judged(
        _paged(flashinfer),
        "paged",
        dtypes=["bfloat16"],
        without=["value_width"],
        only=["paged-agreement", "paged-unread"],
    )

    assert {o.invariant for o in report.failures} >= {"paged-agreement", "paged-unread"}


@pytest.mark.parametrize("layout", ["NHD", "HND"])
def test_tokens_come_into_the_pages_of_their_lists(
    flashinfer: Any, layout: str
) -> None:
    whole = flashinfer.append_to_pages

    def append(
        append_key: Any,
        append_value: Any,
        batch_indices: Any,
        positions: Any,
        paged_kv_cache: Any,
        kv_indices: Any,
        kv_indptr: Any,
        kv_last_page_len: Any,
    ) -> None:
        turned = paged_kv_cache.transpose(2, 3) if layout == "HND" else paged_kv_cache
        tokens = append_key, append_value, batch_indices, positions
        lists = kv_indices, kv_indptr, kv_last_page_len
        whole(*tokens, turned, *lists, kv_layout=layout)

    report = _judged(
        append, "paged-append", only=["paged-append-agreement", "paged-append-counts"]
    )

    assert report.conforms, str(report)
    assert report.description.face["id"] == "page-lists"
