"""A kind: what functions can be judged as, and all that the machine is told of it.

A kind says what a function of it is called with, what is drawn, what is right and how
far off it may be, which wrong answers an example must exclude, and on which choices
systems legitimately differ. Its laws are entered by the decorator `Kind.law`.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import Inadmissible, UnknownName
from attnspec.judge.case import EVERY_OPERAND, Case, Expected, Result, Shape
from attnspec.judge.claims import COMPILED, Capabilities
from attnspec.judge.law import Dialect, Exact, Invariant
from attnspec.judge.laws_of_kind import LawsOfKind
from attnspec.judge.likeness import Likeness
from attnspec.judge.questions import Question
from attnspec.judge.recipe import Recipe
from attnspec.judge.signature import keywords_of
from attnspec.judge.table import Table
from attnspec.judge.traits import fields_as_traits, whole_fields
from attnspec.judge.usage import Usage
from attnspec.judge.words import Words
from attnspec.numerics import NumericModel
from attnspec.numerics.operations import OPERATIONS
from attnspec.numerics.relaxations import narrower

Judge = Callable[[Any, Dialect, NumericModel], Exact]
"""What is right for a case, and how far off a function may be."""

Null = Callable[[Any, Any], Array | Result]
"""A wrong answer to a case, given a `Right`: right for another case, or changed."""

_LAYOUTS = (
    (),
    *(((EVERY_OPERAND, name),) for name in ("transposed", "sliced", "offset")),
)
"""The layouts of a kind that names none: all operands contiguous, or none of them."""


def _no_calls(_dtype: str, _capabilities: Capabilities) -> tuple[Case, ...]:
    """Return no calls."""
    return ()


def _nothing_open(_case: Any, _dialect: Dialect) -> Mapping[str, Array]:
    """Leave nothing open."""
    return {}


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Kind(LawsOfKind):
    """A kind of function, and all that the machine needs to know about it.

    Parameters
    ----------
    name, sentence
        Its name, and what a function of it does.
    table
        What is drawn; `build` makes a case of it.
    judge
        What is right, and the bound.
    definition
        The definition, as a function of this kind: it passes every law.
    usage
        What its operands, options and results are, and an example.
    operands
        The names of the positional arguments, where they are not the definition's.
    value
        What is right, without a bound, where that takes much less time.
    left_open
        Where anything is right, by the name of a result: 0 is taken for it.
    options
        The claims that a keyword of the definition makes, where it is not that of its
        own name.
    given
        Claims that every function makes unless it withdraws them.
    native
        Claims that every function in Python makes.
    strided
        Claims that a function of arrays without strides of their own cannot make.
    unsaid
        Claims that no keyword makes: given beside the function, or not made.
    fixed
        For a claim that an option is always on, and not passed, that option.
    choices
        The fields of the dialect with their values, the default first.
    choice_needs
        For a field of the dialect the claims of which one must be made for the
        choice to show; one that never shows has none.
    probes
        Recipes (as fields) on which the values of all choices differ.
    questions
        For each field of the dialect that probes do not tell, how it is found out.
    tellers
        For a field of the dialect the laws that say what is wrong where no choice fits.
    unenforced
        Fields of the dialect that are reported as found, and enforced only if declared.
    nulls
        Wrong answers by name, beside `zeros` and `ones`.
    null_needs
        Claims of which one must be made, or a null cannot be told from a right answer;
        ``:result`` stands for every null in a further result.
    dtypes
        The formats that a plain function claims.
    simplest
        The fields of the simplest call of all that are not simply the first ones: a
        size of 1 or 2 is none that a function must have been written for.
    traits
        What conditions of deviations are about.
    likeness
        What its findings may have in common, so that one mistake explains them.
    models
        The numeric models that have a name here.
    sizes
        The sizes of a case, of which a report says the largest.
    relaxations
        Milder numeric models, each with the words for what it allows.
    precision_calls
        Calls in a format that tell these models apart.
    words
        How its recipes, models and choices are said to a person.
    rests_on_wrong
        Says whether a call that is wrong, on a bench, rests on another call that is
        wrong by itself: laws of another kind say how. It is inadmissible if they say
        that it is known.
    """

    name: str
    sentence: str
    table: Table
    build: Callable[[Recipe], Case]
    judge: Judge
    definition: Callable[..., Any]
    usage: Usage = dataclasses.field(default_factory=Usage)
    operands: tuple[str, ...] = ()
    value: Callable[[Any, Dialect], Exact] | None = None
    left_open: Callable[[Any, Dialect], Mapping[str, Array]] = _nothing_open
    options: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    given: tuple[str, ...] = ()
    native: tuple[str, ...] = ()
    strided: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    fixed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    choice_needs: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict
    )
    probes: tuple[Mapping[str, Any], ...] = ()
    questions: Mapping[str, Question] = dataclasses.field(default_factory=dict)
    tellers: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    unenforced: tuple[str, ...] = ()
    nulls: Mapping[str, Callable[..., Any]] = dataclasses.field(default_factory=dict)
    null_needs: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    dtypes: tuple[str, ...] = ("float32",)
    simplest: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    traits: Callable[[Any], Mapping[str, Any]] = fields_as_traits
    likeness: Likeness = dataclasses.field(default_factory=Likeness)
    models: Mapping[str, NumericModel] = dataclasses.field(
        default_factory=lambda: OPERATIONS
    )
    sizes: Callable[[Any], Mapping[str, int]] = whole_fields
    relaxations: Callable[[NumericModel], tuple[tuple[str, NumericModel], ...]] = (
        narrower
    )
    precision_calls: Callable[[str, Capabilities], Iterable[Case]] = _no_calls
    words: Words = dataclasses.field(default_factory=Words)
    rests_on_wrong: Callable[[Any, Any], bool] = lambda _case, _bench: False

    def __repr__(self) -> str:
        return f"Kind({self.name!r})"

    def __post_init__(self) -> None:
        """Read the definition's face; let arrays lie in memory in several ways."""
        parameters = inspect.signature(self.definition).parameters.values()
        keywords = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
        placed = tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)
        options = {name: self.options.get(name, (name,)) for name in keywords}
        object.__setattr__(self, "operands", self.operands or placed)
        object.__setattr__(self, "options", options)
        if "layouts" not in self.table.fields:
            plain = self.build(self.table.recipe(self.name, self.dtypes[0]))
            if plain.arrays():
                fields = {**self.table.fields, "layouts": _LAYOUTS}
                table = dataclasses.replace(self.table, fields=fields)
                object.__setattr__(self, "table", table)

    @property
    def face(self) -> str:
        """How a function of this kind is called."""
        keywords = [f"{name}=..." for name in self.options]
        star = ["*"] if keywords else []
        return f"{self.name}({', '.join([*self.operands, *star, *keywords])})"

    @property
    def vocabulary(self) -> dict[str, str]:
        """Every capability of this kind by name."""
        said = {name: claim.sentence for name, claim in self.table.claims.items()}
        return {**said, "deterministic": "the same bits for the same call"}

    @property
    def abilities(self) -> dict[str, str]:
        """Every claim that lets a function be asked more, and none that says less."""
        always = {n for n, claim in self.table.claims.items() if claim.forced}
        less = {*self.fixed, *always, COMPILED}
        return {n: text for n, text in self.vocabulary.items() if n not in less}

    @property
    def limits(self) -> tuple[str, ...]:
        """The sizes of which a function may support some multiples or the larger."""
        values = self.table.plain.items()
        return tuple(name for name, value in values if type(value) is int)

    def default(self) -> dict[str, str]:
        """Return the choices of the spec."""
        return {name: values[0] for name, values in self.choices.items()}

    def recipe(self, dtype: str = "float32", *, seed: int = 0, **fields: Any) -> Recipe:
        """Return a recipe: fields that are not named have their first value."""
        return self.table.recipe(self.name, dtype, **fields).replace(seed=seed)

    def case(self, recipe: Recipe) -> Case:
        """Return the case of a recipe; it knows what it was made from."""
        case = self.build(recipe)
        layouts = dict(recipe["layouts"]) if "layouts" in recipe else {}
        facts = {**case.facts, "recipe": recipe}
        return dataclasses.replace(case, layouts=layouts, facts=facts)

    def promised(self, case: Case, dialect: Dialect, model: NumericModel) -> Exact:
        """Return what is right for a case, and the bounds.

        Raises
        ------
        Inadmissible
            If the model promises nothing on this case.
        """
        exact = self.judge(case, dialect, model)
        if np.isnan(exact.bound).any():
            msg = "a bound that is no number"
            raise Inadmissible(msg)
        return exact

    def right(self, case: Case, dialect: Dialect, model: NumericModel) -> Exact:
        """Return what is right for a case; the bounds may be missing."""
        if self.value is not None:
            return self.value(case, dialect)
        return self.judge(case, dialect, model)

    def claimed_by(self, function: Callable[..., Any]) -> Capabilities:
        """Return the capabilities that a function's signature claims.

        A keyword that is absent is a capability not claimed; ``**kwargs`` claims
        nothing.

        Raises
        ------
        InvalidArgument
            If it is no function, or needs arguments that this kind does not give.
        """
        claims = {"deterministic", *self.given, *self.native}
        for name in keywords_of(function, self.operands, self.options, self.face):
            claims |= set(self.options.get(name, ()))
        return Capabilities(
            dtypes=self.dtypes,
            claims=frozenset(claims),
            vocabulary=self.vocabulary,
        )

    def checked(self, capabilities: Capabilities) -> Capabilities:
        """Return capabilities that know the vocabulary of this kind.

        Raises
        ------
        UnknownName
            If a claim or a size does not exist.
        """
        limits = {"multiples": capabilities.multiples, "least": capabilities.least}
        for what, sizes in limits.items():
            for name in sizes:
                if name not in self.limits:
                    listed = ", ".join(self.limits) or "none"
                    msg = f"{what}: expected one of {listed}; got {name!r}"
                    raise UnknownName(msg)
        options = {self.fixed[n] for n in capabilities.claims & set(self.fixed)}
        claims = capabilities.claims | options
        return capabilities.replace(claims=claims, vocabulary=self.vocabulary)

    def tellable(self, law: Invariant, capabilities: Capabilities) -> tuple[str, ...]:
        """Return the nulls of a law that can be told from a right answer.

        What a null needs must be allowed beside what the law itself needs.
        """
        scope = law.scope(capabilities)

        def shows(null: str) -> bool:
            name, colon, where = null.partition(":")
            several = (self.null_needs.get(part) for part in (name, colon + where))
            return all(
                needs is None or any(scope.allows(law.needs | {n}) for n in needs)
                for needs in several
            )

        return tuple(filter(shows, law.nulls))


def result(name: str, shape: Shape, dtype: str | None) -> tuple[Expected, ...]:
    """Return what a function gives back: one array."""
    return ((name, shape, dtype),)


__all__ = ["Judge", "Kind", "Null", "result"]
