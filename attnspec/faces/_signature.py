"""The signature of a function: read from it, and passed on as plain JSON."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument
from attnspec.faces._face import REQUIRED

_UNSAID = "..."
"""Stands for a default that is no number, word, None or a few of them."""


@dataclasses.dataclass(frozen=True)
class Signature:
    """What a function can be called with.

    Parameters
    ----------
    name
        Its name.
    placed
        The parameters that may be positional, in their order.
    defaults
        For every parameter its default, `REQUIRED` if there is none.
    open
        Whether it takes any further keyword.
    """

    name: str
    placed: tuple[str, ...]
    defaults: Mapping[str, Any]
    open: bool = False

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Signature:
        """Return the signature of a function, of a builtin one from its docstring.

        Raises
        ------
        InvalidArgument
            If it cannot be read.
        """
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError) as error:
            if (found := documented(function)) is not None:
                return found
            msg = f"target: the signature of {function!r} cannot be read ({error})"
            raise InvalidArgument(msg) from error
        named = [
            p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        ]
        return cls(
            name_of(function),
            tuple(p.name for p in named if p.kind is not p.KEYWORD_ONLY),
            {
                p.name: REQUIRED if p.default is p.empty else _plain(p.default)
                for p in named
            },
            any(p.kind is p.VAR_KEYWORD for p in parameters),
        )

    def bound(self) -> Signature:
        """Return the signature of an object's method, if this is that of its class."""
        own, *placed = self.placed
        known = {n: d for n, d in self.defaults.items() if n != own}
        return dataclasses.replace(self, placed=tuple(placed), defaults=known)

    def written(self) -> dict[str, Any]:
        """Return it as a JSON object: what `read` reads."""
        return {
            "name": self.name,
            "placed": list(self.placed),
            "defaults": {
                name: {} if default is REQUIRED else {"is": default}
                for name, default in self.defaults.items()
            },
            "open": self.open,
        }

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Signature:
        """Return the signature that a JSON object says."""
        return cls(
            said["name"],
            tuple(said["placed"]),
            {
                name: _plain(found["is"]) if "is" in found else REQUIRED
                for name, found in said["defaults"].items()
            },
            said["open"],
        )


def name_of(function: Callable[..., Any]) -> str:
    """Return what a function is called, where that can be said in a call."""
    name = str(getattr(function, "__name__", ""))
    return name if name.isidentifier() else "kernel"


def documented(function: Callable[..., Any]) -> Signature | None:
    """Return the signature with which a docstring begins, if it does.

    Examples
    --------
    >>> import types
    >>> builtin = types.SimpleNamespace(__doc__="f(q, k, *, scale: float, n=-1) -> x")
    >>> documented(builtin).defaults
    {'q': required, 'k': required, 'scale': required, 'n': -1}
    """
    text = (getattr(function, "__doc__", None) or "").strip()
    try:
        parsed = ast.parse(f"def {text[: _end(text)]}: ...").body[0]
    except (SyntaxError, ValueError):
        return None
    if not isinstance(parsed, ast.FunctionDef):
        return None
    said = parsed.args
    placed = [a.arg for a in (*said.posonlyargs, *said.args)]
    return Signature(
        parsed.name, tuple(placed), dict(_documented(said)), said.kwarg is not None
    )


def _documented(said: ast.arguments) -> Iterator[tuple[str, Any]]:
    """Yield each parameter of a documented signature with its default."""
    placed = [*said.posonlyargs, *said.args]
    free = len(placed) - len(said.defaults)
    pairs = [
        *zip(placed, [*[None] * free, *said.defaults], strict=True),
        *zip(said.kwonlyargs, said.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        if default is None:
            yield argument.arg, REQUIRED
            continue
        try:
            yield argument.arg, _plain(ast.literal_eval(default))
        except ValueError:
            yield argument.arg, _UNSAID


def _end(text: str) -> int:
    """Return where the first parenthesis is closed."""
    depth = 0
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == ")" and depth == 0:
            return place + 1
    return 0


def _plain(default: Any) -> Any:
    """Return a default that JSON has a word for, or what stands for any other."""
    if isinstance(default, tuple | list) and len(default) <= 4:
        found = tuple(map(_plain, default))
        return _UNSAID if any(isinstance(part, tuple) for part in found) else found
    number = isinstance(default, int | float) and math.isfinite(default)
    word = isinstance(default, str) and len(default) <= 40 and default.isprintable()
    return default if default is None or number or word else _UNSAID


__all__ = ["Signature", "documented", "name_of"]
