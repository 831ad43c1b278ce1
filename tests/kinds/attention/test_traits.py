from __future__ import annotations

from typing import Any

import pytest

from attnspec.judge.traits import holds
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.attention.traits import TRAITS, traits


def test_every_trait_is_explained() -> None:
    assert set(traits(build(ATTENTION.recipe()))) == set(TRAITS)


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        ({"queries": 3, "keys": 5}, {"lengths": "fewer_queries"}),
        ({"queries": 5, "keys": 3}, {"lengths": "more_queries"}),
        ({"queries": 5, "keys": 3, "causal": True}, {"empty_rows": True}),
        ({"queries": 3, "keys": 3, "mask": "none"}, {"empty_rows": True, "mask": True}),
        ({"queries": 3, "keys": 3, "causal": True}, {"empty_rows": False}),
        ({"queries": 9, "keys": 9, "bias": "holes"}, {"minus_infinity_bias": True}),
        ({"scale": -1.0}, {"scale_sign": "negative", "scale": True}),
        ({"scale": 0.0}, {"scale_sign": ["zero", "negative"]}),
        ({"window": (0, None)}, {"window_sides": "left"}),
        ({"window": (2, 1)}, {"window_sides": "both"}),
        ({"query_heads": 6, "key_heads": 2}, {"grouped": True, "query_heads": 6}),
        ({"layouts": (("key", "sliced"),)}, {"key_layout": "sliced"}),
        ({"dtype": "bfloat16"}, {"dtype": ["float16", "bfloat16"]}),
    ],
)
def test_a_case_has_its_traits(
    fields: dict[str, Any], condition: dict[str, Any]
) -> None:
    assert holds(condition, traits(build(ATTENTION.recipe(**fields))))


def test_a_case_lacks_other_traits() -> None:
    assert not holds({"causal": True}, traits(build(ATTENTION.recipe())))
