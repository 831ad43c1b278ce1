"""What a plan keeps beyond itself: keys and values of the first call by it."""

from __future__ import annotations

from collections.abc import Callable

from attnspec._typing import Array

Pair = tuple[Array, Array]


class Kept:
    """Keeps keys and values for as long as the plan is the same."""

    def __init__(self) -> None:
        self._plan: object = None
        self._pair: Pair

    def __call__(self, arrays: Pair, plan: object, read: Callable[[], Pair]) -> Pair:
        """Return what was read in the first call of this plan, and of these shapes."""
        known = [array.shape for array in arrays], plan
        if known != self._plan:
            key, value = read()
            self._plan, self._pair = known, (key.copy(), value.copy())
        return self._pair


__all__ = ["Kept"]
