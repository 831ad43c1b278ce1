"""The caches of transformers keep what they are given, over whole histories."""

from __future__ import annotations

from typing import Any

import pytest

from attnspec.conformance import check_implementation

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def _config() -> Any:
    return transformers.LlamaConfig(num_hidden_layers=1)


def static(capacity: int) -> Any:
    """Make a cache that has room for so many tokens."""
    return transformers.StaticCache(config=_config(), max_cache_len=capacity)


class Attending:
    """A dynamic cache with PyTorch's attention, as a decoder layer uses it."""

    def __init__(self) -> None:
        """Begin without tokens."""
        self.cache = transformers.DynamicCache()

    def append(self, key: Any, value: Any) -> None:
        """Append tokens."""
        self.pair = self.cache.update(key.clone(), value.clone(), 0)

    def attend(self, query: Any) -> Any:
        """Answer queries."""
        functional = torch.nn.functional
        return functional.scaled_dot_product_attention(query, *self.pair)


LAWS = ("kv-cache-agreement", "kv-cache-back", "kv-cache-reset", "kv-cache-apart")


@pytest.mark.once
@pytest.mark.parametrize(
    ("cache", "face", "without"),
    [
        (transformers.DynamicCache, None, ()),
        # What a function makes is not seen before it is called.
        (static, "kv-cache-update", ("back",)),
        (Attending, None, ()),
    ],
    ids=["dynamic", "static", "attending"],
)
def test_a_cache_of_transformers_conforms(
    cache: Any, face: str | None, without: tuple[str, ...]
) -> None:
    report = check_implementation(
        cache,
        kind="kv-cache",
        face=face,
        arrays="torch",
        without=without,
        only=LAWS,
        tier="smoke",
    )

    assert report.conforms, report
