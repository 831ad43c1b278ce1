"""Hypothesis strategies of the recipes within a scope."""

from __future__ import annotations

from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.judge.domain import Domain
from attnspec.judge.family import Family
from attnspec.judge.recipe import Recipe

_VARIANTS = st.integers(0, 255)
"""Data that differ where everything else is the same."""


def recipes_within(domain: Domain) -> st.SearchStrategy[Recipe]:
    """Return the recipes within scope, every draw valid: nothing is filtered.

    Raises
    ------
    InvalidArgument
        If no family can be drawn with what is claimed.
    """
    usable = domain.usable()
    if not usable:
        msg = "families: none of them can be drawn with what is claimed"
        raise InvalidArgument(msg)
    # One strategy a family, built once: flatmap would build them anew each time.
    return st.one_of([_drawn(_Choices(domain, family)) for family in usable])


class _Choices:
    """What is drawn of a family: the switches that are on, and values of fields.

    Hypothesis writes down what its strategies are made of, and warns where that is
    much: of a dataclass all fields, of this the names.
    """

    def __init__(self, domain: Domain, family: Family) -> None:
        """List the choices."""
        self.domain = domain
        self.family = family
        self.options = st.sampled_from(domain.option_sets(family))
        values = domain.values(family).items()
        self.fields = {name: st.sampled_from(several) for name, several in values}

    def __repr__(self) -> str:
        return f"{self.domain.kind}: {self.family.name}"


@st.composite
def _drawn(draw: st.DrawFn, choices: _Choices) -> Recipe:
    """Draw the switches that are on, and then only what these make use of."""
    chosen = draw(choices.options)
    drawn = {"options": chosen}
    for name, values in choices.fields.items():
        if name in chosen or name not in choices.domain.table.switches:
            drawn[name] = draw(values)
    return choices.domain.recipe(choices.family, drawn, draw(_VARIANTS))


__all__ = ["recipes_within"]
