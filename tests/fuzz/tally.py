"""What becomes of inputs that are drawn and tried: handled, or lost.

A script beside this one has two functions: `drawn` makes an input of random numbers,
and `tried` puts it before attnspec. An input is *handled* if `tried` returns, or raises
an `AttnspecError`. It is *lost* if anything else is raised, `Accepted` too, or if it
takes too long. Each input depends on the seed and its own number alone, so that one
that is lost can be tried again without the others.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import pathlib
import random
import reprlib
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypeVar

from attnspec.exceptions import AttnspecError

_Input = TypeVar("_Input")

_SECONDS = 60.0
"""Longer than the slowest input that is right takes, by far, on a busy machine too."""


class Accepted(Exception):
    """A wrong input was accepted; the message says what is wrong with it."""


class TooSlow(BaseException):
    """An input takes too long; no handler of exceptions may keep this one."""


@dataclasses.dataclass(slots=True)
class Tally:
    """Counts what becomes of inputs, and keeps those that are lost."""

    name: str
    seed: int
    refused: int = 0
    valid: int = 0
    lost: list[str] = dataclasses.field(default_factory=list)

    def one(
        self,
        number: int,
        drawn: Callable[[random.Random], _Input],
        tried: Callable[[_Input], object],
    ) -> None:
        """Draw the input of this number, try it, and count it."""
        given = drawn(random.Random(f"{self.seed} {number}"))  # noqa: S311 - no secret
        try:
            with _limited(_SECONDS):
                tried(given)
        except AttnspecError:
            self.refused += 1
        except (Exception, SystemExit, TooSlow) as error:  # noqa: BLE001 - all are lost
            self.lost.append(self._line(number, error, given))
        else:
            self.valid += 1

    def _line(self, number: int, error: BaseException, given: object) -> str:
        """Return the command that tries an input again, and why it is lost."""
        script = f"tests/fuzz/{self.name}.py"
        why = traceback.format_exception_only(error)[-1].strip()
        short = reprlib.Repr()
        short.maxstring = short.maxother = 80
        again = f"python {script} --seed {self.seed} --only {number}"
        return f"{again}  # {why[:160]}  {short.repr(given)}"

    def __str__(self) -> str:
        """Return the numbers, in one line."""
        handled = self.refused + self.valid
        return (
            f"{self.name}: {handled + len(self.lost)} tried, {handled} handled "
            f"({self.refused} refused, {self.valid} valid), {len(self.lost)} lost"
        )


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` if this takes longer."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        message = f"longer than {seconds:g} s"
        raise TooSlow(message)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(
    drawn: Callable[[random.Random], _Input],
    tried: Callable[[_Input], object],
    *,
    count: int,
) -> int:
    """Try as many inputs as the command line says, by default `count`; print a tally.

    Returns
    -------
    int
        The exit code: 1 if an input is lost.
    """
    asked = _asked(count)
    tally = Tally(pathlib.Path(sys.argv[0]).stem, asked.seed)
    if asked.only is not None:
        given = drawn(random.Random(f"{asked.seed} {asked.only}"))  # noqa: S311 - no secret
        print(repr(given))
        print(repr(tried(given)))
        return 0
    for number in range(asked.times * asked.count):
        tally.one(number, drawn, tried)
    print("\n".join([*tally.lost, str(tally)]))
    return int(bool(tally.lost))


def _asked(count: int) -> Any:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=count, help="how many inputs")
    parser.add_argument("--times", type=int, default=1, help="so many times as many")
    parser.add_argument("--seed", type=int, default=0, help="which inputs")
    parser.add_argument("--only", type=int, help="one input alone, with its traceback")
    return parser.parse_args()


__all__ = ["Accepted", "Tally", "TooSlow", "run"]
