"""Prefixes, dilations and blocks that are wrong, and unusual ones that are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.windows._windowed import Mask


def _places(queries: int, keys: int) -> tuple[Array, Array]:
    """Return where queries and keys stand, in two axes."""
    return (np.arange(queries) + keys - queries)[:, None], np.arange(keys)


def _prefix(queries: int, keys: int, length: int) -> Mask:
    """Unite the causal mask and the prefix."""
    query, key = _places(queries, keys)
    return (key <= query) | (key < length)


def _prefix_rows(queries: int, keys: int, length: int) -> Mask:
    """Fill row by row."""
    mask = np.zeros((queries, keys), dtype=np.bool_)
    for row in range(queries):
        mask[row, : max(length, row + keys - queries + 1)] = True
    return mask


def _prefix_one_more(queries: int, keys: int, length: int) -> Mask:
    return _prefix(queries, keys, length + 1)


def _prefix_of_its_own(queries: int, keys: int, length: int) -> Mask:
    """Let queries behind the prefix see what is not of it alone."""
    query, key = _places(queries, keys)
    return np.where(query < length, key < length, (key <= query) & (key >= length))


def _prefix_ahead(queries: int, keys: int, length: int) -> Mask:
    """Let the next key be seen as well."""
    query, key = _places(queries, keys)
    return (key <= query + 1) | (key < length)


def _prefix_causal(queries: int, keys: int, _length: int) -> Mask:
    return _prefix(queries, keys, 0)


def _prefix_upper_left(queries: int, keys: int, length: int) -> Mask:
    query, key = np.arange(queries)[:, None], np.arange(keys)
    return (key <= query) | (key < length)


def _dilated(queries: int, keys: int, dilation: int) -> Mask:
    query, key = _places(queries, keys)
    return np.asarray(query % dilation == key % dilation)


def _dilated_steps(queries: int, keys: int, dilation: int) -> Mask:
    """Go from each position to both ends in steps."""
    mask = np.zeros((queries, keys), dtype=np.bool_)
    for row in range(queries):
        mask[row, (row + keys - queries) % dilation :: dilation] = True
    return mask


def _dilated_from_zero(queries: int, keys: int, dilation: int) -> Mask:
    _, key = _places(queries, keys)
    return np.broadcast_to(key % dilation == 0, (queries, keys))


def _dilated_between(queries: int, keys: int, dilation: int) -> Mask:
    """Leave out so many keys between two that are seen."""
    return _dilated(queries, keys, dilation + 1 if dilation > 1 else 1)


def _dilated_past(queries: int, keys: int, dilation: int) -> Mask:
    query, key = _places(queries, keys)
    return _dilated(queries, keys, dilation) & (key <= query)


def _dilated_blocks(queries: int, keys: int, dilation: int) -> Mask:
    """Take the groups of consecutive tokens for those of equal remainder."""
    query, key = _places(queries, keys)
    return np.asarray(query // dilation == key // dilation)


def _blocks(layout: Mask, rows: int, columns: int, queries: int, keys: int) -> Mask:
    """Enlarge the layout and cut off what is too much."""
    large = layout.repeat(rows, axis=0).repeat(columns, axis=1)
    return np.ascontiguousarray(large[:queries, :keys])


def _blocks_kron(
    layout: Mask, rows: int, columns: int, queries: int, keys: int
) -> Mask:
    one = np.ones((rows, columns), dtype=np.bool_)
    return np.ascontiguousarray(np.kron(layout, one)[:queries, :keys])


def _blocks_tiled(
    layout: Mask, rows: int, columns: int, queries: int, keys: int
) -> Mask:
    return np.ascontiguousarray(np.tile(layout, (rows, columns))[:queries, :keys])


def _blocks_whole(
    layout: Mask, rows: int, columns: int, queries: int, keys: int
) -> Mask:
    """Hide the last blocks if they are cut."""
    mask = _blocks(layout, rows, columns, queries, keys)
    mask[queries // rows * rows :] = False
    mask[:, keys // columns * columns :] = False
    return mask


def _blocks_negated(
    layout: Mask, rows: int, columns: int, queries: int, keys: int
) -> Mask:
    return _blocks(~layout, rows, columns, queries, keys)


def _blocks_causal(
    layout: Mask, rows: int, columns: int, queries: int, keys: int
) -> Mask:
    """Hide what is behind the query inside of a block."""
    return np.tril(_blocks(layout, rows, columns, queries, keys))


def _blocks_square(
    layout: Mask, rows: int, columns: int, queries: int, keys: int
) -> Mask:
    """Take the rows of a block for its columns, as far as the layout goes."""
    query = np.minimum(np.arange(queries) // rows, layout.shape[0] - 1)
    key = np.minimum(np.arange(keys) // max(rows, columns), layout.shape[1] - 1)
    return np.asarray(layout[np.ix_(query, key)])


def _rogue(
    id: str,  # noqa: A002 - the field's name
    sentence: str,
    function: Any,
    law: str,
    mistake: str = "mask",
    **more: Any,
) -> Rogue:
    kind = "-".join(id.split("-")[:2])
    return kind_rogue(kind, id, mistake, sentence, function, caught_by=law, **more)


def _control(id: str, sentence: str, function: Any, **more: Any) -> Control:  # noqa: A002 - the field's name
    kind = "-".join(id.split("-")[:2])
    return kind_control(kind, id, sentence, function, **more)


ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "prefix-mask-one-more",
        "The prefix is one longer.",
        _prefix_one_more,
        "prefix-mask-agreement",
    ),
    _rogue(
        "prefix-mask-upper-left",
        "It declares the lower right and stands in the upper left.",
        _prefix_upper_left,
        "prefix-mask-agreement",
        "alignment",
    ),
    _rogue(
        "prefix-mask-apart",
        "Queries after the prefix do not see it.",
        _prefix_of_its_own,
        "prefix-mask-open",
    ),
    _rogue(
        "prefix-mask-ahead",
        "The next key is seen as well.",
        _prefix_ahead,
        "prefix-mask-causal",
    ),
    _rogue(
        "prefix-mask-forgotten",
        "The prefix is forgotten: the mask is causal.",
        _prefix_causal,
        "prefix-mask-mutual",
        "dropped-option",
    ),
    _rogue(
        "dilated-mask-between",
        "The dilation counts the keys that are left out.",
        _dilated_between,
        "dilated-mask-agreement",
    ),
    _rogue(
        "dilated-mask-past",
        "Only what is before the query is seen.",
        _dilated_past,
        "dilated-mask-classes",
    ),
    _rogue(
        "dilated-mask-from-zero",
        "It counts from the first key, not from the query.",
        _dilated_from_zero,
        "dilated-mask-classes",
    ),
    _rogue(
        "dilated-mask-blocks",
        "Consecutive tokens see each other, not those of equal remainder.",
        _dilated_blocks,
        "dilated-mask-shift",
    ),
    _rogue(
        "block-mask-negated",
        "The layout says what is hidden.",
        _blocks_negated,
        "block-mask-single",
    ),
    _rogue(
        "block-mask-tiled",
        "The layout is repeated and not enlarged.",
        _blocks_tiled,
        "block-mask-constant",
    ),
    _rogue(
        "block-mask-whole",
        "The last blocks are hidden if they are cut.",
        _blocks_whole,
        "block-mask-agreement",
        "tail",
    ),
    _rogue(
        "block-mask-causal",
        "Inside of a block attention is causal, whatever the layout says.",
        _blocks_causal,
        "block-mask-constant",
    ),
    _rogue(
        "block-mask-square",
        "A block has no fewer columns than rows.",
        _blocks_square,
        "block-mask-exchange",
    ),
)
"""Prefixes, dilations and blocks that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("prefix-mask-union", "It unites two masks.", _prefix),
    _control("prefix-mask-rows", "It fills row by row.", _prefix_rows),
    _control(
        "prefix-mask-from-the-upper-left",
        "Queries stand in the upper left.",
        _prefix_upper_left,
        dialect={"alignment": "upper_left"},
    ),
    _control("dilated-mask-remainders", "It compares remainders.", _dilated),
    _control("dilated-mask-steps", "It goes in steps.", _dilated_steps),
    _control("block-mask-repeated", "It repeats rows and columns.", _blocks),
    _control("block-mask-kronecker", "It takes a Kronecker product.", _blocks_kron),
)
"""Prefixes, dilations and blocks that are right."""

__all__ = ["CONTROLS", "ROGUES"]
