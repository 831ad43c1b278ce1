"""What is asked for: a kernel by its name, in a process of its own or in this one."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attnspec._arguments import checked
from attnspec._typing import Deadline
from attnspec.conformance.descriptions import read_description, with_declared, written
from attnspec.conformance.facing import orders
from attnspec.conformance.implementation import Implementation
from attnspec.conformance.importing import DEFAULT, resolve
from attnspec.conformance.libraries import HERE, LIBRARIES, adapter_names
from attnspec.conformance.options import written_options
from attnspec.conformance.programs import Program
from attnspec.exceptions import (
    InvalidArgument,
    UnknownName,
    UnusableTarget,
)
from attnspec.faces import face_named, of_kind_named, parted, said_of_methods
from attnspec.judge.bench import Executor
from attnspec.judge.description import Description
from attnspec.kinds.registry import DEFAULT_KIND, kind_named

_DEVICE = re.compile(r"[a-z][a-z0-9_]{0,40}(:[0-9]{1,4})?")
"""What a device is called, and which one of several it is."""


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: a kernel, and what is declared of it.

    Parameters
    ----------
    target
        Nothing for the embedded default, an adapter by name (``torch``,
        ``torch:math``), ``package.module:function`` or ``path/file.py:function``.
    kind
        What kind of function it is.
    arrays
        The library whose arrays it takes: ``numpy``, ``torch``, ``jax`` or ``mlx``;
        that of its face by default.
    device
        Where these arrays lie: ``cpu``, ``cuda``, ``cuda:1``, or what else the library
        calls its devices.
    face
        How it is called, one of ``attnspec faces``; recognised by default.
    program
        The command of a program that is the kernel, in place of a target.
    declared
        What is said of it beside what it says itself: under the name of each file,
        or no name, an object that satisfies `description_schema`.
    """

    target: str = ""
    kind: str = DEFAULT_KIND
    arrays: str = ""
    program: str = ""
    declared: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    face: str = ""
    device: str = ""

    def __post_init__(self) -> None:
        """Reject arrays of no library, and what a program cannot have."""
        if self.program and self.target:
            msg = f"program: expected in place of a target; got {self.target!r} as well"
            raise InvalidArgument(msg)
        if self.arrays not in ("", *LIBRARIES):
            listed = ", ".join(LIBRARIES)
            msg = f"arrays: expected one of {listed}; got {self.arrays!r}"
            raise UnknownName(msg)
        if self.program and self.arrays not in ("", LIBRARIES[0]):
            msg = f"arrays: a program takes bytes; got {self.arrays!r}"
            raise InvalidArgument(msg)
        if self.device and not _DEVICE.fullmatch(self.device):
            msg = f"device: expected a name as cpu, cuda or cuda:1; got {self.device!r}"
            raise InvalidArgument(msg)
        if self.program and self.device not in HERE:
            msg = f"device: a program chooses its own; got {self.device!r}"
            raise InvalidArgument(msg)
        id_, _ = parted(self.face)
        if id_ and of_kind_named(id_) is None:
            face_named(id_)
        if self.program and self.face:
            msg = f"face: a program answers by the protocol; got {self.face!r}"
            raise InvalidArgument(msg)

    def __call__(self) -> Implementation:
        """Import the target; done where the kernel will run."""
        return resolve(self.target, self.kind, **self.manner)

    @property
    def manner(self) -> dict[str, str]:
        """How somebody says that it is called."""
        return {"face": self.face, "arrays": self.arrays, "device": self.device}

    @property
    def title(self) -> str:
        """The words that name the kernel, if there are any."""
        return self.program or self.target

    def found_from_anywhere(self) -> Request:
        """Return the same request, which names a file by its whole path."""
        where, _, function = self.target.rpartition(":")
        if not where.endswith(".py"):
            return self
        target = f"{Path(where).resolve()}:{function}"
        return dataclasses.replace(self, target=target)

    def said_of(self, description: Description) -> Description:
        """Return what a kernel says of itself with what is declared of it.

        Raises
        ------
        InvalidArgument
            If it cannot be, or a deviation could never be seen within what is claimed.
        """
        for where, said in self.declared.items():
            description = with_declared(description, said, where)
        known, manner = description.deviations, description.manner
        description = description.replace(
            deviations=tuple(each for each in known if each.is_of(manner))
        )
        for deviation in description.deviations:
            kind = kind_named(description.kind)
            deviation.check_scope(kind, description.capabilities)
        return description

    def replayed(self) -> tuple[str, ...]:
        """Return the words of a command line that ask for the same kernel."""
        words = (
            ["--program", self.program] if self.program else [self.target or DEFAULT]
        )
        face, methods = parted(self.face)
        manner = {**self.manner, "face": face, "methods": said_of_methods(methods)}
        for name, value in manner.items():
            words += [f"--{name}", value] if value else []
        for where, said in self.declared.items():
            if where and {*said} != {"deviation"}:
                words += ["--description", where]
            elif not where:
                words += written_options(said)
        return tuple(words)


def _own_formats(request: Request) -> Request:
    """Return a request that adds no formats to those of an adapter."""
    name = request.target.partition(":")[0] or DEFAULT
    if request.program or name not in adapter_names():
        return request
    declared = {
        where: {key: value for key, value in said.items() if key != "dtypes"}
        for where, said in request.declared.items()
    }
    return dataclasses.replace(request, declared=declared)


@contextlib.contextmanager
@checked
def open_target(
    request: Request, *, deadline: Deadline = 20.0
) -> Iterator[tuple[Executor, Description]]:
    """Start a kernel in a process of its own, and stop it at the end.

    Parameters
    ----------
    request
        What names the kernel, and what is declared of it.
    deadline
        Seconds after which a call has timed out.

    Raises
    ------
    InvalidArgument
        If the kernel cannot be found, imported or started, or the deadline
        is not above 0, or longer than a week.
    """
    if os.name != "posix":
        msg = "target: a process of its own needs Linux, macOS or another POSIX system"
        raise UnusableTarget(msg)
    # It imports what other systems do not have.
    from attnspec.conformance.worker import Worker, python_server  # noqa: PLC0415

    where = "program" if request.program else "target"
    opening = {"kind": request.kind}
    if not request.program:
        opening |= {"target": request.target, **request.manner}
    worker = Worker(
        Program(request.program).found() if request.program else python_server(),
        opening,
        deadline=deadline,
        prepared=not request.program,
    )
    try:
        said = read_description(worker.start(), where, request.kind)
        worker.orders = orders(said)
        yield worker, _own_formats(request).said_of(said)
    finally:
        worker.close()


def served(question: Mapping[str, Any]) -> tuple[Implementation, dict[str, Any]]:
    """Return the implementation that a first question names, and its description."""
    words = ("target", "kind", "arrays", "face", "device")
    request = Request(**{name: question[name] for name in words if name in question})
    kind_named(request.kind)  # Before a module of the user can change what it needs.
    implementation = request()
    return implementation, written(implementation.description)


__all__ = ["Request", "open_target", "served"]
