"""What is done to inputs that are right, so that most of them are wrong."""

from __future__ import annotations

import copy
import json
import math
import random
import re
from typing import Any

_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2.0, 0.5, -0.0, 10**30, -(2**63), 2**64, 10**400),
    *(math.nan, math.inf, 1e308, "", " ", "x", "\0", "\x1b[0m", "é\u2028", "\ud800"),
    *("x" * 5_000, [], {}, [[]], [None], {"": None}, {"kind": "rope"}, [1, "x"]),
    *("attention", "rope", "float32", "passed", "1e3", "0x10", "../../x"),
)
"""Values that stand nowhere, or rarely, in what is right."""

_FEW: tuple[Any, ...] = (None, 0, "x", [], {}, "float32", 1e308)
"""Some of them, of which there may be very many."""


def odd(draw: random.Random) -> Any:
    """Return a value that is odd, or deep, or long."""
    match draw.randrange(12):
        case 0:
            return draw.choice(("@deep 10", "@deep 2000", "@deep 200000", "@digits"))
        case 1:
            return [draw.choice(_FEW)] * draw.choice((2, 81, 1_001))
        case 2:
            return {f"key{n}": 0 for n in range(draw.choice((2, 101)))}
    return copy.deepcopy(draw.choice(_ODD))


def as_json(data: Any) -> str:
    """Return data as JSON."""
    return unfolded(json.dumps(data))


def unfolded(text: str) -> str:
    """Return a text in which lists that nothing could write are written out."""

    def deep(found: re.Match[str]) -> str:
        return "[" * int(found[1]) + "]" * int(found[1])

    return re.sub(r'"@deep (\d+)"', deep, text.replace('"@digits"', "7" * 5_000))


def changed(data: Any, draw: random.Random) -> Any:
    """Return data of JSON or TOML with a value somewhere replaced, or a key."""
    data = copy.deepcopy(data)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        data = _changed_once(data, draw)
    return data


def _changed_once(data: Any, draw: random.Random) -> Any:
    """Return data with one change, as deep as chance takes it."""
    if not isinstance(data, dict | list) or not data or draw.random() < 0.1:
        return odd(draw)
    keys = list(data) if isinstance(data, dict) else range(len(data))
    key = draw.choice(keys)
    match draw.randrange(6):
        case 0:
            del data[key]
        case 1 if isinstance(data, dict):
            data[draw.choice(("kind", "x", "", "fields", "seed"))] = odd(draw)
        case 1 if isinstance(data, list):
            data.append(odd(draw))
        case 2:
            other = draw.choice(keys)
            data[key] = copy.deepcopy(data[other])
        case _:
            data[key] = _changed_once(data[key], draw)
    return data


def garbled(content: bytes, draw: random.Random) -> bytes:
    """Return bytes of which some are others, twice there, or left out."""
    found = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        start = draw.randrange(len(found) + 1)
        end = min(len(found), start + draw.choice((0, 1, 1, 2, 50)))
        match draw.randrange(4):
            case 0:
                del found[start:end]
            case 1:
                found[start:end] = draw.randbytes(draw.choice((1, 2, 9)))
            case 2:
                found[start:start] = found[start:end] * draw.choice((1, 2, 99))
            case _:
                del found[start:]
    return bytes(found)


__all__ = ["as_json", "changed", "garbled", "odd", "unfolded"]
