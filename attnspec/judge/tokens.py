"""Tokens: a finding in one word that can be replayed elsewhere."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import zlib
from typing import Any

from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import checksum
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.registry import Kinds, law_named, read_recipe, written
from attnspec.judge.verdicts import REPORT_VERSION, SUITE_VERSION

_PREFIX = "A"
_WHOLE = {"s", "i", "r", "x"}
"""The parts that every token has beside its version."""


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """All that is needed to see a finding again."""

    kind: Kind
    law: Invariant
    recipe: Recipe
    before: tuple[Recipe, ...] = ()
    checksum: str = ""
    """The checksum of the data where the finding was made; else that of here."""
    suite: int = SUITE_VERSION

    def __str__(self) -> str:
        """Return the token as one printable word."""
        data: dict[str, Any] = {
            "v": REPORT_VERSION,
            "s": self.suite,
            "i": self.law.id,
            "r": written(self.recipe, self.kind),
            "x": self.checksum or self._checksum(),
        }
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


def read_token(text: str, kinds: Kinds) -> Token:
    """Return the token that a word stands for, its recipe of one of these kinds.

    Raises
    ------
    InvalidArgument
        If it is no token, or of another version, or names what does not exist.
    """
    try:
        body = text.strip().removeprefix(_PREFIX)
        packed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        data = json.loads(zlib.decompress(packed))
        version = data["v"]
    except (ValueError, binascii.Error, zlib.error, KeyError, TypeError) as error:
        msg = f"token: {text[:24]!r} is no token of attnspec, or is cut short"
        raise InvalidArgument(msg) from error
    if version != REPORT_VERSION:
        msg = f"token: made by report version {version}; this is {REPORT_VERSION}"
        raise InvalidArgument(msg)
    if not set(data) >= _WHOLE or not isinstance(data.get("b", []), list):
        msg = f"token: {text[:24]!r} lacks a part of a finding"
        raise InvalidArgument(msg)
    law = law_named(data["i"], kinds)
    return Token(
        kind=kinds[law.kind],
        law=law,
        recipe=read_recipe(data["r"], "token", kinds, law.kind),
        before=tuple(
            read_recipe(recipe, "token", kinds, law.kind)
            for recipe in data.get("b", ())
        ),
        checksum=data["x"],
        suite=data["s"],
    )


__all__ = ["Token", "read_token"]
