"""How many causes a report names for each rogue, and what it blames.

Run it with ``python benchmarks/causes.py [--kind attention] [--tier smoke] [IDS]``.
A rogue has one mistake, so one headline is right. No headline may blame history, the
scale or a numeric model where the mistake is another one.
"""

from __future__ import annotations

import argparse
import collections
import time

from attnspec.conformance import judge
from attnspec.conformance.call import InProcess
from attnspec.judge.verdicts import Report
from attnspec.rogues import ROGUES, Rogue

_MATTERS = {
    "history": ("state", "layout", "call"),
    "precision": ("precision", "lse", "online-softmax", "null", "formula"),
}
"""The classes of mistakes that have to do with what may be blamed."""


def report_of(rogue: Rogue, tier: str, seed: int) -> Report:
    """Judge a rogue."""
    kernel = rogue.fresh()
    return judge(
        InProcess(kernel.function, lambda: rogue.fresh().function),
        kernel.description,
        tier=tier,
        seed=seed,
    )


def blamed(report: Report) -> tuple[str, ...]:
    """Return which of history, scale and precision a report blames."""
    words = []
    for cause in report.causes:
        law = cause.headline.invariant
        words += ["history"] if law.endswith("history") else []
        words += ["scale"] if law.startswith("scale-") else []
        words += [f"precision: {cause.relaxation}"] if cause.relaxation else []
    return tuple(dict.fromkeys(words))


def main() -> None:
    """Judge the rogues and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--kind", default="attention")
    parser.add_argument("--tier", default="smoke")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    counts: collections.Counter[int] = collections.Counter()
    for id_, rogue in ROGUES.items():
        kind = rogue.implementation.description.kind
        if (asked.ids and id_ not in asked.ids) or (
            not asked.ids and kind != asked.kind
        ):
            continue
        start = time.perf_counter()
        report = report_of(rogue, asked.tier, asked.seed)
        causes = report.causes
        counts[len(causes)] += 1
        heads = ", ".join(c.headline.invariant for c in causes)
        laws = sum(1 + len(c.others) for c in causes)
        took = time.perf_counter() - start
        print(
            f"{id_:34} {rogue.mistake:14} {len(causes)} of {laws:2} "
            f"{took:5.1f} s  {heads}  {'; '.join(blamed(report))}",
            flush=True,
        )
    total = sum(counts.values())
    print(f"one headline: {counts[1]} of {total}; {dict(sorted(counts.items()))}")


if __name__ == "__main__":
    main()
