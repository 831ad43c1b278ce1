"""The rules by which kernels are usually judged, measured on rogues and controls.

Each rule sees what the tests that use it see: standard normal operands at a few usual
shapes, alone and with a causal flag, a mask or grouped heads where the kernel takes
them, in every format that it takes. A rule compares the output with the exact one,
rounded to the format, and accepts a kernel if it accepts all of its outputs.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues import CONTROLS, ROGUES, Control, Rogue
from attnspec.rogues._table import Matrix
from attnspec.rogues._usual_tests import USUAL, Answers, Usual, drawn, right_answers

Rule = Callable[[Answers], bool]
"""Accepts an output, or rejects it."""


def within_a_hundredth(answers: Answers) -> bool:
    """Accept errors up to 1e-2 + 1e-2 abs(expected), as ``numpy.allclose``.

    KernelBench accepts this in 16 bits, and did in float32 before its version 0.2.
    """
    return np.allclose(answers.actual, answers.expected, rtol=1e-2, atol=1e-2)


def within_a_thousandth(answers: Answers) -> bool:
    """Accept errors up to 1e-3 + 1e-3 abs(expected), as ``numpy.allclose``."""
    return np.allclose(answers.actual, answers.expected, rtol=1e-3, atol=1e-3)


_CLOSE: Mapping[str, tuple[float, float]] = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}
"""The relative and absolute tolerances of ``torch.testing.assert_close`` by format."""


def close_by_default(answers: Answers) -> bool:
    """Accept what ``torch.testing.assert_close`` accepts by default in the format."""
    relative, absolute = _CLOSE[answers.dtype]
    return np.allclose(answers.actual, answers.expected, rtol=relative, atol=absolute)


def within_twice_the_plain_error(answers: Answers) -> bool:
    """Accept the largest error up to twice that of a plain run, and 1e-5.

    The plain run computes every step in the format of the operands. This is how
    FlashAttention's tests judge the output.
    """
    error = np.abs(answers.actual - answers.exact).max(initial=0)
    plain = np.abs(answers.plain - answers.exact).max(initial=0)
    return bool(error <= 2 * plain + 1e-5)


def mostly_within_a_hundredth(answers: Answers) -> bool:
    """Accept if 99 of 100 elements are off by at most 1e-2 + 1e-2 abs(expected)."""
    close = np.isclose(answers.actual, answers.expected, rtol=1e-2, atol=1e-2)
    return bool(close.mean() >= 0.99) if close.size else True


def of_like_direction(answers: Answers) -> bool:
    """Accept if the cosine between actual and expected output exceeds 0.99."""
    actual, expected = answers.actual.ravel(), answers.expected.ravel()
    lengths = np.linalg.norm(actual) * np.linalg.norm(expected)
    return bool(actual @ expected > 0.99 * lengths)


RULES: Mapping[str, Rule] = {
    "allclose, 1e-2": within_a_hundredth,
    "allclose, 1e-3": within_a_thousandth,
    "assert_close, defaults of torch": close_by_default,
    "twice the error of a plain run": within_twice_the_plain_error,
    "99 % of elements within 1e-2": mostly_within_a_hundredth,
    "cosine above 0.99": of_like_direction,
}
"""The rules by name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """How many rogues a rule catches, and how many controls it refuses."""

    rule: str
    caught: int
    rogues: int
    refused: int
    controls: int

    @classmethod
    def of(cls, rule: str, accepted: Mapping[str, bool]) -> Score:
        """Count what a rule says of each rogue and control."""
        wrong = [verdict for id, verdict in accepted.items() if id in ROGUES]  # noqa: A001 - the field's name
        right = [verdict for id, verdict in accepted.items() if id in CONTROLS]  # noqa: A001 - the field's name
        return cls(rule, wrong.count(False), len(wrong), right.count(False), len(right))


def attention_entries(ids: Iterable[str] | None = None) -> list[Rogue | Control]:
    """Return the rogues and controls of attention, or those of them named here."""
    entries: dict[str, Rogue | Control] = {**ROGUES, **CONTROLS}
    found = entries.values() if ids is None else [entries[id] for id in ids]  # noqa: A001 - the field's name
    return [e for e in found if e.implementation.description.kind == "attention"]


def scores(
    ids: Iterable[str] | None = None,
    *,
    progress: Callable[[int, int, Rogue | Control], None] = lambda _d, _a, _e: None,
) -> tuple[Score, ...]:
    """Put the rogues and controls of attention before each rule.

    Parameters
    ----------
    ids
        Ids of rogues and controls; all of attention's by default.
    progress
        Called with the number of kernels done, of all, and the newest.

    Examples
    --------
    >>> [score.caught for score in scores(["zeros", "mask-lost-at-48"])]
    [1, 1, 1, 1, 1, 1]
    """
    accepted: dict[str, dict[str, bool]] = {rule: {} for rule in RULES}
    entries = attention_entries(ids)
    for done, entry in enumerate(entries, 1):
        for rule, verdict in judged(entry).items():
            accepted[rule][entry.id] = verdict
        progress(done, len(entries), entry)
    return tuple(Score.of(rule, verdicts) for rule, verdicts in accepted.items())


def score_of(matrix: Matrix) -> Score:
    """Return the same count for this judge, out of its kill matrix."""
    accepted = {
        row.id: all(each.right is row.control for each in matrix.of(row.id))
        for row in matrix.rows
    }
    return Score.of("attnspec", accepted)


def judged(entry: Rogue | Control) -> dict[str, bool]:
    """Return whether each rule accepts a kernel."""
    found = list(_answers(entry))
    with np.errstate(invalid="ignore", over="ignore"):
        return {name: all(map(rule, found)) for name, rule in RULES.items()}


def _answers(entry: Rogue | Control) -> Iterator[Answers]:
    """Yield what a kernel answers to the usual tests."""
    capabilities = entry.implementation.description.capabilities
    kernel = entry.fresh().function
    for dtype in capabilities.dtypes:
        for test in USUAL:
            if all(need in capabilities for need in test.needs):
                known = right_answers(test, dtype)
                yield known._replace(actual=_asked(kernel, test, dtype, known.exact))


def _asked(kernel: Callable[..., Any], test: Usual, dtype: str, exact: Array) -> Array:
    """Ask a kernel; what it cannot answer is NaN, which no rule accepts."""
    operands, options = drawn(test, dtype)
    try:
        actual = np.asarray(kernel(*operands, **options), np.float64)
    except (Exception, SystemExit):  # noqa: BLE001 - it may fail in any way
        return np.full_like(exact, np.nan)
    return actual if actual.shape == exact.shape else np.full_like(exact, np.nan)


def table(found: Iterable[Score]) -> str:
    """Return the scores in lines of at most 80 characters."""
    lines = [f"{'rule':36} {'rogues caught':>16} {'controls refused':>18}"]
    for score in found:
        caught = f"{score.caught} of {score.rogues}"
        refused = f"{score.refused} of {score.controls}"
        lines.append(f"{score.rule:36} {caught:>16} {refused:>18}")
    return "\n".join(lines)


def as_csv(found: Iterable[Score]) -> str:
    """Return one line for each score."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(field.name for field in dataclasses.fields(Score))
    rows.writerows(dataclasses.astuple(score) for score in found)
    return out.getvalue()


__all__ = [
    "RULES",
    "Score",
    "as_csv",
    "attention_entries",
    "close_by_default",
    "judged",
    "mostly_within_a_hundredth",
    "of_like_direction",
    "score_of",
    "scores",
    "table",
    "within_a_hundredth",
    "within_a_thousandth",
    "within_twice_the_plain_error",
]
