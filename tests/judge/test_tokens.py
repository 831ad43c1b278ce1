from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.conformance.inputs import read_token
from attnspec.conformance.schemas import _token_schema
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.history import LONGEST
from attnspec.judge.recipe import Recipe
from attnspec.judge.tokens import Token
from attnspec.judge.verdicts import Verdict
from attnspec.kinds.attention.laws import ATTENTION
from tests.judge._attention import recipes

ANY = recipes()
AGREEMENT = ATTENTION.laws["agreement"]


@given(
    st.sampled_from(sorted(ATTENTION.laws)),
    ANY,
    st.lists(ANY, max_size=2),
    st.sampled_from([Verdict.FAILED, Verdict.CRASHED, Verdict.TIMED_OUT]),
)
def test_a_token_is_one_word_that_can_be_read_again(
    invariant: str, recipe: Recipe, before: list[Recipe], verdict: Verdict
) -> None:
    law = ATTENTION.laws[invariant]
    word = str(Token(ATTENTION, law, recipe, tuple(before), verdict=verdict))

    token = read_token(word)

    assert word.split() == [word]
    assert (token.law.id, token.recipe) == (invariant, recipe)
    assert token.before == tuple(before)
    assert token.is_seen_in(verdict, "")
    token.verify()


def test_an_exception_is_seen_again_in_one_of_its_name() -> None:
    word = str(
        Token(
            ATTENTION,
            AGREEMENT,
            ATTENTION.recipe(keys=5),
            verdict=Verdict.REFUSED,
            error="ValueError",
        )
    )

    token = read_token(word)

    assert token.is_seen_in(Verdict.REFUSED, "ValueError: too long")
    assert not token.is_seen_in(Verdict.REFUSED, "TypeError: no causal")
    assert not token.is_seen_in(Verdict.FAILED, "")


@pytest.mark.parametrize("word", ["", "A", "hello", "Axxxx", "A" + "z" * 80, "A====="])
def test_what_is_no_token_is_refused(word: str) -> None:
    with pytest.raises(InvalidArgument, match="is no token of attnspec"):
        read_token(word)


def test_a_token_that_was_cut_short_is_refused() -> None:
    word = str(Token(ATTENTION, AGREEMENT, ATTENTION.recipe(keys=5)))

    with pytest.raises(InvalidArgument, match="or is cut short"):
        read_token(word[:-6])


def test_other_data_than_those_of_the_finding_are_refused() -> None:
    token = read_token(
        str(Token(ATTENTION, AGREEMENT, ATTENTION.recipe(keys=5), checksum="00000000"))
    )

    with pytest.raises(InvalidArgument, match="had 00000000"):
        token.verify()


def test_a_token_of_an_invariant_that_is_gone_is_refused() -> None:
    with pytest.raises(UnknownName, match="gone"):
        read_token(_packed(i="gone"))


def _packed(**changes: Any) -> str:
    """Return a token with other parts than it was made with; None leaves one out."""
    word = str(Token(ATTENTION, AGREEMENT, ATTENTION.recipe(keys=5)))[1:]
    packed = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
    data = {**json.loads(zlib.decompress(packed)), **changes}
    text = json.dumps({name: part for name, part in data.items() if part is not None})
    return "A" + base64.urlsafe_b64encode(zlib.compress(text.encode())).decode()


def _token_word(text: bytes) -> str:
    return "A" + base64.urlsafe_b64encode(zlib.compress(text)).decode()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"v": 1}, "expected version 2, got version 1; a run of the attnspec that"),
        ({"v": [1]}, r"expected version 2, got version \[1\]"),
        ({"f": None}, "'f' is missing"),
        ({"f": "passed"}, "f: expected what became of the case; got 'passed'"),
        ({"e": 3}, "e: expected one line of printable text"),
        ({"i": None}, "'i' is missing"),
        ({"i": ["agreement"]}, "i: expected one line of printable text"),
        ({"x": 5}, "x: expected a checksum of eight hexadecimal digits; got 5"),
        ({"s": "1"}, "s: expected the suite version"),
        ({"b": 5}, "b: expected a list of at most 80 recipes"),
        ({"b": [{}] * 20_000}, "b: expected a list of at most 80 recipes"),
        ({"b": [{"kind": "rope"}]}, "agreement is a law of attention; its case is of"),
        ({"y": 1}, "unknown key 'y'"),
        ({"r": 3}, "r: expected a table of fields; got 3"),
        ({"r": {"kind": "rope"}}, "agreement is a law of attention; its case is of ro"),
        ({"r": {"seed": 2**64}}, "r.seed: expected a whole number"),
        ({"r": {"seed": "x"}}, "r.seed: expected a whole number"),
        ({"r": {"fields": {"keys": "x"}}}, "keys: expected one like 1, 2, .*; got 'x'"),
        ({"r": {"fields": {"keys": -3}}}, "keys: expected one like 1, 2, .*; got -3"),
    ],
)
def test_a_token_of_what_cannot_be_made_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        read_token(_packed(**changes))


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 200_000,
        b"1" * 5_000,
        b"[]",
        b'"v"',
        b'{"v": 2}' + b" " * (1 << 24),
        b"\xff",
        b'{"v": 2, "x": "\\ud800"}',
    ],
    ids=["deep", "long number", "list", "text", "16 MiB", "bytes", "surrogate"],
)
def test_a_token_of_anything_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidArgument, match="token: "):
        read_token(_token_word(text))


def test_the_schema_of_a_token_has_what_can_become_of_a_case() -> None:
    parts = _token_schema()["properties"]

    assert parts["f"]["enum"] == [
        *(Verdict.FAILED, Verdict.CRASHED, Verdict.TIMED_OUT, Verdict.REFUSED),
        Verdict.HELD_BACK,
    ]
    assert parts["b"]["maxItems"] == LONGEST
