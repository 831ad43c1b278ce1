"""What is said of a kernel is read as it was written, and nothing else is."""

from __future__ import annotations

import copy
import datetime as dt
import functools
import json
import operator
import sys
from collections.abc import Iterator
from typing import Any

import hypothesis
import jsonschema
import pytest
from hypothesis import strategies as st

from attnspec.conformance import Deviation, Implementation, description_schema
from attnspec.conformance.descriptions import (
    read_description,
    with_declared,
    written,
)
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.description import Description
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.registry import KINDS
from attnspec.numerics import PRESETS, default_model
from attnspec.numerics.operations import WITH_TABLES
from tests.conformance import _kernels

VALIDATOR = jsonschema.Draft7Validator(description_schema())

DEVIATION = {
    "id": "tail",
    "invariants": ["tail-sweep"],
    "reason": "the last key is lost where S = 1 (mod 64)",
    "when": {"keys": [65, 129]},
    "pinned": {"fields": {"keys": 65}},
    "expires": "2030-01-31",
}
WHOLE: dict[str, Any] = {
    "name": "flash.c",
    "version": "1.2",
    "kind": "attention",
    "dtypes": ["float32", "bfloat16"],
    "claims": ["scale", "causal", "grouped_query"],
    "without": [
        *("more_queries", "unequal_lengths"),
        *("visible_nan", "visible_infinity"),
    ],
    "multiples": {"width": 8},
    "least": {"keys": 2},
    "exclusive": [["scale", "causal"]],
    "dialect": {"alignment": "lower_right"},
    "models": {"bfloat16": "upcast-bfloat16", "float32": {"block": 64}},
    "deviation": [DEVIATION],
}


def _read(**said: Any) -> Description:
    return read_description(said, "answer")


FULL = written(_read(**WHOLE))
"""The same, and every field of its models."""


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_as_it_was(kind: str) -> None:
    description = Implementation.of(KINDS[kind].definition, kind=kind).description
    said = json.loads(json.dumps(written(description)))

    VALIDATOR.validate(said)
    assert read_description(said, "answer") == description


def test_every_key_is_read_and_written() -> None:
    found = _read(**WHOLE)

    VALIDATOR.validate(WHOLE)
    assert _read(**written(found)) == found
    assert (found.name, found.version, found.kind) == ("flash.c", "1.2", "attention")
    assert found.capabilities.dtypes == ("float32", "bfloat16")
    assert found.capabilities.claims == {
        *("scale", "causal", "grouped_query", "deterministic", "many_rows"),
        *("strided_operands", "unaligned_operands"),
    }
    assert found.capabilities.multiples == {"width": 8}
    assert found.capabilities.exclusive == (frozenset({"scale", "causal"}),)
    assert found.dialect == {"alignment": "lower_right"}
    assert found.model("bfloat16") == PRESETS["upcast-bfloat16"]
    assert found.model("float32") == default_model("float32").replace(block=64)
    assert found.deviations == (
        Deviation(
            "tail",
            ("tail-sweep",),
            "the last key is lost where S = 1 (mod 64)",
            {"keys": [65, 129]},
            ATTENTION.recipe(keys=65),
            expires=dt.date(2030, 1, 31),
        ),
    )


def test_a_kind_has_models_of_its_own_by_name() -> None:
    turning = _read(kind="rope", models={"float32": "tables-bfloat16"})
    fields = {"preset": "upcast-float16", "tables": "float16"}
    message = "answer: models.float32: expected one of float64, .*; got 'tfloat32'"

    assert turning.model("float32") == WITH_TABLES["tables-bfloat16"]
    mixed = _read(kind="rope", models={"float32": fields}).model("float32")
    assert mixed == PRESETS["upcast-float16"].replace(tables="float16")
    with pytest.raises(UnknownName, match=message) as found:
        _read(kind="rope", models={"float32": "tfloat32"})
    assert all(name in str(found.value) for name in WITH_TABLES)
    with pytest.raises(UnknownName, match="got 'tables-float16'"):
        _read(kind="softmax", models={"float32": "tables-float16"})


def test_a_description_that_says_nothing_is_that_of_a_function_without_strides() -> (
    None
):
    def kernel(query: Any, key: Any, value: Any) -> None: ...

    plain = Implementation.of(kernel, without=["far_offsets"]).description

    assert _read() == plain.replace(name="kernel")


def test_the_kind_is_that_which_is_asked_unless_the_kernel_names_its_own() -> None:
    assert read_description({}, "answer", "rope").kind == "rope"
    assert read_description({"kind": "rope"}, "answer").kind == "rope"
    with pytest.raises(InvalidArgument, match="answer: kind: expected rope; got 'ali"):
        read_description({"kind": "alibi"}, "answer", "rope")


def test_a_claim_is_checked_by_the_vocabulary_from_then_on() -> None:
    found = _read(claims=["scale"]).capabilities

    with pytest.raises(UnknownName, match="got 'scales'"):
        assert "scales" in found


DEEP: Any = []
for _ in range(100_000):
    DEEP = [DEEP]

HOSTILE: tuple[tuple[Any, str], ...] = (
    ({"claims": "causal"}, "claims: expected a list of texts; got 'causal'"),
    (None, "expected a table of what is known of a kernel; got None"),
    ([], r"expected a table of what is known of a kernel; got \[\]"),
    (DEEP, r"expected a table of what is known of a kernel; got \[\["),
    ({"claims": DEEP}, r"claims\[0\]: expected one line of .*; got \[\["),
    ({"claims": ["scale"] * 1_000_000}, "claims: expected a list of texts; got"),
    ({"claims": [["scale"]]}, r"claims\[0\]: expected one line .*; got \['scale'\]"),
    ({"claims": ["scales"]}, "claim: expected one of mask, .*; got 'scales'"),
    ({"without": ["scales"]}, "without: expected one of mask, .*; got 'scales'"),
    ({"claims": [True]}, r"claims\[0\]: expected one line of .*; got True"),
    ({"name": "x" * 1_000_000}, "name: expected one line of .*; got 'xxxxxx"),
    ({"name": "x\x1b[2J"}, r"name: expected one line of .*; got 'x\\x1b\[2J'"),
    ({"name": "x\n"}, r"name: expected one line of printable text, .*; got 'x\\n'"),
    ({"name": "\ud800"}, r"name: expected one line of .*; got '\\ud800'"),
    ({"name": "\u202ex"}, r"name: expected one line of .*; got '\\u202ex'"),
    ({"name": ""}, "name: expected one line of .*; got ''"),
    ({"version": 1.2}, r"version: expected one line of .*; got 1\.2"),
    ({"kind": "ropes"}, "kind: expected one that .*; did you mean 'rope'"),
    ({"dtypes": []}, r"dtypes: expected a list of formats, at least one; got \[\]"),
    ({"dtypes": ["fp32"]}, "dtype: expected one of float64, .*; got 'fp32'"),
    ({"multiples": {"width": 0}}, r"multiples\.width: expected a whole .*; got 0"),
    ({"multiples": {"width": -3}}, r"multiples\.width: expected a whole .*; got -3"),
    ({"multiples": {"width": True}}, r"multiples\.width: expected a .*; got True"),
    ({"multiples": {"width": 10**9}}, r"multiples\.width: .*; got 1000000000"),
    ({"multiples": {"width": 10**9999}}, "width: .*; got a whole number of thousands"),
    ({"multiples": {"width": 1.5}}, r"multiples\.width: .*; got 1\.5"),
    ({"multiples": {"width": float("nan")}}, r"multiples\.width: .*; got nan"),
    ({"multiples": {"turns": 8}}, "multiples: expected one of .*; got 'turns'"),
    ({"multiples": [8]}, r"multiples: expected a table .*; got \[8\]"),
    ({"multiples": {"x" * 10**6: 8}}, "multiples: expected a table .*; got {'xxxx"),
    ({"exclusive": [["scale"]]}, r"exclusive\[0\]: expected a pair .*; got \['sca"),
    ({"exclusive": [["scale", "scale"]]}, "two different claims; got 'scale' twice"),
    ({"exclusive": [[["a"], {}]]}, r"exclusive\[0\]\[0\]: expected one line"),
    ({"exclusive": [["scale", "turns"]]}, "exclusive: expected one .*; got 'turns'"),
    ({"dialect": {"rows": "zero"}}, "dialect: expected one of .*; got 'rows'"),
    ({"dialect": {"empty_row": "one"}}, "empty_row: expected one of .*; got 'one'"),
    ({"dialect": {"empty_row": ["zero"]}}, r"dialect\.empty_row: expected one line"),
    ({"models": {"float32": "fp32"}}, r"models\.float32: expected one .*; got 'fp32'"),
    ({"models": {"float33": "float32"}}, r"models\.float33: dtype: expected one of"),
    ({"models": {"float64": "float64"}}, "models: 'float64' is not among the claimed"),
    ({"models": {"float32": 3}}, r"models\.float32: expected the name of .*; got 3"),
    ({"models": {"float32": {"blocks": 8}}}, r"models\.float32: unknown key 'blocks'"),
    ({"models": {"float32": {"block": 0}}}, r"models\.float32: block: expected at le"),
    ({"models": {"float32": {"block": True}}}, "block: expected a whole .*; got True"),
    ({"models": {"float32": {"dot": "fp8"}}}, "float32: format: expected .*; got 'fp8"),
    ({"models": {"float32": {"dot_unit": float("inf")}}}, "dot_unit: .*; got inf"),
    ({"models": {"float32": {"dot_unit": float("nan")}}}, "dot_unit: .*got nan"),
    ({"models": {"float32": {"operands": "float32"}}}, "a list of formats; got 'fl"),
    ({"models": {"float32": {"splits": 1}}}, "splits: expected true or false; got 1"),
    ({"models": {"float32": {"weights_in_sum": "all"}}}, "one of no, yes, .*got 'all"),
    ({"deviation": {}}, r"deviation: expected tables \[\[deviation\]\]; got {}"),
    ({"deviation": [{"id": "tail"}]}, r"deviation\[0\]: 'invariants' is missing"),
    ({"colour": "red"}, "unknown key 'colour'; expected one of name, version"),
    ({"x" * 1_000_000: 1}, "unknown key 'xxxx"),
)

_BROKEN: tuple[tuple[str, Any, str], ...] = (
    ("id", 3, r"deviation\[0\]\.id: expected one line of .*; got 3"),
    ("invariants", [], r"invariants: expected a list of ids, at least one; got \[\]"),
    ("invariants", ["tails"], "deviation 'tail': no invariant of attention has the id"),
    ("reason", "x" * 3_000, "reason: expected a text of at most 2,000 .*; got 'xxx"),
    ("expires", "2030-02-31", r"expires: expected a day, .*; got '2030-02-31'"),
    ("expires", "20300101", "expires: expected a day, without a time; got '20300101'"),
    ("expires", 7, "expires: expected a day, without a time; got 7"),
    ("when", {"key": 1}, "deviation 'tail': unknown trait 'key'"),
    ("when", {"keys": DEEP}, r"when\.keys\[0\]: expected a number, .*; got \[\["),
    ("when", {"keys": {}}, r"when\.keys: expected a number, a text, .*; got {}"),
    ("when", {"keys": 66}, "the pinned case does not have the traits"),
    ("pinned", {"fields": {"keys": DEEP}}, r"pinned\.fields\.keys\[0\]\[0\]: expected"),
    ("pinned", {"fields": {"keys": "x"}}, "'pinned': keys: expected one like"),
    ("pinned", {"fields": {"keys": -1}}, "'pinned': "),
    ("pinned", {"fields": {"turns": 1}}, "'pinned': recipe: attention has no field"),
    ("pinned", {"seed": 10**30}, "seed: expected a whole number; got 1000"),
    ("pinned", {"kind": "rope"}, "the pinned case is of rope, not attention"),
)


@pytest.mark.parametrize(
    ("data", "message"), HOSTILE, ids=[message for _, message in HOSTILE]
)
def test_what_cannot_be_said_is_refused_in_one_short_line(
    data: Any, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=f"^answer: .*{message}") as found:
        read_description(data, "answer")

    said = str(found.value)
    assert said.isprintable()
    assert len(said) < 1_000


@pytest.mark.parametrize(
    ("key", "value", "message"), _BROKEN, ids=[message for *_, message in _BROKEN]
)
def test_a_deviation_that_cannot_be_is_refused_in_one_short_line(
    key: str, value: Any, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=f"^answer: .*{message}") as found:
        _read(deviation=[{**DEVIATION, key: value}])

    said = str(found.value)
    assert said.isprintable()
    assert len(said) < 1_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def _places(data: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value within data."""
    listed = enumerate(data) if isinstance(data, list) else ()
    for key, value in data.items() if isinstance(data, dict) else listed:
        yield (key,)
        yield from ((key, *rest) for rest in _places(value))


@hypothesis.given(st.sampled_from([*_places(FULL)]), JSON)
def test_whatever_stands_in_any_place_is_read_or_refused(
    place: tuple[Any, ...], value: Any
) -> None:
    said = copy.deepcopy(FULL)
    *way, last = place
    functools.reduce(operator.getitem, way, said)[last] = value

    try:
        found = _read(**said)
    except InvalidArgument as error:
        assert str(error).isprintable()  # noqa: PT017 - most values are refused
        assert len(str(error)) < 1_000  # noqa: PT017 - as above
    else:
        assert _read(**json.loads(json.dumps(written(found)))) == found


def test_what_cannot_be_said_is_refused_where_modules_are_imported_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _read(name="once")
    for name in [n for n in sys.modules if n.partition(".")[0] == "fastjsonschema"]:
        monkeypatch.delitem(sys.modules, name)

    with pytest.raises(InvalidArgument, match="dtypes: expected a list"):
        _read(dtypes=[])


def test_what_is_declared_is_added_and_a_choice_replaced() -> None:
    found = with_declared(
        _read(**WHOLE),
        {
            "name": "mine",
            "dtypes": ["float16", "float32"],
            "claims": ["softcap", "unequal_lengths"],
            "without": ["causal"],
            "multiples": {"width": 12, "keys": 2.0},
            "exclusive": [["causal", "scale"], ["scale", "softcap"]],
            "dialect": {"alignment": "upper_left", "empty_row": "nan"},
            "models": {"bfloat16": {"block": 128}},
        },
        "mine.toml",
    )

    assert (found.name, found.version) == ("mine", "1.2")
    assert found.capabilities.dtypes == ("float32", "bfloat16", "float16")
    assert "unequal_lengths" in found.capabilities
    assert "causal" not in found.capabilities
    assert found.capabilities.multiples == {"width": 24, "keys": 2}
    pairs = (frozenset({"scale", "causal"}), frozenset({"scale", "softcap"}))
    assert found.capabilities.exclusive == pairs
    assert found.dialect == {"alignment": "upper_left", "empty_row": "nan"}
    assert found.model("bfloat16") == PRESETS["upcast-bfloat16"].replace(block=128)
    assert found.model("float32") == default_model("float32").replace(block=64)
    assert len(found.deviations) == 1


def test_a_kernel_is_not_declared_to_be_of_another_kind() -> None:
    assert with_declared(_read(), {"kind": "attention"}, "x") == _read()
    with pytest.raises(
        InvalidArgument, match=r"x: kind: expected attention, .* 'rope'"
    ):
        with_declared(_read(), {"kind": "rope"}, "x")


def test_what_is_declared_of_an_implementation_is_checked_in_the_same_way() -> None:
    known = Implementation.of(_kernels.right).description

    with pytest.raises(InvalidArgument, match=r"^claims: expected a list of texts"):
        with_declared(known, {"claims": "causal"}, "")
