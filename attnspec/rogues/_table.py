"""The rows of a kill matrix, and how they are written out."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping

from attnspec.conformance import Verdict
from attnspec.rogues import CONTROLS, ROGUES


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """What became of one rogue or control with one seed."""

    id: str
    seed: int
    verdicts: Mapping[str, Verdict] = dataclasses.field(default_factory=dict)
    """What each invariant said; the worst of all dtypes."""
    accepted: bool | None = None
    """What a foreign checker said."""
    reason: str = ""
    """Why it is rejected, if there are words for it."""
    seconds: float = 0.0

    @property
    def control(self) -> bool:
        """Whether the kernel is right."""
        return self.id in CONTROLS

    @property
    def right(self) -> bool:
        """Whether the rogue was caught as it says, or the control accepted."""
        if self.accepted is not None:
            return self.accepted is self.control
        if self.control:
            return all(verdict.conforms for verdict in self.verdicts.values())
        entry = ROGUES[self.id]
        return self.verdicts.get(entry.caught_by) is entry.verdict

    @property
    def catching(self) -> tuple[str, ...]:
        """The invariants that broke on the kernel."""
        quiet = (Verdict.MISTRUSTED, Verdict.NOT_RUN)
        found = self.verdicts.items()
        return tuple(n for n, v in found if not (v.conforms or v in quiet))


@dataclasses.dataclass(frozen=True, slots=True)
class Matrix:
    """The rows of all rogues, controls and seeds."""

    rows: tuple[Row, ...]
    seeds: tuple[int, ...]
    checker: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether every rogue was caught and every control accepted, every time."""
        return bool(self.rows) and all(row.right for row in self.rows)

    def of(self, id: str) -> tuple[Row, ...]:  # noqa: A002 - the field's name
        """Return the rows of one rogue or control."""
        return tuple(row for row in self.rows if row.id == id)

    def ids(self, *, controls: bool) -> tuple[str, ...]:
        """Return the ids of the rogues, or of the controls, in their order."""
        kind = (row.id for row in self.rows if row.control is controls)
        return tuple(dict.fromkeys(kind))

    def text(self) -> str:
        """Return the matrix in lines of at most 80 characters."""
        return "\n".join(_lines(self))

    def csv(self) -> str:
        """Return one line for each rogue, control and seed, with every invariant."""
        names = dict.fromkeys(name for row in self.rows for name in row.verdicts)
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        head = ("id", "kind", "mistake", "caught_by", "seed", "right", "accepted")
        table.writerow([*head, *names])
        for row in self.rows:
            verdicts = [str(row.verdicts.get(name, "")) for name in names]
            table.writerow([*_facts(row), *verdicts])
        return out.getvalue()


def _facts(row: Row) -> tuple[object, ...]:
    """Return the first columns of a row."""
    accepted = "" if row.accepted is None else row.accepted
    if row.control:
        return row.id, "control", "", "", row.seed, row.right, accepted
    entry = ROGUES[row.id]
    named = (entry.mistake, entry.caught_by)
    return row.id, "rogue", *named, row.seed, row.right, accepted


ID_WIDTH = 32
"""How many characters an id has at most: what is said of it stands beside it."""


def _lines(matrix: Matrix) -> Iterator[str]:
    """Yield the lines of a rendered matrix."""
    if not matrix.checker:
        yield f"{'rogue':{ID_WIDTH}} {'must be caught by':30} {'caught':>6} {'also':>8}"
    else:
        yield f"{'rogue':{ID_WIDTH}} {'mistake':23} {matrix.checker[-22:]}"
    for id in matrix.ids(controls=False):  # noqa: A001 - the field's name
        yield _line(id, _of_rogue(matrix, id))
    yield ""
    yield f"{'control':{ID_WIDTH}} accepted"
    for id in matrix.ids(controls=True):  # noqa: A001 - the field's name
        rows = matrix.of(id)
        wrong = next((row.reason for row in rows if not row.right), "")
        yield _line(id, f"{_share(rows):8} {wrong}")
    yield ""
    yield from _summary(matrix)


def _line(id: str, rest: str) -> str:  # noqa: A002 - the field's name
    """Return the line of a kernel; a reason that is too long is cut."""
    return f"{id:{ID_WIDTH}} {rest}"[:80].rstrip()


def _of_rogue(matrix: Matrix, id: str) -> str:  # noqa: A002 - the field's name
    rows, entry = matrix.of(id), ROGUES[id]
    if matrix.checker:
        return f"{entry.mistake:23} {'killed' if rows[0].right else 'SURVIVES'}"
    others = set(rows[0].catching) - {entry.caught_by}
    also: int | str = len(others) if len(rows[0].verdicts) > 1 else ""
    if not all(row.right for row in rows):
        also = "SURVIVES"
    return f"{entry.caught_by:30} {_share(rows):>6} {also:>8}"


def _share(rows: tuple[Row, ...]) -> str:
    return f"{sum(row.right for row in rows)}/{len(rows)}"


def _summary(matrix: Matrix) -> Iterator[str]:
    """Yield how many are caught and accepted with every seed."""
    counts = []
    for controls in (False, True):
        ids = matrix.ids(controls=controls)
        right = [all(row.right for row in matrix.of(id)) for id in ids]  # noqa: A001 - the field's name
        counts += [sum(right), len(right)]
    seeds = f"{len(matrix.seeds)} seed{'s' * (len(matrix.seeds) != 1)}"
    verb = "killed" if matrix.checker else "caught"
    yield (
        f"{counts[0]} of {counts[1]} rogues {verb}, "
        f"{counts[2]} of {counts[3]} controls accepted, "
        f"{seeds}, {matrix.seconds:.0f} s"
    )


__all__ = ["ID_WIDTH", "Matrix", "Row"]
