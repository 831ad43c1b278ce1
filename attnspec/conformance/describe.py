"""What a kernel is, found out by calls: its dialect, and how precisely it computes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping

from attnspec.conformance.check import benches
from attnspec.conformance.runner import outcomes
from attnspec.exceptions import (
    Inadmissible,
    InvalidArgument,
    KernelFault,
    KernelTimedOut,
    UnusableTarget,
)
from attnspec.judge.bench import Executor, KernelBench
from attnspec.judge.claims import Capabilities
from attnspec.judge.description import Description
from attnspec.judge.evidence import Explanation
from attnspec.judge.verdicts import Outcome, Report, Verdict
from attnspec.kinds.registry import kind_named

CLAIMED, UNCLAIMED = "claimed", "not claimed"
"""What is said of a capability."""

Progress = Callable[[str, str], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Portrait:
    """What a kernel is.

    Parameters
    ----------
    report
        What it claims, its dialect, and what became of the laws that were asked.
    precision
        For each format how far off its calls were, and what explains all of them.
    """

    report: Report
    precision: Mapping[str, Explanation]

    def outcome(self, dtype: str) -> Outcome:
        """Return what became of the law that compares it with the definition."""
        return next(o for o in self.report.outcomes if o.dtype == dtype)


def portrait(
    call: Executor,
    description: Description,
    *,
    dtypes: Iterable[str] = (),
    progress: Progress = lambda _dtype, _invariant: None,
) -> Portrait:
    """Return what a kernel is, by a small run and by calls made to tell.

    Parameters
    ----------
    call, description
        The kernel, opened.
    dtypes
        The formats to look at, all claimed ones by default.
    progress
        Called with dtype and invariant before each example.

    Raises
    ------
    InvalidArgument
        If a format is not claimed.
    UnusableTarget
        If the simplest call of all fails in every format.
    """
    stands, detected = benches(call, description, dtypes)
    _check_simplest(stands)
    first = next(iter(stands.values()))
    laws = (first.kind.laws[first.kind.agreement],)
    done = tuple(outcomes(stands, laws, tier="smoke", brief=True, progress=progress))
    for dtype, bench in stands.items():
        _call_all(bench, dtype)
    precision = {dtype: bench.explanation() for dtype, bench in stands.items()}
    report = Report(first.description, "smoke", 0, detected, tuple(stands), done)
    return Portrait(report, precision)


def _check_simplest(stands: Mapping[str, KernelBench]) -> None:
    """Refuse a kernel that cannot be called in any format, and say what to change."""
    faults = [bench.preflight(dtype) for dtype, bench in stands.items()]
    fault = faults[0]
    if fault is None or None in faults:
        return
    dtype, bench = next(iter(stands.items()))
    said = bench.kind.words.case(bench.simplest(dtype))
    if isinstance(fault, KernelTimedOut):
        change = "--deadline gives it longer"
    else:
        library = bench.description.face.get("arrays", "numpy")
        change = (
            f"it is given arrays of {library}: --arrays names another library; --kind "
            "and --face say how it is called, as 'attnspec kinds "
            f"{bench.kind.name}' shows"
        )
    what = str(fault).splitlines()[0]
    msg = f"target: the simplest call fails: {said}: {what}; {change}"
    raise UnusableTarget(msg)


def _call_all(bench: KernelBench, dtype: str) -> None:
    """Make the calls that tell numeric models apart, as far as they can be made.

    A kernel that does not return in time is called no more.
    """
    if isinstance(bench.preflight(dtype), KernelTimedOut):
        return
    for case in bench.kind.precision_calls(dtype, bench.capabilities):
        try:
            bench.judged(case)
            bench.run(case)
        except KernelTimedOut:
            return
        except (KernelFault, Inadmissible):
            continue


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two kernels differ: what it is, and what each of them does."""

    what: str
    one: str
    other: str


def check_one_kind(*descriptions: Description) -> None:
    """Refuse kernels that cannot be compared.

    Raises
    ------
    InvalidArgument
        If they are not of one kind.
    """
    kinds = [description.kind for description in descriptions]
    if len(set(kinds)) > 1:
        msg = f"kind: expected two kernels of one kind; got {', '.join(kinds)}"
        raise InvalidArgument(msg)


def differences(one: Portrait, other: Portrait) -> tuple[Difference, ...]:
    """Return in what two kernels of one kind differ.

    Raises
    ------
    InvalidArgument
        If they are not of one kind.
    """
    check_one_kind(one.report.description, other.report.description)
    pairs = zip(_facts(one).items(), _facts(other).items(), strict=True)
    found = [Difference(name, mine, its) for (name, mine), (_, its) in pairs]
    shared = [d for d in one.report.dtypes if d in other.report.dtypes]
    found += [
        Difference(f"precision in {d}", in_words(one, d), in_words(other, d))
        for d in shared
    ]
    return tuple(each for each in found if each.one != each.other)


def _facts(portrait: Portrait) -> dict[str, str]:
    """Return what can be compared of a kernel, in words."""
    report = portrait.report
    capabilities = report.description.capabilities
    facts = {
        "formats": ", ".join(capabilities.dtypes),
        "sizes": ", ".join(_limits(capabilities)) or "any",
        "pairs that exclude each other": ", ".join(
            " and ".join(sorted(pair)) for pair in capabilities.exclusive
        )
        or "none",
    }
    kind = kind_named(report.description.kind)
    for name in kind.vocabulary:
        facts[name] = CLAIMED if name in capabilities.claims else UNCLAIMED
    for field, choice in report.detected.dialect.items():
        label = kind.words.choices.get(field, field.replace("_", " "))
        facts[label] = report.detected.found.get(field, choice)
    return facts


def _limits(capabilities: Capabilities) -> list[str]:
    """Return the sizes that are supported."""
    multiples, least = capabilities.multiples, capabilities.least
    return [
        *(f"{size} % {number} == 0" for size, number in multiples.items()),
        *(f"{size} >= {number}" for size, number in least.items()),
    ]


def in_words(portrait: Portrait, dtype: str) -> str:
    """Return how precisely a kernel computes in a format."""
    outcome, found = portrait.outcome(dtype), portrait.precision[dtype]
    if outcome.verdict in (Verdict.REFUSED, Verdict.CRASHED, Verdict.TIMED_OUT):
        message = outcome.finding.message if outcome.finding else ""
        return f"{outcome.verdict}: {message or outcome.reason}"
    if not found.calls:
        return f"{outcome.verdict} ({outcome.reason})"
    if found.worst <= 1:
        model = portrait.report.description.model(dtype).name
        return f"within the bound of {model}"
    return found.words or "beyond the bound; no numeric model explains it"


__all__ = [
    "CLAIMED",
    "UNCLAIMED",
    "Difference",
    "Portrait",
    "check_one_kind",
    "differences",
    "in_words",
    "portrait",
]
