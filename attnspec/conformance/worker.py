"""A kernel in a process of its own: it may print, crash, exit or hang."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from attnspec.conformance.call import Caller
from attnspec.conformance.implementation import Implementation
from attnspec.exceptions import (
    AttnspecError,
    InvalidArgument,
    KernelCrashed,
    KernelFault,
    KernelTimedOut,
    UnusableTarget,
)
from attnspec.judge.case import Case, Result
from attnspec.judge.description import Description
from attnspec.judge.recipe import Recipe

Open = Callable[[], Implementation]
"""Imports the kernel; called in the worker, so it must be picklable."""

_START = 300.0
"""Seconds that a target may take to import."""

_FIRST = 3.0
"""How many deadlines the first call of a process may take: it may compile."""


class Worker:
    """Calls a kernel in another process, and replaces the process when it ends."""

    def __init__(self, open_kernel: Open, *, deadline: float = 20.0) -> None:
        """Prepare a worker; `start` starts it."""
        self._open = open_kernel
        self._deadline = deadline
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._pipe: Connection[Any, Any] | None = None
        self._fresh = True
        handle, name = tempfile.mkstemp(prefix="attnspec-", suffix=".txt")
        os.close(handle)
        self._printed = Path(name)
        self.journal = Path(name).with_suffix(".json")

    def start(self) -> Description:
        """Start the process, import the kernel there and return its description.

        Raises
        ------
        UnusableTarget
            If the kernel cannot be imported.
        """
        ours, theirs = self._context.Pipe()
        arguments = (theirs, self._open, str(self._printed))
        self._process = self._context.Process(target=_serve, args=arguments)
        self._process.start()
        theirs.close()
        self._pipe = ours
        self._fresh = True
        try:
            kind, content = self._receive(_START)
        except KernelFault as fault:
            msg = f"target: importing it {fault}"
            raise UnusableTarget(msg) from fault
        if kind == "unusable":
            raise content
        description: Description = content
        return description

    def __call__(self, case: Case) -> Result:
        """Call the kernel in the worker.

        Raises
        ------
        KernelFault
            If the kernel raised, returned something else, ended its process or
            did not return in time.
        """
        if self._pipe is None:
            self.start()
        with contextlib.suppress(BrokenPipeError):  # the receive below says it better
            self._connection.send(case)
        kind, content = self._receive(self._deadline * (_FIRST if self._fresh else 1.0))
        self._fresh = False
        if kind == "fault":
            raise content
        result: Result = content
        return result

    @property
    def _connection(self) -> Connection[Any, Any]:
        if self._pipe is None:
            msg = "the worker is not running"
            raise RuntimeError(msg)
        return self._pipe

    def _receive(self, seconds: float) -> tuple[str, Any]:
        """Return the next message, or stop the process and say what became of it."""
        try:
            if self._connection.poll(seconds):
                message: tuple[str, Any] = self._connection.recv()
                return message
        except (EOFError, ConnectionResetError) as error:
            ending = self._ended()
            raise KernelCrashed(ending) from error
        self._stop()
        msg = f"did not return within {seconds:g} s"
        raise KernelTimedOut(msg)

    def _ended(self) -> str:
        """Return how the process ended, with the last line that it printed."""
        self._process.join(5.0)
        code = self._process.exitcode
        self._stop()
        how = f"ended the process with exit code {code}"
        if code is not None and code < 0:
            how = f"ended the process by {signal.Signals(-code).name}"
        lines = self._printed.read_text(errors="replace").strip().splitlines()
        return f"{how}; last words: {lines[-1][:120]}" if lines else how

    def note(self, invariant: str, recipe: Recipe) -> None:
        """Write down what is about to be tried, for when the machine goes down too."""
        self.journal.write_text(f'{{"invariant": "{invariant}", "recipe": {recipe}}}\n')

    def restart(self) -> None:
        """Stop the process; the next call starts another."""
        self._stop()

    def _stop(self) -> None:
        if self._process is not None and self._process.is_alive():
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._pipe = None
        self._process = None

    def close(self) -> None:
        """Stop the process and remove what it left."""
        self._stop()
        self._printed.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)


def _serve(pipe: Connection[Any, Any], open_kernel: Open, printed: str) -> None:
    """Run in the worker: import the kernel, then answer calls until the pipe closes."""
    _redirect(printed)
    try:
        implementation = open_kernel()
    except AttnspecError as error:
        kind = (
            error if isinstance(error, InvalidArgument) else UnusableTarget(str(error))
        )
        pipe.send(("unusable", kind))
        return
    pipe.send(("ready", implementation.description))
    call = Caller(implementation.function)
    while True:
        try:
            case = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            result = call(case)
        except KernelFault as fault:
            pipe.send(("fault", fault))
        else:
            pipe.send(("result", result))


def _redirect(printed: str) -> None:
    """Send all that the kernel prints, from C too, into a file."""
    file = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        stream.flush()
        os.dup2(file, descriptor)
    os.close(file)


__all__ = ["Open", "Worker"]
