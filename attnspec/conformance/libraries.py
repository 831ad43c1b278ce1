"""The libraries that attnspec knows: their adapters, and their arrays."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from typing import Any, get_args

from attnspec._typing import Library
from attnspec.exceptions import AttnspecError, UnusableTarget
from attnspec.judge.told import told

Kernel = Callable[..., Any]
"""The function under test."""

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


COMPILE = ("jax",)
"""The libraries that compile what they compute, for every shape anew."""

HERE = ("", "cpu")
"""The devices whose memory is that of NumPy's arrays."""


def through(library: str, function: Kernel, device: str = "") -> Kernel:
    """Return a function of another library's arrays as one of NumPy's.

    Raises
    ------
    UnusableTarget
        If the library is not installed, or cannot use the device.
    """
    if library in ("", LIBRARIES[0]):
        if device not in HERE:
            msg = f"device: arrays of NumPy lie in memory of the CPU; got {device!r}"
            raise UnusableTarget(msg)
        return function
    if importlib.util.find_spec(library) is None:
        msg = f"target: {library} is not installed; pip install 'attnspec[{library}]'"
        raise UnusableTarget(msg)
    converters = importlib.import_module(f"{ADAPTERS}._arrays")
    wrap: Callable[[Kernel, str], Kernel] = getattr(converters, library)
    wrapped: Kernel = guarded(library, lambda: wrap(function, device))
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
    "COMPILE",
    "HERE",
    "KEEP_STRIDES",
    "LIBRARIES",
    "Kernel",
    "Known",
    "adapter",
    "adapter_names",
    "guarded",
    "known_targets",
    "through",
]
