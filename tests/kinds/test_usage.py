"""What is said of arguments and results holds of every case that is drawn."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from attnspec._axes import matched
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.domain import Domain
from attnspec.judge.kind import Kind
from attnspec.judge.usage import FLOATING, JUDGED, Argument
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.registry import KINDS
from attnspec.numerics.dtypes import numpy_dtype

_DRAWN = 60
_DIGITS = {str(number): number for number in range(10)}
_OF_RESULTS = {FLOATING: None, "integer": "integer", "boolean": "boolean"}


def _cases(kind: Kind) -> list[Case]:
    """Return pinned cases in which everything is claimed but what is always so.

    Behind them each switch is on once.
    """
    claims = frozenset(kind.abilities)
    capabilities = Capabilities(claims=claims, vocabulary=kind.vocabulary)
    recipes = Domain(kind.name, kind.table, capabilities).pinned()
    cases = [kind.case(recipe) for recipe in itertools.islice(recipes, _DRAWN)]
    switched = ({n: kind.table.fields[n][1]} for n in kind.table.switches)
    cases += [kind.case(kind.recipe(**fields)) for fields in switched]
    # The logsumexp is asked for by the laws.
    asked = [case.with_lse() for case in cases if isinstance(case, AttentionCase)]
    return cases + asked


def _formats(argument: Argument, case: Case) -> set[Any]:
    """Return the formats that an array may have."""
    judged = numpy_dtype(case.dtype)
    return {
        judged if name == JUDGED else np.dtype(name)
        for name in argument.dtype.split(" or ")
    }


def _holds(argument: Argument, value: Any) -> bool:
    """Return whether every number of a value is one that the argument may hold."""
    if isinstance(value, str):
        return repr(value) in argument.values.words
    entries = np.asarray(
        [np.nan if v is None else v for v in value]
        if isinstance(value, tuple)
        else value
    ).astype(np.float64)
    entries = entries[~np.isnan(entries)] if isinstance(value, tuple) else entries
    return all(argument.values.holds(v) for v in np.unique(entries).tolist())


def _type(value: Any) -> str:
    """Return what a value that is no array is, as it is written."""
    return "(int, int)" if isinstance(value, tuple) else type(value).__name__


@pytest.mark.parametrize("name", KINDS)
def test_every_argument_and_result_is_described(name: str) -> None:
    kind = KINDS[name]
    assert [*kind.usage.arguments] == [*kind.operands, *kind.options]
    results = [result for case in _cases(kind) for result, *_ in case.results]
    assert {*kind.usage.results} == {*results}


@pytest.mark.parametrize("name", KINDS)
def test_shapes_and_formats_are_those_of_every_case(name: str) -> None:
    usage = KINDS[name].usage
    for case in _cases(KINDS[name]):
        shaped = [(usage.results[result], shape) for result, shape, _ in case.results]
        for argument, value in case.arguments.items():
            said = usage.arguments[argument]
            if isinstance(value, np.ndarray):
                shaped.append((said, value.shape))
                assert value.dtype in _formats(said, case), (argument, value.dtype)
            else:
                assert not said.shape
                assert _type(value) == said.dtype, argument
        axes: dict[str, Any] | None = dict(_DIGITS)
        for said, shape in shaped:
            if not said.broadcasts and axes is not None:
                letters, before = said.letters, axes
                axes = matched(shape, letters, axes)
                assert axes is not None, (said, shape, before)
        for said, shape in shaped:
            if said.broadcasts:
                whole = tuple(_lengths(said.letters, axes or {}))
                assert np.broadcast_shapes(shape, whole) == whole, (said, shape)
        for result, _, form in case.results:
            said = usage.results[result]
            assert form == _OF_RESULTS.get(said.dtype, case.dtype)


def _lengths(letters: tuple[str, ...], axes: dict[str, Any]) -> list[int]:
    """Return the shape that letters stand for."""
    return [
        length
        for letter in letters
        for length in (axes[letter] if letter[0] == "*" else (axes[letter],))
    ]


@pytest.mark.parametrize("name", KINDS)
def test_values_are_in_the_range_that_is_told(name: str) -> None:
    usage = KINDS[name].usage
    for case in _cases(KINDS[name]):
        for argument, value in case.arguments.items():
            assert _holds(usage.arguments[argument], value), argument
