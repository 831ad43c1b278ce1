"""The pytest plugin: ``pytest --attnspec mypkg.kernels:flash``.

It lies outside the package, and imports it only when the option is given: every
pytest run in an environment that has attnspec loads this file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from attnspec.conformance.parametrize import Check

_MARKER = "attnspec: the check of one invariant before the kernel of --attnspec"
_TARGETS = pytest.StashKey[contextlib.ExitStack]()


_SEVERAL: dict[str, Any] = {"action": "append", "default": []}
_OPTIONS: dict[str, dict[str, Any]] = {
    "--attnspec": {
        **_SEVERAL,
        "metavar": "TARGET",
        "help": "judge an adapter, module:function or file.py:function (repeatable)",
    },
    "--attnspec-kind": {
        "metavar": "KIND",
        "default": "attention",
        "help": "what the targets are (default: attention); see 'attnspec kinds'",
    },
    "--attnspec-dtype": {
        **_SEVERAL,
        "metavar": "DTYPE",
        "help": "judge this format instead of all claimed ones (repeatable)",
    },
    "--attnspec-claim": {
        **_SEVERAL,
        "metavar": "NAME",
        "help": "claim a capability beyond those of the signature (repeatable)",
    },
    "--attnspec-tier": {
        "metavar": "TIER",
        "default": "standard",
        "help": "how much to look at: smoke, standard (default) or thorough",
    },
    "--attnspec-seed": {
        "metavar": "N",
        "type": int,
        "default": 0,
        "help": "where the examples are drawn from (default: 0)",
    },
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("attnspec", "conformance of attention kernels")
    for name, attributes in _OPTIONS.items():
        group.addoption(name, **attributes)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that it can be selected with -m attnspec."""
    config.addinivalue_line("markers", _MARKER)


def _checks(config: pytest.Config, target: str) -> list[Check]:
    """Start a kernel in a process of its own, and return its checks.

    Raises
    ------
    pytest.UsageError
        If the target, a claim, a dtype or the tier does not exist.
    """
    from attnspec.conformance.parametrize import checks
    from attnspec.conformance.reports import Replay
    from attnspec.conformance.targets import Request, open_target
    from attnspec.exceptions import InvalidArgument
    from attnspec.kinds.registry import kind_named

    option = config.option
    claims, dtypes = option.attnspec_claim, option.attnspec_dtype
    kind = option.attnspec_kind
    try:
        kind_named(kind)
        opened = open_target(Request(target, tuple(claims), tuple(dtypes), kind))
        call, description = config.stash[_TARGETS].enter_context(opened)
        found = checks(
            call,
            description.replace(name=target),
            dtypes=dtypes,
            tier=option.attnspec_tier,
            seed=option.attnspec_seed,
            replay=Replay(target, tuple(claims)),
        )
        return list(found)
    except InvalidArgument as error:
        message = f"attnspec: {error}"
        raise pytest.UsageError(message) from error


class Target(pytest.Collector):
    """A kernel under test: the checks of all its invariants and dtypes."""

    def __init__(self, *, checks: list[Check], **fields: Any) -> None:
        """Remember the checks."""
        super().__init__(**fields)
        self._checks = checks

    def collect(self) -> Iterator[ConformanceItem]:
        """Yield an item for each check."""
        for check in self._checks:
            yield ConformanceItem.from_parent(self, name=check.name, check=check)


class ConformanceItem(pytest.Item):
    """One invariant before one kernel, in one dtype."""

    def __init__(self, *, check: Check, **fields: Any) -> None:
        """Remember the check."""
        super().__init__(**fields)
        self._check = check
        self.add_marker("attnspec")

    def runtest(self) -> None:
        """Judge the kernel."""
        self._check()

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:
        """Return a finding as the command line prints it, without a traceback."""
        from attnspec.exceptions import ConformanceFailure

        if isinstance(excinfo.value, ConformanceFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Say where the check is: nowhere in a file."""
        return "attnspec", None, self.name


# Before pytest's own selection by -k and -m, which must see these items, too.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the checks of every target that was asked for."""
    names = list(dict.fromkeys(config.option.attnspec))
    if not names:
        return
    config.stash[_TARGETS] = contextlib.ExitStack()
    for name in names:
        checks = _checks(config, name)
        parent = Target.from_parent(
            session, name=name, nodeid="attnspec", checks=checks
        )
        # As pytest collects a file: others count what was collected.
        report = config.hook.pytest_make_collect_report(collector=parent)
        config.hook.pytest_collectreport(report=report)
        items.extend(report.result)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the kernels."""
    config.stash.get(_TARGETS, contextlib.ExitStack()).close()


__all__ = [
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_unconfigure",
]
