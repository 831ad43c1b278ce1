"""Hypothesis strategies for recipes and cases, and the named families."""

from __future__ import annotations

from attnspec.strategies.families import FAMILIES, Family
from attnspec.strategies.recipes import BUDGET, Domain, cases, recipes

__all__ = ["BUDGET", "FAMILIES", "Domain", "Family", "cases", "recipes"]
