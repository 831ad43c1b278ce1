"""How many examples it takes until a rogue is seen.

Run as ``python -m benchmarks.first_detection [--kind KIND] [--tier TIER] [--seed N]
[ROGUE ...]``. The laws run in their order, as in ``attnspec check``, until the first
one fails; a line has the rogue, the number of examples up to then, and the law.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Iterable

from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches, chosen
from attnspec.conformance.runner import outcomes
from attnspec.judge.tiers import TIERS
from attnspec.judge.verdicts import Verdict
from attnspec.kinds.registry import find
from attnspec.rogues import ROGUES, Rogue

_SEEN = (Verdict.FAILED, Verdict.CRASHED, Verdict.TIMED_OUT, Verdict.REFUSED)


def first_detection(rogue: Rogue, tier: str, seed: int) -> tuple[float, str]:
    """Return after how many examples a law fails, and which; infinity for none."""
    known = rogue.fresh()
    call = InProcess(known.function, lambda: rogue.fresh().function)
    stands, _ = benches(call, known.description)
    examples = 0

    def progress(_dtype: str, _law: str) -> None:
        nonlocal examples
        examples += 1

    laws = chosen((), (known.description.kind,))
    found = outcomes(stands, laws, tier=tier, seed=seed, brief=True, progress=progress)
    for outcome in found:
        if outcome.verdict in _SEEN:
            return examples, outcome.invariant
    return math.inf, ""


def _asked(ids: Iterable[str], kind: str) -> list[Rogue]:
    """Return the rogues with these ids, or all of a kind."""
    mine = [rogue for rogue in ROGUES.values() if find(rogue.caught_by).kind == kind]
    wanted = set(ids)
    return [rogue for rogue in mine if not wanted or rogue.id in wanted]


def main() -> None:
    """Print a line for each rogue, and what they come to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rogues", nargs="*", metavar="ROGUE")
    parser.add_argument("--kind", default="attention")
    parser.add_argument("--tier", choices=list(TIERS), default="standard")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    counts = []
    for rogue in _asked(asked.rogues, asked.kind):
        examples, law = first_detection(rogue, asked.tier, asked.seed)
        counts.append(examples)
        print(f"{rogue.id:44} {examples:8,} {law or 'not seen'}", flush=True)
    seen = [count for count in counts if math.isfinite(count)]
    if not seen:
        sys.exit(f"none of {len(counts)} rogues was seen")
    nine_in_ten = sorted(seen)[math.ceil(0.9 * len(seen)) - 1]
    print(
        f"{len(seen)} of {len(counts)} seen, seed {asked.seed}: median "
        f"{statistics.median(seen):,.0f}, nine in ten within {nine_in_ten:,.0f}, "
        f"most {max(seen):,.0f}, together {sum(seen):,.0f} examples"
    )


if __name__ == "__main__":
    main()
