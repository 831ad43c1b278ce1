from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.windows.block_mask import BLOCK_MASK
from tests.kinds._by_hand import agree, case_of, right, verdicts

OPERANDS = {"layout": np.eye(2, dtype=np.bool_), "rows": 1, "columns": 2}


def test_the_last_block_may_be_cut() -> None:
    case = case_of((2, 3), {**OPERANDS, "queries": 2, "keys": 3})

    assert agree([[1, 1, 0], [0, 0, 1]], right(BLOCK_MASK, case))


def test_the_layout_shows_blocks_and_no_single_keys() -> None:
    case = case_of((2, 4), {**OPERANDS, "queries": 2, "keys": 4})

    assert agree([[1, 1, 0, 0], [0, 0, 1, 1]], right(BLOCK_MASK, case))


def test_last_blocks_that_are_hidden_are_caught() -> None:
    assert verdicts("block-mask-whole") == {"block-mask-agreement": Verdict.FAILED}
