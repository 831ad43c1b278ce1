"""Numbers, recipes, dialects and models in words, for people."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable

from attnspec.judge.implementation import Description
from attnspec.judge.law import ATTENTION
from attnspec.judge.recipe import Recipe
from attnspec.judge.verdicts import Detected
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.recipe import AttentionRecipe
from attnspec.numerics import Comparison, NumericModel

WIDTH = 80
"""The columns that a report fits into; only tokens are longer."""

LABEL = 16
"""The columns of a label that stands before its text."""

_DIALECT = {
    "alignment": "alignment",
    "empty_row": "empty row",
    "empty_lse": "lse of an empty row",
    "empty_keys": "output when S = 0",
    "nan_masked_key": "NaN in masked keys",
    "nan_masked_value": "NaN in masked values",
}

_UNMEASURED = "unspecified"


def one_line(text: str) -> str:
    r"""Return a foreign text in one line, without control characters.

    Examples
    --------
    >>> one_line("no\n  kernel\x1b[0m")
    'no kernel?[0m'
    """
    kept = (char if char.isprintable() else "?" for char in " ".join(text.split()))
    return "".join(kept)


def wrapped(text: str, *, first: str = "", indent: int = LABEL) -> list[str]:
    """Return a text in lines of at most `WIDTH` columns, after a label.

    Examples
    --------
    >>> wrapped("as the definition", first="  expected")
    ['  expected      as the definition']
    """
    return textwrap.wrap(
        one_line(text),
        WIDTH,
        initial_indent=first.ljust(indent),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def pieces(
    parts: Iterable[str], *, first: str, indent: int = LABEL, between: str = "   "
) -> list[str]:
    """Return short parts in lines, broken between the parts where they fit."""
    lines: list[str] = []
    line = first.ljust(indent)
    empty = True
    for part in map(one_line, parts):
        joined = f"{line}{'' if empty else between}{part}"
        if len(joined) > WIDTH and not empty:
            lines.append(f"{line}{between.rstrip()}")
            joined = " " * indent + part
        line, empty = joined, False
    return [long for line in [*lines, line] for long in _broken(line, indent)]


def _broken(line: str, indent: int) -> list[str]:
    """Return a line that may be too long in lines that are not."""
    if len(line) <= WIDTH:
        return [line]
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=" " * indent, drop_whitespace=True
    )


def times_bound(ratio: float) -> str:
    """Return the size of an error in words.

    Examples
    --------
    >>> times_bound(0.407), times_bound(0.0), times_bound(0.0004)
    ('0.41 of the bound', 'exact', 'less than 0.01 of the bound')
    >>> times_bound(48_612.3), times_bound(1.372)
    ('49,000 times the bound', '1.37 times the bound')
    """
    if ratio <= 1:
        part = f"{ratio:.2f}" if ratio >= 0.01 else "less than 0.01"
        return f"{part} of the bound" if ratio else "exact"
    if not math.isfinite(ratio):
        return "beyond any bound"
    return f"{_factor(ratio)} times the bound"


def _factor(ratio: float) -> str:
    """Return a number above 1 with two or three digits."""
    if ratio < 100:
        return f"{ratio:.3g}"
    if ratio >= 1e9:
        return f"{ratio:.1e}"
    unit = 10 ** (math.floor(math.log10(ratio)) - 1)
    return f"{round(ratio / unit) * unit:,}"


def number(value: float, resolution: float) -> str:
    """Return a number with as many digits as its resolution makes sense of.

    Examples
    --------
    >>> number(1.01532871, 3.1e-7), number(0.1 + 0.2, 0.0)
    ('1.0153287', '0.30000000000000004')
    """
    if not math.isfinite(value):
        return str(value)
    if not 0 < resolution < math.inf:
        return repr(value)
    size = math.log10(abs(value)) - math.log10(resolution) if value else 0.0
    return f"{value:.{min(17, max(5, 2 + math.floor(size)))}g}"


def numbers(comparison: Comparison) -> tuple[str, str, str]:
    """Return expected value, bound and actual value of a comparison."""
    resolution = min(comparison.bound, comparison.error or comparison.bound)
    expected = number(comparison.expected, resolution)
    actual = number(comparison.actual, resolution)
    return expected, f"{comparison.bound:.2g}", actual


def sizes_of(recipe: AttentionRecipe) -> str:
    """Return the axis lengths of a recipe, one word an axis."""
    lengths = {
        "B": recipe.batch,
        "Hq": recipe.query_heads,
        "Hkv": recipe.key_heads,
        "L": recipe.queries,
        "S": recipe.keys,
        "E": recipe.width,
        "Ev": recipe.value_width,
    }
    return " ".join(f"{axis}{length}" for axis, length in lengths.items())


def case_in_words(recipe: AttentionRecipe | Recipe) -> str:
    """Return what a recipe makes, in one sentence.

    Examples
    --------
    >>> case_in_words(AttentionRecipe(keys=65, causal=True))
    'B1 Hq1 Hkv1 L1 S65 E1 Ev1, causal, float32'
    """
    if isinstance(recipe, Recipe):
        said = (f"{n} {v}" for n, v in recipe.fields if v not in (None, False))
        return ", ".join([*said, recipe.dtype])
    parts = [sizes_of(recipe), *_options(recipe), recipe.dtype, *_data(recipe)]
    return ", ".join(parts)


def _options(recipe: AttentionRecipe) -> list[str]:
    said: list[str] = []
    for name in OPTIONS:
        value = getattr(recipe, name)
        if value is None or value is False:
            continue
        if name in ("mask", "bias"):
            axes = getattr(recipe, f"{name}_axes")
            said.append(f"{name} {value} ({axes})")
        else:
            said.append(name if value is True else f"{name} {value}")
    return said or ["no options"]


def _data(recipe: AttentionRecipe) -> list[str]:
    """Return what is said of the data: nothing of plain ones."""
    plain = AttentionRecipe()
    said = [f"{recipe.scores} scores"] if recipe.scores != plain.scores else []
    if recipe.values != plain.values:
        said.append(f"{recipe.values} values")
    if recipe.bias is not None and recipe.bias_dtype != plain.bias_dtype:
        said.append(f"{recipe.bias_dtype} bias")
    if recipe.hidden != plain.hidden:
        said.append(f"{recipe.hidden} numbers where no query looks")
    return said + [f"{operand} {layout}" for operand, layout in recipe.layouts]


def dialect_in_words(detected: Detected, description: Description) -> list[str]:
    """Return the choices of a dialect that are known, and where each comes from."""
    if description.kind != ATTENTION:
        sources = detected.sources
        return [
            f"{name.replace('_', ' ')} {choice} ({sources.get(name, 'default')})"
            for name, choice in detected.choices.items()
        ]
    said = []
    for field, words in _DIALECT.items():
        value = getattr(detected.dialect, field)
        source = detected.sources.get(field, "default")
        if source == "default" and (
            value == _UNMEASURED or not _seen(field, description)
        ):
            continue
        if value == _UNMEASURED:
            said.append(f"{words} {source}")
        else:
            said.append(f"{words} {value} ({source})")
    return said


def _seen(field: str, description: Description) -> bool:
    """Return whether a choice can show in anything that is claimed."""
    claims = description.capabilities.claims
    needs = {
        "alignment": {"causal", "window"},
        "empty_row": {"mask", "minus_infinity_bias", "causal", "window"},
        "empty_lse": {"return_lse"},
        "empty_keys": {"empty_keys"},
    }
    return bool(needs[field] & claims) if field in needs else False


def model_in_words(model: NumericModel, kind: str = ATTENTION) -> str:
    """Return what a numeric model allows.

    Examples
    --------
    >>> from attnspec.numerics import default_model
    >>> model_in_words(default_model("bfloat16"))
    'float32 scores and sums, weights rounded to bfloat16, bfloat16 output'
    """
    if kind != ATTENTION:
        return f"{model.softmax} inside, {model.output} output"
    inner = {model.dot, model.softmax, model.accumulator}
    parts = [f"{model.dot} scores and sums"]
    if len(inner) > 1:
        parts = [f"{model.dot} scores, {model.softmax} softmax"]
        parts.append(f"sums in {model.accumulator}")
    parts += _roundings(model)
    return ", ".join([*parts, f"{model.output} output"])


def _roundings(model: NumericModel) -> list[str]:
    """Return what a model rounds between input and output."""
    said = []
    narrow = [name for name in model.operands if name != model.dot]
    if narrow:
        said.append(f"operands rounded to {narrow[0]}")
    if model.scores:
        said.append(f"scores stored in {model.scores[0]}")
    if model.weights is not None:
        said.append(f"weights rounded to {model.weights}")
    if model.stored_accumulator is not None:
        said.append(f"running output stored in {model.stored_accumulator}")
    if model.dot_unit > 1 or model.accumulator_unit > 1:
        said.append("truncating sums")
    if model.max_slack:
        said.append("a lazy maximum")
    return said + (["merged parts"] if model.splits else [])


def count(total: int, thing: str, plural: str = "") -> str:
    """Return a number of things.

    Examples
    --------
    >>> count(1, "invariant"), count(6113, "example")
    ('1 invariant', '6,113 examples')
    """
    return f"{total:,} {thing if total == 1 else plural or thing + 's'}"


def seconds_in_words(seconds: float) -> str:
    """Return a duration.

    Examples
    --------
    >>> seconds_in_words(0.42), seconds_in_words(38.2), seconds_in_words(245)
    ('0.4 s', '38 s', '4 min 5 s')
    """
    if seconds < 9.5:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


__all__ = [
    "LABEL",
    "WIDTH",
    "case_in_words",
    "count",
    "dialect_in_words",
    "model_in_words",
    "number",
    "numbers",
    "one_line",
    "pieces",
    "seconds_in_words",
    "sizes_of",
    "times_bound",
    "wrapped",
]
