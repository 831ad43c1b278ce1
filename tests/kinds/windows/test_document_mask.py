from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict, check_implementation
from attnspec.kinds.windows.document_mask import DOCUMENT_MASK
from attnspec.rogues import CONTROLS
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_two_documents_do_not_see_each_other() -> None:
    ids = np.array([5, 5, 2])
    case = case_of((3, 3), {"query_ids": ids, "key_ids": ids})

    assert agree([[1, 1, 0], [1, 1, 0], [0, 0, 1]], right(DOCUMENT_MASK, case))


def test_the_tokens_of_a_document_may_stand_apart() -> None:
    ids = np.array([1, 2, 1])
    case = case_of((3, 3), {"query_ids": ids, "key_ids": ids})

    assert agree([[1, 0, 1], [0, 1, 0], [1, 0, 1]], right(DOCUMENT_MASK, case))


def test_a_document_that_begins_anew_is_caught() -> None:
    assert verdicts("document-mask-runs") == {"document-mask-order": Verdict.FAILED}


def test_a_function_of_one_vector_of_names_says_so() -> None:
    assert verdicts("document-mask-one-vector") == {
        "document-mask-agreement": Verdict.FAILED
    }
    one = CONTROLS["document-mask-vector-declared"].fresh()
    assert check_implementation(one, tier="smoke").conforms
