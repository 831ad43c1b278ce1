"""How long a run takes in several processes, as a share of one.

The two take turns, because a machine is not always equally quick; the least of each
counts. ``python benchmarks/jobs.py --turns 3 embedded --tier standard``
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time


def seconds(words: list[str], jobs: int) -> float:
    """Return how long a run takes."""
    begun = time.monotonic()
    subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", "attnspec", "check", *words, "--jobs", str(jobs)],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return time.monotonic() - begun


def main() -> None:
    """Print the least time of each, and the share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("words", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    found: dict[int, list[float]] = {1: [], asked.jobs: []}
    for _ in range(asked.turns):
        for jobs, taken in found.items():
            taken.append(seconds(asked.words, jobs))
            print(f"--jobs {jobs}: {taken[-1]:.1f} s", flush=True)
    least = {jobs: min(taken) for jobs, taken in found.items()}
    print(f"share {least[asked.jobs] / least[1]:.2f}")


if __name__ == "__main__":
    main()
