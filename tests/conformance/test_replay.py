from __future__ import annotations

from typing import Any

import pytest

from attnspec.conformance import Implementation, Verdict
from attnspec.conformance.call import InProcess
from attnspec.conformance.inputs import read_token
from attnspec.conformance.replay import replay
from attnspec.exceptions import InvalidArgument
from attnspec.judge.tokens import Token
from attnspec.judge.verdicts import Outcome
from attnspec.kinds.attention.laws import ATTENTION
from tests.conformance import _kernels


def _replayed(kernel: Any, law: str, **fields: Any) -> Outcome | None:
    recipe = ATTENTION.recipe(**fields)
    token = read_token(str(Token(ATTENTION, ATTENTION.laws[law], recipe)))
    known = Implementation.of(kernel).description
    found = replay(InProcess(kernel), known, token)
    return None if found is None else found.outcome


def test_a_finding_is_seen_again_with_its_verdict() -> None:
    found = _replayed(_kernels.tail, "tail-sweep", keys=65)

    assert found is not None
    assert found.verdict is Verdict.FAILED


def test_a_law_holds_where_it_was_asked() -> None:
    assert _replayed(_kernels.right, "tail-sweep", keys=65) is None


@pytest.mark.parametrize(
    ("law", "fields", "message"),
    [
        ("causality", {"keys": 3}, "its case lacks causal, which causality is about"),
        ("agreement", {"window": (0, 0)}, "out of scope: window is not claimed"),
        ("lse-agreement", {}, "lse-agreement is not asked of this kernel: return_lse"),
        (
            "causality",
            {"causal": True},
            "causality says nothing of this case here: there is nothing to compare",
        ),
    ],
)
def test_what_was_not_asked_is_not_said_to_hold(
    law: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=f"token: .*{message}"):
        _replayed(_kernels.right, law, **fields)
