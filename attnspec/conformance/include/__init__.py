"""The header with which a program in C or C++ is a kernel, and where it lies."""

from __future__ import annotations

from pathlib import Path


def get_include() -> str:
    """Return the folder in which a compiler finds ``attnspec.h``.

    Examples
    --------
    >>> from pathlib import Path
    >>> [file.name for file in Path(get_include()).glob("*.h")]
    ['attnspec.h']
    """
    return str(Path(__file__).parent)


__all__ = ["get_include"]
