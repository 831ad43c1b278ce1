"""``python -m attnspec`` is the command ``attnspec``."""

from __future__ import annotations

from attnspec.cli import main

__all__: list[str] = []

# The worker imports this module anew; the command must not start again there.
if __name__ == "__main__":
    main(prog_name="attnspec")
