"""The pytest plugin: ``pytest --attnspec mypkg.kernels:flash``.

It lies outside the package, and imports it only when the option is given: every
pytest run in an environment that has attnspec loads this file.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from attnspec.conformance.parametrize import Check

_MARKER = "attnspec: the check of one invariant before the kernel of --attnspec"
_TARGETS = pytest.StashKey[contextlib.ExitStack]()


_SEVERAL: dict[str, Any] = {"action": "append", "default": []}
_OPTIONS: dict[str, dict[str, Any]] = {
    "": {
        **_SEVERAL,
        "metavar": "TARGET",
        "help": "judge an adapter, module:function or file.py:function (repeatable)",
    },
    "-program": {
        **_SEVERAL,
        "metavar": "COMMAND",
        "help": "judge a program in any language (repeatable)",
    },
    "-kind": {
        "metavar": "KIND",
        "help": "what the kernels are (default: attention); see 'attnspec kinds'",
    },
    "-arrays": {
        "metavar": "LIBRARY",
        "default": "",
        "help": "whose arrays the targets take: numpy, torch, jax or mlx (default: "
        "those of their face)",
    },
    "-face": {
        "metavar": "FACE",
        "default": "",
        "help": "how the targets are called (default: recognised); see 'attnspec "
        "faces'",
    },
    "-methods": {
        "metavar": "DOES=NAME[,...]",
        "default": "",
        "help": "what the methods of the targets are called: append=put,attend=read "
        "(default: recognised)",
    },
    "-device": {
        "metavar": "DEVICE",
        "default": "",
        "help": "where these arrays lie: cpu, cuda, cuda:1, mps, xpu",
    },
    "-dtype": {
        **_SEVERAL,
        "metavar": "DTYPE",
        "help": "judge this format instead of all claimed ones (repeatable)",
    },
    "-description": {
        "metavar": "FILE",
        "type": Path,
        "help": "what is known of the kernels, in TOML",
    },
    "-claim": {
        **_SEVERAL,
        "metavar": "NAME",
        "help": "claim a capability beyond those of the signature (repeatable)",
    },
    "-without": {
        **_SEVERAL,
        "metavar": "NAME",
        "help": "do not claim a capability of the signature (repeatable)",
    },
    "-limit": {
        **_SEVERAL,
        "metavar": "LIMIT",
        "help": "a size that must be a multiple, or is least: 'width %% 8 == 0', "
        "'keys >= 2' (repeatable)",
    },
    "-exclusive": {
        **_SEVERAL,
        "metavar": "CLAIM,CLAIM",
        "help": "claims of which no two may come together (repeatable)",
    },
    "-dialect": {
        **_SEVERAL,
        "metavar": "FIELD=VALUE",
        "help": "a choice on which systems differ (repeatable)",
    },
    "-model": {
        **_SEVERAL,
        "metavar": "DTYPE=PRESET",
        "help": "how the kernels compute in a format (repeatable)",
    },
    "-deviations": {
        "metavar": "FILE",
        "type": Path,
        "help": "what is known to fail, in TOML",
    },
    "-only": {
        **_SEVERAL,
        "metavar": "ID",
        "help": "an invariant (repeatable); all by default",
    },
    "-tier": {
        "metavar": "TIER",
        "default": "standard",
        "help": "how much to look at: smoke, standard (default) or thorough",
    },
    "-seed": {
        "metavar": "N|random",
        "default": "0",
        "help": "where the examples are drawn from (default: 0); 'random' is another "
        "place every time",
    },
    "-deadline": {
        "metavar": "SECONDS",
        "type": float,
        "default": 20.0,
        "help": "when a call has timed out (default: 20)",
    },
    "-report": {
        "metavar": "FILE",
        "type": Path,
        "help": "write the report of the one kernel as JSON lines",
    },
}
"""What follows ``--attnspec`` in the name of each option."""

_WORDS = {
    "kind": "kind",
    "arrays": "arrays",
    "face": "face",
    "device": "device",
    "methods": "methods",
    "description": "description",
    "deviations": "deviations",
    "dtypes": "dtype",
    "claims": "claim",
    "without": "without",
    "limits": "limit",
    "exclusive": "exclusive",
    "dialect": "dialect",
    "models": "model",
}
"""What says what a kernel is, and the option that says it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("attnspec", "conformance of attention kernels")
    for name, attributes in _OPTIONS.items():
        group.addoption(f"--attnspec{name}", **attributes)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that it can be selected with -m attnspec."""
    config.addinivalue_line("markers", _MARKER)
    if _option(config, "seed") == "random":
        from attnspec.judge.seeds import seed_of

        # Once, so that all workers of pytest-xdist draw the same.
        config.option.attnspec_seed = seed_of("random")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say where the examples are drawn from, if that is not the usual place."""
    seed = str(_option(config, "seed"))
    return None if seed == "0" else f"attnspec: seed {seed}"


def _checks(config: pytest.Config, target: str, program: str) -> list[Check]:
    """Start a kernel in a process of its own, and return its checks.

    Raises
    ------
    pytest.UsageError
        If the kernel, or a name that is given with it, does not exist.
    """
    from attnspec.conformance import Program
    from attnspec.conformance.inputs import request_in_words
    from attnspec.conformance.parametrize import checks
    from attnspec.exceptions import InvalidArgument
    from attnspec.judge.seeds import seed_of

    said = {name: _option(config, option) for name, option in _WORDS.items()}
    wishes = ("only", "tier", "deadline", "report")
    try:
        return checks(
            Program(program) if program else target,
            request_in_words(target=target, program=program, **said),
            config.stash[_TARGETS],
            dtypes=said["dtypes"],
            seed=seed_of(_option(config, "seed")),
            **{name: _option(config, name) for name in wishes},
        )
    except InvalidArgument as error:
        message = f"attnspec: {error}"
        raise pytest.UsageError(message) from error


def _option(config: pytest.Config, name: str) -> Any:
    """Return the value of one of our options."""
    return config.getoption(f"attnspec_{name}")


def _kernels(config: pytest.Config) -> list[tuple[str, str]]:
    """Return what is to be judged: a target and no program, or the other way round.

    Raises
    ------
    pytest.UsageError
        If one has no name, or several are to share a report.
    """
    targets, programs = config.option.attnspec, _option(config, "program")
    if not all(map(str.strip, (*targets, *programs))):
        message = "attnspec: expected words that name a kernel; got ''"
        raise pytest.UsageError(message)
    named = [*((name, "") for name in targets), *(("", name) for name in programs)]
    kernels = list(dict.fromkeys(named))
    if len(kernels) > 1 and _option(config, "report") is not None:
        message = f"attnspec: report: expected one kernel in a file; got {len(kernels)}"
        raise pytest.UsageError(message)
    return kernels


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
    kernels = _kernels(config)
    if not kernels:
        return
    config.stash[_TARGETS] = contextlib.ExitStack()
    for target, program in kernels:
        checks = _checks(config, target, program)
        parent = Target.from_parent(
            session, name=target or program, nodeid="attnspec", checks=checks
        )
        # As pytest collects a file: others count what was collected.
        report = config.hook.pytest_make_collect_report(collector=parent)
        config.hook.pytest_collectreport(report=report)
        items.extend(report.result)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the kernels, those of `parametrize_with_checks` as well."""
    config.stash.get(_TARGETS, contextlib.ExitStack()).close()
    if parametrize := sys.modules.get("attnspec.conformance.parametrize"):
        parametrize.close_all()


__all__ = [
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_unconfigure",
]
