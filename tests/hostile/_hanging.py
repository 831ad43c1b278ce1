"""Kernels that do not return."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from typing import Any

from tests.hostile._base import Calls, attention, gets, write_everywhere

CALLS = Calls()


@gets("timed out")
def spins(query: Any, key: Any, value: Any) -> Any:
    while True:
        pass


@gets("timed out")
def sleeps(query: Any, key: Any, value: Any) -> Any:
    time.sleep(600)


@gets("timed out")
def waits_for_a_signal(query: Any, key: Any, value: Any) -> Any:
    signal.pause()


@gets("timed out")
def holds_the_interpreter_in_c(query: Any, key: Any, value: Any) -> Any:
    ctypes.PyDLL(None).sleep(600)


@gets("timed out")
def locks_itself_out(query: Any, key: Any, value: Any) -> Any:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


@gets("timed out")
def hangs_with_five_keys(query: Any, key: Any, value: Any) -> Any:
    if key.shape[2] >= 5:
        time.sleep(600)
    return attention(query, key, value)


@gets("timed out")
def hangs_at_the_tenth_call(query: Any, key: Any, value: Any) -> Any:
    if CALLS.next() == 10:
        time.sleep(600)
    return attention(query, key, value)


@gets("timed out")
def thread_holds_the_interpreter_after_the_call(
    query: Any, key: Any, value: Any
) -> Any:
    if CALLS.next() == 8:

        def hold() -> None:
            time.sleep(0.01)
            ctypes.PyDLL(None).sleep(600)

        threading.Thread(target=hold, daemon=True).start()
    time.sleep(0.02)
    return attention(query, key, value)


@gets("timed out")
def half_a_header(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(b'{"answer": 2, ')
    time.sleep(600)


@gets("timed out")
def one_byte_at_a_time(query: Any, key: Any, value: Any) -> Any:
    while True:
        write_everywhere(b" ")
        time.sleep(0.05)


@gets("timed out")
def prints_for_ever(query: Any, key: Any, value: Any) -> Any:
    while True:
        os.write(1, b"still here\n" * 1_000)


@gets("timed out")
def ignores_every_signal(query: Any, key: Any, value: Any) -> Any:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    time.sleep(600)


@gets("timed out")
def forks_and_both_hang(query: Any, key: Any, value: Any) -> Any:
    if os.fork() == 0:
        os.setsid()
    while True:
        time.sleep(600)
