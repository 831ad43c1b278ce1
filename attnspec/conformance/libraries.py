"""The libraries that attnspec knows: their adapters, and their arrays."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from typing import Any, get_args

from attnspec._typing import Library
from attnspec.conformance.differentiation import beside, differentiable, pulled_back
from attnspec.conformance.implementation import Implementation, Kernel
from attnspec.exceptions import AttnspecError, UnusableTarget
from attnspec.judge.told import told
from attnspec.kinds.registry import DEFAULT_KIND, kind_named

ADAPTERS = "attnspec.adapters"
"""The package whose modules are the adapters."""

LIBRARIES: tuple[Library, ...] = get_args(Library)
"""The libraries whose arrays a function can take."""


KEEP_STRIDES = ("numpy", "torch")
"""The libraries whose arrays lie where NumPy's do, with the same strides."""


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """An adapter by name, and whether what it needs is installed."""

    name: str
    installed: bool
    install: str
    """The command that installs what it needs."""
    sentence: str


def known_targets() -> tuple[Known, ...]:
    """Return the adapters, without importing what they adapt."""
    return tuple(map(adapter, adapter_names()))


def adapter(name: str) -> Known:
    """Return an adapter by name, without importing what it adapts."""
    module = importlib.import_module(f"{ADAPTERS}.{name}")
    missing = [n for n in module.REQUIRES if importlib.util.find_spec(n) is None]
    install = f"pip install 'attnspec[{module.EXTRA}]'" if module.EXTRA else ""
    sentence = (module.__doc__ or "").strip().splitlines()[0]
    return Known(name, not missing, install, sentence)


def adapter_names() -> list[str]:
    """Return the names of the adapters."""
    package = importlib.import_module(ADAPTERS)
    names = [m.name for m in pkgutil.iter_modules(package.__path__)]
    return [name for name in names if not name.startswith("_")]


def taking(library: str, found: Implementation) -> Implementation:
    """Return a function of another library's arrays as one of NumPy's.

    Where the arrays do not keep their strides, it does not claim to honor them.

    Raises
    ------
    UnusableTarget
        If the library is not installed.
    """
    function, known = through(library, found.function), found.description
    if library not in KEEP_STRIDES:
        native = kind_named(known.kind).native
        capabilities = known.capabilities.claiming(without=native)
        known = known.replace(capabilities=capabilities)
    moved = Implementation(function, known)
    if known.kind != DEFAULT_KIND or known.gradients is not None:
        return moved
    if library == LIBRARIES[0]:
        vjp = beside(found.function)
        return moved if vjp is None else differentiable(moved, vjp)
    pullbacks = importlib.import_module(f"{ADAPTERS}._pullbacks")
    return pulled_back(moved, getattr(pullbacks, library)(found.function))


def through(library: str, function: Kernel) -> Kernel:
    """Return a function of another library's arrays as one of NumPy's.

    Raises
    ------
    UnusableTarget
        If the library is not installed.
    """
    if library == LIBRARIES[0]:
        return function
    if not (known := adapter(library)).installed:
        msg = f"target: {library} is not installed; {known.install}"
        raise UnusableTarget(msg)
    converters = importlib.import_module(f"{ADAPTERS}._arrays")
    wrap: Callable[[Kernel], Kernel] = getattr(converters, library)
    wrapped: Kernel = guarded(library, lambda: wrap(function))
    return wrapped


def guarded(what: str, action: Any) -> Any:
    """Return what an import returns; whatever it raises makes the target unusable."""
    try:
        return action()
    except AttnspecError:
        raise
    except BaseException as error:
        msg = f"target: importing {what} raises {told(error)}"
        raise UnusableTarget(msg) from error


__all__ = [
    "ADAPTERS",
    "LIBRARIES",
    "Known",
    "adapter",
    "adapter_names",
    "guarded",
    "known_targets",
    "taking",
    "through",
]
