"""The group of all commands: every error is one line, every end an exit code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from attnspec.cli._interrupts import interrupting
from attnspec.exceptions import InvalidArgument

CONFORMS, FAILS, WRONG_REQUEST, OWN_FAULT = range(4)
INTERRUPTED = 130
BROKEN_PIPE = 141


class Root(click.Group):
    """A group whose `main` ends with the exit codes of attnspec."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what ends it by a signal, ends it as an interrupt does."""
        with interrupting():
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt as error:
                raise click.Abort from error
            except EOFError as error:
                # Click takes it for an interrupt: no command asks a person anything.
                msg = f"a file or an answer is cut short ({error})"
                raise RuntimeError(msg) from error

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
        try:
            code = super().main(args, prog_name, complete_var, False, **extra)  # noqa: FBT003 - click's signature
            sys.stdout.flush()
        except click.ClickException as error:
            _end(f"attnspec: {_one_line(error)}", WRONG_REQUEST)
        except InvalidArgument as error:
            _end(f"attnspec: {error}", WRONG_REQUEST)
        except (click.Abort, KeyboardInterrupt):
            _end("attnspec: interrupted", INTERRUPTED)
        except SystemExit:
            # So click and rich end where nobody reads any more; no command does.
            sys.exit(BROKEN_PIPE)
        except BrokenPipeError:
            # Python's own flush at exit must not complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(BROKEN_PIPE)
        except Exception as error:  # noqa: BLE001 - the last resort: report it, end with 3
            _apologize(error)
        sys.exit(code or CONFORMS)


def _end(message: str, code: int) -> NoReturn:
    """Print one line for people and end."""
    click.echo(message, err=True)
    sys.exit(code)


def _one_line(error: click.ClickException) -> str:
    """Return a usage error as argument, rule and value."""
    message = error.format_message()
    if isinstance(error, click.BadParameter) and error.param is not None:
        # Of an option the long form, of an argument its name in capital letters.
        name = error.param.opts[-1]
        if isinstance(error.param, click.Argument):
            name = (error.param.metavar or name).strip("[]").upper()
        detail = error.message or message
        return f"{name}: {' '.join(detail.split())}"
    return " ".join(message.split())


def _apologize(error: Exception) -> NoReturn:
    """Keep the traceback in a file, say where, and end."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="attnspec-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.writelines(traceback.format_exception(error))
    what = traceback.format_exception_only(error)[-1].strip()
    message = (
        f"attnspec: sorry, this is a fault of attnspec and says nothing of the kernel\n"
        f"  {what}\n"
        f"  traceback: {file.name}"
    )
    _end(message, OWN_FAULT)


__all__ = [
    "CONFORMS",
    "FAILS",
    "INTERRUPTED",
    "OWN_FAULT",
    "WRONG_REQUEST",
    "Root",
]
