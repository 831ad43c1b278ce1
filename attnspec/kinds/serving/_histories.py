"""What is done with a cache, step after step: written in a recipe, and in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument
from attnspec.judge.bits import integers
from attnspec.reference import CacheStep, tokens_held
from attnspec.reference._cache_steps import Tokens
from attnspec.reference._cache_steps import asked as asked_by
from attnspec.reference._cache_steps import reads as read_by

Written = tuple[int | str, ...]
"""A step in a recipe: a word, how many tokens, and a sequence if it is about one."""

History = tuple[Written, ...]
"""Steps in their order."""

ALL = -1
"""Stands for all sequences."""

_MOST_STEPS, _MOST_TOKENS = 32, 4_096
"""Far more than are drawn."""

_PLACES = {CacheStep.APPEND, CacheStep.ATTEND, CacheStep.BACK}
"""The steps that say how many."""


class Done(NamedTuple):
    """One step."""

    what: CacheStep
    number: int = 0
    sequence: int = ALL

    @classmethod
    def read(cls, step: Written) -> Done:
        """Return the step that a recipe has.

        Raises
        ------
        InvalidArgument
            If there is none of this name, or it is about far too many.
        """
        word, *numbers = step
        number, sequence = map(int, [*numbers, *(0, ALL)[len(numbers) :]])
        try:
            found = cls(CacheStep[str(word).upper()], number, sequence)
        except KeyError as error:
            listed = ", ".join(each.name.lower() for each in CacheStep)
            msg = f"steps: expected one of {listed}; got {word!r}"
            raise InvalidArgument(msg) from error
        if not 0 <= found.number <= _MOST_TOKENS or found.sequence < ALL:
            msg = f"steps: expected up to {_MOST_TOKENS} tokens; got {step}"
            raise InvalidArgument(msg)
        return found

    @property
    def written(self) -> Written:
        """The step as a recipe has it."""
        said = (self.what.name.lower(), self.number, self.sequence)
        if self.sequence != ALL:
            return said
        return said[:2] if self.what in _PLACES else said[:1]

    def of(self, count: int) -> Done:
        """Return the same step with another number."""
        return self._replace(number=count)


def read(history: History) -> list[Done]:
    """Return the steps of a recipe."""
    if len(history) > _MOST_STEPS:
        msg = f"steps: expected at most {_MOST_STEPS} of them; got {len(history)}"
        raise InvalidArgument(msg)
    return [Done.read(step) for step in history]


def written(steps: Sequence[Done]) -> History:
    """Return steps as a recipe has them."""
    return tuple(step.written for step in steps)


def in_numbers(steps: Sequence[Done]) -> Array:
    """Return steps as an array (T, 3)."""
    return np.array(steps, np.int64).reshape(-1, 3)


def of_numbers(array: Array) -> list[Done]:
    """Return the steps that an array (T, 3) says."""
    return [Done(CacheStep(what), n, at) for what, n, at in array.tolist()]


def told(text: str) -> History:
    """Return steps in words as a recipe has them.

    Examples
    --------
    >>> told("append 3, back 2 1, reset")
    (('append', 3), ('back', 2, 1), ('reset',))
    """
    parts = (step.split() for step in text.split(","))
    return tuple((word, *map(int, numbers)) for word, *numbers in parts)


class Counts:
    """How many tokens each sequence of two caches has, step after step."""

    def __init__(self, sequences: int) -> None:
        """Begin without any."""
        self.sequences = sequences
        self._used, self._unused = [0] * sequences, [0] * sequences

    def asked(self, step: Done) -> list[int]:
        """Return how many tokens each sequence has that a step is about."""
        return [self._used[at] for at in asked_by(step.sequence, self.sequences)]

    def after(self, step: Done) -> list[int]:
        """Do a step, and return how many tokens each sequence has."""
        if step.what == CacheStep.OTHER:
            self._used, self._unused = self._unused, self._used
        for at in asked_by(step.sequence, self.sequences):
            self._used[at] = {
                CacheStep.APPEND: self._used[at] + step.number,
                CacheStep.BACK: self._used[at] - step.number,
                CacheStep.RESET: 0,
            }.get(step.what, self._used[at])
        return list(self._used)


def lengths(steps: Sequence[Done], sequences: int) -> Array:
    """Return how many tokens each sequence has after each step (T, B)."""
    counts = Counts(sequences)
    found = [counts.after(step) for step in steps]
    return np.array(found, np.int64).reshape(len(steps), sequences)


def reads(array: Array, sequences: int) -> Iterator[tuple[int, slice, Tokens]]:
    """Yield each sequence that a step asks, its queries, and the tokens that it has."""
    yield from read_by(array, tokens_held(array, sequences))


def possible(steps: Sequence[Done], sequences: int) -> list[Done]:
    """Return the nearest steps that can be done, of which one asks something.

    No more is taken back than there is, nor are there more queries than tokens where
    there are some.
    """
    found: list[Done] = []
    counts = Counts(sequences)
    for step in steps:
        own = step
        if step.sequence != ALL:
            own = step._replace(sequence=step.sequence % sequences)
        there = [n for n in counts.asked(own) if n]
        if own.what == CacheStep.BACK:
            own = own.of(min([own.number, *counts.asked(own)]))
        elif own.what == CacheStep.ATTEND:
            own = own.of(max(1, min([own.number, *there])))
        elif own.what == CacheStep.APPEND:
            own = own.of(max(1, own.number))
        if own.what != CacheStep.BACK or own.number:
            found.append(own)
            counts.after(own)
    for what in (CacheStep.APPEND, CacheStep.ATTEND):
        if not any(step.what == what for step in found):
            found.append(Done(what, 1))
    return found


def with_tokens(steps: Sequence[Done], sequences: int) -> list[Done]:
    """Return the steps with a token before each that asks where there is none."""
    return _appending(steps, sequences, lambda _, held: 0 in held)


def appended_before(steps: Sequence[Done], sequences: int) -> list[Done]:
    """Return the steps with a token before each that asks and follows no append."""
    follows = Done(CacheStep.APPEND)
    return _appending(
        steps, sequences, lambda last, _: last.of(0) != follows if last else True
    )


def _appending(
    steps: Sequence[Done],
    sequences: int,
    wanting: Callable[[Done | None, list[int]], bool],
) -> list[Done]:
    """Return the steps with a token more before each that asks, where it is wanting."""
    found: list[Done] = []
    counts = Counts(sequences)
    for step in steps:
        last = found[-1] if found else None
        asks = step.what == CacheStep.ATTEND
        more = asks and wanting(last, counts.asked(step))
        for each in (Done(CacheStep.APPEND, 1), step)[not more :]:
            found.append(each)
            counts.after(each)
    return found


def among_the_last(steps: Sequence[Done], sequences: int) -> list[Done]:
    """Return the steps with no more queries than the last append brought tokens.

    One query at least is asked. What is taken back counts as if it had not come.
    """
    found: list[Done] = []
    used, unused = [0] * sequences, [0] * sequences
    for step in steps:
        own, about = step, asked_by(step.sequence, sequences)
        if step.what == CacheStep.OTHER:
            used, unused = unused, used
        elif step.what == CacheStep.ATTEND:
            own = step.of(max(1, min([step.number, *(used[at] for at in about)])))
        for at in about:
            used[at] = {
                CacheStep.APPEND: step.number,
                CacheStep.BACK: max(0, used[at] - step.number),
                CacheStep.RESET: 0,
            }.get(step.what, used[at])
        found.append(own)
    return found


def without(steps: Sequence[Done], what: CacheStep) -> list[Done]:
    """Return the steps without those of a sort."""
    return [step for step in steps if step.what != what]


def walk(number: int) -> History:
    """Return any ten steps or fewer; the same for the same number."""
    return written(possible(list(_walked(number)), 2))


def _walked(number: int) -> Iterator[Done]:
    """Yield steps that begin with tokens, and end with queries."""
    words = ("append", "attend", "append", "back", "append", "attend")
    rarer = ("other", "reset", "back", "attend")
    last = 3 + number % 7
    drawn = integers(number, "walk", (last + 1, 4), 0, 10**6).tolist()
    for at, (chosen, count, sequence, rare) in enumerate(drawn):
        known = rarer if rare % 4 == 0 else words
        word = {0: "append", last: "attend"}.get(at, known[chosen % len(known)])
        said = CacheStep[word.upper()]
        counts = (1, 2, 3, 1, 5, 17) if said == CacheStep.APPEND else (1, 1, 2, 3)
        most = counts[count % len(counts)] if said in _PLACES else 0
        alone = number % 3 == 0 and sequence % 2 == 0 and said != CacheStep.OTHER
        yield Done(said, most, sequence % 2 if alone else ALL)


__all__ = [
    "ALL",
    "Counts",
    "Done",
    "History",
    "among_the_last",
    "appended_before",
    "in_numbers",
    "lengths",
    "of_numbers",
    "possible",
    "read",
    "reads",
    "told",
    "walk",
    "with_tokens",
    "without",
    "written",
]
