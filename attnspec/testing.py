"""Building blocks for property tests of your own.

Strategies of recipes and cases of any kind, what is right for a case with its bound,
a call that trusts a function with nothing, the comparison, and the laws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from attnspec._typing import DType, Tier
from attnspec.conformance.call import InProcess
from attnspec.conformance.implementation import Implementation
from attnspec.exceptions import ConformanceFailure, UnknownName
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case, Result, settled
from attnspec.judge.claims import Capabilities
from attnspec.judge.domain import Domain
from attnspec.judge.law import Exact
from attnspec.judge.recipe import Recipe
from attnspec.judge.seeds import seed_of
from attnspec.judge.strategies import recipes_within
from attnspec.kinds.registry import find, kind_named
from attnspec.numerics import Comparison, NumericModel, default_model, within


def recipes(
    kind: str = "attention",
    *,
    dtype: DType = "float32",
    claims: Iterable[str] | None = None,
    tier: Tier = "smoke",
    families: Iterable[str] = (),
    needs: Iterable[str] = (),
    seed: int = 0,
    **fields: tuple[Any, ...],
) -> st.SearchStrategy[Recipe]:
    """Recipes of a kind within what is claimed: small, hashable, JSON.

    Parameters
    ----------
    kind
        One of ``attnspec kinds``.
    dtype
        The format of the operands.
    claims
        What a case may make use of; everything by default.
    tier
        ``smoke``, ``standard`` or ``thorough``: how large a case may be.
    families
        The families to draw from; every one by default.
    needs
        Claims that each recipe makes use of.
    seed
        Where the bulk data come from.
    **fields
        What is drawn for some fields in place of the kind's own values.

    Raises
    ------
    UnknownName
        If there is no such kind, claim, family, tier or field.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(recipes("rope", length=(3, 5)))
    ... def lengths(recipe):
    ...     assert recipe["length"] in (3, 5)
    >>> lengths()
    """
    known = kind_named(kind)
    wanted = frozenset(known.abilities if claims is None else claims)
    table = known.table
    if unknown := sorted(set(fields) - {*table.fields, *table.plain}):
        msg = f"fields: {kind} has no field {unknown[0]!r}"
        raise UnknownName(msg)
    domain = Domain(
        kind=kind,
        table=table,
        capabilities=known.checked(Capabilities((dtype,), wanted)),
        dtype=dtype,
        tier=tier,
        seed=seed_of(seed),
        families=tuple(families),
        needs=frozenset(needs),
        fields=fields,
    )
    return recipes_within(domain)


def cases(kind: str = "attention", **wishes: Any) -> st.SearchStrategy[Case]:
    """Cases of a kind: operands, options and what comes back.

    Parameters
    ----------
    kind
        One of ``attnspec kinds``.
    **wishes
        As in `recipes`.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(cases("attention", claims=["causal"], dtype="float16"))
    ... def options(case):
    ...     assert set(case.options) <= {"causal"}
    >>> options()
    """
    return recipes(kind, **wishes).map(kind_named(kind).case)


def right(
    case: Case,
    *,
    dialect: Mapping[str, str] | None = None,
    model: NumericModel | None = None,
) -> Exact:
    """Return what is right for a case, and how far off a function may be.

    Parameters
    ----------
    case
        A case that `cases` has drawn.
    dialect
        Choices of the function that are not those of the spec.
    model
        How it computes; that of the case's format by default.

    Returns
    -------
    Exact
        ``output`` with its ``bound``, and ``others``: value and bound of each further
        result by name.

    Raises
    ------
    Inadmissible
        If the model promises nothing on this case.

    Examples
    --------
    >>> from hypothesis import find
    >>> case = find(cases("softmax", length=(2,)), lambda case: True)
    >>> right(case).output
    array([0.5, 0.5])
    """
    kind = kind_named(case["recipe"].kind)
    choices = {**kind.default(), **(dialect or {})}
    return kind.promised(case, choices, model or default_model(case.dtype))


def call(
    function: Callable[..., Any],
    case: Case,
    *,
    dialect: Mapping[str, str] | None = None,
) -> Result:
    """Call a function with the arrays of a case, which it gets as copies.

    Parameters
    ----------
    function
        Takes NumPy arrays, as its kind says.
    case
        A case that `cases` has drawn.
    dialect
        Choices of the function that are not those of the spec.

    Returns
    -------
    Result
        ``output``, ``others`` by name, and in ``mutated`` the arguments it changed.
        What is answered where any answer is right, as to a row that belongs to nobody,
        is 0 there.

    Raises
    ------
    KernelFault
        If it raises, or returns something else than the case says.

    Examples
    --------
    >>> from hypothesis import find
    >>> from attnspec.kernels import tiled_attention
    >>> drawn = cases(batch=(2,), heads=((3, 3),), lengths=((4, 5),), widths=((8, 8),))
    >>> case = find(drawn, lambda case: True)
    >>> call(tiled_attention, case).output.shape
    (2, 3, 4, 8)
    """
    kind = kind_named(case["recipe"].kind)
    left_open = kind.left_open(case, {**kind.default(), **(dialect or {})})
    return settled(InProcess(function)(case), left_open)


def compare(result: Result, exact: Exact) -> tuple[Comparison, ...]:
    """Return how each result compares with what is right, the output first.

    A comparison ``holds``, or says where the error is largest and by how much.

    Parameters
    ----------
    result
        What `call` has returned.
    exact
        What `right` has returned.

    Examples
    --------
    >>> from hypothesis import find
    >>> from attnspec.kernels import tiled_attention
    >>> case = find(cases(claims=[]), lambda case: True)
    >>> [c.holds for c in compare(call(tiled_attention, case), right(case))]
    [True]
    """
    output = within(exact.output, result.output, exact.bound)
    others = (
        within(value, result.others[name], bound, what=name)
        for name, (value, bound) in exact.others.items()
        if name in result.others
    )
    return (output, *others)


def check_law(
    id: str,  # noqa: A002 - the field's name
    function: Callable[..., Any] | Implementation,
    case: Case,
    *,
    dialect: Mapping[str, str] | None = None,
) -> tuple[Comparison, ...]:
    """Put a function before one law on one case, and return what was compared.

    Nothing was compared if the case says nothing about the law.

    Parameters
    ----------
    id
        A law of ``attnspec invariants`` or of a kind.
    function
        A plain function, or an `Implementation`.
    case
        A case of the law's kind that `cases` has drawn.
    dialect
        Choices of the function that are not those of the spec.

    Raises
    ------
    ConformanceFailure
        If the law does not hold; the message says where.
    UnknownName
        If there is no such law.

    Examples
    --------
    >>> from hypothesis import find
    >>> from attnspec.kernels import tiled_attention
    >>> case = find(cases(needs=["causal"], lengths=((5, 5),)), lambda case: True)
    >>> len(check_law("causality", tiled_attention, case))
    2
    """
    law = find(id)
    kind = kind_named(law.kind)
    if not isinstance(function, Implementation):
        function = Implementation.of(function, kind=kind.name)
    description = function.description
    choices = {**kind.default(), **description.dialect, **(dialect or {})}
    model = description.model(case.dtype)
    bench = KernelBench(InProcess(function.function), kind, description, choices, model)
    found = tuple(law.check(case, bench))
    if broken := [comparison for comparison in found if not comparison.holds]:
        raise ConformanceFailure(_in_words(law.id, broken[0]))
    return found


def _in_words(law: str, found: Comparison) -> str:
    """Return where and how far a law is broken."""
    where = f"{found.what}{list(found.index or ())}"
    note = f" ({found.note})" if found.note else ""
    bound = f"{found.expected} +- {found.bound:.2g}"
    return f"{law}: {where}{note}: expected {bound}, got {found.actual}"


__all__ = ["call", "cases", "check_law", "compare", "recipes", "right"]
