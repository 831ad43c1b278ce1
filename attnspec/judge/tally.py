"""What becomes of the examples of one law, counted."""

from __future__ import annotations

import dataclasses

from attnspec.judge.examination import Examination
from attnspec.judge.recipe import Recipe


@dataclasses.dataclass(slots=True)
class Tally:
    """What one invariant has seen so far."""

    counted: int = 0
    weak: int = 0
    inadmissible: int = 0
    unjudged: str = ""
    """Why the last inadmissible example was not judged."""
    never: str = ""
    """Why an example is never asked of this function, if one is not."""
    deviating: int = 0
    ratio: float = 0.0
    past: list[Recipe] = dataclasses.field(default_factory=list)
    ratios: dict[Recipe, float] = dataclasses.field(default_factory=dict)
    """The largest error of every example, in units of its bound."""
    held: tuple[Recipe, Examination] | None = None
    failure: tuple[Recipe, Examination] | None = None


__all__ = ["Tally"]
