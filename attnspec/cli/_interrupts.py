"""Signals that end a command: the report is closed, whatever they interrupt."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_BEFORE = (signal.SIG_DFL, signal.default_int_handler)
"""Handlers that are replaced. What is ignored stays so: that is what nohup does."""

_pending: list[int] = []
"""The signals that have come in this run, the first of which has interrupted it."""


@contextlib.contextmanager
def interrupting() -> Iterator[None]:
    """Make an interrupt of each of these signals, the first time that one comes."""
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    heard = [number for number in numbers if before[number] in _BEFORE]
    if threading.current_thread() is not threading.main_thread():
        heard = []

    over = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        if over:
            return
        # What is written at the end must not be interrupted by the next one.
        for other in heard:
            signal.signal(other, signal.SIG_IGN)
        _pending.append(number)
        if not _is_held(frame):
            raise KeyboardInterrupt

    _pending.clear()
    try:
        for number in heard:
            signal.signal(number, interrupt)
        yield
    finally:
        # What comes from here on ends nothing: raised, it would leave handlers as they
        # are, and end the next command of this process.
        over = True
        _pending.clear()
        for number in heard:
            signal.signal(number, before[number])


def _is_held(frame: FrameType | None) -> bool:
    """Return whether an interrupt that is raised in a frame would do no good.

    In some Python prints what is raised, and goes on. A console of rich that leaves one
    of its own functions so may keep to itself whatever is printed from then on.
    """
    while frame is not None:
        if frame.f_code.co_name in ("gc_callback", "__del__"):
            return True
        if frame.f_globals.get("__name__", "").startswith("rich."):
            return True
        frame = frame.f_back
    return False


def note(number: int) -> None:
    """Remember that this signal would have ended the run."""
    _pending.append(number)


def code() -> int:
    """Return the exit code of a run that was interrupted, as a shell has it."""
    return 128 + (_pending[0] if _pending else signal.SIGINT)


def check() -> None:
    """Raise an interrupt that could not be raised where it came.

    Whoever works for long calls this now and then.

    Raises
    ------
    KeyboardInterrupt
        If one of the signals has come.
    """
    if _pending:
        raise KeyboardInterrupt


__all__ = ["check", "code", "interrupting", "note"]
