"""A kernel that is judged law by law, in whatever order somebody asks."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path

from attnspec.conformance.check import begun, check_asked, parts
from attnspec.conformance.recording import Listener, Record
from attnspec.conformance.reports import Writer, check_files
from attnspec.conformance.runner import Runner
from attnspec.judge.bench import Executor
from attnspec.judge.description import Description
from attnspec.judge.law import Invariant
from attnspec.judge.tiers import tier_named
from attnspec.judge.verdicts import Outcome, Report


class Stand:
    """One kernel under test; its dialect is detected once, when it is first needed."""

    def __init__(
        self,
        call: Executor,
        description: Description,
        dtypes: tuple[str, ...],
        *,
        tier: str,
        seed: int,
        only: tuple[Invariant, ...] = (),
        listeners: Sequence[Listener] = (),
    ) -> None:
        """Judge this kernel, in these formats; by these laws only, if any are named."""
        self._call = call
        self.description = description
        self.dtypes = dtypes
        self.tier = tier_named(tier).name
        self.seed = seed
        self._only = only
        self._record = Record(listeners)

    @functools.cached_property
    def runners(self) -> dict[tuple[str, str], Runner]:
        """For each kind and dtype what puts the kernel, or its gradients, before laws.

        Raises
        ------
        InvalidArgument
            If laws are named, and none of them says anything of this kernel.
        """
        only = tuple(law.id for law in self._only)
        several = parts(self._call, self.description, self.dtypes, only)
        if only:
            check_asked(several)
        self.description = several[0].description
        self._record.started(begun(several, self.tier, self.seed, only=only))
        return {
            (part.description.kind, dtype): Runner(
                bench, dtype, part.laws, tier=self.tier, seed=self.seed
            )
            for part in several
            for dtype, bench in part.stands.items()
        }

    def outcome(self, law: Invariant, dtype: str) -> Outcome:
        """Judge the kernel by a law, and write the outcome down."""
        found = self.runners[law.kind, dtype].outcome(law)
        self._record.finished(found)
        return found

    def ended(self, laws: tuple[Invariant, ...]) -> None:
        """Close what was written; it is complete if all that was asked for was run."""
        if (report := self._record.so_far) is None:
            return
        asked = {(dtype, law.id) for dtype in self.dtypes for law in laws}
        done = {(outcome.dtype, outcome.invariant) for outcome in report.outcomes}
        self._record.ended(report.replace(complete=asked <= done))


class LateWriter:
    """Writes a report as JSON lines, from the first check on that is run."""

    def __init__(self, path: Path, target: str) -> None:
        """Write here; a worker of pytest-xdist writes beside it, under its own name.

        Raises
        ------
        InvalidArgument
            If it cannot be written, or holds something else.
        """
        if worker := os.environ.get("PYTEST_XDIST_WORKER"):
            path = path.with_name(f"{path.stem}.{worker}{path.suffix}")
        check_files(report=path)
        self._path, self._target = path, target
        self._writer: Writer | None = None

    def started(self, report: Report) -> None:
        """Open the file and write the header."""
        self._writer = Writer(self._path, self._target)
        self._writer.started(report)

    def finished(self, outcome: Outcome) -> None:
        """Write one result."""
        if self._writer is not None:
            self._writer.finished(outcome)

    def ended(self, report: Report) -> None:
        """Write the footer and close the file."""
        if self._writer is not None:
            with self._writer:
                self._writer.ended(report)


__all__ = ["LateWriter", "Stand"]
