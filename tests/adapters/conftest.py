"""What the tests of every adapter ask."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterable

import pytest

from attnspec.conformance import Implementation
from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches
from attnspec.judge.bench import KernelBench
from attnspec.judge.examination import examine
from attnspec.judge.recipe import Recipe
from attnspec.kinds.registry import find
from attnspec.numerics import NumericModel

SCRIPTS = pathlib.Path(__file__).parents[2] / "docs" / "scripts" / "deviations"

Breaks = Callable[..., bool]
Shows = Callable[[str], str]


def _bench(implementation: Implementation, dtype: str) -> KernelBench:
    call = InProcess(implementation.function)
    stands, _ = benches(call, implementation.description, (dtype,))
    return stands[dtype]


@pytest.fixture
def breaks() -> Breaks:
    """Return whether some recipe breaks a law, under the declared model or another."""

    def broken(
        implementation: Implementation,
        law: str,
        recipes: Iterable[Recipe],
        model: NumericModel | None = None,
    ) -> bool:
        found = []
        for recipe in recipes:
            bench = _bench(implementation, recipe.dtype)
            bench.model = model or bench.model
            found.append(examine(find(law), recipe, bench))
        assert not any(f.inadmissible for f in found)
        return any(f.verdict is not None for f in found)

    return broken


@pytest.fixture
def shows() -> Shows:
    """Return what a deviation's script prints, run without attnspec."""

    def printed(deviation: str) -> str:
        script = SCRIPTS / f"{deviation}.py"
        assert "attnspec" not in script.read_text()
        # A script may import its neighbor, which the setting of our own runs forbids.
        plain = {n: v for n, v in os.environ.items() if n != "PYTHONSAFEPATH"}
        run = subprocess.run(  # noqa: S603 - a script of our own
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            check=True,
            env=plain,
        )
        return run.stdout

    return printed
