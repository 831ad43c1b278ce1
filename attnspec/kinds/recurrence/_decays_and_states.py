"""What a recurrence may be given beside its operands: decays, states, a scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, uniforms
from attnspec.judge.case import Case, cast
from attnspec.judge.kind import Null
from attnspec.judge.nulls import Right, forgetting, late, whole_sequence
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Claim
from attnspec.kinds.recurrence._sequences import shape_of, state_before

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

CLAIMED = ("decay", "log_decay")
"""The claims of which a function that forgets makes one."""

OPTIONS = {
    "decay": ("decay", "gates"),
    "log_decay": ("log_decay", "gates"),
    "state": ("state",),
    "scale": ("scale",),
    "return_state": ("return_state",),
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


def options_of(recipe: Recipe) -> dict[str, Any]:
    """Return decay, state, scale and the wish for a state, as far as in force."""
    options: dict[str, Any] = {}
    if recipe["decay"] is not None:
        options["decay"] = cast(_factors(recipe, recipe["decay"]), recipe)
    if recipe["log_decay"] is not None:
        logs = np.log(_factors(recipe, recipe["log_decay"]))
        options["log_decay"] = cast(logs, recipe)
    if recipe["state"]:
        options["state"] = state_before(recipe)
    if recipe["return_state"]:
        options["return_state"] = True
    if recipe["scale"] is not None:
        options["scale"] = recipe["scale"]
    return options


def _with_decay(case: Case, change: Callable[[Array], Array]) -> Case:
    """Change the decays, in the form in which they are given."""
    names = [n for n in ("decay", "log_decay") if case[n] is not None]
    return case.replace(**{n: change(case[n]) for n in names})


def _decay_late(case: Case, right: Right) -> Array:
    """Give each step the decay of the one before."""
    return right(_with_decay(case, lambda decay: np.roll(decay, 1, axis=-2)))


def _one_gate(case: Case, right: Right) -> Array:
    """Let all components fade as the first one does."""
    return right(_with_decay(case, lambda decay: decay[..., :1]))


NULLS: Mapping[str, Null] = {
    "late": late,
    "decay_forgotten": forgetting("decay", "log_decay"),
    "decay_late": _decay_late,
    "one_gate": _one_gate,
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
    "given",
    "mend",
    "options_of",
]
