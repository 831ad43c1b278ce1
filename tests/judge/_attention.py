"""Everything that can be drawn of attention: the richest table that there is."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from attnspec.judge.claims import Capabilities
from attnspec.judge.domain import Domain
from attnspec.judge.recipe import Recipe
from attnspec.judge.strategies import recipes_within
from attnspec.kinds.attention.laws import ATTENTION

# Gradients are judged by laws of another kind.
CLAIMS = frozenset(ATTENTION.abilities) - {"gradients"}
ALL = ATTENTION.checked(Capabilities(claims=CLAIMS))
FAMILIES = ATTENTION.table.named_families


def domain(capabilities: Capabilities = ALL, **wishes: Any) -> Domain:
    """Return what is drawn of attention within these capabilities."""
    return Domain("attention", ATTENTION.table, capabilities, **wishes)


def recipes(**wishes: Any) -> st.SearchStrategy[Recipe]:
    """Recipes of attention, of every family."""
    return recipes_within(domain(**wishes))


def options(recipe: Recipe) -> tuple[str, ...]:
    """Return the options that are in force."""
    return ATTENTION.table.on(recipe)
