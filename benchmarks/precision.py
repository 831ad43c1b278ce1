"""How many hidden roundings ``describe`` names, and that it blames none elsewhere.

Run it with ``python benchmarks/precision.py [IDS]``. A line for each kernel that rounds
one thing and says nothing of it, and then for rogues that have nothing to do with
precision: nothing may be named there.
"""

from __future__ import annotations

import argparse

from attnspec.conformance.call import InProcess
from attnspec.conformance.describe import portrait
from attnspec.rogues import ROGUES
from attnspec.rogues.attention.downgrades import WORDS

_OTHERS = 50
_APART = ("precision", "lse", "online-softmax", "null", "state", "layout", "call")
"""Mistakes that may look like a rounding, or change from call to call."""


def named(id_: str) -> str:
    """Return what is named of a rogue in float32."""
    kernel = ROGUES[id_].fresh()
    known = kernel.description
    found = portrait(InProcess(kernel.function), known, dtypes=("float32",))
    return found.precision["float32"].words


def others() -> list[str]:
    """Return the ids of rogues of attention whose mistake is no rounding."""
    return [
        id_
        for id_, rogue in ROGUES.items()
        if rogue.implementation.description.kind == "attention"
        and rogue.mistake not in _APART
        and "float32" in rogue.implementation.description.capabilities.dtypes
    ][:_OTHERS]


def main() -> None:
    """Print what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*")
    ids = parser.parse_args().ids
    right = blamed = 0
    downgrades = [id_ for id_ in WORDS if not ids or id_ in ids]
    for id_ in downgrades:
        words = named(id_)
        right += words == WORDS[id_]
        print(f"{id_:52} {words or 'nothing'}", flush=True)
    apart = [id_ for id_ in others() if not ids or id_ in ids]
    for id_ in apart:
        words = named(id_)
        blamed += bool(words)
        print(f"{id_:52} {words or 'nothing'}", flush=True)
    print(f"{right} of {len(downgrades)} named, {blamed} of {len(apart)} blamed")


if __name__ == "__main__":
    main()
