"""Judge a wrong kernel as a user would: with the command."""

from __future__ import annotations

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
TARGET = "tail.py:flash"
LAWS = ("row-sums", "causal-support", "tail-sweep")
OPTIONS = ("--tier", "smoke", *(word for law in LAWS for word in ("--only", law)))


def main() -> None:
    """Print the command and what it prints; the kernel must not conform."""
    print(f"$ attnspec check {TARGET} {' '.join(OPTIONS[:2])} \\")
    print(f"      {' '.join(OPTIONS[2:])}")
    command = [sys.executable, "-m", "attnspec", "check", TARGET, *OPTIONS]
    done = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, check=False, cwd=HERE
    )
    print(done.stdout)
    if done.returncode != 1:
        sys.exit(f"expected exit code 1, got {done.returncode}: {done.stderr}")


if __name__ == "__main__":
    main()
