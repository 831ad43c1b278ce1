"""A face of objects that are planned for sequences, and then run on their arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec.exceptions import InvalidArgument
from attnspec.faces._face import REQUIRED
from attnspec.faces._of_kind import KindFace, Wrap
from attnspec.faces._of_objects import method_of
from attnspec.faces._signature import Signature, name_of
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind

WORKSPACE = ("float_workspace_buffer", "workspace_buffer", "workspace")
"""What the memory is called that an object is made with."""

_BYTES = 2**27
"""How much it gets: as much as FlashInfer recommends."""

_FORMATS = ("q_data_type", "kv_data_type")
"""What a plan calls the format of queries, and of keys and values."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlannedFace(KindFace):
    """A calling convention of objects with the methods `plan` and `run`.

    A class makes one object, which serves all calls. It is planned before it runs,
    unless the last plan was for the same, as it is for each layer of a model.
    """

    def recognises(self, function: Callable[..., Any], kind: Kind) -> bool:
        """Return whether something is a class of such objects."""
        return _is_planned(function) and self.fits(_joined(function, function), kind)

    def signature_of(self, function: Callable[..., Any], wrap: Wrap) -> Signature:
        """Return what a plan and a run can be given, the run's parameters placed.

        Raises
        ------
        InvalidArgument
            If what it makes cannot be planned and run, or needs what nobody knows.
        """
        thing = function if _is_planned(function) else _made(function, wrap)
        if not _is_planned(thing):
            msg = (
                f"face: {self.id} needs plan and run; {name_of(function)} has not both"
            )
            raise InvalidArgument(msg)
        _check_made(function)
        return _joined(function, thing)

    def native(self, function: Callable[..., Any], wrap: Wrap) -> Callable[..., Any]:
        """Return a plan and a run of an object as one call of NumPy's arrays."""
        return _Object(function, wrap)

    def in_words(self, signature: Signature, case: Case) -> str:
        """Return a plan and a run, as somebody would write them."""
        named = self.named(signature, case)
        plan = [f"{n}={v}" for n, v in named.items() if n not in signature.placed]
        run = [f"{n}={v}" for n, v in named.items() if n in signature.placed]
        placed = signature.placed[: len(self.operands)]
        planned, ran = ", ".join(plan), ", ".join([*placed, *run])
        return f"{signature.name}: plan({planned}); run({ran})"


def _is_planned(thing: Any) -> bool:
    """Return whether something has both methods."""
    return all(callable(getattr(thing, name, None)) for name in ("plan", "run"))


def _check_made(function: Callable[..., Any]) -> None:
    """Reject what needs something else than memory."""
    for name, default in Signature.of(function).defaults.items():
        if default is REQUIRED and name not in WORKSPACE:
            known = ", ".join(WORKSPACE)
            msg = f"face: objects are made with {known}; it needs {name!r}"
            raise InvalidArgument(msg)


def _joined(function: Callable[..., Any], thing: Any) -> Signature:
    """Return the parameters of a run, and of a plan behind them; a plan's go first."""
    plan, run = method_of(thing, "plan"), method_of(thing, "run")
    own = tuple(n for n in run.defaults if n not in plan.defaults)
    defaults = {n: run.defaults[n] for n in own} | dict(plan.defaults)
    for name in _FORMATS:
        defaults.pop(name, None)
    return Signature(name_of(function), own, defaults)


def _made(function: Callable[..., Any], wrap: Wrap) -> Any:
    """Return an object, made with memory where it asks for some."""
    _check_made(function)
    asked = [n for n in Signature.of(function).defaults if n in WORKSPACE]
    found = []

    def construct(memory: Any) -> None:
        found.append(function(**dict.fromkeys(asked, memory)))

    wrap(construct)(np.zeros(_BYTES if asked else 1, np.uint8))
    return found[0]


class _Object:
    """An object that lives as long as the kernel, and what it is planned for."""

    def __init__(self, make: Callable[..., Any], wrap: Wrap) -> None:
        self._make, self._wrap = make, wrap
        self._thing: Any = None
        self._names: dict[str, Any] = {}
        self._known: dict[str, Any] | None = None
        self._plan, self._run = wrap(self._planned), wrap(self._ran)

    def __call__(self, *placed: Any, **passed: Any) -> Any:
        """Plan for what is new, and run."""
        try:
            if self._thing is None:
                self._thing = _made(self._make, self._wrap)
                self._names = dict(method_of(self._thing, "plan").defaults)
            plan = {n: passed.pop(n) for n in [*passed] if n in self._names}
            asked = {**plan, "": placed[0].dtype.name}
            if self._known is None or not _same(asked, self._known):
                self._plan(placed[0], **plan)
                self._known = {name: np.copy(value) for name, value in asked.items()}
            return self._run(*placed, **passed)
        except BaseException:
            self._thing = self._known = None  # What it holds now, nobody knows.
            raise

    def _planned(self, query: Any, **plan: Any) -> None:
        formats = {n: query.dtype for n in _FORMATS if n in self._names}
        self._thing.plan(**plan, **formats)

    def _ran(self, *placed: Any, **passed: Any) -> Any:
        return self._thing.run(*placed, **passed)


def _same(plan: dict[str, Any], known: dict[str, Any]) -> bool:
    """Return whether two plans are for the same."""
    return {*plan} == {*known} and all(
        np.array_equal(value, known[name]) for name, value in plan.items()
    )


__all__ = ["WORKSPACE", "PlannedFace"]
