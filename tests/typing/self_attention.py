"""A program that is type-checked and not run: self-attention and its parts."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

import attnspec
from attnspec.reference.additive import additive, concatenated
from attnspec.reference.bilinear import bilinear
from attnspec.reference.cosine import cosine
from attnspec.reference.entmax15 import entmax15
from attnspec.reference.relu import relu_by_length, relu_by_visible
from attnspec.reference.scores import tempered
from attnspec.reference.self_attention import (
    Normalizer,
    projected,
    self_attention_by_vector,
    self_attention_of_columns,
)
from attnspec.reference.sigmoid import sigmoid
from attnspec.reference.sparsemax import sparsemax

Array = npt.NDArray[Any]

x, mask = np.zeros((5, 8)), np.ones((5, 5), dtype=np.bool_)
query, key = np.zeros((2, 3, 4), dtype=np.float16), np.zeros((2, 5, 4))

# Scores of every form are arrays.
weight, vector = np.zeros((4, 6)), np.zeros(6)
assert_type(bilinear(query, key, np.zeros((4, 4))), Array)
assert_type(additive(query, key, weight, weight, vector), Array)
assert_type(concatenated(query, key, np.zeros((8, 6)), vector), Array)
assert_type(cosine(query, key), Array)
assert_type(tempered(cosine(query, key), 0.5), Array)

# So are weights of every normalizer.
assert_type(sigmoid(x, offset=-1.5), Array)
assert_type(relu_by_length(x, mask[0, :1], power=2), Array)
assert_type(relu_by_visible(x, power=2.0), Array)
assert_type(sparsemax(x), Array)
assert_type(entmax15(x, None), Array)

# A layer is a tuple of three named matrices, whose parts can be exchanged.
layer = attnspec.Projections(np.zeros((8, 4)), np.zeros((8, 4)), np.zeros((8, 6)))
assert_type(layer.value, Array)
asked, answered, handed_on = layer
assert_type(answered, Array)
wider = layer._replace(value=np.zeros((8, 7)))
assert_type(wider, attnspec.Projections)


def halved(scores: Array, mask: Array | None = None) -> Array:
    """Normalize in a way of one's own."""
    return attnspec.softmax(scores / 2.0, mask)


# Any function of scores and mask is a normalizer.
own: Normalizer = halved
sparse: Normalizer = attnspec.sparsemax
assert_type(projected(x, layer.query), Array)
assert_type(attnspec.self_attention(x, layer, mask=mask, normalizer=own), Array)
assert_type(self_attention_by_vector(x, layer, scale=1.0), Array)
matrices = (layer.query.T, layer.key.T, layer.value.T)
columns = self_attention_of_columns(x.T, *matrices, normalizer=sparse)
assert_type(columns, Array)
assert_type(attnspec.stacked(x, (layer, layer)), Array)
assert_type(attnspec.stacked(x, [layer], normalizer=attnspec.entmax15), Array)

# What must not pass.
bilinear(query, key)  # type: ignore[call-arg]
tempered(x, "warm")  # type: ignore[arg-type]
sigmoid(x, mask, -1.5)  # type: ignore[call-arg]
sparsemax([0.0, 1.0])  # type: ignore[arg-type]
attnspec.Projections(x, x)  # type: ignore[call-arg]
attnspec.self_attention(x, x)  # type: ignore[arg-type]
attnspec.self_attention(x, layer, mask)  # type: ignore[call-arg]
attnspec.self_attention(x, layer, normalizer="softmax")  # type: ignore[arg-type]
attnspec.stacked(x, x)  # type: ignore[arg-type]
layer.query = x  # type: ignore[misc]
