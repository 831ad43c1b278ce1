"""What can be said of a case in one word: traits, and conditions on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Condition = Mapping[str, Any]
"""Traits and the value, or list of values, that each must have."""


def holds(condition: Condition, facts: Mapping[str, Any]) -> bool:
    """Return whether facts have every value, or one of every list, of a condition.

    Examples
    --------
    >>> holds({"causal": True, "keys": [1, 2]}, {"causal": True, "keys": 2})
    True
    """
    return all(
        name in facts
        and facts[name] in (wanted if isinstance(wanted, list | tuple) else (wanted,))
        for name, wanted in condition.items()
    )


__all__ = ["Condition", "holds"]
