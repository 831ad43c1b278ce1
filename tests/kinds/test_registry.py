"""A kind is imported when it is asked for, and not before."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from attnspec.exceptions import UnknownName
from attnspec.kinds.registry import INVARIANTS, KINDS, find, kind_named

LATE = ("hypothesis", "scipy", "attnspec.kinds.positions.rope")
"""What a worker that calls a kernel of attention can do without."""


def _loaded(program: str) -> list[str]:
    """Return which of them are imported once a program has run."""
    shown = f"import sys, json; print(json.dumps([*{{*sys.modules}} & {{*{LATE!r}}}]))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", f"{program}\n{shown}"],
        check=True,
        capture_output=True,
        text=True,
    )
    loaded: list[str] = json.loads(done.stdout)
    return loaded


@pytest.mark.parametrize(
    "program",
    [
        "import attnspec.conformance.server",
        "from attnspec.kinds.registry import kind_named; kind_named('attention')",
        # A plain function is asked for no face of another kind.
        "import attnspec; attnspec.Implementation.of(lambda q, k, v, scale=None: v)",
    ],
)
def test_a_worker_of_attention_waits_for_nothing_else(program: str) -> None:
    assert _loaded(program) == []


def test_what_is_asked_for_is_imported() -> None:
    program = "from attnspec.kinds.registry import KINDS; KINDS['rope']"

    assert LATE[2] in _loaded(program)


def test_laws_come_in_the_order_of_their_kinds() -> None:
    listed = [id_ for kind in KINDS.values() for id_ in kind.laws]

    assert list(INVARIANTS) == listed
    assert len(INVARIANTS) == len(listed) == len({*listed})
    assert all(INVARIANTS[id_] is find(id_) for id_ in listed)


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(UnknownName, match="did you mean 'rope'"):
        kind_named("rop")
    with pytest.raises(UnknownName, match="no such id 'rope-nrm'"):
        find("rope-nrm")
    assert "rope-nrm" not in INVARIANTS
