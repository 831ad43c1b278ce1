"""Runs a program, and ends it and all that it starts when its judge ends.

It is run as a script, ``python guard.py LIFELINE COMMAND...``, and imports nothing of
attnspec, and little else: it starts with every kernel. LIFELINE is the reading end of a
pipe that only the judge holds open: it is at its end when the judge lets go of it,
however that comes about. The guard ends as the program ends, with the same exit code or
by the same signal.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time

_SET_CHILD_SUBREAPER, _SET_DEATH_SIGNAL = 36, 1
"""Operations of Linux's prctl."""

_AT_MOST = 5.0
"""Seconds in which descendants are ended that go on starting others."""

_NOT_STARTED = 127
"""The exit code, as of a shell, where the program cannot be started."""


def main() -> None:
    """Start the command, wait for its end or the judge's, and end what is left."""
    lifeline, command = int(sys.argv[1]), sys.argv[2:]
    _prctl(_SET_CHILD_SUBREAPER, 1)  # Orphans become children of the guard.
    child = _started(command, lifeline)
    # Whoever holds the other ends must see them close when the program ends.
    for descriptor in map(int, os.listdir("/dev/fd")):  # noqa: PTH208 - no pathlib here
        if descriptor != lifeline:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    ending = _waited(child, lifeline)
    _end_descendants(child)
    _end_like(ending)


def _prctl(operation: int, value: int) -> None:
    """Ask the kernel of Linux for something; other systems have no such call."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(operation, value, 0, 0, 0)


def _started(command: list[str], lifeline: int) -> int:
    """Start the command in a process group of its own, and return its process id."""
    guard = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setpgid(0, 0)
        _defaults()
        _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)  # It may end the guard.
        if os.getppid() != guard:
            os._exit(_NOT_STARTED)
        os.close(lifeline)
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(_NOT_STARTED)


def _defaults() -> None:
    """Handle every signal as a program finds it: a shell or Python may ignore some."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):  # Some belong to the C library.
            signal.signal(number, signal.SIG_DFL)


def _waited(child: int, lifeline: int) -> int:
    """Return how the child ended; it is ended when the lifeline is let go of."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        # Children that ended before the handler was there are seen here, too.
        while (found := _reaped())[0] > 0:
            if found[0] == child:
                return found[1]
        ready, _, _ = select.select([lifeline, woken], [], [])
        if lifeline in ready:
            return 0  # A guard that ends by a signal was told to by somebody else.
        os.read(woken, 4096)


def _reaped() -> tuple[int, int]:
    """Return a child that has ended and how, or (0, 0)."""
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0


def _end_descendants(child: int) -> None:
    """Kill the group of the child, and on Linux every process that is left of it."""
    until = time.monotonic() + _AT_MOST
    while time.monotonic() < until:
        # A group is killed at once: none of it can start another meanwhile.
        _kill(-child)
        left = _children()
        for process in left:
            _kill(process)
        if not left:
            return
        while _reaped()[0] > 0:
            pass
        time.sleep(0.001)


def _kill(process: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(process, signal.SIGKILL)


def _children() -> list[int]:
    """Return the guard's children, the zombies that it has yet to reap included."""
    mine = os.getpid()
    return [process for process in _processes() if _stat(process)[1] == mine]


def end_marked(leader: int, mark: bytes) -> None:
    """Kill what a guard that was killed has left: its session, and all marked."""
    until = time.monotonic() + _AT_MOST
    while time.monotonic() < until:
        left = [p for p in _processes() if _is_left(p, leader, mark)]
        for process in left:
            _kill(process)
        if not left:
            return
        time.sleep(0.001)


def _is_left(process: int, leader: int, mark: bytes) -> bool:
    """Return whether a process runs in a session, or was started with a mark."""
    state, _, session = _stat(process)
    if state == b"Z":  # It has ended, and its parent has yet to see it.
        return False
    return session == leader or mark in _read(process, "environ")


def _processes() -> list[int]:
    """Return every process that there is, none where there is no such list."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - no pathlib here
    except OSError:
        return []


def _stat(process: int) -> tuple[bytes, int, int]:
    """Return state, parent and session of a process, nothing if it has ended."""
    # The name before it is in parentheses and may hold anything.
    fields = _read(process, "stat").rpartition(b")")[2].split()
    return (fields[0], int(fields[1]), int(fields[3])) if fields else (b"", 0, 0)


def _read(process: int, what: str) -> bytes:
    """Return what Linux says of a process, nothing if it has ended."""
    try:
        with open(f"/proc/{process}/{what}", "rb") as file:  # noqa: PTH123 - no pathlib here
            return file.read()
    except OSError:
        return b""


def _end_like(status: int) -> None:
    """End as a child with this status ended."""
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # A signal that is ignored by default.


if __name__ == "__main__":
    main()

__all__ = ["end_marked", "main"]
