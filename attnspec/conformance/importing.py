"""From the words that name a target to what is imported for them."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from attnspec.conformance.implementation import Implementation, as_implementation
from attnspec.conformance.libraries import ADAPTERS, adapter, adapter_names, guarded
from attnspec.exceptions import InvalidArgument, UnusableTarget
from attnspec.kinds.registry import DEFAULT_KIND

DEFAULT = "embedded"
"""The adapter that is judged where no target is named."""

_NAME = 200
"""Characters that a name may have, as the schema of a description says."""


def resolve(
    target: str,
    kind: str = DEFAULT_KIND,
    face: str = "",
    arrays: str = "",
    device: str = "",
) -> Implementation:
    """Return the implementation that a target names, importing what it needs.

    Its face, its arrays and their device are those that are named, and else its own.

    Raises
    ------
    UnusableTarget
        If there is no such adapter, variant, file, module or function, or if
        importing it raises.
    """
    found = _found(target or DEFAULT)
    try:
        known = as_implementation(found, _name(target), kind, face, arrays, device)
    except InvalidArgument as error:
        raise UnusableTarget(str(error)) from error
    return of_kind(known, kind, target or DEFAULT)


def of_kind(found: Implementation, kind: str, title: str) -> Implementation:
    """Return an implementation if it is of a kind, which is not the default.

    Raises
    ------
    UnusableTarget
        If it is of another.
    """
    own, further = found.description.kind, found.description.gradients
    if further is not None and further.kind == kind:
        return Implementation(found.function, further)
    if kind not in (DEFAULT_KIND, own):
        msg = f"target: {title} is of kind {own}, not {kind}"
        raise UnusableTarget(msg)
    return found


def _found(target: str) -> Any:
    """Return the implementation of an adapter, or what a module or a file has."""
    name, _, rest = target.partition(":")
    if name in adapter_names():
        return _variant(name, rest)
    where, colon, function = target.rpartition(":")
    if not colon or not where or not function:
        close = difflib.get_close_matches(target, adapter_names(), 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        msg = (
            f"target: {target!r} is no adapter ({', '.join(adapter_names())}) and "
            f"names no function as module:function or file.py:function{hint}"
        )
        raise UnusableTarget(msg)
    found: Any = _imported(where)
    for part in function.split("."):
        if not hasattr(found, part):
            msg = f"target: {where} has no {function!r}"
            raise UnusableTarget(msg)
        found = getattr(found, part)
    return found


def _name(target: str) -> str:
    """Return a target as a name: printable, and the end of it where it is long."""
    readable = os.fsencode(target).decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else "?" for c in readable[-_NAME:])


def _variant(name: str, variant: str) -> Implementation:
    known = adapter(name)
    if not known.installed:
        msg = f"target: {name} is not installed; {known.install}"
        raise UnusableTarget(msg)
    module = importlib.import_module(f"{ADAPTERS}.{name}")
    variants: dict[str, Implementation] = guarded(name, module.implementations)
    if variant and variant not in variants:
        msg = f"target: {name} has the variants {', '.join(variants)}; not {variant!r}"
        raise UnusableTarget(msg)
    return variants[variant or next(iter(variants))]


def _imported(where: str) -> ModuleType:
    if where.endswith(".py"):
        path = Path(where)
        if not path.is_file():
            msg = f"target: there is no file {where}"
            raise UnusableTarget(msg)
        return guarded(where, lambda: _from_file(path))
    sys.path.insert(0, "")
    return guarded(where, lambda: importlib.import_module(where))


def _from_file(path: Path) -> ModuleType:
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        msg = f"target: {path} cannot be imported"
        raise UnusableTarget(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


__all__ = ["DEFAULT", "of_kind", "resolve"]
