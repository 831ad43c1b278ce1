"""What is known of an implementation but the function itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from attnspec.judge.claims import Capabilities
from attnspec.judge.deviations import Deviation
from attnspec.judge.manner import manner
from attnspec.numerics import NumericModel, default_model


@dataclasses.dataclass(frozen=True, slots=True)
class Description:
    """All that is known of an implementation but the function itself.

    Parameters
    ----------
    name
        What it is called in reports.
    capabilities
        What it claims.
    dialect
        The choices that it declares, by field.
    models
        How it computes in some formats, where that is not the usual way.
    deviations
        What it claims and is known to fail.
    version
        The system and version that the function comes from.
    kind
        What kind of function it is; filled in where it is left empty.
    face
        How it is called, as plain JSON: its face and its signature.
    arrays
        The library whose arrays it takes; empty for those of NumPy.
    device
        Where these arrays lie; empty where nobody has said so.
    gradients
        What is known of its backward pass, a function of another kind; None if it has
        none.
    forward
        What is known of the function whose backward pass it is; None if it is none, or
        that one cannot be called.
    """

    name: str
    capabilities: Capabilities
    dialect: Mapping[str, str] = dataclasses.field(default_factory=dict)
    models: Mapping[str, NumericModel] = dataclasses.field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()
    version: str = ""
    kind: str = ""
    face: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    arrays: str = ""
    device: str = ""
    gradients: Description | None = None
    forward: Description | None = None

    @property
    def manner(self) -> dict[str, str]:
        """How it is called, where that is another than of a plain function."""
        face = self.face.get("id", "")
        return manner(face=face, arrays=self.arrays, device=self.device)

    @property
    def all_deviations(self) -> tuple[Deviation, ...]:
        """The deviations of the kernel, and those of its backward pass."""
        further = self.gradients.deviations if self.gradients else ()
        return (*self.deviations, *further)

    def model(self, dtype: str) -> NumericModel:
        """Return the numeric model that a dtype is judged by."""
        return self.models.get(dtype) or default_model(dtype)

    def replace(self, **changes: Any) -> Description:
        """Return the same description with some fields changed."""
        return dataclasses.replace(self, **changes)


__all__ = ["Description"]
