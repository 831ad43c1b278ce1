from __future__ import annotations

import pytest
from hypothesis import configuration

from attnspec.judge.drawing import out_of_the_way


def test_hypothesis_can_keep_no_files_while_the_kit_draws() -> None:
    home = configuration.storage_directory(intent_to_write=False).path
    with out_of_the_way(), pytest.raises(NotADirectoryError):
        configuration.storage_directory("constants").create_if_missing()

    assert configuration.storage_directory(intent_to_write=False).path == home
