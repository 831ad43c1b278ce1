"""What people hand in: requests in words, files, tokens of findings."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attnspec.conformance.descriptions import read_deviation
from attnspec.conformance.options import read_options
from attnspec.conformance.schemas import named, satisfying, satisfying_token
from attnspec.conformance.targets import Request
from attnspec.exceptions import InvalidArgument
from attnspec.faces import joined, parted
from attnspec.judge import tokens
from attnspec.judge.deviations import Deviation
from attnspec.judge.tokens import Token
from attnspec.kinds.registry import DEFAULT_KIND, KINDS, find, kind_named


def request_in_words(
    *,
    target: str = "",
    program: str = "",
    kind: str | None = None,
    arrays: str = "",
    face: str = "",
    device: str = "",
    methods: str = "",
    description: Path | None = None,
    deviations: Path | None = None,
    **options: Iterable[str],
) -> Request:
    """Return what is asked for by the words of a command line.

    Parameters
    ----------
    target, program, arrays, face, device
        As `Request` has them.
    methods
        What methods are called: ``append=put,attend=read``.
    kind
        What kind of function it is; else the file of the description says it.
    description, deviations
        Files that say what is known of the kernel, and what is known to fail.
    **options
        What `read_options` reads.

    Raises
    ------
    InvalidArgument
        If a file cannot be read, or an option is not of its form.
    """
    declared: dict[str, dict[str, Any]] = {}
    if deviations is not None:
        declared[str(deviations)] = only_deviations(deviations)
    if description is not None:
        declared[str(description)] = load_description(description)
    if said := read_options(**options):
        declared[""] = said
    for said in declared.values():
        face = joined(face, said.pop("methods", {}))
    face = joined(face, parted(f":{methods}")[1])
    kinds = [said["kind"] for said in declared.values() if "kind" in said]
    own = kind_named(kind or (*kinds, DEFAULT_KIND)[0]).name
    return Request(target, own, arrays, program, declared, face, device)


def load_description(path: Path) -> dict[str, Any]:
    """Return what a TOML file says of a kernel, for `with_declared`.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, or does not satisfy `description_schema`.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror})"
        raise InvalidArgument(msg) from error
    except (ValueError, RecursionError) as error:  # Too deep, or too long a number.
        msg = f"{path} is no TOML ({error})"
        raise InvalidArgument(msg) from error
    entries = data.get("deviation")
    for entry in entries if isinstance(entries, list) else ():
        # A day of TOML is what JSON has a text for.
        if isinstance(entry, dict) and type(entry.get("expires")) is dt.date:
            entry["expires"] = entry["expires"].isoformat()
    return satisfying(data, str(path))


def load_deviations(path: Path) -> tuple[Deviation, ...]:
    """Read deviations from a TOML file, each a table ``[[deviation]]``.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, or an entry is none.
    """
    entries = only_deviations(path)["deviation"]
    with named(str(path)):
        kinds = [kind_named(find(entry["invariants"][0]).kind) for entry in entries]
        found = tuple(map(read_deviation, entries, kinds))
        for deviation, kind in zip(found, kinds, strict=True):
            deviation.check(kind)
    return found


def only_deviations(path: Path) -> dict[str, Any]:
    """Return what a file with tables ``[[deviation]]`` alone says of a kernel.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, or says something else.
    """
    said = load_description(path)
    if others := [name for name in said if name != "deviation"]:
        msg = (
            f"{path}: {others[0]}: expected tables [[deviation]] alone; "
            "a file that describes a kernel is named by --description"
        )
        raise InvalidArgument(msg)
    return {"deviation": [], **said}


def read_token(text: str) -> Token:
    """Return the token that a word stands for.

    Raises
    ------
    InvalidArgument
        If it is no token, or of another version, or names what does not exist, or a
        part of it is not as it must be.
    """
    parts = satisfying_token(tokens.unpacked(text), "token")
    return tokens.token_of(parts, KINDS)


__all__ = [
    "load_description",
    "load_deviations",
    "only_deviations",
    "read_token",
    "request_in_words",
]
