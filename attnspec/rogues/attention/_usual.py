"""What makes the rogues of a module, which share a mistake and mostly a law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attnspec.rogues._gallery import Rogue, rogue


def usually(mistake: str, law: str = "") -> Callable[..., Rogue]:
    """Return what makes rogues of a class of mistakes, as far as they say no other.

    It takes an id, a sentence, a kernel and a public bug, then the law and the
    class of mistakes where they are not the usual ones, and fields of `rogue`.
    """

    def make(
        id: str,  # noqa: A002 - the field's name
        sentence: str,
        kernel: Callable[..., Any],
        mimics: str = "",
        law: str = law,
        mistake: str = mistake,
        **fields: Any,
    ) -> Rogue:
        return rogue(
            id, mistake, sentence, kernel, caught_by=law, mimics=mimics, **fields
        )

    return make


__all__ = ["usually"]
