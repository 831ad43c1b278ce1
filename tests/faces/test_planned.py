"""Objects that are planned and run: what they are made with, and how often planned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import check_implementation
from attnspec.exceptions import InvalidArgument
from attnspec.faces import OF_KINDS
from tests.faces import _planning

PREFILL: Any = OF_KINDS["paged-prefill-wrapper"]


def _judged(made: Any, *laws: str, **more: Any) -> Any:
    only = [f"paged-{law}" for law in laws]
    asked = {"arrays": "numpy", "tier": "smoke", "dtypes": ["float32"], **more}
    return check_implementation(made, kind="paged", only=only, **asked)


class _Counted:
    """Counts what is done to it."""

    done: list[str]

    def plan(
        self, qo_indptr: Any, paged_kv_indptr: Any, *, causal: bool = False
    ) -> None:
        assert qo_indptr.size == paged_kv_indptr.size
        self.done.append("plan, causal" if causal else "plan")

    def run(self, q: Any, paged_kv_cache: Any, return_lse: bool = False) -> Any:
        self.done.append("run")
        assert return_lse in (False, True)
        if len(q) == len(paged_kv_cache[0]) == 0:
            msg = "no queries"
            raise ValueError(msg)


def _asked(*calls: tuple[Any, dict[str, Any]]) -> list[str]:
    """Return what is done to an object in some calls."""
    _Counted.done = []
    call = PREFILL.native(_Counted, lambda function: function)
    for query, plan in calls:
        try:
            call(query, (query, query), **plan)
        except ValueError:
            _Counted.done.append("raised")
    return _Counted.done


ONE, TWO = np.zeros((1, 1, 2), np.float32), np.zeros((2, 1, 2), np.float32)
PLAN = {"qo_indptr": np.array([0, 1]), "paged_kv_indptr": np.array([0, 1])}


def test_a_plan_that_is_for_the_same_is_made_once() -> None:
    assert _asked((ONE, PLAN), (ONE + 1, PLAN)) == ["plan", "run", "run"]
    # What is asked of a run alone needs no other plan.
    assert _asked((ONE, PLAN), (ONE, PLAN | {"return_lse": True})).count("plan") == 1


@pytest.mark.parametrize(
    ("query", "more"),
    [
        (ONE, {"causal": True}),
        (ONE, {"paged_kv_indptr": np.array([0, 2])}),
        (ONE.astype(np.float16), {}),
    ],
)
def test_what_changes_is_planned_again(query: Any, more: Any) -> None:
    done = _asked((ONE, PLAN), (query, PLAN | more))

    assert [what.startswith("plan") for what in done] == [True, False, True, False]


def test_an_object_that_raised_is_made_anew() -> None:
    assert _asked((ONE, PLAN), (ONE[:0], PLAN), (ONE, PLAN)) == [
        *("plan", "run", "run", "raised"),
        *("plan", "run"),
    ]


def test_keys_that_are_kept_from_the_run_before_are_found() -> None:
    assert not _judged(_planning.KeysKept, "layers").conforms


def test_a_run_that_spoils_its_plan_is_found() -> None:
    assert not _judged(_planning.RunOnce, "layers").conforms


def test_a_function_that_makes_objects_is_one_if_its_face_is_named() -> None:
    def make(workspace: Any) -> Any:
        return _planning.Prefill(workspace)

    report = _judged(make, "agreement", "lse", face="paged-prefill-wrapper")

    assert report.conforms, str(report)
    assert report.detected.dialect["lse_base"] == "2"


def test_a_finding_shows_plan_and_run() -> None:
    (found,) = _judged(_planning.PlannedByShape, "agreement").outcomes

    assert found.finding is not None
    plan, _, run = found.finding.call.partition("; ")
    assert plan.startswith("PlannedByShape: plan(qo_indptr=qo_indptr, ")
    assert run.startswith("run(q, paged_kv_cache")


def test_a_class_is_recognised_as_no_function_of_attention() -> None:
    with pytest.raises(InvalidArgument, match="paged-prefill-wrapper of paged"):
        check_implementation(_planning.Prefill)


def test_what_needs_something_else_than_memory_is_refused() -> None:
    class Needy(_planning.Prefill):
        def __init__(self, stream: Any) -> None: ...

    with pytest.raises(InvalidArgument, match=r"made with .*needs 'stream'"):
        _judged(Needy, "agreement")


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="needs plan and run; list has not both"):
        _judged(list, "agreement", face="paged-prefill-wrapper")
