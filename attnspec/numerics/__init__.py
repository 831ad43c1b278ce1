"""How close is close enough: formats, models, bounds and the exact evaluator."""

from __future__ import annotations

from attnspec.cases.case import Case
from attnspec.cases.dialect import Dialect
from attnspec.numerics.admissible import admissible
from attnspec.numerics.compare import Comparison, identical, within
from attnspec.numerics.evaluator import Evaluation, evaluate
from attnspec.numerics.formats import FORMATS, Format, format_of
from attnspec.numerics.models import PRESETS, NumericModel, default_model
from attnspec.numerics.nulls import NULLS
from attnspec.numerics.relaxations import relaxations


def expected(case: Case, dialect: Dialect) -> Evaluation:
    """Return the exact output and logsumexp of a case, without bounds.

    Parameters
    ----------
    case
        The problem.
    dialect
        The choices that fix alignment and the value of empty rows.

    Returns
    -------
    Evaluation
    """
    return evaluate(case, dialect)


def bound(
    case: Case, model: NumericModel, dialect: Dialect | None = None
) -> Evaluation:
    """Return how far a kernel that satisfies a model may lie from the exact result.

    Parameters
    ----------
    case
        The problem.
    model
        How the kernel computes.
    dialect
        The choices that fix alignment and the value of empty rows.

    Returns
    -------
    Evaluation
        Its ``output_bound`` is (B, Hq, L, Ev), its ``lse_bound`` (B, Hq, L).
    """
    return evaluate(case, dialect, model)


__all__ = [
    "FORMATS",
    "NULLS",
    "PRESETS",
    "Comparison",
    "Evaluation",
    "Format",
    "NumericModel",
    "admissible",
    "bound",
    "default_model",
    "evaluate",
    "expected",
    "format_of",
    "identical",
    "relaxations",
    "within",
]
