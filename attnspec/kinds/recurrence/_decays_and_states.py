"""What a recurrence may be given beside its operands: decays, states, a scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, uniforms
from attnspec.judge.case import Case, cast, single
from attnspec.judge.claims import Claim
from attnspec.judge.kind import Null
from attnspec.judge.nulls import Right, forgetting, late, whole_sequence
from attnspec.judge.recipe import Recipe
from attnspec.kinds.recurrence._sequences import shape_of

DECAYS = ("half", "varied", "forgets", "strong")
# A decay of zero has no logarithm.
LOG_DECAYS = ("half", "varied", "strong")

FIELDS: Mapping[str, tuple[Any, ...]] = {
    "decay": (None, *DECAYS),
    "log_decay": (None, *LOG_DECAYS),
    "gates": (False, True),
    "state": (False, True),
    "return_state": (False, True),
    "scale": (None, 0.25, -2.0, 0.0),
}

CLAIMS = {
    "decay": Claim("a factor of each step on the state", "decay"),
    "gates": Claim("a factor of each component of the state", "gates"),
    "log_decay": Claim("that factor given by its logarithm", "log_decay"),
    "state": Claim("a state to start from", "state"),
    "return_state": Claim("giving back the state after the last step", "return_state"),
    "scale": Claim("a factor on the output", "scale"),
}

ZERO_SCALE = {"zero_scale": ("as_given", "default")}
"""What a scale of 0 stands for."""

CLAIMED = ("decay", "log_decay")
"""The claims of which a function that forgets makes one."""

OPTIONS = {
    "decay": ("decay", "gates"),
    "log_decay": ("log_decay", "gates"),
}


def mend(recipe: Recipe) -> Recipe:
    """Let the decay be given once."""
    twice = recipe["decay"] is not None and recipe["log_decay"] is not None
    return recipe.replace(log_decay=None) if twice else recipe


def given(case: Case) -> bool:
    """Return whether a case has a decay, in either form."""
    return any(case[name] is not None for name in CLAIMED)


def _factors(recipe: Recipe, kind: str) -> Array:
    """Return a factor for each step, or a gate for each of its components."""
    shape = shape_of(recipe, recipe["width"] if recipe["gates"] else 1)
    # Above one half, so that something is left after some steps.
    varied = 1.0 - uniforms(recipe.seed, "decay", shape) / 2.0
    # One step in four forgets everything.
    forgets = integers(recipe.seed, "forgets", shape, 0, 3) == 0
    kinds = {
        "half": np.full(shape, 0.5),
        "varied": varied,
        "forgets": np.where(forgets, 0.0, varied),
        # Two such steps leave 2**-24, less than the last digit of float32.
        "strong": np.full(shape, 2.0**-12),
    }
    return kinds[kind]


def case_of(recipe: Recipe, operands: Mapping[str, Array]) -> Case:
    """Return the case of these operands, with decay, state, scale as far as in force.

    It gives back the output, and the state, in a format of its own, if it is wished.
    """
    options: dict[str, Any] = {}
    if recipe["decay"] is not None:
        options["decay"] = cast(_factors(recipe, recipe["decay"]), recipe)
    if recipe["log_decay"] is not None:
        logs = np.log(_factors(recipe, recipe["log_decay"]))
        options["log_decay"] = cast(logs, recipe)
    sizes = recipe["batch"], recipe["heads"], recipe["width"], recipe["value_width"]
    if recipe["state"]:
        state = integers(recipe.seed, "state", sizes, -4, 4) * 1.0
        options["state"] = cast(state, recipe)
    case = single(recipe, operands, shape_of(recipe, recipe["value_width"]), options)
    if recipe["return_state"]:
        case = case.replace(
            return_state=True, results=(*case.results, ("state", sizes, None))
        )
    return case.replace(scale=recipe["scale"])


def _with_decay(change: Callable[[Array], Array]) -> Null:
    """Return the answer with other decays, in the form in which they are given."""

    def null(case: Case, right: Right) -> Array:
        return right(case.changed(change, *(n for n in CLAIMED if case[n] is not None)))

    return null


NULLS: Mapping[str, Null] = {
    "late": late,
    "decay_forgotten": forgetting("decay", "log_decay"),
    # Each step has the decay of the one before.
    "decay_late": _with_decay(lambda decay: np.roll(decay, 1, axis=-2)),
    "one_gate": _with_decay(lambda decay: decay[..., :1]),
    "state_forgotten": forgetting("state"),
    "whole_sequence": whole_sequence,
}

NULL_NEEDS = {
    "decay_forgotten": CLAIMED,
    "decay_late": CLAIMED,
    "one_gate": ("gates",),
    "state_forgotten": ("state",),
}

__all__ = [
    "CLAIMED",
    "CLAIMS",
    "DECAYS",
    "FIELDS",
    "LOG_DECAYS",
    "NULLS",
    "NULL_NEEDS",
    "OPTIONS",
    "ZERO_SCALE",
    "case_of",
    "given",
    "mend",
]
