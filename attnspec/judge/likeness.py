"""What findings of a kind may have in common, beside the words for what they have."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

_SPECIAL = 2
"""From how many common needs on two mistakes are less likely than one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Features:
    """What a finding's smallest case has, and what of it the finding needs."""

    nature: str
    """How the kernel is wrong: only findings of one nature have one cause."""
    has: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Claims that it makes use of, unusual data and layouts, sizes beyond a few, and
    that there are several heads, say."""
    needs: frozenset[str] = frozenset()
    """Those without which the law holds."""
    signs: frozenset[str] = frozenset()
    """What accounts for all that it needs, whichever claims bring it about."""
    marks: frozenset[str] = frozenset()
    """The signs that its case has, whether they account for it or not."""
    forms: frozenset[str] = frozenset()
    """The signs of forms in which it shows as well."""

    @property
    def claims(self) -> frozenset[str]:
        """The claims alone: what else a case has is said in several words."""
        return frozenset(name for name in self.has if " " not in name)

    def explain(self, other: Features) -> bool:
        """Return whether the other finding shows the same mistake.

        That one must have all that this one has, and need nothing else, or need some
        of it: then it does not show where this one does not.
        """
        if self.nature != other.nature:
            return False
        has = set(self.has)
        is_within = other.needs <= has or bool(other.needs & has)
        return self._shared(other) and is_within

    def _shared(self, other: Features) -> bool:
        """Return whether the other finding has all that this one has."""
        return all(other.has.get(name, -1) >= n for name, n in self.has.items())

    def fits_sizes(self, other: Features) -> bool:
        """Return whether the other finding has the sizes that this one has."""
        sizes = {n: number for n, number in self.has.items() if n.endswith(" size")}
        return all(other.has.get(name, -1) >= n for name, n in sizes.items())


class Form(NamedTuple):
    """The same problem by other options: what shows in both needs none of them."""

    sign: str
    """What the options bring about."""
    same: Any
    """The case in which others bring it about."""
    without: Any
    """The case in which nothing does: what shows there as well did not need it."""


def _no_signs(_case: Any) -> tuple[str, ...]:
    """Return no signs."""
    return ()


def _no_forms(_case: Any, _bench: Any) -> tuple[Form, ...]:
    """Return no forms."""
    return ()


@dataclasses.dataclass(frozen=True, eq=False)
class Likeness:
    """What findings of a kind may have in common.

    Parameters
    ----------
    signs
        Words for what a case has that may be all that a mistake needs, whichever
        options bring it about.
    forms
        The same problem by other options, given a case and a bench.
    several
        Sizes along which a function does the same again: that there is more than one
        may be what a mistake needs.
    alike
        For a claim another one that a function may well treat in the same code.
    """

    signs: Callable[[Any], tuple[str, ...]] = _no_signs
    forms: Callable[[Any, Any], Iterable[Form]] = _no_forms
    several: tuple[str, ...] = ()
    alike: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def is_one(self, first: Features, other: Features) -> bool:
        """Return whether two findings need the same but for claims that are alike.

        What one needs the other one has. They share at least two things of which one
        of them is known to need each: two mistakes that need as much in common are
        less likely than one. Of a layout both need that of one operand.
        """
        if first.nature != other.nature or not first.fits_sizes(other):
            return False
        if any(name.startswith("layout ") for name in first.needs & other.needs):
            return True
        needs, others = self._core(first.needs), self._core(other.needs)
        shared = self._core(first.has) & self._core(other.has)
        common = needs | others
        return common <= shared and len(common) >= _SPECIAL

    def needs_same(self, first: Features, other: Features) -> bool:
        """Return whether two findings are known to need the same, and not little."""
        needs = self._core(first.needs)
        same = needs == self._core(other.needs) and len(needs) >= _SPECIAL
        return same and first.nature == other.nature

    def _core(self, names: Iterable[str]) -> set[str]:
        """Return the claims and the sizes of more than one, one word for alike ones."""
        said = (n for n in names if " " not in n or n.startswith("several "))
        return {self.alike.get(name, name) for name in said}


__all__ = ["Features", "Form", "Likeness"]
