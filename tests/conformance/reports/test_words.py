from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.conformance.reports import words
from attnspec.kinds.attention.words import case_in_words, model_in_words
from attnspec.numerics import PRESETS, Comparison
from attnspec.numerics.dtypes import DTYPES
from tests.conformance.reports._runs import LOST


@given(st.floats(0.0, 1e300), st.floats(1e-300, 1e300))
def test_expected_and_actual_are_printed_apart(expected: float, bound: float) -> None:
    actual = math.nextafter(expected + 2 * bound, math.inf)
    error = actual - expected
    worst = Comparison(*(False, 2.0, (0,), expected, actual, bound, error, "output"))

    right, _, wrong = words.numbers(worst)

    assert right != wrong


@pytest.mark.parametrize(
    ("expected", "ratio"),
    [
        ("exact", 0.0),
        ("less than 0.01 of the bound", 1e-9),
        ("0.01 of the bound", 0.01),
        ("1.00 of the bound", 1.0),
        ("1.01 times the bound", 1.01),
        ("12 times the bound", 12.04),
        ("120 times the bound", 123.0),
        ("1,200,000 times the bound", 1.2345e6),
        ("1.2e+30 times the bound", 1.2345e30),
        ("beyond any bound", math.inf),
    ],
)
def test_the_size_of_an_error_is_told_in_units_of_the_bound(
    expected: str, ratio: float
) -> None:
    assert expected == words.times_bound(ratio)


@given(st.floats(min_value=0))
def test_any_ratio_has_words(ratio: float) -> None:
    assert words.times_bound(ratio)


def test_a_case_is_told_with_everything_that_is_not_plain() -> None:
    expected = (
        "B1 Hq4 Hkv2 L1 S65 E1 Ev1, mask holes (BHLS), bias normal (11LS), causal, "
        "window (3, None), softcap 2.5, sink large, float32, peaked scores, "
        "one_hot values, huge numbers where no query looks, key transposed"
    )

    assert expected == case_in_words(LOST)


@pytest.mark.parametrize("name", ["dtype", *dict(LOST.fields)])
def test_no_field_of_a_recipe_is_kept_back(name: str) -> None:
    changes = {
        "dtype": "float64",
        "scores": "ties",
        "values": "offset",
        "scale": -2.0,
        "causal": False,
        "window": (1, 1),
        "softcap": 1.0,
        "sink": "small",
        "mask": "all",
        "mask_axes": "LS",
        "bias": "distance",
        "bias_axes": "LS",
        "bias_dtype": "float32",
        "hidden": "same",
        "key_heads": 4,
        "layouts": (),
    }
    changed = LOST.replace(**{name: changes.get(name, 8)})

    assert case_in_words(changed) != case_in_words(LOST)


@pytest.mark.parametrize("name", PRESETS)
def test_models_of_different_names_have_different_words(name: str) -> None:
    said = model_in_words(PRESETS[name])

    others = [model_in_words(m) for n, m in PRESETS.items() if n != name]
    assert said not in others
    assert any(dtype in said for dtype in DTYPES)


@given(st.text(max_size=200), st.text("ab ", max_size=10))
def test_no_text_leaves_its_column(text: str, label: str) -> None:
    for line in words.wrapped(text, first=label):
        assert len(line) <= words.WIDTH
        assert line.isprintable()


@given(st.lists(st.text("abc ", min_size=1, max_size=120), max_size=6))
def test_parts_are_broken_between_them_and_none_is_lost(parts: list[str]) -> None:
    lines = words.pieces(parts, first="label")

    expected = " ".join(parts).split()
    assert expected == " ".join(lines).split()[1:]
    assert max(map(len, lines)) <= words.WIDTH
