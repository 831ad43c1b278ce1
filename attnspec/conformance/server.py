"""The program that a kernel in Python is: it answers the questions of the judge."""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.conformance import protocol
from attnspec.conformance.call import Caller
from attnspec.conformance.implementation import Implementation
from attnspec.conformance.process import HEADER_LIMIT
from attnspec.conformance.protocol import Header
from attnspec.conformance.threads import threads
from attnspec.exceptions import (
    AttnspecError,
    InvalidArgument,
    KernelCrashed,
    KernelRaised,
    MalformedResult,
)
from attnspec.judge.far import FAR, place_far
from attnspec.judge.layouts import Placed
from attnspec.judge.told import one_line, told_in_lines

Open = Callable[[Header], tuple[Implementation, Header]]
"""Imports the kernel that the first question names, and says what it is."""


def serve(open_kernel: Open) -> None:
    """Answer questions on standard input until there are no more."""
    channel = _Channel()
    server = _Server(open_kernel)
    process = os.getpid()
    for question in channel:
        header, arrays = server.answer(question)
        if os.getpid() != process:
            os._exit(0)  # A child that the kernel made, and that came back from it.
        channel.write(header, arrays)


class _Channel:
    """The pipes to the judge; what else is printed, from C too, is standard error."""

    def __init__(self) -> None:
        self._questions = os.fdopen(os.dup(0), "rb")
        self._answers = os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)

    def __iter__(self) -> Iterator[Header]:
        while line := self._questions.readline(HEADER_LIMIT + 1):
            yield protocol.decoded(line)

    def write(self, header: Header, arrays: Sequence[Array]) -> None:
        # Formats that NumPy does not know have no buffer: bytes do.
        parts: list[Any] = [
            np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
            for array in arrays
            if array.size
        ]
        # A kernel may have changed that of all descriptors.
        for descriptor in (self._questions.fileno(), self._answers):
            os.set_blocking(descriptor, True)
        for part in (protocol.encoded(header), *parts):
            left = memoryview(part)
            while left:
                left = left[os.write(self._answers, left) :]


class _Server:
    """A kernel, and the answers to what is asked of it."""

    def __init__(self, open_kernel: Open) -> None:
        self._open_kernel = open_kernel
        self._call: Caller | None = None
        self._descriptor = -1
        self._memory: mmap.mmap | None = None

    def answer(self, question: Header) -> tuple[Header, Sequence[Array]]:
        """Return the header of an answer, and the arrays of its payload."""
        try:
            header, arrays = self._answered(question)
        except MalformedResult as fault:
            header, arrays = {"malformed": one_line(fault.args[0])}, ()
        except KernelRaised as fault:
            header, arrays = {"raised": str(fault)}, ()
        except KernelCrashed as fault:  # This process is of no more use.
            sys.stderr.write(f"{one_line(str(fault))}\n")
            sys.stderr.flush()
            os._exit(1)
        except AttnspecError as error:
            header, arrays = {"refused": one_line(str(error))}, ()
        except KeyboardInterrupt as error:  # Nobody's but the kernel's own.
            header, arrays = {"raised": told_in_lines(error)}, ()
        return {"answer": question["number"], **header}, arrays

    def _answered(self, question: Header) -> tuple[Header, Sequence[Array]]:
        match question["question"]:
            case "prepare":
                return {}, ()
            case "open":
                return self._opened(question), ()
            case "call":
                return self._called(question)
        return {"unknown": True}, ()

    def _opened(self, question: Header) -> Header:
        self._descriptor = question["memory"]
        implementation, description = self._open_kernel(question)
        self._call = Caller(implementation.function)
        return {
            "attnspec": protocol.VERSION,
            "memory": "shared",
            "description": description,
        }

    def _called(self, question: Header) -> tuple[Header, Sequence[Array]]:
        if self._call is None:
            msg = "question: nothing is open yet"
            raise InvalidArgument(msg)
        block = question["block"]
        memory = self._mapped(block["offset"] + block["size"])
        operands, options = (
            protocol.arguments(question[which], memory, block["offset"])
            for which in ("operands", "options")
        )
        given = {"operands": operands, "options": options}
        far = list(_placed_far(question, given))
        before = [item.content() for _, item in far]
        wanted = protocol.expected(question)
        with threads(question.get("threads")):
            arrays, changed = self._call(list(operands.values()), options, wanted)
        header = protocol.results(wanted, arrays)
        if changed:
            header["earlier_result_changed"] = True
        pairs = zip(far, before, strict=True)
        if written := [name for (name, now), then in pairs if now.content() != then]:
            header["changed"] = written
        return header, arrays

    def _mapped(self, size: int) -> mmap.mmap | bytes:
        """Return the shared memory, which may have grown."""
        if not size:
            return b""
        if self._memory is None or len(self._memory) < size:
            whole = os.fstat(self._descriptor).st_size
            # The old mapping lives for as long as an array in it does.
            self._memory = mmap.mmap(self._descriptor, whole)
        return self._memory


def _placed_far(
    question: Header, given: Mapping[str, dict[str, Any]]
) -> Iterator[tuple[str, Placed]]:
    """Place what is to lie far apart, and yield each such array."""
    for which, values in given.items():
        for item in question[which]:
            if item.get("layout") == FAR:
                name = item["name"]
                placed = place_far(values[name])
                values[name] = placed.view
                yield name, placed


def main() -> None:
    """Serve a kernel in Python."""
    from attnspec.conformance.targets import served  # noqa: PLC0415 - it imports much

    serve(served)


__all__ = ["Open", "main", "serve"]
