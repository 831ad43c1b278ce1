"""How many causes a report names for each rogue, and what it blames.

Run it with ``python benchmarks/causes.py [--pairs] [--kind attention] [IDS]``; with the
kind ``all`` it asks the rogues of every kind. A rogue has one mistake, so one headline
is right. Beside the headlines stands which of history, scale and numeric model they
blame. One that the tier does not see has none, and is in no share.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import itertools
import time
from typing import Any

from attnspec.conformance import Implementation, judge
from attnspec.conformance.call import InProcess
from attnspec.judge.verdicts import Report
from attnspec.rogues import ROGUES, Rogue
from attnspec.rogues.attention._kernel import KERNEL


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


_SINGLE = (
    *("softcap-clips", "window-left-wider", "heads-tiled", "sink-as-number"),
    *("lse-of-base-two", "bias-scaled", "causal-strict", "partial-tile-lost"),
    *("scale-without-sign", "mask-of-first-row"),
)
"""Rogues whose mistakes have nothing to do with each other, and each of which leaves
some calls right. Beside a mistake of every call, as of *value-channels-in-pairs*, no
other can be told from outside: nothing is right without it."""


def pairs() -> list[tuple[str, str]]:
    """Return the pairs of rogues that change different steps."""
    both = itertools.combinations(_SINGLE, 2)
    return [pair for pair in both if not set(steps(pair[0])) & set(steps(pair[1]))]


def steps(id_: str) -> dict[str, Any]:
    """Return the steps in which a rogue departs from the kernel that is right."""
    kernel = ROGUES[id_].implementation.function
    mine = ((f.name, getattr(kernel, f.name)) for f in dataclasses.fields(KERNEL))
    return {name: step for name, step in mine if step is not getattr(KERNEL, name)}


def with_both(one: str, other: str) -> Rogue:
    """Return a kernel that makes the mistakes of two rogues."""
    kernel = KERNEL.replace(**steps(one), **steps(other))
    first = ROGUES[one]
    known = Implementation(kernel, first.implementation.description)
    return dataclasses.replace(first, id=f"{one}+{other}", implementation=known)


def main() -> None:
    """Judge the rogues and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--kind", default="attention")
    parser.add_argument("--tier", default="smoke")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pairs", action="store_true", help="two mistakes in each")
    asked = parser.parse_args()
    judged = dict(ROGUES)
    if asked.pairs:
        both = [with_both(*pair) for pair in pairs()]
        judged = {rogue.id: rogue for rogue in both}
    counts: collections.Counter[int] = collections.Counter()
    for id_, rogue in judged.items():
        kind = rogue.implementation.description.kind
        if (asked.ids and id_ not in asked.ids) or (
            not asked.ids and asked.kind not in (kind, "all")
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
    wanted = 2 if asked.pairs else 1
    seen = counts.total() - counts[0]
    share = f"{wanted} in {counts[wanted]} of {seen} that fail"
    print(f"headlines: {share}; of each number: {dict(sorted(counts.items()))}")


if __name__ == "__main__":
    main()
