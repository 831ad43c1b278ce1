"""Files that are written to: that they can be is known before a run begins."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from pathlib import Path

from attnspec.exceptions import InvalidArgument

_MARKS = {
    "report": (b'{"kind": "header", "report": ',),
    "junit": (b'<testsuites name="attnspec"',),
    "csv": (b"id,kind,mistake,", b"rule,caught,rogues,"),
    "summary": (b"target,seeds,law,dtype,",),
    "script": (b"A call breaks the law '",),
}
"""What stands near the beginning of a file of ours, by the argument that says where."""

_NEAR = 2000
"""Bytes that are looked at."""


def check_files(**files: Path | None) -> None:
    """Reject files that cannot be written, or in which something would be lost.

    A file is written over only if it is empty, or was written by the same option.

    Parameters
    ----------
    **files
        Where to write, under the name of the argument: ``report``, ``junit``,
        ``csv``, ``summary`` or ``script``; None if it is not.

    Raises
    ------
    InvalidArgument
        If there is no such folder, the file is one, cannot be written, holds
        something else, or is another one of these.
    """
    given = {name: path for name, path in files.items() if path is not None}
    for name, path in given.items():
        try:
            with contextlib.suppress(FileNotFoundError):
                path.stat()  # Says what is wrong with a name that none can have.
            wrong = _wrong(path, _MARKS[name])
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            wrong = f"cannot be written ({reason})"
        if wrong:
            msg = f"{name}: {path} {wrong}"
            raise InvalidArgument(msg)
    for (one, path), (other, where) in itertools.combinations(given.items(), 2):
        if _same(path, where):
            msg = f"{other}: expected another file than that of {one}; got {where}"
            raise InvalidArgument(msg)


def _wrong(path: Path, marks: tuple[bytes, ...]) -> str:
    """Return why a file cannot be written, or not written over; or nothing."""
    folder = path.absolute().parent
    if not folder.is_dir():
        return f"cannot be written: there is no folder {folder}"
    if path.is_dir():
        return "cannot be written: it is a folder"
    if not os.access(path if path.exists() else folder, os.W_OK):
        return "cannot be written: that is not allowed"
    if path.is_file():  # A device or a pipe loses nothing.
        with path.open("rb") as file:
            found = file.read(_NEAR)
        if not any(mark in found or mark.startswith(found) for mark in marks):
            return "holds something else; it is not written over"
        if _is_printed_to(path):
            return "is where standard output goes"
    return ""


def _is_printed_to(path: Path) -> bool:
    """Return whether standard output goes to a file."""
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(1), path.stat())
    return False


def _same(one: Path, other: Path) -> bool:
    """Return whether two paths are those of one file, that keeps what is written."""
    try:
        found = one.stat()
    except FileNotFoundError:
        return one.resolve() == other.resolve()
    return stat.S_ISREG(found.st_mode) and other.exists() and one.samefile(other)


__all__ = ["check_files"]
