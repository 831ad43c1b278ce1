from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.judge.claims import Capabilities
from attnspec.judge.domain import Domain
from attnspec.judge.kind import Kind
from attnspec.judge.recipe import Recipe
from attnspec.judge.registry import read_recipe, written
from attnspec.judge.strategies import recipes_within
from attnspec.judge.written import check_values
from attnspec.kinds.registry import KINDS
from tests._in_ci import share

ALL = tuple(KINDS.values())


def _read(kind: str, **fields: Any) -> Recipe:
    return read_recipe({"fields": fields}, "token", KINDS, kind)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("attention", "softcap", "x"),
        ("attention", "softcap", -1.0),
        ("attention", "softcap", True),
        ("attention", "softcap", float("nan")),
        ("attention", "scale", [1.0]),
        ("attention", "scale", float("inf")),
        ("attention", "causal", 1),
        ("attention", "causal", "yes"),
        ("attention", "window", ["a", "b"]),
        ("attention", "window", [1]),
        ("attention", "window", [-1, 1]),
        ("attention", "window", [True, 1]),
        ("attention", "keys", 2.5),
        ("attention", "keys", True),
        ("attention", "mask", "striped"),
        ("attention", "sink", {"a": 1}),
        ("attention", "layouts", [["key", "upside-down"]]),
        ("rope", "base", "x"),
        ("rope", "length", 10**30),
        ("softmax", "temperature", []),
        ("softmax", "temperature", 0.0),
    ],
)
def test_a_value_of_another_sort_than_is_drawn_is_refused(
    kind: str, field: str, value: Any
) -> None:
    with pytest.raises(InvalidArgument, match=f"token: {field}: expected one like "):
        _read(kind, **{field: value})


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("attention", "softcap", 30),
        ("attention", "softcap", 7.25),
        ("attention", "scale", -3.0),
        ("attention", "scale", 0),
        ("attention", "window", [7, None]),
        ("attention", "keys", 67),
        ("rope", "base", 1234.5),
    ],
)
def test_a_value_like_those_that_are_drawn_is_read(
    kind: str, field: str, value: Any
) -> None:
    expected = tuple(value) if isinstance(value, list) else value

    assert expected == _read(kind, **{field: value})[field]


def test_a_case_is_refused_whose_sizes_are_large_together() -> None:
    sizes = {"queries": 4096, "keys": 4096, "query_width": 4096, "key_width": 4096}
    known = KINDS["bilinear"].table.plain
    fields = {name: size for name, size in sizes.items() if name in known}

    assert len(fields) > 1
    for name, size in fields.items():
        _read("bilinear", **{name: size})
    with pytest.raises(InvalidArgument, match="16 times as large as any drawn"):
        _read("bilinear", **fields)


@pytest.mark.once
@pytest.mark.parametrize("kind", share(ALL, 2), ids=lambda kind: kind.name)
@given(data=st.data())
def test_whatever_is_drawn_can_be_read(kind: Kind, data: st.DataObject) -> None:
    known = [*kind.abilities, *kind.fixed]
    claims = data.draw(st.sets(st.sampled_from(known))) if known else frozenset()
    scope = kind.checked(Capabilities(claims=frozenset(claims)))
    recipe = data.draw(recipes_within(Domain(kind.name, kind.table, scope)))

    check_values(recipe, kind)
    for simpler in itertools.islice(kind.table.simpler(recipe), 20):
        check_values(simpler, kind)
    assert written(recipe, kind)["kind"] == kind.name


def test_a_history_that_somebody_wrote_has_any_number_of_steps() -> None:
    cached = KINDS["cached"]
    check_values(cached.recipe(steps=(("append", 7),) * 9), cached)

    for wrong in (("erase", 1), ("append", -1)):
        with pytest.raises(InvalidArgument, match="steps: expected one like"):
            check_values(cached.recipe(steps=(wrong,)), cached)
