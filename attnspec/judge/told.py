"""What a stranger says, in one line that can be printed."""

from __future__ import annotations

_LONGEST = 300
"""Characters of a stranger's words that are kept: an error may carry an array."""


def told(error: BaseException) -> str:
    """Return the name of an error and the first line of what it says, if it can."""
    name = type(error).__name__
    try:
        text = one_line(str(error))
    except Exception:  # noqa: BLE001 - a stranger's error may fail at anything
        text = ""
    return one_line(f"{name}: {text}" if text else name)


def one_line(text: str) -> str:
    """Return the first line of a text that says something, printable and cut short."""
    stripped = text[: 20 * _LONGEST].strip()
    first = stripped.splitlines()[0] if stripped else ""
    kept = first[: _LONGEST + 1]
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in kept
    )
    return f"{shown[:_LONGEST]} ..." if len(shown) > _LONGEST else shown


__all__ = ["one_line", "told"]
