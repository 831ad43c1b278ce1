"""Recipes, cases, dialects and capabilities: plain frozen data."""

from __future__ import annotations

from attnspec.cases.build import build, checksum
from attnspec.cases.capabilities import CLAIMS, Capabilities
from attnspec.cases.case import ARRAYS, OPTIONS, Array, Case, Result, Sizes
from attnspec.cases.dialect import Dialect
from attnspec.cases.dtypes import DTYPES, numpy_dtype
from attnspec.cases.layouts import Placed, place
from attnspec.cases.recipe import Recipe
from attnspec.cases.table import Table, TableCase, TableRecipe
from attnspec.cases.traits import TRAITS, Condition, holds, traits

__all__ = [
    "ARRAYS",
    "CLAIMS",
    "DTYPES",
    "OPTIONS",
    "TRAITS",
    "Array",
    "Capabilities",
    "Case",
    "Condition",
    "Dialect",
    "Placed",
    "Recipe",
    "Result",
    "Sizes",
    "Table",
    "TableCase",
    "TableRecipe",
    "build",
    "checksum",
    "holds",
    "numpy_dtype",
    "place",
    "traits",
]
