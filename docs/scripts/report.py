"""Judge a rogue as a user would: with the command."""

from __future__ import annotations

import subprocess
import sys

TARGET = "attnspec.rogues:last_key_lost"
OPTIONS = ("--tier", "smoke", "--seed", "20261122")


def main() -> None:
    """Print the command and what it prints; a rogue must not conform."""
    print(f"$ attnspec check {TARGET} {' '.join(OPTIONS)}")
    command = [sys.executable, "-m", "attnspec", "check", TARGET, *OPTIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    print(done.stdout)
    if done.returncode != 1:
        sys.exit(f"expected exit code 1, got {done.returncode}: {done.stderr}")


if __name__ == "__main__":
    main()
