"""Standard streams that take what is printed, whatever they are connected to."""

from __future__ import annotations

import io
import os
import signal
import sys

from attnspec.cli import _interrupts


def prepare() -> None:
    """Open what is closed; print what an encoding lacks; lose no verdict to a disk.

    What is opened next would otherwise get the number of a stream that is closed, and
    with it what is printed. Streams that something else has replaced stay as they are.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a number, open until the end
    if sys.stdout is sys.__stdout__:
        encoding = "utf-8" if sys.stdout is None else sys.stdout.encoding
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Output(1, "w", closefd=False)),
            encoding=encoding,
            errors="backslashreplace",
            line_buffering=os.isatty(1),
        )


class _Output(io.FileIO):
    """Standard output; from the moment that it takes no more, standard error."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Write, or say that it cannot be, and write to standard error.

        Raises
        ------
        KeyboardInterrupt
            If nobody reads any more.
        """
        try:
            return super().write(data)
        except BrokenPipeError as error:
            _turn(1, os.devnull)
            _interrupts.note(signal.SIGPIPE)
            raise KeyboardInterrupt from error
        except OSError as error:
            return self._elsewhere(bytes(data), error.strerror or "")

    def _elsewhere(self, data: bytes, why: str) -> int:
        os.dup2(2, 1)
        said = (
            f"\nattnspec: standard output cannot be written ({why}); it goes on here\n"
        )
        try:
            super().write(said.encode() + data)
        except OSError:
            _turn(1, os.devnull)
        return len(data)


def _turn(number: int, path: str) -> None:
    """Let a descriptor be that of another file."""
    other = os.open(path, os.O_WRONLY)
    os.dup2(other, number)
    os.close(other)


__all__ = ["prepare"]
