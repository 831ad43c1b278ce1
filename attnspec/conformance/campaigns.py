"""Campaigns: many kernels with many seeds, and one summary."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attnspec
from attnspec.conformance.executors import Places, places
from attnspec.conformance.importing import DEFAULT
from attnspec.conformance.recording import recorded
from attnspec.conformance.reports import Replay, read_report
from attnspec.conformance.reports.restored import outcomes_of
from attnspec.conformance.reports.stored import StoredReport
from attnspec.conformance.targets import Request, open_target
from attnspec.conformance.units import here_alone
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import Outcome

_AT_ONCE = 16
"""For so many places one more run is begun before the one before has ended."""


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """One kernel with one seed, and the file of its report."""

    request: Request
    seed: int
    path: Path

    @property
    def title(self) -> str:
        """The words that name the kernel."""
        return self.request.title or DEFAULT


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """A law that a kernel has failed with some of the seeds, in a format."""

    target: str
    invariant: str
    dtype: str
    verdict: str
    seeds: tuple[int, ...]
    """The seeds with which it does not conform."""
    token: str
    """The finding with the first of them, if there is one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Summary:
    """What became of a campaign."""

    seeds: int
    laws: dict[str, int]
    """For each target how many laws were asked in any format."""
    counted: dict[str, int]
    """For each target how many examples counted."""
    failures: tuple[Failure, ...]

    @property
    def conforms(self) -> bool:
        """Whether every kernel was asked something, and conforms with every seed."""
        return not self.failures and all(self.laws.values())


def runs_of(
    requests: Sequence[Request], seeds: Iterable[int], folder: Path
) -> list[Run]:
    """Return the runs of a campaign, those of one kernel together.

    Raises
    ------
    InvalidArgument
        If two kernels would have the same report.
    """
    drawn = tuple(seeds)
    runs = [
        Run(request, seed, folder / f"{_slug(request)}-seed{seed}.jsonl")
        for request in requests
        for seed in drawn
    ]
    titles: dict[Path, str] = {}
    for run in runs:
        if run.path in titles:
            msg = f"target: {titles[run.path]!r} and {run.title!r} have one report, "
            raise InvalidArgument(msg + run.path.name)
        titles[run.path] = run.title
    return runs


def _slug(request: Request) -> str:
    """Return a name for files: without folders, and not too long."""
    name = Path(request.title or DEFAULT).name
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:80]


def campaign(
    runs: Sequence[Run],
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    deadline: float = 20.0,
    interrupted: Callable[[], None] = lambda: None,
    progress: Callable[[Run, StoredReport], None] = lambda _run, _report: None,
    **wishes: Any,
) -> Summary:
    """Make every run whose report is not there yet, and sum all of them up.

    Parameters
    ----------
    runs
        The runs.
    jobs, scheduler
        Where units are judged, as `spreading_over` has it.
    deadline
        When a call has timed out.
    interrupted
        Called now and then; it raises `KeyboardInterrupt` to end the campaign.
    progress
        Called with each run and its report, in order.
    **wishes
        What `judge` is asked for: dtypes, only, tier.

    Raises
    ------
    InvalidArgument
        If a kernel cannot be opened, or a report is of another run.
    KeyboardInterrupt
        If it was interrupted; every report is as far as its run came.
    """
    stopping = threading.Event()

    def check() -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        interrupted()

    for folder in {run.path.parent for run in runs}:
        _made(folder)
    found: list[tuple[Run, StoredReport]] = []
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(places(jobs, scheduler))

        def made(run: Run) -> StoredReport:
            return _made_run(run, where, deadline, check, wishes)

        if where is None:
            reports: Iterator[StoredReport] = map(made, runs)
        else:
            several = ThreadPoolExecutor(2 + where.width // _AT_ONCE)
            stack.callback(several.shutdown, cancel_futures=True)
            stack.callback(stopping.set)
            reports = several.map(made, runs)
        for run, report in zip(runs, reports, strict=True):
            found.append((run, report))
            progress(run, report)
    return summary(found)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"report: the folder {folder} cannot be made ({error.strerror})"
        raise InvalidArgument(msg) from error


def _made_run(
    run: Run,
    where: Places | None,
    deadline: float,
    check: Callable[[], None],
    wishes: dict[str, Any],
) -> StoredReport:
    """Make a run, or keep its report if it is finished."""
    check()
    if (kept := _kept(run, wishes)) is not None:
        return kept

    def waiting(_dtype: str, _law: str) -> None:
        check()

    over = where.spreading(run.request, deadline, waiting) if where else here_alone
    with open_target(run.request, deadline=deadline) as (call, known):
        recorded(
            call,
            known,
            title=run.title,
            replay=Replay(run.request.replayed(), run.seed),
            report=run.path,
            resume=True,
            spreading=over,
            seed=run.seed,
            progress=waiting,
            **wishes,
        )
    return read_report(run.path)


def _kept(run: Run, wishes: dict[str, Any]) -> StoredReport | None:
    """Return the report of a run that is finished, if there is one.

    Raises
    ------
    InvalidArgument
        If it is of another run.
    """
    if not run.path.exists() or not run.path.stat().st_size:
        return None
    report = read_report(run.path)
    if not report.complete:
        return None
    here = {
        "target": run.title,
        "seed": run.seed,
        "tier": wishes["tier"],
        "only": list(wishes["only"]),
        "attnspec": attnspec.__version__,
        **{name: said for name, said in run.request.manner.items() if said},
    }
    for name, value in here.items():
        if (there := report.header.get(name)) != value:
            msg = f"report: {run.path} is of another run: {name} was {there!r} there"
            msg += f" and is {value!r} here"
            raise InvalidArgument(msg)
    return report


def summary(found: Sequence[tuple[Run, StoredReport]]) -> Summary:
    """Return what became of the runs of a campaign."""
    laws: dict[str, set[str]] = {}
    counted: dict[str, int] = {}
    failed: dict[tuple[str, str, str], list[tuple[int, Outcome]]] = {}
    for run, report in found:
        title = run.title
        laws.setdefault(title, set())
        for outcome in outcomes_of(report, f"report: {run.path}").values():
            if outcome.verdict != "unsupported":
                laws[title].add(outcome.invariant)
            counted[title] = counted.get(title, 0) + outcome.counted
            if not outcome.conforms:
                key = title, outcome.invariant, outcome.dtype
                failed.setdefault(key, []).append((run.seed, outcome))
    return Summary(
        seeds=len({run.seed for run, _ in found}),
        laws={title: len(asked) for title, asked in laws.items()},
        counted=counted,
        failures=tuple(_failure(*key, several) for key, several in failed.items()),
    )


def _failure(
    target: str, law: str, dtype: str, several: list[tuple[int, Outcome]]
) -> Failure:
    """Return what a law says with several seeds; the first finding stands for all."""
    tokens = [o.finding.token for _, o in several if o.finding is not None]
    seeds = tuple(seed for seed, _ in several)
    verdict = str(several[0][1].verdict)
    return Failure(target, law, dtype, verdict, seeds, next(iter(tokens), ""))


__all__ = ["Failure", "Run", "Summary", "campaign", "runs_of", "summary"]
