"""A face of another kind than attention: what is passed in place of our operands."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument
from attnspec.faces._face import REQUIRED
from attnspec.faces._signature import Signature
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.usage import Argument
from attnspec.numerics import NumericModel

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Makes a function of a library's arrays one of NumPy's."""

Said = Mapping[str, Any]
"""Our operands and options of a call, by name."""


@dataclasses.dataclass(frozen=True)
class Word:
    """A keyword of a face.

    Parameters
    ----------
    says
        The operands or options of ours that it says.
    names
        What it is called, in one function or another.
    value
        Its value, given a call of ours and its default.
    unless
        Another keyword that says it where there is one.
    writes
        Whether a function writes into it, as it does into our array.
    """

    says: tuple[str, ...]
    names: tuple[str, ...]
    value: Callable[[Said, Any], Any]
    unless: tuple[str, ...] = ()
    writes: bool = False

    def name_in(self, signature: Signature) -> str | None:
        """Return what it is called in a function, if it has it."""
        known = signature.defaults
        if {*self.unless} & {*known}:
            return None
        return next((name for name in self.names if name in known), None)


def word(says: str, *names: str) -> Word:
    """Return a keyword that is passed as we pass it."""
    return Word((says,), names, lambda said, _: said[says])


def _as_it_is(returned: Any, _said: Said, _placed: tuple[Any, ...]) -> Any:
    """Return what comes back."""
    return returned


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
    keywords
        What is passed by name where it is called otherwise than by us.
    read
        Makes our result of what comes back, of our call, and of these operands.
    says
        The options that its operands say: they are no keywords.
    claims
        What its operands say beside them.
    without, exclusive
        What such functions do not do, and what none does at once.
    dtypes
        The formats that it takes, where they are not those of the kind.
    needs
        Keywords of which a function has one, or it is not recognised.
    writes
        Whether such a function writes its results into its arguments.
    order
        The axes of our first operand in the order of this face.
    arrays
        The library whose arrays it takes.
    models
        How it computes in some formats, where that is not the usual way.
    not_offered
        Exceptions by which a function says that it does not offer an option.
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
    keywords: tuple[Word, ...] = ()
    read: Callable[[Any, Said, tuple[Any, ...]], Any] = _as_it_is
    says: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, str], ...] = ()
    dtypes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    writes: bool = False
    order: tuple[int, ...] = ()
    arrays: str = "numpy"
    models: Mapping[str, NumericModel] = dataclasses.field(default_factory=dict)
    not_offered: tuple[str, ...] = ("NotImplementedError",)

    def recognises(self, function: Callable[..., Any], kind: Kind) -> bool:
        """Return whether a function shows that it has this face."""
        return self.fits(Signature.of(function), kind)

    def signature_of(self, function: Callable[..., Any], _wrap: Wrap) -> Signature:
        """Return what a call of a function can be given."""
        return Signature.of(function)

    def native(self, function: Callable[..., Any], wrap: Wrap) -> Callable[..., Any]:
        """Return a call of a function as one of NumPy's arrays."""
        return wrap(function)

    def fits(self, signature: Signature, kind: Kind) -> bool:
        """Return whether a function has these operands, placed and by name."""
        placed = signature.placed[: len(self.operands)]
        names = [{name, *said.known_as} for name, said in self.operands.items()]
        if len(placed) != len(names) or self._missing(signature, kind):
            return False
        if self.needs and not {*self.needs} & {*signature.defaults}:
            return False
        return all(mine in known for mine, known in zip(placed, names, strict=True))

    def _missing(self, signature: Signature, kind: Kind) -> list[str]:
        """Return the keywords for operands of ours that a function lacks."""
        by_name = {*kind.operands[len(self.operands) :]}
        needed = [each for each in self.keywords if {*each.says} & by_name]
        there = [each for each in needed if each.name_in(signature) is not None]
        said = {name for each in there for name in each.says}
        return [each.names[0] for each in needed if not {*each.says} & said]

    def _words(self, signature: Signature) -> Iterator[tuple[str, Word]]:
        """Yield the keywords that a function has, each by its name there."""
        for each in self.keywords:
            if (name := each.name_in(signature)) is not None:
                yield name, each

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
        if missing := self._missing(signature, kind):
            msg = f"face: {self.id} has {missing[0]}, which it does not take"
            raise InvalidArgument(msg)
        further = [*signature.defaults][len(self.operands) :]
        words = dict(self._words(signature))
        for name in further:
            unknown = name not in kind.options and name not in words
            if signature.defaults[name] is REQUIRED and unknown:
                msg = f"face: {self.id} does not know {name!r}, which is required"
                raise InvalidArgument(msg)
        said = {name for each in words.values() for name in each.says}
        claims = {"deterministic", *kind.given, *kind.native, *self.claims}
        for option in {*self.says, *said, *further} & {*kind.options}:
            claims |= {*kind.options[option]}
        claims -= {*self.without}
        pairs = [frozenset(pair) for pair in self.exclusive if {*pair} <= claims]
        return Capabilities(
            dtypes=self.dtypes or kind.dtypes,
            claims=frozenset(claims),
            exclusive=tuple(pairs),
            vocabulary=kind.vocabulary,
        )

    def in_words(self, signature: Signature, case: Case) -> str:
        """Return a call, as somebody would write it."""
        by_name = (f"{n}={v}" for n, v in self.named(signature, case).items())
        said = [*signature.placed[: len(self.operands)], *by_name]
        return f"{signature.name}({', '.join(said)})"

    def named(self, signature: Signature, case: Case) -> dict[str, str]:
        """Return what is passed by name, and what stands there."""
        words = dict(self._words(signature))
        names = {n: name for name, each in words.items() for n in each.says}
        operands = {n: n for n, w in words.items() if {*w.says} <= {*case.operands}}
        options = {
            names.get(n, n): n if isinstance(v, np.ndarray) else repr(v)
            for n, v in case.options.items()
            if n not in self.says
        }
        return operands | options

    def translated(
        self, native: Callable[..., Any], signature: Signature, kind: Kind
    ) -> Callable[..., Any]:
        """Return a function of this face as one of our own."""
        words = list(self._words(signature))
        known = {*self.says, *(name for _, each in words for name in each.says)}

        def function(*operands: Array, **options: Any) -> Any:
            said = {**dict(zip(kind.operands, operands, strict=True)), **options}
            own = {n: v for n, v in options.items() if n in self.says}
            placed = self.given(*operands, **own)
            passed = {n: v for n, v in options.items() if n not in known}
            for name, each in words:
                if {*each.says} & {*said}:
                    passed[name] = each.value(said, signature.defaults[name])
            returned = native(*placed, **passed)
            for name, each in words:
                if each.writes and name in passed:
                    # In another order of axes it may be a copy of ours.
                    buffer: Array = said[each.says[0]]
                    buffer[...] = passed[name].reshape(buffer.shape)
            return self.read(returned, said, placed)

        return function


__all__ = ["KindFace", "Said", "Word", "Wrap", "word"]
