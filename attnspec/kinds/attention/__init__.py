"""The kind attention: its table, evaluator, bounds, wrong answers and laws."""

from __future__ import annotations

__all__: list[str] = []
