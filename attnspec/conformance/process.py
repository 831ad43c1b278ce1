"""A program that is asked questions, with a deadline on every byte."""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence

from attnspec.conformance import guard
from attnspec.exceptions import KernelCrashed, KernelTimedOut
from attnspec.judge.told import one_line

HEADER_LIMIT = 1 << 20
"""Bytes that a header may have."""

_CHUNK = 1 << 16
_PIPE = 1 << 20
"""Bytes that a pipe is asked to hold, on Linux: fewer changes between processes."""

_KEPT = 1 << 12
"""Bytes of what a program prints that are kept, for its last words."""

_MARK = "ATTNSPEC_GUARDED"
"""In the environment of a program, by which it is found if it has killed its guard."""

_PATIENCE = 2.0
"""Seconds that a guard has to end what it guards."""


def not_standard(descriptor: int) -> int:
    """Return a descriptor of the same file that a program can inherit.

    Where standard input, output or error is closed, what is opened next has its
    number, and a program that is started has its own in that place.
    """
    if descriptor > 2:
        return descriptor
    other = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(descriptor)
    return other


class Process:
    """A program behind two pipes, in a guard that ends it when this process ends.

    Parameters
    ----------
    command
        The program and its arguments.
    inherited
        The file descriptors that it gets beside standard input, output and error.
    """

    def __init__(self, command: Sequence[str], inherited: Sequence[int] = ()) -> None:
        """Start the program."""
        end, self._lifeline = map(not_standard, os.pipe())
        guarded = [sys.executable, "-I", "-S", guard.__file__, str(end), *command]
        self._mark = f"{os.getpid()}-{time.monotonic_ns()}"
        self._popen = subprocess.Popen(  # noqa: S603 - what the user asked for
            guarded,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=(end, *inherited),
            env={**os.environ, _MARK: self._mark},
            start_new_session=True,
        )
        os.close(end)
        streams = self._popen.stdin, self._popen.stdout, self._popen.stderr
        self._in, self._out, self._err = (s.fileno() for s in streams if s is not None)
        self._selector = selectors.DefaultSelector()
        for descriptor in (self._in, self._out, self._err):
            os.set_blocking(descriptor, False)
        for descriptor in (self._out, self._err):
            self._selector.register(descriptor, selectors.EVENT_READ)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            for descriptor in (self._in, self._out):
                with contextlib.suppress(OSError):  # A user has so much, and no more.
                    fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE)
        self._unread = bytearray()
        self._chunk = memoryview(bytearray(_CHUNK))
        self._printed = b""

    def send(self, parts: Iterable[bytes | memoryview], until: float) -> None:
        """Write a question.

        Raises
        ------
        KernelCrashed
            If the program has ended, or the guard without which it could outlive all.
        KernelTimedOut
            If it is not taken in time.
        """
        if self._popen.poll() is not None:
            raise self.crashed()
        try:
            for part in parts:
                self._send(memoryview(part), until)
        except BrokenPipeError:
            return  # What is read next says it better.

    def _send(self, left: memoryview, until: float) -> None:
        while left:
            try:
                left = left[os.write(self._in, left) :]
            except BlockingIOError:
                self._selector.register(self._in, selectors.EVENT_WRITE)
                try:
                    self._wait(until)
                finally:
                    self._selector.unregister(self._in)

    def line(self, until: float) -> bytes:
        """Return the next line, without its end.

        Raises
        ------
        KernelCrashed
            If the program ends before, or the line is too long.
        KernelTimedOut
            If it does not come in time.
        """
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if searched > HEADER_LIMIT:
                msg = "gave no header: no line ends within 1 MiB"
                raise self.crashed(msg)
            count = self._read(self._chunk, until)
            self._unread += self._chunk[:count]
        found = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return found

    def exactly(self, size: int, until: float) -> bytearray:
        """Return the next so many bytes.

        Raises
        ------
        KernelCrashed
            If the program ends before.
        KernelTimedOut
            If they do not come in time.
        """
        found = bytearray(size)
        had = min(size, len(self._unread))
        found[:had] = self._unread[:had]
        del self._unread[:had]
        left = memoryview(found)[had:]
        while left:
            left = left[self._read(left, until) :]
        return found

    def _read(self, buffer: memoryview, until: float) -> int:
        """Read what there is, and return how many bytes it is, at least one."""
        while True:
            try:
                count = os.readv(self._out, [buffer])
            except BlockingIOError:
                self._wait(until)
                continue
            if not count:
                raise self.crashed()
            return count

    def _wait(self, until: float) -> None:
        """Wait until something can be read or written; keep the end of what it prints.

        Raises
        ------
        KernelTimedOut
            If the time is over.
        """
        left = until - time.monotonic()
        events = self._selector.select(left) if left > 0 else []
        if not events:
            raise KernelTimedOut
        if any(key.fd == self._err for key, _ in events):
            self._listen()

    def _listen(self) -> None:
        """Keep the end of what has been printed."""
        with contextlib.suppress(BlockingIOError):
            if found := os.read(self._err, _CHUNK):
                self._printed = (self._printed + found)[-_KEPT:]
            elif self._err in self._selector.get_map():
                self._selector.unregister(self._err)

    def crashed(self, what: str = "") -> KernelCrashed:
        """Return what is raised when the program has ended, or says what is no answer.

        It is ended in any case.
        """
        if what:
            self.stop()
            how = f"{what}; the process was ended"
        else:
            how = self._ending()
        lines = [one_line(line) for line in self._words() if line.strip()]
        return KernelCrashed(f"{how}; last words: {lines[-1]}" if lines else how)

    def _ending(self) -> str:
        """Return how the program ended; one that closed its output is ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(_PATIENCE / 2)
        code = self._popen.poll()
        self.stop()
        if code is None:
            return "closed its standard output; the process was ended"
        if code >= 0:
            return f"ended the process with exit code {code}"
        with contextlib.suppress(ValueError):
            return f"ended the process by {signal.Signals(-code).name}"
        return f"ended the process by signal {-code}"

    def _words(self) -> list[str]:
        """Return the last lines that were printed."""
        return self._printed.decode(errors="replace").splitlines()

    def stop(self) -> None:
        """End the program and all that it started."""
        if self._lifeline < 0:
            return
        os.close(self._lifeline)
        self._lifeline = -1
        self._popen.send_signal(signal.SIGCONT)  # The program may have stopped it.
        try:
            self._popen.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        if self._popen.returncode == -signal.SIGKILL:
            guard.end_marked(self._popen.pid, f"{_MARK}={self._mark}\0".encode())
        with contextlib.suppress(OSError):
            self._listen()
        self._selector.close()
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()


__all__ = ["HEADER_LIMIT", "Process", "not_standard"]
