"""What a call writes into its arguments: taken out of them where it may do so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case


def taken(case: Case, now: Callable[[str], Array]) -> dict[str, Array]:
    """Return the results that a call has written, and undo what it may have written.

    `now` has an argument as it is after the call. What differs then from what it was
    before has been changed against the rules.
    """
    found = {}
    for name, write in case.writes.items():
        array = now(name)
        found[write.result] = array.copy()
        np.copyto(array, case[name], where=True if write.where is None else write.where)
    return found


__all__ = ["taken"]
