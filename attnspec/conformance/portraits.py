"""What a kernel is, and how two of them differ, as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attnspec.conformance.describe import (
    CLAIMED,
    UNCLAIMED,
    Difference,
    Portrait,
    in_words,
)
from attnspec.conformance.reports import words
from attnspec.conformance.reports.text import header_lines
from attnspec.judge.verdicts import Outcome, Report

_WIDE = 24
"""The columns of what differs."""


def portrait_lines(portrait: Portrait, target: str) -> list[str]:
    """Return what a kernel is: the header, and how precisely it computes."""
    lines = header_lines(portrait.report, target)
    for number, dtype in enumerate(portrait.report.dtypes):
        found = portrait.precision[dtype]
        said = f"{dtype}: {in_words(portrait, dtype)}"
        if found.calls:
            calls = words.count(found.calls, "call")
            said += f"; largest error {words.times_bound(found.worst)} in {calls}"
        lines += words.wrapped(said, first="" if number else "precision")
    return lines


def difference_lines(
    titles: tuple[str, str], differences: Sequence[Difference], broken: Iterable[str]
) -> list[str]:
    """Return how two kernels differ, and what breaks when one replaces the other.

    Parameters
    ----------
    titles
        What they are called.
    differences
        In what they differ.
    broken
        The laws that the first one keeps and the second one breaks.
    """
    one, other = titles
    lines = words.wrapped(f"{other} in place of {one}", indent=0)
    for said in (UNCLAIMED, CLAIMED):
        claims = [each.what for each in differences if each.other == said]
        if claims:
            lines += words.wrapped(" ".join(claims), first=f"  {said}", indent=_WIDE)
    for each in differences:
        if each.other not in (CLAIMED, UNCLAIMED):
            was = f"{each.other}; with {one}: {each.one}"
            lines += words.wrapped(was, first=f"  {each.what}", indent=_WIDE)
    if not differences:
        lines += words.wrapped("no difference in what is claimed or found", indent=2)
    said = ", ".join(broken) or "no law that the other keeps"
    return [*lines, *words.wrapped(said, first="  breaks", indent=_WIDE)]


def newly_broken(one: Report, other: Report) -> list[str]:
    """Return the laws that the first kernel keeps and the second one breaks."""
    kept = {(o.invariant, o.dtype) for o in one.outcomes if _is_kept(o)}
    return [
        f"{o.invariant} ({o.dtype})"
        for o in other.outcomes
        if (o.invariant, o.dtype) in kept and not (o.conforms or o.held_back)
    ]


def _is_kept(outcome: Outcome) -> bool:
    """Return whether a law was asked and holds."""
    return outcome.verdict.conforms and bool(outcome.counted)


__all__ = ["difference_lines", "newly_broken", "portrait_lines"]
