"""What a stranger says, in one line or a few that can be printed."""

from __future__ import annotations

_LONGEST = 300
"""Characters of a stranger's words that are kept: an error may carry an array."""


_LINES = 6
"""Lines that are kept: the cause of an error often stands below its first line."""

_CAUSES = 3
"""Errors of a chain that are told, the last one first."""


def told_in_lines(error: BaseException) -> str:
    """Return what an error says in a few lines, and the errors that led to it."""
    said: list[str] = []
    seen = {id(error)}
    link: BaseException | None = error
    while link is not None and len(said) < _CAUSES:
        name = f"{'because of ' if said else ''}{type(link).__name__}"
        said.append(few_lines(f"{name}: {_text(link)}".rstrip(": ")))
        hidden = link.__suppress_context__
        link = link.__cause__ or (None if hidden else link.__context__)
        if link is None or id(link) in seen:
            break
        seen.add(id(link))
    return "\n".join(said)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a stranger's error may fail at anything
        return ""


def told_again(text: str) -> str:
    """Return what another process has told in lines: as many as there may be."""
    return few_lines(text, _CAUSES * (_LINES + 1))


def few_lines(text: str, most: int = _LINES) -> str:
    """Return the first lines of a text that say something, printable and cut short."""
    lines = [line for line in text[: 40 * _LONGEST].splitlines() if line.strip()]
    shown = [one_line(line) for line in lines[:most]]
    left = len(lines) - len(shown)
    return "\n".join([*shown, *([f"... ({left} more lines)"] if left else [])])


def told(error: BaseException) -> str:
    """Return the name of an error and the first line of what it says, if it can."""
    name, text = type(error).__name__, one_line(_text(error))
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


__all__ = ["few_lines", "one_line", "told", "told_again", "told_in_lines"]
