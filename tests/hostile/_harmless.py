"""Kernels that do strange things which harm nobody, and are right."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import gc
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import warnings
from typing import Any

import numpy as np

from tests.hostile._base import attention, gets


@gets("passed")
def prints_much(query: Any, key: Any, value: Any) -> Any:
    print("x" * 300_000)
    os.write(1, b"y" * 300_000)
    os.write(2, b"z" * 300_000)
    return attention(query, key, value)


@gets("passed")
def starts_threads(query: Any, key: Any, value: Any) -> Any:
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return attention(query, key, value)


@gets("passed")
def forks_a_child_that_sleeps(query: Any, key: Any, value: Any) -> Any:
    if os.fork() == 0:
        time.sleep(600)
    return attention(query, key, value)


@gets("passed")
def forks_a_child_that_leaves_its_session(query: Any, key: Any, value: Any) -> Any:
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    return attention(query, key, value)


@gets("passed")
def forks_a_child_that_raises(query: Any, key: Any, value: Any) -> Any:
    """Attack B: the child comes back from the kernel, and must not answer."""
    if os.fork() == 0:
        raise RuntimeError
    return attention(query, key, value)


@gets("passed")
def forks_a_child_that_returns(query: Any, key: Any, value: Any) -> Any:
    os.fork()
    return attention(query, key, value)


@gets("passed")
def starts_a_program(query: Any, key: Any, value: Any) -> Any:
    subprocess.Popen(["/bin/sleep", "600"])
    return attention(query, key, value)


@gets("passed")
def computes_in_a_pool(query: Any, key: Any, value: Any) -> Any:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return pool.submit(attention, query, key, value).result()


@gets("passed")
def computes_in_a_loop(query: Any, key: Any, value: Any) -> Any:
    async def compute() -> Any:
        return attention(query, key, value)

    return asyncio.run(compute())


@gets("passed")
def changes_handlers(query: Any, key: Any, value: Any) -> Any:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    return attention(query, key, value)


@gets("passed")
def replaces_its_streams(query: Any, key: Any, value: Any) -> Any:
    sys.stdin = sys.stdout = sys.stderr = None
    return attention(query, key, value)


@gets("passed")
def closes_standard_streams(query: Any, key: Any, value: Any) -> Any:
    for descriptor in (0, 1, 2):
        try:
            os.close(descriptor)
        except OSError:
            continue
    return attention(query, key, value)


@gets("passed")
def does_not_block(query: Any, key: Any, value: Any) -> Any:
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            os.set_blocking(int(name), False)
    return attention(query, key, value)


@gets("passed")
def goes_elsewhere(query: Any, key: Any, value: Any) -> Any:
    os.chdir("/")
    os.environ.clear()
    os.umask(0o777)
    return attention(query, key, value)


@gets("passed")
def forgets_its_paths(query: Any, key: Any, value: Any) -> Any:
    sys.path.clear()
    sys.argv.clear()
    return attention(query, key, value)


@gets("passed")
def is_strict(query: Any, key: Any, value: Any) -> Any:
    np.seterr(invalid="raise", divide="raise")
    warnings.simplefilter("error")
    return attention(query, key, value)


@gets("passed")
def is_frugal(query: Any, key: Any, value: Any) -> Any:
    gc.disable()
    gc.freeze()
    sys.setrecursionlimit(400)
    return attention(query, key, value)


@gets("passed")
def traces(query: Any, key: Any, value: Any) -> Any:
    sys.settrace(lambda *_: None)
    sys.setprofile(lambda *_: None)
    return attention(query, key, value)


@gets("passed")
def leaves_in_the_end(query: Any, key: Any, value: Any) -> Any:
    atexit.register(os._exit, 5)
    return attention(query, key, value)


@gets("passed")
def limits_itself(query: Any, key: Any, value: Any) -> Any:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(1)
    return attention(query, key, value)


@gets("passed")
def logs(query: Any, key: Any, value: Any) -> Any:
    logging.basicConfig(level="DEBUG", force=True)
    logging.getLogger("kernel").error("all is well")
    return attention(query, key, value)
