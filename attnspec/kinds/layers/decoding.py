"""Writing token by token until a stop token: the kind `decoding`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case, cast
from attnspec.judge.claims import Claim
from attnspec.judge.compare import agrees
from attnspec.judge.kind import Kind, result
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import zeroing
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _usage as usage
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.tracked import Judged
from attnspec.reference import Decoder, Projections, decode_greedily

_ATTEMPTS = 64
_GAP = 2.0**-5
"""How far the likeliest token leads, in units of the largest logit: far beyond what
rounding does, so that tokens compare exactly."""

_LEAST = 2.0**-12
"""How far it must lead for a case to be judged at all, in the same units."""

_TABLE = Table(
    fields={
        "source": (1, 2, 3, 5, 8),
        "width": (4, 2, 3, 8),
        "tokens": (5, 2, 3, 8, 17),
        "limit": (2, 1, 3, 5, 8, 12),
        "ending": ("never", "early", "late"),
        "cached": (False, True),
    },
    claims={
        "cached": Claim("that keys and values are kept, or not, by a keyword", "cached")
    },
)


def _whole(recipe: Recipe, label: str, shape: tuple[int, ...], most: int) -> Array:
    return integers(recipe.seed, label, shape, -most, most) * 1.0


def _drawn(recipe: Recipe) -> dict[str, Any]:
    """Return a source and a decoder of small whole numbers and halves."""
    width, tokens, limit = (recipe[name] for name in ("width", "tokens", "limit"))
    square = (3, width, width)
    # Queries and keys are halved: scores are a quarter as far apart.
    halves = np.array([0.5, 0.5, 1.0])[:, None, None]
    given = {
        "memory": _whole(recipe, "memory", (recipe["source"], width), 2),
        "embedding": _whole(recipe, "embedding", (tokens, width), 2),
        "positions": _whole(recipe, "positions", (limit + 1, width), 2),
        "own": _whole(recipe, "own", square, 1) * halves,
        "source": _whole(recipe, "source", square, 1) * halves,
        "output": _whole(recipe, "output", (width, tokens), 2),
    }
    return {name: cast(array, recipe) for name, array in given.items()}


def _build(recipe: Recipe) -> Case:
    """Take the first decoder whose every choice is clear, and a token to stop at."""
    limit = recipe["limit"]
    best: tuple[float, dict[str, Any], npt.NDArray[np.float64]] = -1.0, {}, np.zeros(0)
    start = int(integers(recipe.seed, "start", (1,), 0, recipe["tokens"] - 1)[0])
    for attempt in range(_ATTEMPTS):
        given = _drawn(recipe.replace(seed=recipe.seed + attempt))
        # No token is -1: it writes to the limit.
        tokens, gap = _written(given, start, -1, limit)
        best = max(best, (gap, given, tokens), key=lambda found: found[0])
        if gap >= _GAP:
            break
    _, given, tokens = best
    stop = _stop(tokens, recipe)
    return Case(
        operands={**given, "start": start, "stop": stop, "limit": limit},
        options={"cached": True} if recipe["cached"] else {},
        results=result("output", (limit,), "integer"),
        dtype=recipe.dtype,
    )


def _stop(tokens: npt.NDArray[np.float64], recipe: Recipe) -> int:
    """Return the token to stop at: the first one, that which comes last, or none."""
    known, first = np.unique(tokens, return_index=True)
    absent = sorted(set(range(recipe["tokens"])) - {int(token) for token in known})
    if recipe["ending"] == "never" and absent:
        return absent[0]
    return int(tokens[0] if recipe["ending"] == "early" else known[first.argmax()])


def _attended(
    reader: npt.NDArray[np.float64],
    members: npt.NDArray[np.float64],
    by: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return what one reader takes from members."""
    scores = (members @ by[1]) @ (reader @ by[0]) / np.sqrt(by.shape[-1])
    sizes = np.exp(scores - scores.max())
    return np.asarray(sizes @ (members @ by[2]) / sizes.sum())


def _written(
    given: Mapping[str, Any], start: int, stop: int, limit: int
) -> tuple[npt.NDArray[np.float64], float]:
    """Return the tokens, the stop token to the end, and by how much each one led."""
    parts = ("memory", "embedding", "positions", "own", "source", "output")
    arrays = {name: np.asarray(given[name], np.float64) for name in parts}
    tokens, gap, read = [start], np.inf, np.zeros((0, arrays["memory"].shape[-1]))
    while (len(tokens) <= limit and tokens[-1] != stop) or len(tokens) == 1:
        x = arrays["embedding"][tokens[-1]] + arrays["positions"][len(read)]
        read = np.concatenate([read, x[None]])
        y = x + _attended(x, read, arrays["own"])
        z = y + _attended(y, arrays["memory"], arrays["source"])
        logits = z @ arrays["output"]
        second, first = np.sort(logits)[-2:]
        # In units of the largest logit: its rounding is relative to it.
        gap = min(gap, (first - second) / max(1.0, np.abs(logits).max()))
        tokens.append(int(logits.argmax()))
    rest = [stop] * (limit + 1 - len(tokens))
    return np.array([*tokens[1:], *rest], np.float64), float(gap)


def _judge(case: Case, _choices: Dialect, _model: NumericModel) -> Judged:
    given = case["start"], case["stop"], case["limit"]
    tokens, gap = _written(case.operands, *given)
    # Where two tokens are all but level, rounding may choose: nothing is promised.
    return Judged(tokens, np.full(tokens.shape, 0.0 if gap >= _LEAST else np.nan))


def _defined(
    memory: Array,
    embedding: Array,
    positions: Array,
    own: Array,
    source: Array,
    output: Array,
    start: int,
    stop: int,
    limit: int,
    *,
    cached: bool = False,
) -> Array:
    """Evaluate the definition, with the stop token from the end on."""
    by = Projections(*own), Projections(*source)
    decoder = Decoder(embedding, positions, *by, output)
    ends = {"start": start, "stop": stop, "limit": limit}
    tokens = decode_greedily(memory, decoder, **ends, cached=cached)
    return np.array([*tokens, *[stop] * (limit - len(tokens))], np.int64)


DECODING = Kind(
    name="decoding",
    sentence="Writes the likeliest token until it is the stop token.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.DECODING,
    simplest={"source": 3},
    nulls={
        # No token is -1.
        "endless": lambda case, right: right(case.replace(stop=-1)),
        "sourceless": zeroing("source"),
        "one_member": lambda case, right: right(
            case.replace(memory=case["memory"][:1])
        ),
        "unplaced": zeroing("positions"),
        # Reads nothing of what was written.
        "forgetful": zeroing("own"),
    },
)


DECODING.agreement_law(
    "sets.stop",
    "Each token is the likeliest after those before it, up to the stop token.",
    nulls=("zeros", "endless", "sourceless", "unplaced", "forgetful"),
)


@DECODING.law("decoding-limit", "sets.stop", nulls=("zeros",))
def check_limit(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A lower limit writes the same tokens, only fewer of them."""
    limit = (case["limit"] + 1) // 2
    lower = case.replace(limit=limit).returning((limit,))
    yield from agrees(lower, bench, "a lower limit")


@DECODING.law(
    "decoding-behind",
    "sets.stop",
    nulls=("endless",),
    fields={"ending": ("early", "late"), "limit": (2, 3, 5, 8)},
)
def check_behind(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Nothing is written after the stop token, whatever the positions there hold."""
    written = int((bench.judged(case).output != case["stop"]).argmin()) + 1
    positions = case["positions"].copy()
    # Loud: what is written behind the end would hardly be the same.
    positions[written:] = 100
    yield from agrees(case.replace(positions=positions), bench, "changed behind")


@DECODING.law(
    "decoding-cache",
    "sets.cache",
    needs=("cached",),
    nulls=("forgetful",),
    fields={"cached": (True,), "limit": (3, 5, 8, 12)},
)
def check_cache(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keeping keys and values writes what computing them anew writes."""
    yield from agrees(case, bench, "with a cache")
    yield from agrees(case.without("cached"), bench, "without a cache")


@DECODING.law(
    "decoding-source",
    "sets.cross",
    nulls=("one_member",),
    fields={"source": (2, 3, 5, 8)},
)
def check_source(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The order of the source changes no token."""
    for note, order in (("reversed", np.s_[::-1]), ("as it is", np.s_[:])):
        other = case.replace(memory=case["memory"][order])
        yield from agrees(other, bench, note)


@DECODING.law("decoding-names", "sets.stop", nulls=("zeros", "endless"))
def check_names(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Tokens with other numbers are written in other numbers, the stop token too."""
    count = len(case["embedding"])
    renamed = case.replace(
        embedding=case["embedding"][::-1],
        output=case["output"][:, ::-1],
        start=count - 1 - case["start"],
        stop=count - 1 - case["stop"],
    )
    yield from agrees(renamed, bench, "renumbered")


__all__ = ["DECODING"]
