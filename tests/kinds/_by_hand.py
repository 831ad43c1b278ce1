"""Cases made by hand, what is right for them, and rogues before their laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec.conformance import Verdict
from attnspec.judge.case import Case, Shape
from attnspec.judge.kind import Kind, result
from attnspec.judge.law import Exact
from attnspec.numerics import default_model
from attnspec.rogues.matrix import Task, run


def case_of(shape: Shape, operands: dict[str, Any], **options: Any) -> Case:
    """One call with these arguments, judged in float64; its result has a shape."""
    return Case(operands, options, result("output", shape, "float64"), "float64")


def asked_with_one(key: list[float], value: list[float], **more: Any) -> Case:
    """One head of width 1 whose queries are 1, so that scores are the keys."""
    shape = (1, 1, len(value), 1)
    vectors = {"key": np.reshape(key, shape), "value": np.reshape(value, shape)}
    return case_of(shape, {"query": np.ones(shape), **vectors, **more})


def right(kind: Kind, case: Case, **choices: str) -> Exact:
    """What a kind holds right, with some of its choices made otherwise."""
    return kind.judge(case, {**kind.default(), **choices}, default_model("float64"))


def agree(expected: npt.ArrayLike, found: Exact) -> bool:
    """Whether numbers derived by hand lie within the bound of what is right."""
    numbers = np.asarray(expected, np.float64)
    assert numbers.shape == found.output.shape
    return bool((np.abs(numbers - found.output) <= found.bound).all())


def verdicts(rogue: str) -> dict[str, Verdict]:
    """What the law that a rogue names says of it."""
    found = run(Task(rogue, seed=3, tier="smoke", laws=(), checker=None)).verdicts
    return dict(found)
