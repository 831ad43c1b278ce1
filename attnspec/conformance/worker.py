"""A kernel in a process of its own: it may print, crash, exit or hang."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attnspec._typing import Array
from attnspec.conformance import protocol
from attnspec.conformance.call import formed, result_of
from attnspec.conformance.memory import Block, SharedMemory
from attnspec.conformance.process import Process
from attnspec.conformance.protocol import Header, Unreadable
from attnspec.conformance.written import taken
from attnspec.exceptions import (
    KernelCrashed,
    KernelFault,
    KernelRaised,
    KernelTimedOut,
    MalformedResult,
    UnusableTarget,
)
from attnspec.judge.case import Case, Result
from attnspec.judge.layouts import Order
from attnspec.judge.told import one_line, told_again

_PREPARED = 60.0
"""Seconds in which Python and attnspec must be there, before anything is imported."""

_FIRST = 2.0
"""How many deadlines opening and a first call may take: a kernel may be compiled."""


def python_server() -> list[str]:
    """Return the command that serves a kernel in Python, imported as here."""
    start = f"import sys; sys.path[:] = {sys.path!r}"
    return [
        sys.executable,
        "-c",
        f"{start}; from attnspec.conformance.server import main; main()",
    ]


_AT_LEAST = 1 << 24
"""Bytes of a result of another shape that are read in any case, to say what it is."""


class Worker:
    """Calls a kernel in another process, and replaces the process when it ends.

    Parameters
    ----------
    command
        The program that the kernel is.
    opening
        What the first question says beside its number: the kind, and for a kernel in
        Python what is imported.
    deadline
        Seconds after which a question has timed out.
    prepared
        Whether the program answers a question ``prepare`` before it opens anything,
        in a time that is its own.
    """

    forgets = True

    def __init__(
        self,
        command: Sequence[str],
        opening: Mapping[str, Any],
        *,
        deadline: float = 20.0,
        prepared: bool = False,
    ) -> None:
        """Prepare a worker; `start` starts it."""
        self._command = command
        self._opening = opening
        self._deadline = deadline
        self._prepared = prepared
        self._what = "target: importing it" if prepared else "program: opening it"
        self._first = _FIRST
        self._process: Process | None = None
        self._memory = SharedMemory()
        self._block = Block()
        self._shared = True
        self._fresh = True
        self._asked = -1
        self.orders: Mapping[str, Order] = {}
        """For an operand the order in which its axes lie in memory, if another."""

    @property
    def first_deadline(self) -> float:
        """Seconds that the first call of a process may take."""
        return self._first * self._deadline

    def start(self) -> Any:
        """Start the process, open the kernel there and return its description.

        It comes from the process, and nothing of it has been checked.

        Raises
        ------
        UnusableTarget
            If it cannot be opened.
        """
        try:
            self._process, answer = self._opened()
        except KernelFault as fault:
            msg = f"{self._what} failed: it {fault}"
            if isinstance(fault, KernelTimedOut):
                msg += "; a longer --deadline gives it more"
            raise UnusableTarget(msg) from fault
        if "refused" in answer:
            self._stop()
            raise UnusableTarget(one_line(str(answer["refused"])))
        return answer.get("description", {})

    def __call__(self, case: Case) -> Result:
        """Call the kernel in the worker.

        Raises
        ------
        KernelFault
            If the kernel raised, returned something else, ended its process or
            did not return in time.
        """
        try:
            return self._called(self._process or self._reopened(), case)
        except (KernelCrashed, KernelTimedOut):
            self._stop()
            raise

    def _opened(self) -> tuple[Process, Header]:
        """Return a fresh process, and what it answers to the first question."""
        process = Process(self._command, [self._memory.descriptor])
        self._fresh = True
        self._asked = -1  # The first question of a process has the number 0.
        header = {
            "question": "open",
            "attnspec": protocol.VERSION,
            "memory": self._memory.descriptor,
            **self._opening,
        }
        try:
            if self._prepared:
                self._ask(process, {"question": "prepare"}, seconds=_PREPARED)
            answer, _ = self._ask(process, header, seconds=_FIRST * self._deadline)
        except BaseException:
            process.stop()
            raise
        version = answer.get("attnspec", protocol.VERSION)
        if version != protocol.VERSION:
            said = f"version {one_line(repr(version))} of the protocol"
            msg = f"speaks {said}, not {protocol.VERSION}"
            raise process.crashed(msg)
        self._shared = answer.get("memory") == "shared"
        return process, answer

    def _reopened(self) -> Process:
        """Return a process that takes the place of one that has ended."""
        self._process, answer = self._opened()
        if "refused" in answer:
            msg = f"could not be opened again: {one_line(str(answer['refused']))}"
            raise self._process.crashed(msg)
        return self._process

    def _called(self, process: Process, case: Case) -> Result:
        block = self._block
        block.lay(case, self.orders)
        offset = self._memory.write(block.content) if self._shared else None
        back = 0 if self._shared else block.size
        # As much as is asked for in any format, and some rows more.
        asked = sum(8 * math.prod(shape) for _, shape, _ in case.returned)
        limit = max(8 * asked, _AT_LEAST)

        def size(answer: Header) -> int:
            if "raised" in answer or "malformed" in answer:
                return 0
            found = sum(map(protocol.size_of, protocol.forms(answer, case)))
            if found > limit:
                msg = f"has results of {found} bytes, where at most {limit} are read"
                raise Unreadable(msg)
            return back + found

        begun = time.monotonic()
        answer, payload = self._ask(
            process,
            protocol.call(case, block, offset),
            () if self._shared else (block.content,),
            seconds=self.first_deadline if self._fresh else self._deadline,
            size=size,
        )
        if self._fresh and time.monotonic() <= begun + self._deadline:
            # What was compiled in time once is compiled in time again.
            self._first = 1.0
        self._fresh = False
        arrays = _results(answer, payload, case)

        def now(buffer: memoryview) -> int:
            if offset is not None:
                return self._memory.read_into(buffer, offset)
            buffer[:] = memoryview(payload)[len(payload) - back :]
            return back

        changed = answer.get("earlier_result_changed") is True
        block.receive(now)
        written = taken(case, block.now)
        mutated = block.changed()
        # What the program has placed by itself it compares by itself.
        said = answer.get("changed")
        if isinstance(said, list):
            mutated += [name for name in block.placed if name in said]
        return result_of(case, arrays, mutated, written, earlier_changed=changed)

    def _ask(
        self,
        process: Process,
        header: Header,
        parts: Sequence[memoryview] = (),
        *,
        seconds: float,
        size: Callable[[Header], int] = lambda _answer: 0,
    ) -> tuple[Header, bytearray]:
        """Return the answer to a question, and its payload of this size.

        Raises
        ------
        KernelCrashed
            If the process ends, or answers something that cannot be read.
        KernelTimedOut
            If it does not answer in time.
        """
        self._asked += 1
        until = time.monotonic() + seconds
        try:
            question = protocol.encoded({**header, "number": self._asked})
            process.send((question, *parts), until)
            return self._answer(process, size, until)
        except Unreadable as error:
            raise process.crashed(str(error)) from error
        except KernelTimedOut as error:
            msg = f"did not return within {seconds:g} s"
            raise KernelTimedOut(msg) from error

    def _answer(
        self, process: Process, size: Callable[[Header], int], until: float
    ) -> tuple[Header, bytearray]:
        """Read the answer to the last question."""
        answer = protocol.decoded(process.line(until))
        if answer.get("answer") != self._asked:
            said = one_line(repr(answer.get("answer")))
            msg = f"answers question {said} where {self._asked} was asked"
            raise Unreadable(msg)
        expected, announced = size(answer), answer.get("payload", 0)
        if announced != expected:
            said = one_line(repr(announced))
            msg = f"announces {said} bytes where its results have {expected}"
            raise Unreadable(msg)
        return answer, process.exactly(expected, until)

    def restart(self) -> None:
        """Stop the process; the next call starts another."""
        self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.stop()
        self._process = None

    def close(self) -> None:
        """Stop the process, and let go of the memory; nothing can be called then."""
        self._stop()
        self._memory.close()


def _results(answer: Header, payload: bytearray, case: Case) -> list[Array]:
    """Return the results that an answer holds.

    Raises
    ------
    KernelRaised
        If it says that the kernel raised.
    MalformedResult
        If the results are of another form than asked for.
    """
    if "raised" in answer:
        raise KernelRaised(told_again(str(answer["raised"])))
    if "malformed" in answer:
        raise MalformedResult(one_line(str(answer["malformed"])))
    arrays = protocol.arrays_of(protocol.forms(answer, case), payload)
    wanted = zip(arrays, case.returned, strict=True)
    return [formed(array, expected) for array, expected in wanted]


__all__ = ["Worker", "python_server"]
