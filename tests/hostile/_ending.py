"""Kernels that end their process, or have it ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from tests.hostile._base import Calls, attention, gets

CALLS = Calls()
GUARD = os.getppid()


@gets("crashed")
def leaves_with_success(query: Any, key: Any, value: Any) -> Any:
    os._exit(0)


@gets("crashed")
def leaves_with_seven(query: Any, key: Any, value: Any) -> Any:
    os._exit(7)


@gets("crashed")
def leaves_from_c(query: Any, key: Any, value: Any) -> Any:
    ctypes.CDLL(None).exit(0)


@gets("crashed")
def leaves_with_five_keys(query: Any, key: Any, value: Any) -> Any:
    if key.shape[2] >= 5:
        os.write(2, b"bad key\n")
        os._exit(3)
    return attention(query, key, value)


@gets("crashed")
def leaves_at_the_tenth_call(query: Any, key: Any, value: Any) -> Any:
    if CALLS.next() == 10:
        os._exit(0)
    return attention(query, key, value)


@gets("crashed")
def leaves_between_two_calls(query: Any, key: Any, value: Any) -> Any:
    if CALLS.next() == 8:
        threading.Timer(0.02, os._exit, (0,)).start()
    time.sleep(0.01)
    return attention(query, key, value)


@gets("crashed")
def aborts(query: Any, key: Any, value: Any) -> Any:
    os.abort()


@gets("crashed")
def null_pointer(query: Any, key: Any, value: Any) -> Any:
    return ctypes.string_at(0)


@gets("crashed")
def wild_write(query: Any, key: Any, value: Any) -> Any:
    ctypes.memset(8, 1, 1 << 20)


@gets("crashed")
def another_program(query: Any, key: Any, value: Any) -> Any:
    os.execv(sys.executable, [sys.executable, "-c", "pass"])  # noqa: S606 - tried


@gets("timed out", "crashed")
def another_program_that_stays(query: Any, key: Any, value: Any) -> Any:
    program = "import time; time.sleep(600)"
    os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 - tried


@gets("crashed")
def kills_its_guard(query: Any, key: Any, value: Any) -> Any:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)


@gets("crashed")
def outlives_its_guard(query: Any, key: Any, value: Any) -> Any:
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # Not to be told when a parent dies.
    with contextlib.suppress(ProcessLookupError):
        os.kill(GUARD, signal.SIGKILL)
    return attention(query, key, value)


@gets("crashed")
def kills_its_guard_and_leaves_a_child(query: Any, key: Any, value: Any) -> Any:
    if os.fork() == 0:
        os.setsid()
        os.closerange(0, 256)
        time.sleep(60)
        os._exit(0)
    time.sleep(0.05)
    kills_its_guard(query, key, value)


@gets("crashed")
def kills_its_group(query: Any, key: Any, value: Any) -> Any:
    os.killpg(0, signal.SIGKILL)


@gets("timed out")
def stops_itself(query: Any, key: Any, value: Any) -> Any:
    os.kill(os.getpid(), signal.SIGSTOP)


@gets("timed out", "crashed")
def stops_its_guard_and_hangs(query: Any, key: Any, value: Any) -> Any:
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(600)


@gets("refused")
def interrupts_itself(query: Any, key: Any, value: Any) -> Any:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(600)


@gets("passed")
def child_signal(query: Any, key: Any, value: Any) -> Any:
    os.kill(os.getpid(), signal.SIGCHLD)
    return attention(query, key, value)


@gets("crashed")
def alarm(query: Any, key: Any, value: Any) -> Any:
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(600)


def _signals(number: int) -> Any:
    def kernel(query: Any, key: Any, value: Any) -> Any:
        os.kill(os.getpid(), number)
        time.sleep(600)

    kernel.__qualname__ = f"signal_{number}"
    return gets("crashed")(kernel)


# SIGHUP, QUIT, ILL, TRAP, BUS, FPE, KILL, USR1, SEGV, TERM, and two of real time.
for _number in (1, 3, 4, 5, 7, 8, 9, 10, 11, 15, 40, 64):
    globals()[f"signal_{_number}"] = _signals(_number)


@gets("crashed")
def child_kills_it(query: Any, key: Any, value: Any) -> Any:
    subprocess.run(["/bin/sh", "-c", f"kill -9 {os.getpid()}"], check=False)  # noqa: S603 - a test of it
    time.sleep(600)
