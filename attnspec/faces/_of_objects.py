"""A face of objects: how a cache is made, and the names of its methods.

A history of a cache is one call of ours. A face of objects makes a fresh object for it,
calls a method for each step, and joins what comes back; it never repairs a result.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec.exceptions import InvalidArgument
from attnspec.faces._face import REQUIRED
from attnspec.faces._of_kind import Wrap
from attnspec.faces._signature import Signature, name_of
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.usage import Argument
from attnspec.numerics import NumericModel


@dataclasses.dataclass(frozen=True)
class Role:
    """What a method is for.

    Parameters
    ----------
    sentence
        What it does.
    names
        What it is called, where nobody says so; nothing if somebody has to.
    placed
        How many arguments it gets by position.
    is_read
        Whether it may be an attribute, which is read.
    """

    sentence: str
    names: tuple[str, ...] = ()
    placed: int = 0
    is_read: bool = False


_RETURN_ALL = ("update", "update_and_fetch")
"""Methods that append, and return all that there is."""

ROLES: Mapping[str, Role] = {
    "append": Role("appends keys and values", ("append", *_RETURN_ALL, "add"), 2),
    "attend": Role("answers queries", ("attend", "attention", "read", "forward"), 1),
    "truncate": Role(
        "keeps so many tokens, the first ones", ("truncate", "crop", "truncate_to"), 1
    ),
    "back": Role("takes back so many tokens", ("back", "rollback", "trim"), 1),
    "reset": Role("takes back all tokens", ("reset", "clear")),
    "length": Role("says how many tokens there are", ("get_seq_length",), is_read=True),
    "keys": Role("has the keys, in their order", is_read=True),
    "values": Role("has the values, in their order", is_read=True),
}
"""What a cache can be asked for."""

MADE_WITH: Mapping[str, tuple[str, ...]] = {
    "batch": ("batch", "batch_size", "max_batch_size", "sequences"),
    "key_heads": (
        *("key_heads", "kv_heads", "num_kv_heads", "n_kv_heads"),
        "num_key_value_heads",
    ),
    "query_heads": ("query_heads", "q_heads", "num_qo_heads", "num_attention_heads"),
    "heads": ("heads", "num_heads", "n_heads"),
    "width": ("width", "head_dim", "head_size", "head_width", "dim"),
    "value_width": ("value_width", "v_head_dim", "value_dim"),
    "capacity": (
        *("capacity", "max_tokens", "max_length", "max_len", "max_seq_len"),
        "max_cache_len",
    ),
    "dtype": ("dtype",),
    "device": ("device",),
}
"""What a cache may be made with, each under any of its names."""

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "causal": ("causal", "is_causal"),
    "window": ("window", "sliding_window"),
    "softcap": ("softcap", "logits_soft_cap"),
    "sink": ("sink", "sinks"),
    "scale": ("scale", "softmax_scale", "sm_scale"),
    "return_lse": ("return_lse", "return_softmax_lse"),
}
"""Options that the object or its attention takes, each under any of its names."""

SEQUENCE = ("sequence", "slot", "seq")
"""What the number of one sequence is called."""

CONSTANT: Mapping[str, Any] = {"layer_idx": 0}
"""What a method may ask for, and what it is given."""


def parted(face: str) -> tuple[str, dict[str, str]]:
    """Return the id of a face, and what methods are called that it names.

    Raises
    ------
    InvalidArgument
        If there is no such method, or one is named twice.

    Examples
    --------
    >>> parted("kv-cache-hnd:append=put,attend=read")
    ('kv-cache-hnd', {'append': 'put', 'attend': 'read'})
    """
    id_, _, said = face.partition(":")
    named: dict[str, str] = {}
    for part in filter(None, said.split(",")):
        role, _, name = (word.strip() for word in part.partition("="))
        if role not in ROLES:
            msg = f"methods: expected one of {', '.join(ROLES)}; got {role!r}"
            raise InvalidArgument(msg)
        if role in named or not name.isidentifier():
            msg = f"methods: expected {role}=NAME, once; got {part!r}"
            raise InvalidArgument(msg)
        named[role] = name
    return id_, named


def joined(face: str, methods: Mapping[str, str]) -> str:
    """Return a face that names methods as well, as `parted` reads it.

    Examples
    --------
    >>> joined("kv-cache-nhd", {"append": "put"}), joined("kv-cache-nhd", {})
    ('kv-cache-nhd:append=put', 'kv-cache-nhd')
    """
    id_, known = parted(face)
    said = said_of_methods({**known, **methods})
    whole = f"{id_}:{said}" if said else id_
    parted(whole)
    return whole


def said_of_methods(methods: Mapping[str, str]) -> str:
    """Return what methods are called, in words."""
    return ",".join(f"{role}={name}" for role, name in methods.items())


@dataclasses.dataclass(frozen=True)
class Found:
    """A class, or what makes objects, with the methods that it has.

    Parameters
    ----------
    make
        Makes an object.
    made
        What it is made with.
    names
        For each role the name of the method or attribute.
    methods
        For each role the signature of its method; none for an attribute.
    """

    make: Callable[..., Any]
    made: Signature
    names: Mapping[str, str]
    methods: Mapping[str, Signature | None]

    def word(self, signature: Signature, names: tuple[str, ...]) -> str | None:
        """Return which of some names a signature has."""
        return next((name for name in names if name in signature.defaults), None)

    def made_with(self, what: str) -> str | None:
        """Return what something is called that it is made with, if it is."""
        return self.word(self.made, {**MADE_WITH, **OPTIONS}[what])

    def of_method(self, role: str, names: tuple[str, ...]) -> str | None:
        """Return which of some names a method takes."""
        signature = self.methods.get(role)
        return None if signature is None else self.word(signature, names)

    def needed(self, role: str) -> set[str]:
        """Return what a method cannot be called without."""
        signature = self.methods.get(role) or self.made
        return {n for n, d in signature.defaults.items() if d is REQUIRED}

    @property
    def required(self) -> set[str]:
        """What an object cannot be made without."""
        return self.needed("")

    @property
    def is_one_by_one(self) -> bool:
        """Whether every method that changes something can be about one sequence."""
        asked = {"append", "attend", "truncate", "back", "reset"} & {*self.names}
        return all(self.of_method(role, SEQUENCE) for role in asked)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObjectFace:
    """A calling convention of objects with methods.

    Parameters
    ----------
    id, title, sentence
        Its name, what is called so in public, and in what it differs from ours.
    kind
        The kind of functions that a history of such an object is.
    operands, results
        What its methods get, and give back.
    example
        A file with a right class of NumPy's arrays.
    drive
        Makes a history of an object one call of ours.
    order
        The axes of what methods get, in terms of ours.
    answers
        Whether it answers queries by itself; else its ``append`` returns what there is.
    arrays
        The library whose arrays it takes.
    methods
        What methods are called, where somebody says so.
    not_offered
        Exceptions by which an object says that it does not offer an option.
    """

    id: str
    title: str
    sentence: str
    kind: str
    operands: Mapping[str, Argument]
    results: Mapping[str, Argument]
    example: str
    drive: Callable[[ObjectFace, Found, Wrap], Callable[..., Any]]
    order: tuple[int, ...] = ()
    answers: bool = True
    arrays: str = "numpy"
    methods: Mapping[str, str] = dataclasses.field(default_factory=dict)
    writes = False
    models: Mapping[str, NumericModel] = dataclasses.field(default_factory=dict)
    not_offered: tuple[str, ...] = ("NotImplementedError",)

    def named(self, methods: Mapping[str, str]) -> ObjectFace:
        """Return the face of objects whose methods are called so."""
        known = {**self.methods, **methods}
        id_ = joined(self.id, methods)
        return dataclasses.replace(self, id=id_, methods=known)

    def recognises(self, function: Callable[..., Any], kind: Kind) -> bool:
        """Return whether something makes such objects, and is no function of ours."""
        placed = Signature.of(function).placed[: len(kind.operands)]
        if placed == tuple(kind.operands):
            return False
        returns = self._name_of(function, "attend") is None and any(
            hasattr(function, name) for name in _RETURN_ALL
        )
        return self.answers == (not returns)

    def _name_of(self, thing: Any, role: str) -> str | None:
        """Return what a method or an attribute is called, if there is one."""
        if role in self.methods:
            return self.methods[role]
        return next((n for n in ROLES[role].names if hasattr(thing, n)), None)

    def found(self, make: Callable[..., Any], wrap: Wrap) -> Found:
        """Return what the methods of an object are.

        Of a class they are read; of a function that makes objects one is made.

        Raises
        ------
        InvalidArgument
            If one is missing, or needs what nobody knows.
        """
        made = Signature.of(make)
        self._known(made, name_of(make), {**MADE_WITH, **OPTIONS}, 0)
        thing: Any = make
        if not inspect.isclass(make):
            thing = made_by(make, made, wrap, _SAMPLE, np.dtype(np.float32))
        needed = ("append", "attend") if self.answers else ("append",)
        names = {role: self._name_of(thing, role) for role in ROLES}
        for role in needed:
            if names[role] is None:
                tried = ", ".join(ROLES[role].names)
                msg = (
                    f"methods: {self.id} needs one that {ROLES[role].sentence}; "
                    f"{name_of(make)} has none of {tried}; --methods {role}=NAME or "
                    f"methods= names another"
                )
                raise InvalidArgument(msg)
        known = {role: name for role, name in names.items() if name is not None}
        methods = {r: self._method(make, thing, ROLES[r], n) for r, n in known.items()}
        return Found(make, made, known, methods)

    def _method(
        self, make: Callable[..., Any], thing: Any, role: Role, name: str
    ) -> Signature | None:
        """Return the signature of a method; nothing for an attribute."""
        is_class = inspect.isclass(thing)
        found = getattr(thing, name, None)
        if found is None and not (is_class and role.is_read):
            msg = f"methods: {name_of(make)} has no {name!r}, which {role.sentence}"
            raise InvalidArgument(msg)
        if not callable(found):
            return None  # Attributes of objects are not seen in their class.
        signature = method_of(thing, name)
        what = f"{name_of(make)}.{name}"
        self._known(signature, what, {**OPTIONS, "sequence": SEQUENCE}, role.placed)
        if len(signature.placed) < role.placed:
            msg = (
                f"methods: expected {what} to take {role.placed} arguments by position;"
                f" it takes {len(signature.placed)}"
            )
            raise InvalidArgument(msg)
        return signature

    def _known(
        self,
        signature: Signature,
        what: str,
        words: Mapping[str, tuple[str, ...]],
        placed: int,
    ) -> None:
        """Reject what needs something that has no name of ours."""
        known = {name for names in words.values() for name in names} | {*CONSTANT}
        for name in [*signature.defaults][placed:]:
            if signature.defaults[name] is REQUIRED and name not in known:
                listed = ", ".join(words)
                msg = (
                    f"face: {self.id} gives {what} {listed}; it does not know {name!r},"
                    " which is required"
                )
                raise InvalidArgument(msg)

    def claimed(self, found: Found, kind: Kind) -> Capabilities:
        """Return what the names of methods, and of what they take, claim."""
        has = {*found.names}
        claims = {"deterministic", "batch", "several_queries"}
        alone = ("attend_alone", "earlier_queries")
        claims |= {*(alone if self.answers else ("return_tokens",))}
        claims |= {"back"} if {"truncate", "back"} & has else set()
        claims |= {"reset"} & has
        claims |= {"return_lengths"} if "length" in has else set()
        claims |= {"return_tokens"} if {"keys", "values"} <= has else set()
        claims |= {"one_sequence"} if found.is_one_by_one else set()
        if found.made_with("key_heads") and (
            found.made_with("query_heads") or found.made_with("heads")
        ):
            claims |= {"grouped_query"}
        for what in ("value_width", "capacity"):
            claims |= {what} if found.made_with(what) else set()
        if self.answers:
            for option, names in OPTIONS.items():
                if found.made_with(option) or found.of_method("attend", names):
                    claims |= {*kind.options[option]}
        return Capabilities(
            dtypes=kind.dtypes, claims=frozenset(claims), vocabulary=kind.vocabulary
        )

    def capabilities(self, signature: Signature, kind: Kind) -> Capabilities:
        """Return what any such object claims, by what it is made with alone.

        Raises
        ------
        InvalidArgument
            If it needs what nobody knows.
        """
        self._known(signature, signature.name, {**MADE_WITH, **OPTIONS}, 0)
        return self.claimed(Found(object, signature, {}, {}), kind)

    def in_words(self, signature: Signature, case: Case) -> str:
        """Return how an object is made, as somebody would write it."""
        sizes = [*self._sizes(signature)]
        said = [
            f"{n}={v!r}" for n, v in case.options.items() if n in signature.defaults
        ]
        return f"{signature.name}({', '.join([*sizes, *said])})"

    def _sizes(self, signature: Signature) -> Iterator[str]:
        """Yield the names of what is passed in any case."""
        names = {name for what in MADE_WITH.values() for name in what} - {"capacity"}
        yield from (f"{name}=..." for name in signature.defaults if name in names)


def method_of(thing: Any, name: str) -> Signature:
    """Return the signature of a method as it is called on an object."""
    signature = Signature.of(getattr(thing, name))
    of_class = inspect.isclass(thing)
    if of_class and inspect.isfunction(inspect.getattr_static(thing, name)):
        return signature.bound()
    return signature


_SAMPLE: Mapping[str, Any] = {
    **dict.fromkeys(("batch", "key_heads", "query_heads", "heads"), 1),
    "width": 8,
    "value_width": 8,
    "capacity": 8,
}
"""Sizes of an object that is made to be looked at."""


def made_by(
    make: Callable[..., Any],
    signature: Signature,
    wrap: Wrap,
    sizes: Mapping[str, Any],
    dtype: np.dtype[Any],
) -> Any:
    """Return an object, made with what it asks for.

    Its format and its device are those of an array of its library.
    """
    passed = {}
    for what, value in sizes.items():
        names = {**MADE_WITH, **OPTIONS}.get(what, ())
        name = next((n for n in names if n in signature.defaults), None)
        if name is not None:
            passed[name] = value
    holder = []

    def construct(like: Any) -> None:
        if "dtype" in signature.defaults:
            passed["dtype"] = like.dtype
        if signature.defaults.get("device") is REQUIRED:
            passed["device"] = like.device
        holder.append(make(**passed))

    wrap(construct)(np.zeros(1, dtype))
    return holder[0]


__all__ = [
    "CONSTANT",
    "MADE_WITH",
    "OPTIONS",
    "ROLES",
    "SEQUENCE",
    "Found",
    "ObjectFace",
    "Role",
    "joined",
    "made_by",
    "method_of",
    "parted",
    "said_of_methods",
]
