"""The group of all commands: every error is one line, every end an exit code."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from attnspec.cli import _interrupts, _streams
from attnspec.exceptions import InvalidArgument

CONFORMS, FAILS, WRONG_REQUEST, OWN_FAULT = range(4)
BROKEN_PIPE = 141


class _Interrupted(click.Abort):
    """A command was interrupted; the code is the one to end with."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


class Root(click.Group):
    """A group whose `main` ends with the exit codes of attnspec."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; whatever signal ends it, it ends as by an interrupt."""
        with _interrupts.interrupting():
            try:
                done = super().invoke(ctx)
                sys.stdout.flush()
                _interrupts.check()
            except KeyboardInterrupt as error:
                raise _Interrupted(_interrupts.code()) from error
            except EOFError as error:
                # Click takes it for an interrupt: no command asks a person anything.
                msg = f"a file or an answer is cut short ({error})"
                raise RuntimeError(msg) from error
        return done

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's signature
        **extra: Any,
    ) -> Any:
        """Run a command; without `standalone_mode` return what it returns."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, **extra)  # noqa: FBT003 - click's signature
        _streams.prepare()
        try:
            code = super().main(args, prog_name, complete_var, False, **extra)  # noqa: FBT003 - click's signature
        except click.ClickException as error:
            _end(f"attnspec: {_one_line(error)}", WRONG_REQUEST)
        except InvalidArgument as error:
            _end(f"attnspec: {error}", WRONG_REQUEST)
        except _Interrupted as error:
            if error.code == BROKEN_PIPE:
                sys.exit(error.code)
            _end("attnspec: interrupted", error.code)
        except (click.Abort, KeyboardInterrupt):
            _end("attnspec: interrupted", _interrupts.code())
        except (BrokenPipeError, SystemExit):
            # Of standard error: so click ends then, and no command does.
            sys.exit(BROKEN_PIPE)
        except Exception as error:  # noqa: BLE001 - the last resort: report it, end with 3
            _apologize(error)
        sys.exit(code or CONFORMS)


def _end(message: str, code: int) -> NoReturn:
    """Print one line for people and end; the code says it where nothing is printed."""
    with contextlib.suppress(OSError):
        click.echo(message, err=True)
    sys.exit(code)


def _one_line(error: click.ClickException) -> str:
    """Return a usage error as argument, rule and value."""
    message = error.format_message()
    if isinstance(error, click.BadParameter) and error.param is not None:
        # Of an option the long form, of an argument its name in capital letters.
        name = error.param.opts[-1]
        if isinstance(error.param, click.Argument):
            name = (error.param.metavar or name).strip("[].").upper()
        detail = error.message or message
        return f"{name}: {' '.join(detail.split())}"
    return " ".join(message.split())


def _apologize(error: Exception) -> NoReturn:
    """Keep the traceback in a file, or print it; say so, and end."""
    trace = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            *("w", -1, "utf-8"), prefix="attnspec-", suffix=".log", delete=False
        ) as file:
            file.write(trace)
        where = file.name
    except OSError:
        where = f"\n{trace}"
    what = traceback.format_exception_only(error)[-1].strip()
    message = (
        f"attnspec: sorry, this is a fault of attnspec and says nothing of the kernel\n"
        f"  {what}\n"
        f"  traceback: {where}"
    )
    _end(message, OWN_FAULT)


__all__ = [
    "CONFORMS",
    "FAILS",
    "OWN_FAULT",
    "WRONG_REQUEST",
    "Root",
]
