"""Throw TOML files of descriptions and deviations at the judge that are nearly right.

    python tests/fuzz/deviations.py [--count 5000] [--seed 0]

They grow from deviations of every law of every kind, and from what may stand beside
them. What is read must say the same when it is written and read again.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from mutations import changed, garbled, unfolded
from tally import Accepted, run

from attnspec.conformance.descriptions import read_description, written
from attnspec.conformance.inputs import load_description, load_deviations
from attnspec.judge.kind import Kind
from attnspec.judge.registry import written as written_recipe
from attnspec.kinds.registry import INVARIANTS, KINDS
from attnspec.numerics.dtypes import DTYPES

_FOLDER = tempfile.TemporaryDirectory(prefix="attnspec-fuzz-")
_IDS = tuple(INVARIANTS)
_DAYS = ("2030-01-31", "@day 2030-01-31", "2030-02-30", "@day 2030-01-31T10:00:00")


def _deviation(draw: random.Random) -> dict[str, Any]:
    """Return a deviation that is right."""
    law = INVARIANTS[draw.choice(_IDS)]
    kind = KINDS[law.kind]
    recipe = kind.recipe(kind.dtypes[0], seed=draw.randrange(9))
    facts = kind.traits(kind.case(recipe))
    names = draw.sample(sorted(facts), min(len(facts), draw.randrange(4)))
    found = {
        "id": "known",
        "invariants": [law.id],
        "reason": "it is known",
        "when": {name: draw.choice((facts[name], [facts[name]])) for name in names},
        "pinned": {**written_recipe(recipe, kind), "fields": _fields(kind, draw)},
    }
    if draw.random() < 0.3:
        found |= {"link": "https://example.org", "expires": draw.choice(_DAYS)}
    return found


def _fields(kind: Kind, draw: random.Random) -> dict[str, Any]:
    """Return some fields of a recipe, of which a case can mostly be made."""
    fields = sorted(kind.table.fields.items())
    some = draw.sample(fields, draw.randrange(3))
    return kind.table.spread({name: draw.choice(values) for name, values in some})


def _beside(draw: random.Random) -> dict[str, Any]:
    """Return what a description says beside its deviations."""
    kind = KINDS[draw.choice(tuple(KINDS))]
    dtype = draw.choice(tuple(DTYPES))
    field, values = draw.choice(
        [*kind.choices.items(), ("alignment", ("lower_right",))]
    )
    return {
        "kind": kind.name,
        "version": "1.2",
        "dtypes": [dtype, "float32"],
        "claims": draw.sample(sorted(kind.abilities), min(2, len(kind.abilities))),
        "multiples": dict.fromkeys(kind.limits[:1], 8),
        "least": dict.fromkeys(kind.limits[:1], 2),
        "dialect": {field: draw.choice(values)},
        "models": {dtype: draw.choice((*kind.models, {"block": 64, "splits": True}))},
    }


def _toml(data: Any) -> str:
    """Return a value as TOML writes it within a line; None is a word it lacks."""
    if isinstance(data, dict):
        pairs = (f"{json.dumps(str(k))} = {_toml(v)}" for k, v in data.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(data, list | tuple):
        return f"[{', '.join(map(_toml, data))}]"
    if isinstance(data, str) and data.startswith("@day "):
        return data.removeprefix("@day ")
    if isinstance(data, float):
        return repr(data)
    return json.dumps(data)


def drawn(draw: random.Random) -> bytes:
    """Return the bytes of a file, changed in its tables or anywhere."""
    data: Any = {"deviation": [_deviation(draw)] * draw.choice((1, 1, 1, 2, 201))}
    if draw.random() < 0.4:
        data |= _beside(draw)
    if draw.random() < 0.2:
        data.pop("deviation")
    if (where := draw.randrange(10)) < 8:
        data = changed(json.loads(json.dumps(data)), draw)
    lines = data.items() if isinstance(data, dict) else [("claims", data)]
    text = "\n".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in lines)
    content = unfolded(text).encode("utf-8", "surrogatepass")
    return garbled(content, draw) if where > 6 else content


def tried(content: bytes) -> str:
    """Read a file in both ways; what is read says the same when it is written."""
    path = Path(_FOLDER.name) / "drawn.toml"
    path.write_bytes(content)
    description = read_description(load_description(path), "file")
    said = written(description)
    if written(read_description(said, "again")) != said:
        message = "written down it says something else"
        raise Accepted(message)
    return f"{said}\n{load_deviations(path)}"


if __name__ == "__main__":
    sys.exit(run(drawn, tried, count=5_000))
