"""A face of another kind than attention: what is passed in place of our operands."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument
from attnspec.faces._face import REQUIRED
from attnspec.faces._signature import Signature
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.usage import Argument
from attnspec.numerics import NumericModel


@dataclasses.dataclass(frozen=True, kw_only=True)
class KindFace:
    """A calling convention for functions of a kind.

    Parameters
    ----------
    id, title, sentence
        Its name, what is called so in public, and in what it differs from ours.
    kind
        The kind of functions.
    operands, results
        What such a function gets, by position, and what it gives back.
    given
        Makes these operands of ours, and of the options that `says` names.
    read
        Makes our result of what comes back.
    says
        The options that its operands say: they are no keywords.
    claims
        What its operands say beside them.
    order
        The axes of our first operand in the order of this face.
    arrays
        The library whose arrays it takes.
    models
        How it computes in some formats, where that is not the usual way.
    example
        A file with a right function of NumPy's arrays.
    """

    id: str
    title: str
    sentence: str
    kind: str
    operands: Mapping[str, Argument]
    results: Mapping[str, Argument]
    given: Callable[..., tuple[Any, ...]]
    example: str
    read: Callable[[Any], Any] = lambda returned: returned
    says: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    order: tuple[int, ...] = ()
    arrays: str = "numpy"
    models: Mapping[str, NumericModel] = dataclasses.field(default_factory=dict)

    def fits(self, signature: Signature) -> bool:
        """Return whether the first parameters have the names of these operands."""
        placed = signature.placed[: len(self.operands)]
        names = [{name, *said.known_as} for name, said in self.operands.items()]
        return len(placed) == len(names) and all(
            mine in known for mine, known in zip(placed, names, strict=True)
        )

    def capabilities(self, signature: Signature, kind: Kind) -> Capabilities:
        """Return what a function claims: by its operands, and by its keywords.

        Raises
        ------
        InvalidArgument
            If it has fewer operands, or requires something else.
        """
        if len(signature.placed) < len(self.operands):
            listed = ", ".join(self.operands)
            count = len(signature.placed)
            msg = f"face: {self.id} has {listed}; it takes {count} positional arguments"
            raise InvalidArgument(msg)
        further = [*signature.defaults][len(self.operands) :]
        for name in further:
            if signature.defaults[name] is REQUIRED and name not in kind.options:
                msg = f"face: {self.id} does not know {name!r}, which is required"
                raise InvalidArgument(msg)
        claims = {"deterministic", *kind.given, *kind.native, *self.claims}
        for option in {*self.says, *further} & {*kind.options}:
            claims |= {*kind.options[option]}
        return Capabilities(
            dtypes=kind.dtypes, claims=frozenset(claims), vocabulary=kind.vocabulary
        )

    def in_words(self, signature: Signature, options: Mapping[str, Any]) -> str:
        """Return a call, as somebody would write it."""
        passed = [f"{n}={v!r}" for n, v in options.items() if n not in self.says]
        said = [*signature.placed[: len(self.operands)], *passed]
        return f"{signature.name}({', '.join(said)})"

    def translated(self, native: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of this face as one of our own."""

        def function(*operands: Array, **options: Any) -> Any:
            said = {n: options.pop(n) for n in self.says if n in options}
            return self.read(native(*self.given(*operands, **said), **options))

        return function


__all__ = ["KindFace"]
