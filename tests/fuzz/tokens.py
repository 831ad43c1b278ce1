"""Throw tokens at the judge that are nearly right.

    python tests/fuzz/tokens.py [--count 5000] [--seed 0]

They grow from tokens of every law of every kind. One that is read must say the same
when it is written and read again.
"""

from __future__ import annotations

import base64
import functools
import json
import random
import sys
import zlib
from typing import Any

from mutations import as_json, changed, garbled, odd
from tally import Accepted, run

from attnspec.conformance.inputs import read_token
from attnspec.judge.tokens import Token
from attnspec.judge.verdicts import Verdict
from attnspec.kinds.registry import INVARIANTS, KINDS

_IDS = tuple(INVARIANTS)


@functools.cache
def _whole(id: str, verdict: Verdict) -> dict[str, Any]:  # noqa: A002 - the field's name
    """Return the parts of a token."""
    law = INVARIANTS[id]
    kind = KINDS[law.kind]
    before = (kind.recipe(kind.dtypes[0], seed=5),)
    word = str(Token(kind, law, kind.recipe(kind.dtypes[0]), before, verdict))
    packed = base64.urlsafe_b64decode(word[1:] + "=" * (-len(word[1:]) % 4))
    found: dict[str, Any] = json.loads(zlib.decompress(packed))
    return found


def _parts(draw: random.Random) -> dict[str, Any]:
    """Return the parts of a token that is right."""
    verdict = draw.choice((Verdict.FAILED, Verdict.CRASHED, Verdict.HELD_BACK))
    parts = _whole(draw.choice(_IDS), verdict)
    if draw.random() < 0.5:  # Some fields that are not plain.
        kind = KINDS[INVARIANTS[parts["i"]].kind]
        fields = kind.table.spread({n: draw.choice(v) for n, v in _some(kind, draw)})
        parts = {**parts, "r": {**parts["r"], "fields": fields}}
    return parts


def _some(kind: Any, draw: random.Random) -> list[tuple[str, tuple[Any, ...]]]:
    """Return some fields of a kind, with the values that are drawn for them."""
    fields = sorted(kind.table.fields.items())
    return draw.sample(fields, draw.randrange(len(fields)))


def drawn(draw: random.Random) -> str:
    """Return the word of a token, changed in its parts, in its bytes, or in both."""
    parts: Any = json.loads(json.dumps(_parts(draw)))
    match draw.randrange(6):
        case 0 | 1:
            parts = changed(parts, draw)
        case 2:
            parts["r"] = changed(parts["r"], draw)
        case 3 | 4:
            plain = KINDS[INVARIANTS[parts["i"]].kind].table.plain
            parts["r"]["fields"][draw.choice(sorted(plain))] = odd(draw)
        case _:  # A recipe of another kind, or very many.
            parts["r"] = json.loads(json.dumps(_parts(draw)["r"]))
            parts["b"] = [parts["r"]] * draw.choice((1, 80, 20_000))
    text = as_json(parts).encode()
    if draw.random() < 0.1:
        text = garbled(text, draw)
    word = "A" + base64.urlsafe_b64encode(zlib.compress(text, 1)).decode().rstrip("=")
    if draw.random() < 0.1:
        word = garbled(word.encode(), draw).decode(errors="surrogateescape")
    return word


def tried(word: str) -> str:
    """Read a token; what is read says the same when it is written and read again."""
    token = read_token(word)
    if read_token(str(token)) != token:
        message = "read again it is another token"
        raise Accepted(message)
    if {each.kind for each in (token.recipe, *token.before)} != {token.law.kind}:
        message = "its recipe is of another kind than its law"
        raise Accepted(message)
    return str(token)


if __name__ == "__main__":
    sys.exit(run(drawn, tried, count=5_000))
