"""A description says what is wrong with it before anything runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.conformance import Implementation, check_implementation
from attnspec.conformance.implementation import as_implementation, claims
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.claims import Capabilities
from attnspec.judge.description import Description
from attnspec.kernels import tiled_attention
from attnspec.numerics import default_model


def _kernel(query: Array, key: Array, value: Array) -> Array:
    raise NotImplementedError(query.shape, key.shape, value.shape)


@pytest.mark.parametrize(
    ("fields", "error", "match"),
    [
        ({"dialect": {"rows": "zero"}}, UnknownName, "dialect: .* got 'rows'"),
        ({"dialect": {"empty_row": "one"}}, UnknownName, "empty_row: .* got 'one'"),
        (
            {"models": {"float64": default_model("float64")}},
            InvalidArgument,
            "models: 'float64' is not among the claimed dtypes",
        ),
        ({"claims": ["masks"]}, UnknownName, "claim: .* got 'masks'"),
    ],
)
def test_what_a_description_cannot_hold_is_named(
    fields: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        Implementation.of(_kernel, **fields)


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        ({"multiples": {"turns": 8}}, "multiples: expected one of .*; got 'turns'"),
        ({"exclusive": (frozenset({"turns"}),)}, "exclusive: .*; got 'turns'"),
    ],
)
def test_a_limit_that_a_kind_does_not_have_is_refused(
    limits: dict[str, Any], match: str
) -> None:
    capabilities = Capabilities(**limits)

    with pytest.raises(UnknownName, match=match):
        Implementation(_kernel, Description("mine", capabilities, kind="rope"))


def test_what_a_signature_says_can_be_withdrawn() -> None:
    def kernel(query: Array, key: Array, value: Array, *, scale: float) -> None: ...

    withdrawn = [
        *("unequal_lengths", "more_queries", "nonpositive_scale", "many_rows"),
        *("far_offsets", "visible_nan", "visible_infinity"),
        *("strided_operands", "unaligned_operands"),
    ]
    found = Implementation.of(kernel, without=withdrawn)
    decorated = claims("grouped_query", without=("deterministic",))(kernel)

    assert found.description.capabilities.claims == {"scale", "deterministic"}
    assert "deterministic" not in as_implementation(decorated).description.capabilities
    with pytest.raises(UnknownName, match=r"without: .* got 'lengths'"):
        Implementation.of(kernel, without=["lengths"])
    with pytest.raises(UnknownName, match=r"claim: .* got 'lengths'"):
        claims(without=("lengths",))


def test_a_kernel_of_equal_lengths_conforms_without_the_others() -> None:
    def kernel(query: Array, key: Array, value: Array) -> Any:
        assert query.shape[2] == key.shape[2]
        return tiled_attention(query, key, value)

    laws, without = ["agreement"], ["unequal_lengths"]
    whole = check_implementation(kernel, only=laws, tier="smoke")
    less = check_implementation(kernel, only=laws, tier="smoke", without=without)

    assert not whole.conforms
    assert less.conforms


def test_no_size_is_smaller_than_the_least_that_is_claimed() -> None:
    seen: set[tuple[int, ...]] = set()

    def kernel(query: Array, key: Array, value: Array) -> Array:
        seen.add((query.shape[3], value.shape[3]))
        return np.asarray(tiled_attention(query, key, value))

    least = {"width": 6, "value_width": 6}
    known = Implementation.of(kernel, least=least, multiples={"width": 4})
    report = check_implementation(known, only=["agreement"], tier="smoke")

    assert report.conforms
    assert min(width for width, _ in seen) == 8
    assert all(width % 4 == 0 and other >= 6 for width, other in seen)


def test_the_decorator_says_limits_in_the_words_of_the_others() -> None:
    @claims("mask", "bias", least={"keys": 2}, exclusive=[("mask", "bias", "causal")])
    def kernel(query: Array, key: Array, value: Array, *, causal: bool = False) -> None:
        raise NotImplementedError(query.shape, key.shape, value.shape, causal)

    known = as_implementation(kernel).description.capabilities
    assert known.least == {"keys": 2}
    assert not known.allows({"mask", "causal"})
    assert not known.allows({"bias", "mask"})
    with pytest.raises(UnknownName, match="expected multiples, least or exclusive"):
        claims(sizes={"keys": 2})


@pytest.mark.parametrize("group", [("scale",), ("scale", "scale")])
def test_claims_that_exclude_each_other_are_two_or_more(group: tuple[str, ...]) -> None:
    with pytest.raises(InvalidArgument, match="exclusive: expected two claims or more"):
        Implementation.of(tiled_attention, exclusive=[group])
