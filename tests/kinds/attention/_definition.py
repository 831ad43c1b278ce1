"""The definition as an implementation: it must pass every invariant."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec import reference
from attnspec.conformance import Description, Implementation
from attnspec.judge.claims import CLAIMS, Capabilities
from attnspec.judge.dtypes import DTYPES


def attention(
    query: Any, key: Any, value: Any, *, return_lse: bool = False, **options: Any
) -> Any:
    """Evaluate the definition and round its result once."""
    output, lse = reference.attention_with_logsumexp(query, key, value, **options)
    rounded = output.astype(query.dtype)
    wide = np.float64 if query.dtype == np.float64 else np.float32
    return (rounded, lse.astype(wide)) if return_lse else rounded


DEFINITION = Implementation(
    attention,
    Description(
        "definition",
        Capabilities(dtypes=DTYPES, claims=frozenset(CLAIMS)),
        dialect={"nan_masked_key": "clean", "nan_masked_value": "clean"},
    ),
)
