from __future__ import annotations

import pytest
from hypothesis import configuration

from attnspec.judge.drawing import interruptible, out_of_the_way


def test_hypothesis_can_keep_no_files_while_the_kit_draws() -> None:
    home = configuration.storage_directory(intent_to_write=False).path
    with out_of_the_way(), pytest.raises(NotADirectoryError):
        configuration.storage_directory("constants").create_if_missing()

    assert configuration.storage_directory(intent_to_write=False).path == home


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
