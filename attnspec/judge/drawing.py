"""Where examples come from: seeds, turns, and a quiet Hypothesis."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from hypothesis import configuration
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from attnspec.judge.bench import Draws
from attnspec.judge.recipe import Recipe

_NOWHERE = Path(os.devnull) / "hypothesis"
"""A folder that nobody can make: what is kept there can be done without."""


@contextlib.contextmanager
def out_of_the_way() -> Iterator[None]:
    """Let Hypothesis write no files while the kit draws, as on a full disk."""
    home = configuration.storage_directory(intent_to_write=False).path
    configuration.set_hypothesis_home_dir(_NOWHERE)
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(home)


@contextlib.contextmanager
def by_seed_alone() -> Iterator[None]:
    """Let Hypothesis draw the same, whichever modules are imported here.

    It reads constants out of modules that are not installed, and draws one now and
    then: in another process, or later, the same seed would give other examples.
    """
    none = Constants()
    others = {
        "_get_local_constants": lambda: none,
        "CONSTANTS_CACHE": LRUCache(1024),  # It has those that were found before.
    }
    known = {name: getattr(providers, name) for name in others}
    vars(providers).update(others)
    try:
        yield
    finally:
        vars(providers).update(known)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Raise an interrupt again where Hypothesis makes an error of its own of it."""
    try:
        yield
    except Exception as error:
        # Before its engine is there, an interrupt fails one of its assertions.
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, KeyboardInterrupt):
            cause = cause.__context__
        if cause is None:
            raise
        raise KeyboardInterrupt from error


def in_turn(draws: Draws) -> list[Recipe]:
    """Return the pinned recipes, shuffled, each family giving one in its turn."""
    shuffled = sorted(draws.pinned, key=lambda r: hashed(draws.seed, str(r)))
    given: collections.Counter[str] = collections.Counter()
    turns = []
    for recipe in shuffled:
        turns.append((given[recipe.family], recipe))
        given[recipe.family] += 1
    return [recipe for _, recipe in sorted(turns, key=lambda turn: turn[0])]


def hashed(seed: int, text: str) -> int:
    """Return a seed for a part of a run."""
    digest = hashlib.blake2b(f"{seed}/{text}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little")


__all__ = ["by_seed_alone", "hashed", "in_turn", "interruptible", "out_of_the_way"]
