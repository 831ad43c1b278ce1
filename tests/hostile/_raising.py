"""Kernels that raise, in every way there is."""

from __future__ import annotations

import sys
import time
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import reject

from attnspec.exceptions import InvalidArgument, KernelTimedOut, UnusableTarget
from tests.hostile._base import attention, gets


@gets("refused")
def recursion(query: Any, key: Any, value: Any) -> Any:
    return recursion(query, key, value)


@gets("refused")
def five_megabytes(query: Any, key: Any, value: Any) -> NoReturn:
    raise ValueError("x" * 5_000_000)


@gets("refused")
def five_million_lines(query: Any, key: Any, value: Any) -> NoReturn:
    raise ValueError("\n" * 5_000_000)


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@gets("refused")
def mute(query: Any, key: Any, value: Any) -> NoReturn:
    raise Mute


class Number(Exception):
    def __str__(self) -> Any:
        return 3  # noqa: PLE0307 - what is tried


@gets("refused")
def number_for_a_text(query: Any, key: Any, value: Any) -> NoReturn:
    raise Number


class Slow(Exception):
    def __str__(self) -> str:
        time.sleep(600)
        return ""


@gets("timed out")
def text_that_hangs(query: Any, key: Any, value: Any) -> NoReturn:
    raise Slow


class Base(BaseException):
    pass


@gets("refused")
def base_exception(query: Any, key: Any, value: Any) -> NoReturn:
    raise Base


@gets("refused")
def keyboard_interrupt(query: Any, key: Any, value: Any) -> NoReturn:
    raise KeyboardInterrupt


@gets("refused")
def generator_exit(query: Any, key: Any, value: Any) -> NoReturn:
    raise GeneratorExit


@gets("refused")
def stop_iteration(query: Any, key: Any, value: Any) -> NoReturn:
    raise StopIteration


@gets("refused")
def system_exit(query: Any, key: Any, value: Any) -> NoReturn:
    sys.exit(0)


@gets("refused")
def long_name(query: Any, key: Any, value: Any) -> NoReturn:
    raise type("X" * 1_000_000, (Exception,), {})


@gets("refused")
def name_with_escapes(query: Any, key: Any, value: Any) -> NoReturn:
    raise type("a\n\x1b[31mred", (Exception,), {})


@gets("refused")
def text_with_escapes(query: Any, key: Any, value: Any) -> NoReturn:
    raise ValueError("\x1b[31mred\x07\r\x00\ud800")


@gets("refused")
def group(query: Any, key: Any, value: Any) -> NoReturn:
    raise ExceptionGroup("several", [ValueError("x" * 10_000)] * 1_000)


@gets("refused")
def no_memory(query: Any, key: Any, value: Any) -> Any:
    return np.empty(1 << 60)


@gets("refused")
def own_exception(query: Any, key: Any, value: Any) -> NoReturn:
    raise InvalidArgument("target: it is not I")


@gets("refused")
def unusable(query: Any, key: Any, value: Any) -> NoReturn:
    raise UnusableTarget("target: gone")


@gets("refused")
def timed_out(query: Any, key: Any, value: Any) -> NoReturn:
    raise KernelTimedOut("did not return within 0 s")


@gets("refused")
def rejects(query: Any, key: Any, value: Any) -> Any:
    reject()


@gets("refused")
def skips(query: Any, key: Any, value: Any) -> Any:
    pytest.skip("not today")


@gets("refused")
def only_five_keys(query: Any, key: Any, value: Any) -> Any:
    assert key.shape[2] < 5, key
    return attention(query, key, value)
