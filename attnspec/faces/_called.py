"""A function with its face: what it claims, and what a call of it looks like."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument, MalformedResult
from attnspec.faces._face import AXES, LEFT_OUT, LSE_AXES, REQUIRED, Face, Parameter
from attnspec.faces._packed import packed, written_back
from attnspec.faces._signature import Signature
from attnspec.faces._single import joined, nothing, sequences
from attnspec.judge.claims import Capabilities
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.kind import ATTENTION

_DIFFERENTIATED = ("bias", "sink")
"""The options that have a gradient."""


@dataclasses.dataclass(frozen=True)
class Called:
    """A function with its face.

    Parameters
    ----------
    face, signature
        How functions of its sort are called, and this one.
    arrays
        The library whose arrays it takes.
    recognised
        Whether the face was recognised, and not named by somebody.
    device
        Where these arrays lie, if somebody has said so.
    """

    face: Face
    signature: Signature
    arrays: str
    recognised: bool = True
    device: str = ""

    @property
    def options(self) -> dict[str, Any]:
        """The parameters behind the operands, with their defaults."""
        operands = self._operands
        defaults = self.signature.defaults.items()
        return {name: value for name, value in defaults if name not in operands}

    @property
    def _operands(self) -> tuple[str, ...]:
        """The names of the positional arguments that every call has."""
        count = len(self.face.leading) + len(self.face.operands)
        return self.signature.placed[:count]

    @property
    def operands(self) -> tuple[str, ...]:
        """The names of query, key and value; those of the face where it has none."""
        names, own = self._operands[len(self.face.leading) :], self.face.operands
        return names if len(names) == len(own) else tuple(own)

    @property
    def parameters(self) -> dict[str, tuple[Parameter, Any]]:
        """For each keyword that may be passed what it says, and its default."""
        known = self.options
        found: dict[str, tuple[Parameter, Any]] = {}
        for parameter in self.face.parameters:
            names = [name for name in parameter.names if name in known]
            if not names and parameter.promised and self.signature.open:
                names = [parameter.promised]
            left_out = not {*parameter.beside} <= {*known}
            if not names or left_out or {*parameter.unless} & {*known}:
                continue
            idle = parameter.idle[0] if parameter.idle else None
            found.setdefault(names[0], (parameter, known.get(names[0], idle)))
        return found

    @property
    def dialect(self) -> dict[str, str]:
        """The choices that the documents of the face make, and of these keywords."""
        said = (parameter.dialect for parameter, _ in self.parameters.values())
        return {n: v for known in (self.face.dialect, *said) for n, v in known.items()}

    @property
    def unknown(self) -> tuple[str, ...]:
        """The keywords that the face does not know; they keep their defaults."""
        return tuple(name for name in self.options if name not in self.face.names)

    def check(self) -> None:
        """Reject a function that cannot be called in this way.

        Raises
        ------
        InvalidArgument
            If it has too few operands, or requires what the face does not know.
        """
        wanted = (*self.face.leading, *self.face.operands)
        if len(self._operands) < len(wanted):
            count = f"{len(self._operands)} positional arguments"
            msg = f"face: {self.face.id} has {', '.join(wanted)}; it takes {count}"
            raise InvalidArgument(msg)
        passed = self.parameters
        for name, default in self.options.items():
            known = name in passed and passed[name][0].off is not None
            if default is REQUIRED and not known:
                msg = f"face: {self.face.id} does not know {name!r}, which is required"
                raise InvalidArgument(msg)

    def capabilities(self) -> Capabilities:
        """Return what the function claims: by its signature, and by its documents."""
        face, passed = self.face, self.parameters.values()
        claims = {"deterministic", *ATTENTION.given, *ATTENTION.native, *face.claims}
        claims |= {name for parameter, _ in passed for name in parameter.all_claims}
        claims -= {*face.without}
        pairs = (
            p for group in face.exclusive for p in itertools.combinations(group, 2)
        )
        return Capabilities(
            dtypes=face.dtypes,
            claims=frozenset(claims),
            multiples={
                size: number
                for size, (number, unless) in face.multiples.items()
                if not {*unless} & {*self.options}
            },
            exclusive=tuple(frozenset(pair) for pair in pairs if {*pair} <= claims),
            vocabulary=ATTENTION.vocabulary,
        )

    def keywords(self, case: AttentionCase) -> dict[str, Any]:
        """Return the keywords of a call in the words of the face."""
        found = {}
        for name, (parameter, default) in self.parameters.items():
            if any(option in case.options for option in parameter.says):
                value = parameter.value(case, default)
            elif parameter.off is not None and default not in parameter.idle:
                value = parameter.off(case, default)
            else:
                continue
            if value is not LEFT_OUT:
                found[name] = value
        return found

    def translated(self, native: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as one of our own signature, of the same arrays."""

        def kernel(query: Array, key: Array, value: Array, **options: Any) -> Any:
            case = AttentionCase.of(query, key, value, **options)
            if not self.face.is_single:
                return self._answer(native, case)
            if case.sizes.B == 0:
                return nothing(case)
            answers = [self._answer(native, one) for one in sequences(case)]
            return joined(answers, 2 if "return_lse" in case.options else 1)

        return kernel

    def _answer(self, native: Callable[..., Any], case: AttentionCase) -> Any:
        """Return what one call gives, in our own order."""
        leading = (made(case) for made in self.face.leading.values())
        given = self._placed(case)
        returned = native(*leading, *given.values(), **self.keywords(case))
        written_back(self.face.packed, given, self._turned(case))
        return self._read(returned, case)

    def applied(
        self,
        native: Callable[..., Any],
        case: AttentionCase,
        given: Mapping[str, Any],
        there: Callable[[Array], Any],
        turned: Callable[[Any, tuple[int, ...]], Any],
    ) -> tuple[Any, ...]:
        """Return the results, in our own order, of a call with arrays of a library.

        Parameters
        ----------
        native
            The function of its arrays.
        case
            The case, of NumPy's arrays.
        given
            The operands, and options that are to have a gradient, as its arrays.
        there, turned
            Make an array of it, and give one its axes in another order.
        """
        face = self.face
        leading = (made(case) for made in face.leading.values())
        operands = (turned(given[name], face.order) for name in ATTENTION.operands)
        keywords = {
            name: self._leaf(value, case, given, there)
            for name, value in self.keywords(case).items()
        }
        found = native(*leading, *operands, **keywords)
        output, *rest = found if isinstance(found, tuple | list) else (found,)
        said = face.returned
        output = turned(output, tuple(map(said.axes.index, AXES)))
        if "return_lse" not in case.options:
            return (output,)
        lse = turned(rest[0], tuple(map(said.lse_axes.index, LSE_AXES)))
        return output, lse * math.log(said.lse_base)

    def _leaf(
        self,
        value: Any,
        case: AttentionCase,
        given: Mapping[str, Any],
        there: Callable[[Array], Any],
    ) -> Any:
        """Return a keyword's value; in place of an option's own array what is given."""
        if not isinstance(value, np.ndarray):
            return value
        for name in _DIFFERENTIATED:
            if name in given and _is_of(value, case.options.get(name)):
                return given[name].reshape(value.shape)
        return there(value)

    def _read(self, returned: Any, case: AttentionCase) -> Any:
        """Return the result of a call in our own order; what is none stays as it is."""
        said, several = self.face.returned, isinstance(returned, tuple | list)
        sizes = case.sizes._asdict() | {"H": case.sizes.Hq, "E": case.sizes.Ev}
        if "return_lse" in case.options:
            if not several or len(returned) < 2:
                return returned
            output, lse = returned[:2]
            lse = _ordered("lse", lse, said.lse_axes, LSE_AXES, sizes)
            if said.lse_base != math.e and isinstance(lse, np.ndarray):
                lse = lse.astype(np.float64) * math.log(said.lse_base)
            return _ordered("output", output, said.axes, AXES, sizes), lse
        if said.alone == "first" and not several:
            msg = "expected a tuple whose first part is the output, got an array"
            raise MalformedResult(msg)
        if several and said.alone != "bare" and len(returned):
            returned = returned[0]
        return _ordered("output", returned, said.axes, AXES, sizes)

    def given(self, case: AttentionCase) -> dict[str, Any]:
        """Return what the function gets, by its own names."""
        arrays = self._placed(case).values()
        operands = dict(zip(self.operands, arrays, strict=True))
        return {**operands, **self.keywords(case)}

    def _turned(self, case: AttentionCase) -> dict[str, Array]:
        """Return the operands in the order of axes of the face."""
        order = self.face.order
        turned = {n: array.transpose(order) for n, array in case.operands.items()}
        if self.face.is_single and case.sizes.B == 1:
            return {name: array[0] for name, array in turned.items()}
        return turned

    def _placed(self, case: AttentionCase) -> dict[str, Array]:
        """Return the positional arguments that hold the operands."""
        return packed(self.face.operands, self._turned(case))

    def in_words(self, case: AttentionCase) -> str:
        """Return the call of a case, as somebody would write it."""
        if self.face.is_single:
            case = next(sequences(case), case)
        said = [*self._operands, *map(_keyword, self.keywords(case).items())]
        return f"{self.signature.name}({', '.join(said)})"


def _is_of(value: Any, option: Any) -> bool:
    """Return whether an argument is the array of an option, with other axes or not."""
    both = isinstance(value, np.ndarray) and isinstance(option, np.ndarray)
    return both and value.size == option.size and np.shares_memory(value, option)


def _ordered(
    name: str, found: Any, axes: str, wanted: str, sizes: dict[str, int]
) -> Any:
    """Return a result in our own order of axes, if it is an array.

    Raises
    ------
    MalformedResult
        If its shape is not that of the face: it is told in the order of the face.
    """
    if not isinstance(found, np.ndarray):
        return found
    shape = tuple(sizes[axis] for axis in axes)
    if found.shape != shape:
        letters = ", ".join({"H": "Hq", "E": "Ev"}.get(axis, axis) for axis in axes)
        msg = f"{name}: expected shape ({letters}) = {shape}, got {found.shape}"
        raise MalformedResult(msg)
    own = [axis for axis in wanted if axis in axes]
    return found.transpose(tuple(map(axes.index, own)))


def _keyword(item: tuple[str, Any]) -> str:
    """Return a keyword of a call; an array is its format and shape."""
    name, value = item
    if isinstance(value, np.ndarray):
        return f"{name}={value.dtype.name} {value.shape}"
    return f"{name}={_number(value)}"


def _number(value: Any) -> str:
    """Return a value with as many digits as somebody would write."""
    return repr(float(f"{value:.6g}") if isinstance(value, float) else value)


__all__ = ["Called"]
