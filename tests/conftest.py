"""How the project's own tests drive Hypothesis.

Budgets live in the profiles below and never in a test. Choose one with
``HYPOTHESIS_PROFILE=nightly`` or ``--hypothesis-profile=nightly``.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
import tempfile

import hypothesis
import hypothesis.configuration
import pytest

# A kernel in a process of its own may be one of the tests'. At the end: what is tested
# is the attnspec that is installed.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

# Found examples are kept between runs, but not in the user's checkout.
hypothesis.configuration.set_hypothesis_home_dir(
    pathlib.Path(tempfile.gettempdir()) / "attnspec-hypothesis"
)

# A deadline would measure the machine, not the law.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile(
    "ci",
    hypothesis.settings.get_profile("default"),
    database=None,
    derandomize=True,
    max_examples=30,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "few", hypothesis.settings.get_profile("ci"), max_examples=20
)
hypothesis.settings.register_profile(
    "nightly", hypothesis.settings.get_profile("default"), max_examples=2_000
)
hypothesis.settings.register_profile(
    "debug",
    hypothesis.settings.get_profile("default"),
    max_examples=10,
    verbosity=hypothesis.Verbosity.verbose,
)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "default")
)


_NUMBERS = (
    *("kinds/", "kernels/", "numerics/", "reference/", "rogues/"),
    *("judge/test_domain.py", "test_data_experiment.py"),
)
"""Where the tests are of numbers alone: in CI one Python is enough for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark in CI what tells the same on every Python."""
    here = pathlib.Path(__file__).parent
    inside = [i for i in items if "CI" in os.environ and i.path.is_relative_to(here)]
    for item in inside:
        where = item.path.relative_to(here).as_posix()
        if where.startswith(_NUMBERS):
            item.add_marker("once")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide from what is tested that pytest-xdist may run these tests."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


def pytest_report_header() -> str:
    """Say which attnspec is tested: the wheel's or the checkout's."""
    spec = importlib.util.find_spec("attnspec")
    return f"attnspec: {spec.origin if spec else 'not installed'}"
