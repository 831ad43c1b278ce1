"""What training asks of attention: its gradients."""

from __future__ import annotations

__all__: list[str] = []
