"""What people hand in: deviations in a file, tokens of findings."""

from __future__ import annotations

from pathlib import Path

from attnspec.judge import deviations, tokens
from attnspec.judge.deviations import Deviation
from attnspec.judge.tokens import Token
from attnspec.kinds.registry import KINDS


def load_deviations(path: Path) -> tuple[Deviation, ...]:
    """Read deviations from a TOML file, each a table ``[[deviation]]``.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, or an entry is none.
    """
    return deviations.load_deviations(path, KINDS)


def read_token(text: str) -> Token:
    """Return the token that a word stands for.

    Raises
    ------
    InvalidArgument
        If it is no token, or of another version, or names what does not exist.
    """
    return tokens.read_token(text, KINDS)


__all__ = ["load_deviations", "read_token"]
