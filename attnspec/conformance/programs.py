"""Programs of any language that are kernels."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
from pathlib import Path
from typing import Any

from attnspec.exceptions import InvalidArgument, UnusableTarget


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """A program that answers questions about a kernel, in any language.

    Parameters
    ----------
    command
        What starts it, as it is written in a shell: the program and its arguments.

    Raises
    ------
    InvalidArgument
        If the command is empty, or a quotation mark is not closed.

    Examples
    --------
    >>> Program("./kernel-server --device 'cpu 0'").arguments
    ('./kernel-server', '--device', 'cpu 0')
    """

    command: str

    def __post_init__(self) -> None:
        """Reject a command that names no program."""
        words: Any = self.command
        if not isinstance(words, str) or not self.arguments:
            msg = f"program: expected a command; got {self.command!r}"
            raise InvalidArgument(msg)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words of the command."""
        try:
            return tuple(shlex.split(self.command))
        except ValueError as error:
            msg = f"program: expected a command; got {self.command!r} ({error})"
            raise InvalidArgument(msg) from error

    def found(self) -> tuple[str, ...]:
        """Return the words of the command, the program among them as it was found.

        Raises
        ------
        UnusableTarget
            If there is no such program, or it cannot be executed.
        """
        name, *rest = self.arguments
        path = shutil.which(name)
        if path is None:
            there = Path(name).exists()
            lack = "is not executable" if there else "is not found"
            msg = f"program: {name!r} {lack}"
            raise UnusableTarget(msg)
        return (path, *rest)


__all__ = ["Program"]
