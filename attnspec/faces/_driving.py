"""A history of a cache as calls of the methods of an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import MalformedResult
from attnspec.faces._of_kind import Wrap
from attnspec.faces._of_objects import (
    CONSTANT,
    OPTIONS,
    SEQUENCE,
    Found,
    ObjectFace,
    made_by,
)
from attnspec.kinds.serving import _histories as histories
from attnspec.kinds.serving import _kv_cache as caches
from attnspec.kinds.serving._histories import Done
from attnspec.reference import CacheStep, attention_with_logsumexp

Options = Mapping[str, Any]
"""The options of a call of ours."""


def driven(face: ObjectFace, found: Found, wrap: Wrap) -> Callable[..., Any]:
    """Return a function of a whole history, of which each call makes fresh objects."""

    def function(
        query: Array, key: Array, value: Array, steps: Array, **options: Any
    ) -> Any:
        run = _Run(face, found, wrap, (query, key, value), options)
        done = histories.of_numbers(steps)
        run.capacity = caches.peak(done, len(query))
        for number, step in enumerate(done):
            run.do(number, step)
        return run.results(options)

    return function


class _Held:
    """An object, and what its last append returned."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing
        self.returned: Any = None


class _Run:
    """The objects of one history, and what they have answered."""

    def __init__(
        self,
        face: ObjectFace,
        found: Found,
        wrap: Wrap,
        arrays: tuple[Array, Array, Array],
        options: Options,
    ) -> None:
        self._face, self._found, self._wrap = face, found, wrap
        self._query, self._key, self._value = arrays
        self._options = options
        self._come = self._asked = 0
        self._counts = histories.Counts(len(self._query))
        self._used: _Held | None = None
        self._unused: _Held | None = None
        self.capacity = 0
        self._answers: list[tuple[Done, int, list[Array]]] = []
        self._tokens: list[list[Array]] = []
        self._lengths: list[Array] = []

    def do(self, number: int, step: Done) -> None:
        """Do a step."""
        self._used = self._used or _Held(self._made())
        if step.what == CacheStep.OTHER:
            self._used, self._unused = self._unused, self._used
            self._used = self._used or _Held(self._made())
        where = f"step {number} ({step.what.name.lower()})"
        held = min(self._counts.asked(step))
        match step.what:
            case CacheStep.APPEND:
                self._append(self._used, step)
            case CacheStep.ATTEND:
                if self._options.get("return_tokens"):
                    self._tokens.append(self._read_tokens(self._used, held, where))
                self._attend(self._used, step, held, where)
            case CacheStep.BACK:
                self._back(self._used, step)
            case CacheStep.RESET:
                self._call(self._used, "reset", step)
        self._counts.after(step)
        if self._options.get("return_lengths"):
            self._lengths.append(self._length(self._used, where))

    def _made(self) -> Any:
        """Return a fresh object."""
        (batch, heads, _, width), key = self._query.shape, self._key
        given = self._options.get("capacity")
        sizes = {
            "batch": batch,
            "key_heads": key.shape[1],
            "query_heads": heads,
            "width": width,
            "value_width": self._value.shape[3],
        }
        alone = not self._found.made_with("key_heads")
        sizes["heads"] = key.shape[1] if alone else heads
        needs = self._found.made_with("capacity")
        if given is not None or (needs and needs in self._found.required):
            sizes["capacity"] = given or max(1, self.capacity)
        for option, names in OPTIONS.items():
            if option in self._options and self._found.made_with(option):
                name = self._found.word(self._found.made, names)
                sizes[option] = _said(option, name, self._options)
        return made_by(self._found.make, self._found.made, self._wrap, sizes, key.dtype)

    def _call(
        self, held: _Held, role: str, step: Done, *given: Any, **more: Any
    ) -> Any:
        """Call the method of a role, for one sequence if the step is about one."""
        if step.sequence != histories.ALL:
            more[self._found.of_method(role, SEQUENCE) or ""] = step.sequence
        needed = self._found.needed(role)
        more |= {name: value for name, value in CONSTANT.items() if name in needed}
        method = getattr(held.thing, self._found.names[role])
        return self._wrap(method)(*given, **more)

    def _part(self, array: Array, start: int, step: Done) -> tuple[Array, Array]:
        """Return the part of an operand that a step is about, and a copy to give."""
        batch = slice(None)
        if step.sequence != histories.ALL:
            batch = slice(step.sequence, step.sequence + 1)
        part = array[batch, :, start : start + step.number]
        return part, np.array(self._turned(part), order="C")

    def _turned(self, array: Any) -> Any:
        """Return an array in the order of axes of the face; or back: two change."""
        return array.transpose(self._face.order) if self._face.order else array

    def _spoil(self, *pairs: tuple[Array, Array]) -> None:
        """Show what has been written into copies, and make them another's."""
        for part, given in pairs:
            part[...] = self._turned(given)
            given[...] = np.nan

    def _append(self, held: _Held, step: Done) -> None:
        key, value = (
            self._part(array, self._come, step) for array in (self._key, self._value)
        )
        returned = self._call(held, "append", step, key[1], value[1])
        is_pair = isinstance(returned, tuple | list) and not self._face.answers
        # What came back may be what was given, and that is another's now.
        held.returned = list(map(np.array, returned)) if is_pair else returned
        self._spoil(key, value)
        self._come += step.number

    def _back(self, held: _Held, step: Done) -> None:
        """Take tokens back: so many, or down to a length, which may not be all's."""
        if "back" in self._found.names:
            self._call(held, "back", step, step.number)
            return
        if not self._face.answers:
            # What transformers crop is how many are to go, as a negative number.
            self._call(held, "truncate", step, -step.number)
            return
        lengths = self._counts.asked(step)
        steps = [step]
        if len({*lengths}) > 1:
            steps = [step._replace(sequence=at) for at in range(len(lengths))]
        for each, length in zip(steps, lengths, strict=False):
            self._call(held, "truncate", each, length - step.number)

    def _attend(self, held: _Held, step: Done, there: int, where: str) -> None:
        part, given = self._part(self._query, self._asked, step)
        wants_lse = bool(self._options.get("return_lse"))
        if self._face.answers:
            passed = {}
            for option, names in OPTIONS.items():
                name = self._found.of_method("attend", names)
                if option in self._options and name is not None:
                    passed[name] = _said(option, name, self._options)
            returned = self._call(held, "attend", step, given, **passed)
        else:
            key, value = self._read_tokens(held, there, where)
            found, _ = attention_with_logsumexp(part, key, value)
            returned = self._turned(found.astype(part.dtype))
        parts = returned if wants_lse else (returned,)
        if not isinstance(parts, tuple | list) or len(parts) != 1 + wants_lse:
            raise _malformed(where, "expected (output, lse)", returned)
        batch, heads, count, _ = part.shape
        shape = (batch, heads, count, self._value.shape[3])
        output = self._checked(parts[0], shape, part.dtype, where)
        others = [_array(lse, where) for lse in parts[1:]]
        if any(lse.shape != shape[:3] for lse in others):
            raise _malformed(where, f"expected an lse of shape {shape[:3]}", others[0])
        self._answers.append((step, self._asked, [output, *others]))
        self._spoil((part, given))
        self._asked += step.number

    def _checked(
        self, found: Any, shape: tuple[int, ...], dtype: np.dtype[Any], where: str
    ) -> Array:
        """Return an array in our order of axes, if it has this shape and format."""
        array = _array(found, where)
        order = self._face.order or range(4)
        wanted = tuple(shape[axis] for axis in order)
        if array.shape != wanted or array.dtype != dtype:
            said = f"expected shape {wanted} and dtype {dtype.name}"
            raise _malformed(where, said, array)
        turned: Array = self._turned(array)
        return turned

    def _read_tokens(self, held: _Held, there: int, where: str) -> list[Array]:
        """Return the keys and values that there are; behind them may be more room."""
        parts: Any
        if {"keys", "values"} <= {*self._found.names}:
            parts = [self._read(held, role) for role in ("keys", "values")]
        else:
            parts = held.returned
        if not isinstance(parts, tuple | list) or len(parts) != 2:
            raise _malformed(where, "expected (keys, values)", parts)
        found = []
        for part, given in zip(parts, (self._key, self._value), strict=True):
            array = self._turned(_array(part, where))
            if array.ndim != 4 or array.shape[2] < there:
                raise _malformed(where, f"expected {there} tokens or more", array)
            shape = (*given.shape[:2], there, given.shape[3])
            first = array[:, :, :there]
            if first.shape != shape or first.dtype != given.dtype:
                said = f"expected keys and values {shape} of {given.dtype.name}"
                raise _malformed(where, said, first)
            found.append(first.copy())
        return found

    def _read(self, held: _Held, role: str) -> Any:
        """Return what an attribute is, or what a method returns."""
        name = self._found.names[role]

        def reading() -> Any:
            found = getattr(held.thing, name)
            return found() if callable(found) else found

        return self._wrap(reading)()

    def _length(self, held: _Held, where: str) -> Array:
        """Return how many tokens each sequence is said to have."""
        found = np.asarray(self._read(held, "length"))
        if found.dtype.kind not in "iu" or found.shape not in ((), (len(self._query),)):
            raise _malformed(where, "length: expected whole numbers", found)
        return np.broadcast_to(found, len(self._query)).astype(np.int64)

    def results(self, options: Options) -> Any:
        """Return what has been answered, in our form."""
        rows = self._query.shape[:3]
        forms = [(*rows, self._value.shape[3]), rows]
        joined: list[Array] = []
        for at in range(1 + bool(options.get("return_lse"))):
            parts = [arrays[at] for _, _, arrays in self._answers]
            whole = np.full(forms[at], -np.inf if at else 0.0, parts[0].dtype)
            for (step, start, _), part in zip(self._answers, parts, strict=True):
                batch: Any = slice(None) if step.sequence < 0 else [step.sequence]
                whole[batch, :, start : start + step.number] = part
            joined.append(whole)
        if options.get("return_tokens"):
            pairs = zip(*self._tokens, strict=True)
            joined += (np.concatenate(each, 2) for each in pairs)
        if options.get("return_lengths"):
            joined.append(np.array(self._lengths))
        return tuple(joined) if len(joined) > 1 else joined[0]


def _said(option: str, name: str | None, options: Options) -> Any:
    """Return the value of an option, as a keyword of this name has it."""
    value = options[option]
    if name == "sliding_window":
        return value[0] + 1
    return value


def _array(found: Any, where: str) -> Array:
    """Return what came back, if it is an array."""
    if not isinstance(found, np.ndarray):
        raise _malformed(where, "expected an array", found)
    return found


def _malformed(where: str, said: str, found: Any) -> MalformedResult:
    """Return the error that what came back is something else."""
    shape = getattr(found, "shape", None)
    dtype = getattr(getattr(found, "dtype", None), "name", "")
    got = f"{shape} of {dtype}" if shape is not None else f"a {type(found).__name__}"
    return MalformedResult(f"{where}: {said}, got {got}")


__all__ = ["driven"]
