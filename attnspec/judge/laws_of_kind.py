"""The laws of a kind, as decorators enter them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument
from attnspec.judge.compare import agrees
from attnspec.judge.law import Applies, Invariant, Law, always


@dataclasses.dataclass(frozen=True, eq=False)
class LawsOfKind:
    """What a kind of function has of laws.

    Parameters
    ----------
    name
        The name of the kind.
    """

    name: str
    laws: dict[str, Invariant] = dataclasses.field(
        default_factory=dict, init=False, kw_only=True
    )
    """The laws by id, in the order in which they run."""

    @property
    def agreement(self) -> str:
        """The id of the law that compares a function with the definition."""
        mine = f"{self.name}-agreement"
        return mine if mine in self.laws else "agreement"

    def law(  # noqa: PLR0913 - all that a law can have
        self,
        id: str,  # noqa: A002 - the field's name, and keyword-free at every use
        clause: str,
        *,
        nulls: tuple[str, ...] = ("zeros",),
        also: tuple[str, ...] = (),
        needs: tuple[str, ...] = (),
        families: tuple[str, ...] = (),
        pins: tuple[str, ...] = (),
        fields: Mapping[str, tuple[Any, ...]] | None = None,
        without: tuple[str, ...] = (),
        any_of: tuple[str, ...] = (),
        applies: Applies = always,
        is_form: bool | None = None,
        since: int = 1,
        provisional: bool = False,
        of_history: bool = False,
        one_in: int = 1,
        sentence: str = "",
    ) -> Callable[[Law], Law]:
        """Enter a law of this kind; its docstring's first line is its sentence.

        A check that several laws share is given the sentence of each. The first law
        that is entered is the one that is asked in any case, unless one says that it
        is.

        Raises
        ------
        InvalidArgument
            If the id is used already, or there is no sentence.
        """

        def enter(check: Law) -> Law:
            if id in self.laws:
                msg = f"invariant: the id {id!r} is used twice"
                raise InvalidArgument(msg)
            said = sentence or (check.__doc__ or "").strip().partition("\n")[0]
            if not said:
                msg = (
                    f"invariant: {id!r} has no sentence: it is the first line of a "
                    "docstring, which PYTHONOPTIMIZE=2 and python -OO leave out"
                )
                raise InvalidArgument(msg)
            self.laws[id] = Invariant(
                id=id,
                sentence=said,
                clause=clause,
                kind=self.name,
                check=check,
                nulls=nulls,
                also=also,
                needs=frozenset(needs),
                families=families,
                pins=pins,
                fields=dict(fields or {}),
                without=frozenset(without),
                any_of=frozenset(any_of),
                applies=applies,
                is_form=not self.laws if is_form is None else is_form,
                since=since,
                provisional=provisional,
                of_history=of_history,
                one_in=one_in,
            )
            return check

        return enter

    def agreement_law(self, clause: str, sentence: str, **limits: Any) -> None:
        """Enter the law that a function agrees with the definition on every case."""
        enter = self.law(f"{self.name}-agreement", clause, sentence=sentence, **limits)
        enter(agrees)


__all__ = ["LawsOfKind"]
