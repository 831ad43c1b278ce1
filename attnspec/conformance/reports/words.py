"""Numbers, durations and dialects in words, and text in lines, for people."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable

from attnspec.judge.description import Description
from attnspec.judge.verdicts import Detected
from attnspec.kinds.registry import kind_named
from attnspec.numerics import Comparison

WIDTH = 80
"""The columns that a report fits into; only tokens are longer."""

LABEL = 16
"""The columns of a label that stands before its text."""


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
    >>> wrapped("float", first="attn_logits_soft_cap")
    ['attn_logits_soft_cap float']
    """
    return textwrap.wrap(
        one_line(text),
        WIDTH,
        initial_indent=_label(first, indent),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def _label(first: str, indent: int) -> str:
    """Return a label in its column, apart from what follows it."""
    return (first and f"{first} ").ljust(indent)


def pieces(
    parts: Iterable[str], *, first: str, indent: int = LABEL, between: str = "   "
) -> list[str]:
    """Return short parts in lines, broken between the parts where they fit."""
    lines: list[str] = []
    line = _label(first, indent)
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


def dialect_in_words(detected: Detected, description: Description) -> list[str]:
    """Return the choices of a dialect that are known, and where each comes from."""
    kind = kind_named(description.kind)
    claims = description.capabilities.claims
    said = []
    for field, choice in detected.dialect.items():
        words = kind.words.choices.get(field, field.replace("_", " "))
        source = detected.sources.get(field, "default")
        needs = kind.choice_needs.get(field)
        shows = needs is None or bool(claims.intersection(needs))
        if source == "default" and not shows:
            continue
        if field in kind.unenforced and source not in ("declared", "default"):
            said.append(f"{words} {source}")
        else:
            said.append(f"{words} {choice} ({source})")
    return said


def differences(detected: Detected, description: Description) -> dict[str, str]:
    """Return what is said of the choices that were found and are not the spec's."""
    spec = kind_named(description.kind).default()
    said = {}
    for field, choice in detected.dialect.items():
        source, default = detected.sources.get(field), spec[field]
        if choice == default or source in (None, "face", "declared", "default"):
            continue
        how = "found" if source == "detected" else source
        said[field] = (
            f"{choice} ({how}; the spec's default is {default}; declare it with "
            f"--dialect {field}={choice}, or ask for the other with "
            f"--dialect {field}={default})"
        )
    return said


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
    "count",
    "dialect_in_words",
    "differences",
    "number",
    "numbers",
    "one_line",
    "pieces",
    "seconds_in_words",
    "times_bound",
    "wrapped",
]
