"""A description says what is wrong with it before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from attnspec.cases import Array, Capabilities
from attnspec.conformance import Implementation
from attnspec.conformance.implementation import Description
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.invariants import KINDS
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
    "limits", [{"multiples": {"width": 8}}, {"exclusive": (frozenset({"state"}),)}]
)
def test_limits_of_attention_are_refused_for_other_kinds(
    limits: dict[str, Any],
) -> None:
    kind = KINDS["linear-attention"]
    claims = frozenset({"state"})
    capabilities = Capabilities(claims=claims, vocabulary=kind.vocabulary, **limits)

    with pytest.raises(InvalidArgument, match="linear-attention knows neither"):
        Description("mine", capabilities, kind=kind.name)
