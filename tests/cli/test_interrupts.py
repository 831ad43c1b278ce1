from __future__ import annotations

import contextlib
import io
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from attnspec.cli._interrupts import check, interrupting


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Hear every signal: a shell may start what runs in the background without."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGTERM: signal.signal(signal.SIGTERM, signal.SIG_DFL),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class _Deleted:
    def __init__(self, number: signal.Signals) -> None:
        self._number: signal.Signals | None = number

    def __del__(self) -> None:
        if (number := self._number) is not None:
            self._number = None
            signal.raise_signal(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_that_was_lost_comes_again(number: signal.Signals) -> None:
    with interrupting():
        check()
        _Deleted(number).__del__()  # What is raised there is printed and lost.

        with pytest.raises(KeyboardInterrupt):
            check()

    check()


def test_a_console_that_is_interrupted_as_it_prints_goes_on_printing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed = io.StringIO()
    console = Console(file=printed)
    enter = Console._enter_buffer

    def interrupted(self: Console) -> None:
        enter(self)
        monkeypatch.undo()
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Console, "_enter_buffer", interrupted)
    with interrupting():
        with contextlib.suppress(KeyboardInterrupt):
            console.print("a line")
        console.print("the last one")

    assert printed.getvalue() == "a line\nthe last one\n"


def test_a_second_signal_does_not_interrupt_what_the_first_has_begun() -> None:
    with interrupting():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGINT)


def test_handlers_are_as_they_were_afterwards() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    with interrupting():
        assert signal.getsignal(signal.SIGTERM) is not before[1]

    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_comes_as_handlers_are_put_back_does_not_end_what_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    put_back = signal.signal

    def late(number: int, handler: Any) -> Any:
        signal.raise_signal(number)
        return put_back(number, handler)

    with interrupting():
        monkeypatch.setattr(signal, "signal", late)
    monkeypatch.undo()

    assert [signal.getsignal(number) for number in numbers] == before
    check()


def test_a_signal_that_comes_as_handlers_are_set_leaves_them_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    put = signal.signal

    def early(number: int, handler: Any) -> Any:
        last = put(number, handler)
        if number == signal.SIGTERM and handler not in before:
            monkeypatch.undo()
            signal.raise_signal(number)
        return last

    monkeypatch.setattr(signal, "signal", early)
    with pytest.raises(KeyboardInterrupt), interrupting():
        pass

    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    check()


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupting():
            signal.raise_signal(signal.SIGHUP)
            check()
    finally:
        signal.signal(signal.SIGHUP, before)
