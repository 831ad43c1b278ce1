"""What chose a kernel is in the report."""

from __future__ import annotations

import pytest

from attnspec.conformance import Report, check_implementation
from attnspec.conformance.reports.jsonl import header
from attnspec.conformance.reports.settings import settings
from attnspec.conformance.reports.text import header_lines
from tests.conformance import _kernels


@pytest.fixture(scope="module")
def report() -> Report:
    done = check_implementation(_kernels.right, only=["agreement"], tier="smoke")
    return done.replace(description=done.description.replace(arrays="torch"))


def test_settings_of_the_library_are_in_the_report(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NVTE_FLASH_ATTN", "0")
    monkeypatch.setenv("XLA_FLAGS", "--of-another-library")

    (line,) = [x for x in header_lines(report, "right") if x.startswith("settings")]
    environment = header(report, "right")["environment"]

    assert line.split() == ["settings", "NVTE_FLASH_ATTN=0"]
    assert environment["NVTE_FLASH_ATTN"] == "0"
    assert "XLA_FLAGS" not in environment


def test_a_long_setting_is_cut_and_printable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "\x1b[0m" + "x" * 1000)

    said = settings("jax")["XLA_FLAGS"]
    assert len(said) == 200
    assert said.isprintable()
