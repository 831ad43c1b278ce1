"""Descriptions in words: read from a kernel's answer or a file, and written."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from attnspec.conformance import facing
from attnspec.conformance.differentiation import gradient_kind
from attnspec.conformance.implementation import checked
from attnspec.conformance.schemas import named, satisfying
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.claims import Capabilities
from attnspec.judge.description import Description
from attnspec.judge.deviations import Deviation
from attnspec.judge.kind import Kind
from attnspec.judge.registry import read_recipe
from attnspec.judge.registry import written as written_recipe
from attnspec.kinds.registry import DEFAULT_KIND, KINDS, kind_named
from attnspec.numerics import NumericModel

_MANNER = ("face", "arrays", "device")
"""What says how a kernel is called: itself, and no file."""


def read_description(data: object, where: str, kind: str = DEFAULT_KIND) -> Description:
    """Return the description that a kernel gives of itself.

    Parameters
    ----------
    data
        A JSON object that satisfies `description_schema`, from anybody.
    where
        What an error message begins with.
    kind
        What the kernel is judged as.

    Raises
    ------
    InvalidArgument
        If something in it is not as it must be; the message names where, the key,
        the rule and the value.

    Examples
    --------
    >>> found = read_description({"claims": ["scale"]}, "answer to open")
    >>> "scale" in found.capabilities, "causal" in found.capabilities
    (True, False)
    """
    said = satisfying(data, where)
    with named(where):
        own = kind_named(said.get("kind", kind))
        if kind not in (DEFAULT_KIND, own.name):
            msg = f"kind: expected {kind}; got {own.name!r}"
            raise InvalidArgument(msg)
        capabilities = Capabilities(
            dtypes=tuple(dict.fromkeys(said.get("dtypes", own.dtypes))),
            claims=frozenset(_given(own)),
            vocabulary=own.vocabulary,
        )
    face = said.get("face", {})
    if face:
        with named(where):
            facing.check(face, own)
    manner = {name: said.get(name, "") for name in ("arrays", "device")}
    plain = Description("kernel", capabilities, kind=own.name, face=face, **manner)
    rest = {name: value for name, value in said.items() if name not in _MANNER}
    return with_declared(plain, rest, where)


def _given(kind: Kind) -> set[str]:
    """Return what every function of a kind claims unless it withdraws it."""
    return {"deterministic", *kind.given}


def with_declared(
    description: Description, declared: Mapping[str, Any], where: str
) -> Description:
    """Return a description with what somebody says of the kernel added.

    Parameters
    ----------
    description
        What the kernel says of itself.
    declared
        A JSON object that satisfies `description_schema`. A name, a version, a choice
        and a field of a model replace those of the kernel, the rest is joined, and
        what it is without is withdrawn at last.
    where
        What an error message begins with.

    Raises
    ------
    InvalidArgument
        If something in it is not as it must be.
    """
    said = satisfying(dict(declared), where)
    with named(where):
        kind = kind_named(description.kind)
        gradients = description.gradients
        if "gradients" in said:
            own = gradient_kind(description).name
            gradients = read_description(said["gradients"], "gradients", own)
        elif gradients is not None:
            said, of_gradients = _parted(said, kind, kind_named(gradients.kind))
            gradients = with_declared(gradients, of_gradients, "")
        if said.get("kind", kind.name) != kind.name:
            msg = f"kind: expected {kind.name}, as the kernel is; got {said['kind']!r}"
            raise InvalidArgument(msg)
        for name in (*_MANNER, "methods"):
            if name in said:
                msg = f"{name}: expected of the kernel alone; --{name} names another"
                raise InvalidArgument(msg)
        capabilities = _joined(description.capabilities, said)
        models = facing.models_of(description.face, capabilities.dtypes)
        return checked(
            description.replace(
                name=said.get("name", description.name),
                version=said.get("version", description.version),
                capabilities=capabilities,
                dialect={**description.dialect, **said.get("dialect", {})},
                models={**models, **description.models, **_models(description, said)},
                gradients=gradients,
                deviations=(
                    *_still_in_scope(description, capabilities, kind),
                    *(
                        read_deviation(entry, kind)
                        for entry in said.get("deviation", ())
                    ),
                ),
            ),
            kind,
        )


def _parted(
    said: Mapping[str, Any], kind: Kind, other: Kind
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part what is said of a kernel and of its backward pass.

    What both of them know is said of both; deviations name their laws.
    """
    mine, its = dict(said), {n: v for n, v in said.items() if n not in _OF_ONE}
    for name in ("claims", "without", "dialect"):
        known, further = (
            k.choices if name == "dialect" else k.vocabulary for k in (kind, other)
        )
        values = said.get(name, ())
        its[name] = _without(values, {*values} - {*further})
        mine[name] = _without(values, {*further} - {*known})
    pairs, deviations = said.get("exclusive", ()), said.get("deviation", ())
    its["exclusive"] = [p for p in pairs if {*p} <= {*other.vocabulary}]
    its["deviation"] = [d for d in deviations if {*d["invariants"]} & {*other.laws}]
    mine["deviation"] = [d for d in deviations if d not in its["deviation"]]
    given = [{n: v for n, v in part.items() if v} for part in (mine, its)]
    return given[0], given[1]


_OF_ONE = ("name", "version", "kind")
"""What is said of the kernel alone."""


def _without(values: Any, names: Collection[str]) -> Any:
    """Return a list or table without some names."""
    if isinstance(values, Mapping):
        return {name: value for name, value in values.items() if name not in names}
    return [name for name in values if name not in names]


def _joined(capabilities: Capabilities, said: Mapping[str, Any]) -> Capabilities:
    """Return capabilities with what is said of them added, and then withdrawn."""
    multiples = dict(capabilities.multiples)
    for name, number in said.get("multiples", {}).items():
        multiples[name] = math.lcm(multiples.get(name, 1), int(number))
    least = dict(capabilities.least)
    for name, number in said.get("least", {}).items():
        least[name] = max(least.get(name, 0), int(number))
    pairs = [frozenset(pair) for pair in said.get("exclusive", ())]
    if lone := [name for pair in pairs if len(pair) == 1 for name in pair]:
        msg = f"exclusive: expected two different claims; got {lone[0]!r} twice"
        raise InvalidArgument(msg)
    dtypes = (*capabilities.dtypes, *said.get("dtypes", ()))
    return capabilities.replace(
        dtypes=tuple(dict.fromkeys(dtypes)),
        multiples=multiples,
        least=least,
        exclusive=tuple(dict.fromkeys((*capabilities.exclusive, *pairs))),
    ).claiming(said.get("claims", ()), said.get("without", ()))


def _still_in_scope(
    description: Description, capabilities: Capabilities, kind: Kind
) -> Iterator[Deviation]:
    """Yield the deviations that do not go with the claims that are withdrawn."""
    for deviation in description.deviations:
        before, after = (
            kind.table.beyond(deviation.pinned, each)
            for each in (description.capabilities, capabilities)
        )
        if before or not after:
            yield deviation


def _models(
    description: Description, said: Mapping[str, Any]
) -> dict[str, NumericModel]:
    """Return the models that are said: a name, or fields that differ from what was."""
    presets = kind_named(description.kind).models
    found = {}
    for dtype, model in said.get("models", {}).items():
        with named(f"models.{dtype}"):
            fields = {"preset": model} if isinstance(model, str) else dict(model)
            known, preset = description.model(dtype), fields.pop("preset", None)
            if preset is not None and preset not in presets:
                msg = f"expected one of {', '.join(presets)}; got {preset!r}"
                raise UnknownName(msg)
            known = known if preset is None else presets[preset]
            changes = {n: _field(n, v) for n, v in fields.items()}
            found[dtype] = known.replace(**changes) if changes else known
    return found


def _field(name: str, value: Any) -> Any:
    """Return a field of a model; a whole number of JSON may be written as 2.0."""
    if isinstance(value, list | tuple):
        return tuple(value)
    whole = name in ("block", "sum_block", "merges", "scale_roundings")
    return int(value) if whole and value is not None else value


def read_deviation(entry: Mapping[str, Any], kind: Kind) -> Deviation:
    """Return what a table says of a known failure of a kind."""
    where = f"deviation {entry['id']!r}: 'pinned'"
    expires = entry.get("expires")
    changes = {
        "invariants": tuple(entry["invariants"]),
        "pinned": read_recipe(entry["pinned"], where, KINDS, kind.name),
        "further": tuple(
            read_recipe(data, f"deviation {entry['id']!r}: 'further'", KINDS, kind.name)
            for data in entry.get("further", ())
        ),
        "expires": expires and dt.date.fromisoformat(expires),
    }
    return Deviation(**{**entry, **changes})


def written(description: Description) -> dict[str, Any]:
    """Return a description as a JSON object: what `read_description` reads.

    Examples
    --------
    >>> written(read_description({"claims": ["scale"]}, "example"))["claims"]
    ['scale']
    """
    kind = kind_named(description.kind)
    capabilities, given = description.capabilities, _given(kind)
    said = {
        "name": description.name,
        "version": description.version,
        "kind": kind.name,
        "dtypes": capabilities.dtypes,
        "claims": sorted(capabilities.claims - given),
        "without": sorted(given - capabilities.claims),
        "multiples": dict(capabilities.multiples),
        "least": dict(capabilities.least),
        "exclusive": [sorted(pair) for pair in capabilities.exclusive],
        "dialect": dict(description.dialect),
        "models": {d: dataclasses.asdict(m) for d, m in description.models.items()},
        **{name: value for name in _MANNER if (value := getattr(description, name))},
        "deviation": [
            written_deviation(deviation) for deviation in description.deviations
        ],
    }
    if description.gradients is not None:
        said["gradients"] = written(description.gradients)
    # There and back: what JSON has no word for is gone, as a tuple is.
    plain: dict[str, Any] = json.loads(json.dumps(said))
    return plain


def written_deviation(deviation: Deviation) -> dict[str, Any]:
    """Return a deviation as a JSON object: what `read_deviation` reads."""
    said = {field.name: getattr(deviation, field.name) for field in _FIELDS}
    kind = kind_named(deviation.pinned.kind)
    said["pinned"] = written_recipe(deviation.pinned, kind)
    said["further"] = [written_recipe(recipe, kind) for recipe in deviation.further]
    if deviation.expires is None:
        return {name: said[name] for name in said if name != "expires"}
    return {**said, "expires": deviation.expires.isoformat()}


_FIELDS = dataclasses.fields(Deviation)


__all__ = [
    "read_description",
    "read_deviation",
    "with_declared",
    "written",
    "written_deviation",
]
