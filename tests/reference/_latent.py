"""Layers of latent attention, of small tiny numbers or of any."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from attnspec.reference import LatentProjections
from tests.reference._problems import Array, generators, sizes, tiny


class Layer(NamedTuple):
    """Readers, members, and the matrices of latent attention."""

    readers: Array
    members: Array
    by: LatentProjections


@st.composite
def layers(draw: st.DrawFn, *, turning: int | None = None, exact: bool = True) -> Layer:
    """Layers whose widths D, F, C, E, R, Ev and Dout differ."""
    rng = draw(generators())
    heads, *widths = (draw(sizes(1, 4)) for _ in range(7))
    width, read, latent, inner, value, out = widths
    rotary_width = draw(st.sampled_from([0, 2, 4])) if turning is None else turning
    numbers = tiny if exact else lambda rng, *shape: rng.normal(size=shape)
    by = LatentProjections(
        query=numbers(rng, heads, width, inner),
        latent=numbers(rng, read, latent),
        key=numbers(rng, heads, latent, inner),
        value=numbers(rng, heads, latent, value),
        output=numbers(rng, heads, value, out),
        rotary_query=numbers(rng, heads, width, rotary_width),
        rotary_key=numbers(rng, read, rotary_width),
    )
    readers = numbers(rng, 2, draw(sizes(0, 6)), width)
    return Layer(readers, numbers(rng, 2, draw(sizes(0, 6)), read), by)
