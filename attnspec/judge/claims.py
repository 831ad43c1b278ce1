"""What an implementation claims to support."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from attnspec.exceptions import UnknownName
from attnspec.judge.dtypes import DTYPES
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.recipe import HIDING_BIASES, AttentionRecipe

CLAIMS: Mapping[str, str] = {
    "mask": "a boolean mask, True attends",
    "bias": "an additive bias",
    "scale": "a scale other than 1/sqrt(E)",
    "causal": "the causal flag",
    "window": "a window (left, right) of inclusive distances",
    "softcap": "a cap on the scores, before bias and mask",
    "sink": "a sink for each query head",
    "return_lse": "the logsumexp of each row",
    "grouped_query": "more query heads than key heads",
    "value_width": "Ev other than E",
    "unequal_lengths": "L other than S",
    "empty_keys": "S = 0",
    "empty_queries": "L = 0 and B = 0",
    "nonpositive_scale": "a scale of zero or less",
    "minus_infinity_bias": "entries of minus infinity in the bias",
    "float32_bias": "a float32 bias beside 16-bit operands",
    "head_mask": "a mask or bias that differs between heads",
    "deterministic": "the same bits for the same call",
}
"""Every capability by name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Capabilities:
    """What an implementation claims; what is not claimed is out of scope.

    Parameters
    ----------
    dtypes
        The formats of query, key and value.
    claims
        Names out of `CLAIMS`.
    multiples
        For each of ``width``, ``value_width``, ``queries`` and ``keys`` the
        number that divides every supported length.
    exclusive
        Pairs of claims that may not come together.
    vocabulary
        Every name that can be claimed, and what it says; those of attention by
        default.
    """

    dtypes: tuple[str, ...] = ("float32",)
    claims: frozenset[str] = frozenset({"unequal_lengths", "deterministic"})
    multiples: Mapping[str, int] = dataclasses.field(default_factory=dict)
    exclusive: tuple[frozenset[str], ...] = ()
    vocabulary: Mapping[str, str] = dataclasses.field(
        default_factory=lambda: CLAIMS, repr=False
    )

    def __post_init__(self) -> None:
        """Reject names that do not exist."""
        _known("claim", self.claims, self.vocabulary)
        _known("dtype", self.dtypes, DTYPES)
        _known("multiples", self.multiples, ("width", "value_width", "queries", "keys"))
        for pair in self.exclusive:
            _known("exclusive", pair, self.vocabulary)

    def __contains__(self, claim: str) -> bool:
        """Return whether a capability is claimed."""
        _known("claim", (claim,), self.vocabulary)
        return claim in self.claims

    def allows(self, claims: Iterable[str]) -> bool:
        """Return whether these capabilities may be used together."""
        wanted = frozenset(claims)
        return wanted <= self.claims and not any(p <= wanted for p in self.exclusive)

    def missing(self, claims: Iterable[str]) -> tuple[str, ...]:
        """Return the names among these that are not claimed."""
        _known("claim", claims, self.vocabulary)
        return tuple(sorted(set(claims) - self.claims))

    def claiming(
        self, names: Iterable[str] = (), without: Iterable[str] = ()
    ) -> Capabilities:
        """Return the same capabilities with some claims added, then some withdrawn."""
        withdrawn = frozenset(without)
        _known("without", withdrawn, self.vocabulary)
        return self.replace(claims=(self.claims | frozenset(names)) - withdrawn)

    def replace(self, **changes: object) -> Capabilities:
        """Return the same capabilities with some fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def fit(
        self, recipe: AttentionRecipe, *, keep: Iterable[str] = ()
    ) -> AttentionRecipe:
        """Return the nearest recipe within what is claimed.

        Options out of scope are left out, and of an exclusive pair the one that
        is not in `keep`; lengths are rounded up to their multiples. A recipe
        within scope comes back unchanged, so nothing need be filtered.
        """
        recipe = self._fit_options(recipe, frozenset(keep))
        return self._fit_sizes(recipe)

    def _fit_options(
        self, recipe: AttentionRecipe, keep: frozenset[str]
    ) -> AttentionRecipe:
        for name in OPTIONS:
            if name not in self.claims:
                recipe = recipe.without(name)
        recipe = self._fit_bias(self._fit_scale(recipe))
        if "head_mask" not in self.claims:
            for name in ("mask", "bias"):
                if getattr(recipe, name) is not None:
                    axes = _without_heads(getattr(recipe, f"{name}_axes"))
                    recipe = recipe.replace(**{f"{name}_axes": axes})
        for pair in self.exclusive:
            if pair <= _active(recipe):
                recipe = _drop(recipe, max(pair - keep or pair))
        return recipe

    def _fit_scale(self, recipe: AttentionRecipe) -> AttentionRecipe:
        positive = recipe.scale is None or recipe.scale > 0
        if positive or "nonpositive_scale" in self.claims:
            return recipe
        return recipe.replace(scale=abs(recipe.scale or 0.5))

    def _fit_bias(self, recipe: AttentionRecipe) -> AttentionRecipe:
        hides = recipe.bias in HIDING_BIASES
        if hides and "minus_infinity_bias" not in self.claims:
            recipe = recipe.replace(bias="normal")
        if recipe.bias_dtype != "same" and "float32_bias" not in self.claims:
            recipe = recipe.replace(bias_dtype="same")
        return recipe

    def _fit_sizes(self, recipe: AttentionRecipe) -> AttentionRecipe:
        sizes = {
            name: -(-getattr(recipe, name) // multiple) * multiple
            for name, multiple in self.multiples.items()
        }
        recipe = recipe.replace(**sizes)
        if "grouped_query" not in self.claims:
            recipe = recipe.replace(key_heads=recipe.query_heads)
        if "value_width" not in self.claims:
            recipe = recipe.replace(value_width=recipe.width)
        if "unequal_lengths" not in self.claims:
            recipe = recipe.replace(queries=recipe.keys)
        if "empty_keys" not in self.claims and recipe.keys == 0:
            recipe = recipe.replace(keys=self.multiples.get("keys", 1))
        if "empty_queries" not in self.claims:
            least = self.multiples.get("queries", 1)
            recipe = recipe.replace(
                queries=recipe.queries or least, batch=recipe.batch or 1
            )
        return recipe


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            msg = f"{what}: expected one of {', '.join(known)}; got {name!r}"
            raise UnknownName(msg)


def _active(recipe: AttentionRecipe) -> frozenset[str]:
    """Return the capabilities that a recipe makes use of, among the exclusive ones."""
    active = set(recipe.options)
    facts = {
        "grouped_query": recipe.query_heads != recipe.key_heads,
        "value_width": recipe.width != recipe.value_width,
        "unequal_lengths": recipe.queries != recipe.keys,
    }
    return frozenset(active | {name for name, used in facts.items() if used})


def _drop(recipe: AttentionRecipe, claim: str) -> AttentionRecipe:
    """Return a recipe that makes no use of a capability."""
    changes: dict[str, dict[str, object]] = {
        "grouped_query": {"key_heads": recipe.query_heads},
        "value_width": {"value_width": recipe.width},
        "unequal_lengths": {"queries": recipe.keys},
    }
    if claim in changes:
        return recipe.replace(**changes[claim])
    return recipe.without(claim)


def _without_heads(axes: str) -> str:
    return axes.replace("H", "1") if len(axes) == 4 else axes.removeprefix("H")


__all__ = ["CLAIMS", "Capabilities"]
