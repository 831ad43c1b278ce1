"""Tokens: a finding in one word that can be replayed elsewhere."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import checksum
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.registry import Kinds, law_named, read_recipe, written
from attnspec.judge.told import one_line
from attnspec.judge.verdicts import SUITE_VERSION, Verdict

TOKEN_VERSION = 2
"""Form of the tokens; those of version 1 did not say what became of the case."""

_PREFIX = "A"
_LARGEST = 1 << 20
"""Bytes that the parts of a token take at most: the longest that are made take less."""


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """All that is needed to see a finding again."""

    kind: Kind
    law: Invariant
    recipe: Recipe
    before: tuple[Recipe, ...] = ()
    verdict: Verdict = Verdict.FAILED
    """What became of the case."""
    error: str = ""
    """The name of the exception, where the kernel raised one."""
    checksum: str = ""
    """The checksum of the data where the finding was made; else that of here."""
    suite: int = SUITE_VERSION
    manner: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """How the function was called, where that was another than of a plain one."""

    def __str__(self) -> str:
        """Return the token as one printable word."""
        data: dict[str, Any] = {
            "v": TOKEN_VERSION,
            "s": self.suite,
            "i": self.law.id,
            "r": written(self.recipe, self.kind),
            "x": self.checksum or self._checksum(),
            "f": str(self.verdict),
        }
        if self.error:
            data["e"] = self.error
        if self.manner:
            data["c"] = dict(self.manner)
        if self.before:
            data["b"] = [written(recipe, self.kind) for recipe in self.before]
        text = json.dumps(data, separators=(",", ":")).encode()
        packed = zlib.compress(text, 9)
        return _PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def _checksum(self) -> str:
        return checksum(self.kind.case(self.recipe))

    def verify(self) -> None:
        """Raise if the recipe no longer makes the data that it made."""
        found = self._checksum()
        if found != self.checksum:
            msg = (
                f"token: the data of this recipe have the checksum {found} here and "
                f"had {self.checksum} (suite {self.suite}; this is {SUITE_VERSION})"
            )
            raise InvalidArgument(msg)

    def check_scope(self, capabilities: Capabilities) -> None:
        """Reject a finding that says nothing of a function with these capabilities.

        Raises
        ------
        InvalidArgument
            If the case makes use of what is not claimed, or lacks what the law needs.
        """
        table = self.kind.table
        switches = self.law.needs & set(table.switches)
        if lacking := sorted(switches - set(table.on(self.recipe))):
            msg = f"token: its case lacks {lacking[0]}, which {self.law.id} is about"
            raise InvalidArgument(msg)
        if reason := table.beyond(self.recipe, capabilities):
            msg = f"token: its case is out of scope: {reason}"
            raise InvalidArgument(msg)

    def is_seen_in(self, verdict: Verdict, message: str) -> bool:
        """Return whether this is what became of the case again."""
        return verdict is self.verdict and error_in(verdict, message) == self.error


def error_in(verdict: Verdict, message: str) -> str:
    """Return the name of the exception that a message tells of, if there is one."""
    return re.split(r"[:;\n]", message)[0] if verdict is Verdict.REFUSED else ""


def unpacked(text: str) -> dict[str, Any]:
    """Return the parts of the token that a word stands for, as somebody wrote them.

    Raises
    ------
    InvalidArgument
        If it is no token, or of another version.
    """
    try:
        body = text.strip().removeprefix(_PREFIX)
        packed = base64.b64decode(body + "=" * (-len(body) % 4), b"-_", validate=True)
        unpacker = zlib.decompressobj()
        data = json.loads(unpacker.decompress(packed, _LARGEST))
        version = data["v"]
    except (ValueError, zlib.error, KeyError, TypeError, RecursionError) as error:
        msg = f"token: {text[:24]!r} is no token of attnspec, or is cut short"
        raise InvalidArgument(msg) from error
    if version != TOKEN_VERSION or isinstance(version, bool):
        found = one_line(repr(version))
        msg = (
            f"token: expected version {TOKEN_VERSION}, got version {found}; "
            "a run of the attnspec that is installed makes another"
        )
        raise InvalidArgument(msg)
    return {name: part for name, part in data.items() if name != "v"}


def token_of(parts: Mapping[str, Any], kinds: Kinds) -> Token:
    """Return the token with these parts, its recipes of one of these kinds.

    Parameters
    ----------
    parts
        What `unpacked` returns, of the types that the parts have.
    kinds
        The kinds that there are.

    Raises
    ------
    InvalidArgument
        If a part names what does not exist, or no case can be made of a recipe.
    """
    law = law_named(parts["i"], kinds)
    recipe, *before = (
        read_recipe(data, "token", kinds, law.kind)
        for data in (parts["r"], *parts.get("b", ()))
    )
    for each in (recipe, *before):
        if each.kind != law.kind:
            msg = f"token: {law.id} is a law of {law.kind}; its case is of {each.kind}"
            raise InvalidArgument(msg)
    return Token(
        kind=kinds[law.kind],
        law=law,
        recipe=recipe,
        before=tuple(before),
        verdict=Verdict(parts["f"]),
        error=parts.get("e", ""),
        checksum=parts["x"],
        suite=parts["s"],
        manner=parts.get("c", {}),
    )


__all__ = ["TOKEN_VERSION", "Token", "error_in", "token_of", "unpacked"]
