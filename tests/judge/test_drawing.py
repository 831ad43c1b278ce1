from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import hypothesis
import pytest
from hypothesis import configuration
from hypothesis import strategies as st

from attnspec.judge.drawing import by_seed_alone, interruptible, out_of_the_way


def test_hypothesis_can_keep_no_files_while_the_kit_draws() -> None:
    home = configuration.storage_directory(intent_to_write=False).path
    with out_of_the_way(), pytest.raises(NotADirectoryError):
        configuration.storage_directory("constants").create_if_missing()

    assert configuration.storage_directory(intent_to_write=False).path == home


def _numbers() -> list[int]:
    """Return what Hypothesis draws of one seed."""
    found: list[int] = []

    @hypothesis.seed(0)
    @hypothesis.settings(
        max_examples=200, database=None, phases=[hypothesis.Phase.generate]
    )
    @hypothesis.given(st.integers(0, 1_000))
    def draw(number: int) -> None:
        found.append(number)

    with out_of_the_way(), by_seed_alone():
        draw()
    return found


def test_the_same_is_drawn_whichever_modules_are_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _numbers()
    file = tmp_path / "with_constants.py"
    file.write_text(f"known = {[*range(100, 1_000)]}\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("with_constants", file)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "with_constants", module)

    assert _numbers() == before


def _fails_when_interrupted() -> None:
    try:
        raise KeyboardInterrupt
    finally:
        raise AssertionError


def test_an_interrupt_that_fails_an_assertion_is_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        _fails_when_interrupted()


def test_a_failed_assertion_alone_is_no_interrupt() -> None:
    with pytest.raises(AssertionError), interruptible():
        raise AssertionError
