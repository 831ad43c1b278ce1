"""What a stranger's error says, in one line."""

from __future__ import annotations


def told(error: BaseException) -> str:
    """Return the name of an error and the first line of what it says, if it can."""
    name = type(error).__name__
    try:
        printable = str(error).encode(errors="backslashreplace").decode()
        text = printable.strip().splitlines()
    except Exception:  # noqa: BLE001 - a stranger's error may fail at anything
        text = []
    return f"{name}: {text[0]}" if text else name


__all__ = ["told"]
