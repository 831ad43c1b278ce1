"""Functions that have an option always on, and no keyword for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from attnspec.exceptions import Inadmissible
from attnspec.judge.bench import Executor
from attnspec.judge.case import Case, Result


class NeverCalledSo(Inadmissible):
    """A call without an option that the function always has."""


class Always:
    """Calls a function that has options always on: they are in force, and not passed.

    Parameters
    ----------
    call
        A way to call it.
    unsaid
        The options.
    """

    def __init__(self, call: Executor, unsaid: tuple[str, ...]) -> None:
        """Call it so from now on."""
        self._call = call
        self.unsaid = unsaid

    @property
    def forgets(self) -> bool:
        """Whether `restart` leaves a function without a past."""
        return self._call.forgets

    def restart(self) -> None:
        """Forget all earlier calls, where that is possible."""
        self._call.restart()

    def __call__(self, case: Case) -> Result:
        """Call the function.

        Raises
        ------
        NeverCalledSo
            If one of the options is not in force.
        """
        for option in self.unsaid:
            if case[option] is None:
                msg = f"every call is {option}"
                raise NeverCalledSo(msg)
        options = {n: v for n, v in case.options.items() if n not in self.unsaid}
        return self._call(dataclasses.replace(case, options=options))


def always(
    call: Executor, fixed: Mapping[str, str], claims: Collection[str]
) -> Executor:
    """Return a way to call a function with the options that it always has.

    `fixed` has for each claim that says so the option.
    """
    unsaid = tuple(option for claim, option in fixed.items() if claim in claims)
    return Always(call, unsaid) if unsaid else call


__all__ = ["Always", "NeverCalledSo", "always"]
