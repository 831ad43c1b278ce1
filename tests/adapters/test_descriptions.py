"""What an adapter says of its kernels survives being written down."""

from __future__ import annotations

import importlib
import json

import pytest

from attnspec.conformance.descriptions import read_description, written
from attnspec.conformance.libraries import known_targets


@pytest.mark.parametrize("name", [known.name for known in known_targets()])
def test_what_an_adapter_says_is_read_as_it_was_written(name: str) -> None:
    adapter = importlib.import_module(f"attnspec.adapters.{name}")
    for library in adapter.REQUIRES:
        pytest.importorskip(library)

    for implementation in adapter.implementations().values():
        said = json.loads(json.dumps(written(implementation.description)))
        assert read_description(said, "answer") == implementation.description
