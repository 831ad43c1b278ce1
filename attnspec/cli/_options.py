"""The options that several commands have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from attnspec.cli import _names as names

if TYPE_CHECKING:
    from attnspec.conformance.targets import Request

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def several(
    name: str, plural: str, metavar: str, callback: names.Callback | None, text: str
) -> Decorator:
    """Return an option that may be given more than once; order is kept."""
    return click.option(
        f"--{name}",
        plural,
        multiple=True,
        metavar=metavar,
        callback=callback,
        help=f"{text} May be given more than once.",
    )


def _words_for(what: str) -> names.Callback:
    """Return what refuses words that are given and empty, as of an unset variable."""

    def given(
        _context: click.Context, parameter: click.Parameter, value: str | None
    ) -> str | None:
        if value is not None and not value.strip():
            message = f"expected {what}; got {value!r}"
            raise click.BadParameter(message, param=parameter)
        return value

    return given


_given = _words_for("words that name a kernel")


def each_given(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Return words that name kernels, none of which is empty."""
    for value in values:
        _given(context, parameter, value)
    return values


def tier(default: str, text: str) -> Decorator:
    """Return the option that says how much to look at."""
    return click.option(
        "--tier",
        callback=names.TIER,
        default=default,
        show_default=True,
        metavar="TIER",
        help=text,
    )


ONLY = several(
    *("only", "only", "ID", names.INVARIANT),
    "An invariant; all by default.",
)


def _seed(_context: click.Context, parameter: click.Parameter, value: str) -> int:
    """Return the seed, one of the operating system's if a random one is wanted."""
    from attnspec.judge.seeds import seed_of

    try:
        return seed_of(value)
    except ValueError as error:
        message = str(error).removeprefix("seed: ")
        raise click.BadParameter(message, param=parameter) from error


SEED = click.option(
    "--seed",
    default="0",
    show_default=True,
    metavar="N|random",
    callback=_seed,
    help="Where the examples are drawn from; 'random' is another place every time.",
)


def seeds(text: str) -> Decorator:
    """Return the option that says how many seeds to try."""
    return click.option(
        "--seeds",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        metavar="COUNT",
        help=text,
    )


JOBS = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many processes judge; one for each processor by default, 1 for none.",
)
SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS",
    callback=_words_for("the address of a scheduler"),
    help="Judge on the workers of the Dask cluster that has its scheduler here.",
)
DTYPES = several(
    *("dtype", "dtypes", "DTYPE", names.DTYPE),
    "A format to judge; all claimed ones by default.",
)
KIND = click.option(
    "--kind",
    metavar="KIND",
    callback=names.KIND,
    help="What the kernel is, attention by default; 'attnspec kinds' lists them.",
)
TARGET = click.argument("target", required=False, callback=_given)


class _Path(click.Path):
    """A file or a folder; where one is given its name is not empty."""

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Return the path."""
        if not value:
            self.fail("expected a path; got ''", param, ctx)
        return super().convert(value, param, ctx)


FILE = _Path(path_type=Path, dir_okay=False)
FOLDER = _Path(path_type=Path, file_okay=False)

_KERNEL = (
    click.option(
        "--program",
        metavar="COMMAND",
        callback=_given,
        help="Judge this program in place of TARGET; it may be in any language.",
    ),
    click.option(
        "--face",
        metavar="FACE",
        callback=names.FACE,
        help="How TARGET is called, recognised by default; 'attnspec faces' lists it.",
    ),
    click.option(
        "--methods",
        metavar="DOES=NAME[,...]",
        callback=_words_for("what methods are called"),
        help="What the methods of a class are called: append=put,attend=read; "
        "those that its face knows are recognised.",
    ),
    click.option(
        "--arrays",
        metavar="LIBRARY",
        callback=names.ARRAYS,
        help="Whose arrays TARGET takes: numpy, torch, jax or mlx; by default those "
        "of its face.",
    ),
    click.option(
        "--device",
        metavar="DEVICE",
        callback=_words_for("a device"),
        help="Where these arrays lie: cpu, cuda, cuda:1, mps, xpu.",
    ),
    click.option(
        "--description",
        type=FILE,
        metavar="FILE",
        help="What is known of the kernel, in TOML; the options below say the same.",
    ),
    several(
        *("claim", "claims", "CLAIM", names.CLAIM),
        "A capability beyond those of the signature.",
    ),
    several(
        *("without", "without", "CLAIM", names.CLAIM),
        "A capability of the signature not to claim.",
    ),
    several(
        *("limit", "limits", "LIMIT", None),
        "A size that must be a multiple, or is least: 'width % 8 == 0', 'keys >= 2'.",
    ),
    several(
        *("exclusive", "exclusive", "CLAIM,CLAIM[,...]", None),
        "Claims of which no two may come together.",
    ),
    several(
        *("dialect", "dialect", "FIELD=VALUE", None),
        "A choice on which systems differ.",
    ),
    several(
        *("model", "models", "DTYPE=PRESET", None),
        "How it computes in a format: bfloat16=upcast-bfloat16, or one field of it, "
        "bfloat16.tables=bfloat16.",
    ),
    click.option(
        "--deadline",
        type=float,
        default=20.0,
        show_default=True,
        metavar="SECONDS",
        help="When a call has timed out; the first call of a process has longer.",
    ),
)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what the kernel is, for `request`."""
    for option in reversed(_KERNEL):
        function = option(function)
    return function


_WORDS = (
    *("target", "program", "kind", "arrays", "face", "device", "methods"),
    *("description", "deviations", "dtypes", "claims", "without", "limits"),
    *("exclusive", "dialect", "models"),
)
"""What `request_in_words` is told."""


def is_given(name: str) -> bool:
    """Return whether somebody has given an option of the command that runs."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not ParameterSource.DEFAULT


def requested(asked: Mapping[str, Any]) -> Request:
    """Return the request that the options of a command make."""
    from attnspec.conformance.inputs import request_in_words

    words = {name: asked[name] for name in _WORDS if asked.get(name) is not None}
    return request_in_words(**words)


__all__ = [
    "DTYPES",
    "FILE",
    "FOLDER",
    "JOBS",
    "KIND",
    "ONLY",
    "SCHEDULER",
    "SEED",
    "TARGET",
    "each_given",
    "is_given",
    "kernel",
    "requested",
    "seeds",
    "several",
    "tier",
]
