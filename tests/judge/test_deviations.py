from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnspec.conformance import (
    Deviation,
    Implementation,
    Outcome,
    Verdict,
    check_implementation,
    load_deviations,
)
from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches
from attnspec.conformance.runner import Runner
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.kinds.attention.laws import ATTENTION
from tests.conformance import _kernels

PINNED = ATTENTION.recipe(queries=1, keys=65, width=1, value_width=1, scores="uniform")


def _deviation(**changes: Any) -> Deviation:
    fields: dict[str, Any] = {
        "id": "tail",
        "invariants": ("tail-sweep",),
        "reason": "the last key is lost where S = 1 (mod 64)",
        "when": {"keys": [*range(65, 2048, 64)]},
        "pinned": PINNED,
    }
    return Deviation(**{**fields, **changes})


def _verdict(kernel: Any, deviation: Deviation) -> tuple[Verdict, str]:
    implementation = Implementation.of(kernel, deviations=(deviation,))
    report = check_implementation(implementation, only=["tail-sweep"])
    return report.outcomes[0].verdict, report.outcomes[0].reason


def test_a_known_failure_is_a_deviation() -> None:
    assert _verdict(_kernels.tail, _deviation()) == (Verdict.DEVIATION, "")


def test_a_deviation_whose_pinned_case_passes_is_stale() -> None:
    verdict, reason = _verdict(_kernels.right, _deviation())

    assert verdict is Verdict.STALE
    assert reason == "deviation 'tail': its pinned case passes"


def test_a_failure_outside_the_condition_is_a_failure() -> None:
    narrow = _deviation(when={"keys": 65})

    assert _verdict(_kernels.tail, narrow)[0] is Verdict.FAILED


def test_an_expired_deviation_covers_nothing() -> None:
    expired = _deviation(expires=dt.date(2020, 1, 1))

    assert _verdict(_kernels.tail, expired) == (
        Verdict.FAILED,
        "deviation 'tail' expired on 2020-01-01",
    )


def _leaking(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    """Hide later keys by a number that large scores reach."""
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1], dtype=query.dtype)
    if causal:
        length, keys = scores.shape[-2:]
        scores[..., ~np.tri(length, keys, keys - length, dtype=bool)] = -1e4
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return (weights / weights.sum(-1, keepdims=True) @ value).astype(query.dtype)


LAWS = ("causality", "agreement", "causal-support")


def _of_causal(**changes: Any) -> Deviation:
    fields: dict[str, Any] = {
        "id": "far",
        "invariants": LAWS,
        "reason": "keys that are hidden get weight",
        "when": {"causal": True},
        "pinned": ATTENTION.recipe(queries=3, keys=3, causal=True, dtype="float16"),
    }
    return Deviation(**{**fields, **changes})


def _verdicts(kernel: Any, deviation: Deviation, **options: Any) -> list[Outcome]:
    implementation = Implementation.of(
        kernel, deviations=(deviation,), dtypes=("float32", "float16")
    )
    asked = {"only": LAWS, "tier": "smoke", **options}
    return list(check_implementation(implementation, **asked).outcomes)


def test_a_case_that_passes_covers_nothing_whatever_its_format_is() -> None:
    found = _verdicts(_leaking, _of_causal(), dtypes=["float32"])

    assert {o.verdict for o in found} & {Verdict.FAILED}
    assert not {o.verdict for o in found} & {Verdict.DEVIATION}


def test_a_deviation_of_no_format_is_stale_in_each_of_them_once() -> None:
    found = _verdicts(_kernels.right, _of_causal(), dtypes=["float32"])

    verdicts = [o.verdict for o in found]
    assert verdicts == [Verdict.STALE, Verdict.PASSED, Verdict.PASSED]


def test_a_deviation_of_one_format_says_nothing_of_another() -> None:
    narrow = _of_causal(when={"causal": True, "dtype": "float16"})
    found = _verdicts(_kernels.right, narrow, dtypes=["float32"])

    assert {o.verdict for o in found} == {Verdict.PASSED}


def _of_two_faults(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    """Double the scores, and lose the last of many keys: both where it is causal."""
    if not causal:
        return _kernels.right(query, key, value)
    kept = slice(0, -1 if key.shape[2] > 8 else None)
    return _kernels.right(2 * query, key[:, :, kept], value[:, :, kept], causal=True)


def _of_both(**changes: Any) -> list[tuple[Verdict, str]]:
    """Return what is said of the first fault, and of the second."""
    laws = ("agreement", "tail-sweep")
    pinned = ATTENTION.recipe(queries=2, keys=4, width=2, value_width=2, causal=True)
    deviation = _of_causal(invariants=laws, pinned=pinned, **changes)
    found = _verdicts(
        _of_two_faults, deviation, only=laws, dtypes=["float32"], tier="standard"
    )
    return [(o.verdict, o.reason) for o in found]


def test_only_the_laws_that_its_pinned_case_fails_are_covered() -> None:
    assert _of_both() == [
        (Verdict.DEVIATION, ""),
        (
            Verdict.FAILED,
            "deviation 'far': its pinned case passes tail-sweep in float32",
        ),
    ]


def test_a_further_case_is_there_for_laws_that_the_first_one_passes() -> None:
    long = ATTENTION.recipe(keys=65, causal=True)

    assert _of_both(further=(long,)) == [(Verdict.DEVIATION, "")] * 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"when": {}, "pinned": ATTENTION.recipe(causal=True, window=(0, 0))},
            "window is not claimed",
        ),
        (
            {
                "when": {"dtype": "bfloat16"},
                "pinned": ATTENTION.recipe(dtype="bfloat16"),
            },
            r"it has the traits of 'when' in no claimed dtype \(float32, float16\)",
        ),
    ],
)
def test_a_pinned_case_that_the_kernel_never_gets_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=f"'far': .* out of scope: {message}"):
        _verdicts(_leaking, _of_causal(**changes))


def test_what_is_not_claimed_any_more_takes_its_deviations_with_it() -> None:
    found = _verdicts(
        _kernels.right,
        _of_causal(),
        dtypes=["float32"],
        without=["causal"],
        only=["agreement"],
    )

    assert [o.verdict for o in found] == [Verdict.PASSED]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"invariants": ()}, InvalidArgument, "expected at least one id"),
        (
            {"invariants": ("tails",)},
            UnknownName,
            "no invariant of attention has the id 'tails'",
        ),
        ({"when": {"key": 1}}, UnknownName, "unknown trait 'key'"),
        ({"when": {"keys": 9}}, InvalidArgument, "the pinned case does not have"),
    ],
)
def test_a_deviation_that_cannot_be_is_refused(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"deviation 'tail': .*{message}"):
        Implementation.of(_kernels.right, deviations=(_deviation(**changes),))


FILE = """
[[deviation]]
id = "tail"
invariants = ["tail-sweep"]
reason = "the last key is lost where S = 1 (mod 64)"
link = "https://example.org/1"
expires = 2030-01-01
when = { keys = [65, 129, 257] }
pinned = { fields = { keys = 65, scores = "uniform" } }
"""


def test_deviations_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "deviations.toml"
    file.write_text(FILE)

    (found,) = load_deviations(file)

    assert found.pinned == PINNED
    assert found.expires == dt.date(2030, 1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[deviation]", "is no TOML"),
        ("[deviations]", "unknown key 'deviations'"),
        ("[[deviation]]\nid = 'x'", "'invariants' is missing"),
        (FILE + "colour = 'red'\n", "unknown key 'colour'"),
        (
            FILE.replace("2030-01-01", "2030-01-01T00:00:00"),
            "expires: expected a day",
        ),
        (
            FILE.replace('["tail-sweep"]', "[[1]]"),
            r"invariants\[0\]: expected one line of",
        ),
        (
            FILE.replace('id = "tail"', "id = 3"),
            "id: expected one line of printable text",
        ),
        ("deviation = 3", r"expected tables \[\[deviation\]\]"),
        (FILE.replace("when = {", "when = 3 # {"), "when: expected a table"),
        (FILE.replace("2030-01-01", "'soon'"), "expires: expected a day"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(
    text: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "deviations.toml"
    file.write_text(text)

    with pytest.raises(InvalidArgument, match=message):
        load_deviations(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"none\.toml cannot be read"):
        load_deviations(tmp_path / "none.toml")


@pytest.mark.parametrize("known", [True, False])
def test_calls_that_a_deviation_covers_are_no_evidence_of_precision(
    known: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    deviations = (_deviation(),) if known else ()
    description = Implementation.of(_kernels.tail, deviations=deviations).description
    bench = benches(InProcess(_kernels.tail), description)[0]["float32"]
    runner = Runner(bench, "float32")
    outcome = runner.outcome(ATTENTION.laws["tail-sweep"])

    found = bench.explanation()
    assert outcome.conforms is known
    assert found.calls
    assert (found.worst <= 1) is known
