"""How much a run looks at."""

from __future__ import annotations

import dataclasses

from attnspec.exceptions import UnknownName


@dataclasses.dataclass(frozen=True, slots=True)
class Tier:
    """How much a run looks at."""

    name: str
    pinned: int
    """Examples out of the pinned ones, per invariant and dtype."""
    drawn: int
    """Examples drawn by Hypothesis."""
    floor: int
    """Counted examples without which an invariant is mistrusted."""


TIERS = {
    "smoke": Tier("smoke", 10, 8, 2),
    "standard": Tier("standard", 40, 36, 8),
    "thorough": Tier("thorough", 10_000, 1_000, 40),
}
"""The tiers by name."""


def tier_named(name: str) -> Tier:
    """Return a tier by name."""
    if name not in tuple(TIERS):  # What has no hash is no tier either.
        msg = f"tier: expected one of {', '.join(TIERS)}; got {name!r}"
        raise UnknownName(msg)
    return TIERS[name]


def reaches(tier: str, least: str) -> bool:
    """Return whether a tier looks at what another one, or a higher one, looks at.

    Examples
    --------
    >>> reaches("standard", "smoke"), reaches("standard", "thorough")
    (True, False)
    """
    order = tuple(TIERS)
    return order.index(tier) >= order.index(least)


__all__ = ["TIERS", "Tier", "reaches", "tier_named"]
