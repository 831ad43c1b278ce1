"""Rotary encodings that turn by wrong angles, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.positions import _rotations as forms
from attnspec.rogues.positions._half_split import half_split

_HALVES = {"pairing": "half_split"}
_TO_HALVES = {"pairing": "interleaved_to_halves"}
_WHOLE = {"pairing": "half_split", "partial": "whole_width"}
_EAGER = {"dtypes": ("bfloat16", "float16"), "dialect": _HALVES}

_rogue, _control = makers("rope", usual="position", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "counts-from-zero",
        "The positions are not read: every sequence starts at 0.",
        forms.turning_by(lambda positions: np.arange(len(positions))),
        "agreement",
        mimics="flashinfer#847",
    ),
    _rogue(
        "off-by-one",
        "Every position counts as the next one.",
        forms.turning_by(lambda positions: positions + 1),
        "origin",
        mimics="mlx#3498",
    ),
    _rogue(
        "backward",
        "The angles have the other sign.",
        forms.turning_by(sign=-1.0),
        "agreement",
    ),
    _rogue(
        "wrong-pairs",
        "It declares neighbors and turns one entry of each half.",
        forms.turning_by(halves=True),
        "agreement",
        mimics="shainet#111",
    ),
    _rogue(
        "base-ignored",
        "The base is always 10,000.",
        forms.base_ignored,
        "agreement",
    ),
    _rogue(
        "width-of-all",
        "A partial width has the frequencies of the whole.",
        forms.width_of_all(),
        "agreement",
        mimics="pie#603",
    ),
    _rogue(
        "rest-dropped",
        "The entries after the width are lost.",
        forms.rest_dropped,
        "agreement",
    ),
    _rogue("longer", "Turned vectors are longer than before.", forms.longer, "norm"),
    _rogue(
        "squared-positions",
        "The angle grows with the square of the position.",
        # As small as positions: angles that float32 still knows.
        forms.turning_by(lambda positions: positions.astype(np.int64) ** 2 % 4096),
        "relative",
    ),
    _rogue(
        "narrow-positions",
        "Positions are stored in bfloat16, which has no 257.",
        # bfloat16 has 8 bits: above 256 the last one is lost.
        forms.turning_by(lambda p: (p + (p >> 8) // 2) >> (p > 256) << (p > 256)),
        "agreement",
        mimics="transformers#29285",
    ),
    _rogue(
        "first-sequence",
        "Every sequence of a batch has the positions of the first.",
        forms.turning_by(lambda p: p[:1] if p.ndim == 3 else p),
        "agreement",
        claims=("position_ids",),
    ),
    _rogue(
        "sorted",
        "Positions are sorted before they are used.",
        forms.turning_by(np.sort),
        "order",
    ),
    _rogue(
        "written-back",
        "It declares halves of results and writes them where the neighbors stood.",
        forms.turning_by(),
        "agreement",
        dialect=_TO_HALVES,
    ),
    _rogue(
        "read-as-halves",
        "It declares that it reads neighbors and reads one entry of each half.",
        forms.turning_by(halves=True),
        "agreement",
        dialect=_TO_HALVES,
        mimics="pypto-lib#244",
    ),
    _rogue(
        "own-pairs",
        "A partial width has the frequencies of the whole, as declared, not its pairs.",
        forms.width_of_all(halves=True),
        "agreement",
        dialect=_WHOLE,
    ),
    _rogue(
        "one-by-one",
        "Table, products and sum are stored in 16 bits, and no model says so.",
        forms.one_by_one(),
        "agreement",
        mistake="precision",
        **_EAGER,
    ),
    _rogue(
        "angles-in-16-bits",
        "It declares operations one by one, and its angles are stored in 16 bits too.",
        forms.one_by_one(inner=forms.in_bfloat16),
        "agreement",
        mistake="precision",
        mimics="transformers#29285",
        models=forms.half_models("eager"),
        **_EAGER,
    ),
)
"""Rotary encodings that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("complex", "It multiplies complex numbers.", forms.complex_numbers),
    _control(
        "position-ids",
        "Each sequence of a batch has positions of its own.",
        forms.turning_by(),
        claims=("position_ids",),
    ),
    half_split("rope", forms.turning_by(halves=True)),
    _control(
        "neighbors-to-halves",
        "It reads pairs of neighbors and writes halves, as DeepSeek does.",
        forms.neighbors_to_halves,
        dialect=_TO_HALVES,
    ),
    _control(
        "proportional",
        "A partial width turns the first of all pairs, as in Gemma 4.",
        forms.proportional,
        dialect=_WHOLE,
    ),
    _control(
        "width-of-all-declared",
        "A partial width has the frequencies of the whole, of pairs of neighbors.",
        forms.width_of_all(),
        dialect={"partial": "whole_width"},
    ),
    _control(
        "one-by-one-declared",
        "Table, products and sum are stored in 16 bits, as in Llama.",
        forms.one_by_one(),
        models=forms.half_models("eager"),
        **_EAGER,
    ),
    _control(
        "tables",
        "Cosines and sines are stored in 16 bits, products and sums are not.",
        forms.tables,
        dtypes=("bfloat16", "float16"),
        models=forms.half_models("tables"),
    ),
)
"""Rotary encodings that are right."""

__all__ = ["CONTROLS", "ROGUES"]
