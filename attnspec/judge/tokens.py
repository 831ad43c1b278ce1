"""Tokens: a finding in one word that can be replayed elsewhere."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import zlib
from typing import Any

from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import table_checksum
from attnspec.judge.detect import built
from attnspec.judge.deviations import usable_recipe
from attnspec.judge.law import Invariant, find
from attnspec.judge.recipe import Recipe
from attnspec.judge.verdicts import REPORT_VERSION, SUITE_VERSION
from attnspec.kinds.attention.build import build, checksum
from attnspec.kinds.attention.recipe import AttentionRecipe

_PREFIX = "A"
_WHOLE = {"s", "i", "r", "x"}
"""The parts that every token has beside its version."""


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """All that is needed to see a finding again."""

    invariant: str
    recipe: AttentionRecipe | Recipe
    before: tuple[AttentionRecipe | Recipe, ...] = ()
    relaxation: str = ""
    """What was said of the numeric model: it took more than this case to say it."""
    checksum: str = ""
    """The checksum of the data where the finding was made."""
    suite: int = SUITE_VERSION

    def __str__(self) -> str:
        """Return the token as one printable word."""
        data: dict[str, Any] = {
            "v": REPORT_VERSION,
            "s": self.suite,
            "i": self.invariant,
            "r": self.recipe.to_json(),
            "x": self.checksum or _checksum(self.recipe),
        }
        if self.relaxation:
            data["w"] = self.relaxation
        if self.before:
            data["b"] = [recipe.to_json() for recipe in self.before]
        text = json.dumps(data, separators=(",", ":")).encode()
        packed = zlib.compress(text, 9)
        return _PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @property
    def law(self) -> Invariant:
        """The invariant that the finding is about."""
        return find(self.invariant)

    def verify(self) -> None:
        """Raise if the recipe no longer makes the data that it made."""
        found = _checksum(self.recipe)
        if found != self.checksum:
            msg = (
                f"token: the data of this recipe have the checksum {found} here and "
                f"had {self.checksum} (suite {self.suite}; this is {SUITE_VERSION})"
            )
            raise InvalidArgument(msg)


def _checksum(recipe: AttentionRecipe | Recipe) -> str:
    """Return the checksum of the data that a recipe makes."""
    if isinstance(recipe, Recipe):
        return table_checksum(built(recipe))
    return checksum(build(recipe))


def read_token(text: str) -> Token:
    """Return the token that a word stands for."""
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
    return Token(
        invariant=find(data["i"]).id,
        recipe=usable_recipe(data["r"], "token"),
        before=tuple(usable_recipe(r, "token") for r in data.get("b", ())),
        relaxation=data.get("w", ""),
        checksum=data["x"],
        suite=data["s"],
    )


__all__ = ["Token", "read_token"]
