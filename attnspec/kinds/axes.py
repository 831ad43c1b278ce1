"""What the letters of axes stand for."""

from __future__ import annotations

from collections.abc import Mapping

OF_ATTENTION: Mapping[str, str] = {
    "B": "batch",
    "Hq": "query heads",
    "Hkv": "key and value heads",
    "L": "queries",
    "S": "keys",
    "E": "width of queries and keys",
    "Ev": "width of values",
}
"""The axes of one problem of attention."""

OF_OTHERS: Mapping[str, str] = {
    "N": "steps of one sequence that asks and is asked",
    "N1": "N + 1: the steps, and what was before them",
    "D": "width of the vectors that come in, before any projection",
    "F": "width of the vectors that are read, where it differs from that of the "
    "readers",
    "A": "width of the hidden layer of an additive score",
    "H": "heads, where queries and keys have equally many",
    "HE": "H times E: all heads side by side",
    "Dout": "width of what comes out",
    "Din": "width of what went in",
    "T": "taps of a convolution",
    "Ty": "taps in a column of an image",
    "Tx": "taps in a row of an image",
    "C": "input channels of a convolution",
    "R": "width of the turned part of a key that is kept apart",
    "CR": "C + R: all that is cached of a step",
    "W": "keys in a band",
    "V": "tokens of a vocabulary",
    "P": "positions that a decoder knows",
    "Y": "rows of an image",
    "X": "columns of an image",
    "Yk": "rows of an image that are seen",
    "Xk": "columns of an image that are seen",
    "Lb": "blocks of queries",
    "Sb": "blocks of keys",
    "Tq": "rows of an array into which queries are packed",
    "Tk": "rows of an array into which keys are packed",
    "M": "keys that a mask has",
}
"""The axes of what is about something else."""

AXES: Mapping[str, str] = {**OF_ATTENTION, **OF_OTHERS}
"""Every letter. Where a kind uses one otherwise, its usage says so."""

__all__ = ["AXES", "OF_ATTENTION", "OF_OTHERS"]
