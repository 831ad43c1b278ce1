"""Where the units of a run are judged: in this process, or in several at once."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait

from attnspec.conformance.spread import Spread
from attnspec.conformance.targets import Request
from attnspec.conformance.units import Here, Source, Spreading, here_alone
from attnspec.exceptions import InvalidArgument


@contextlib.contextmanager
def spreading_over(
    request: Request,
    deadline: float,
    *,
    jobs: int | None = None,
    waiting: Callable[[str, str], None] = lambda _dtype, _law: None,
) -> Iterator[Spreading]:
    """Yield what spreads the units of a run over processes.

    Parameters
    ----------
    request, deadline
        The kernel, and when a call has timed out.
    jobs
        How many processes, by default one for each processor; 1 uses none.
    waiting
        Called with dtype and law now and then, as long as a unit is waited for.

    Raises
    ------
    InvalidArgument
        If the number of processes is none.
    """
    count = counted(jobs)
    if count == 1:
        yield here_alone
        return
    with processes(count) as executor:

        def spread(here: Here) -> Source:
            return Spread(
                executor, request, deadline, here, waiting=waiting, width=count
            )

        yield spread


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def counted(jobs: object) -> int:
    """Return a number of processes, by default one for each processor.

    Raises
    ------
    InvalidArgument
        If it is none.
    """
    if jobs is None:
        return cores()
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        msg = f"jobs: expected a whole number from 1 on; got {jobs!r}"
        raise InvalidArgument(msg)
    return jobs


@contextlib.contextmanager
def processes(jobs: int) -> Iterator[concurrent.futures.Executor]:
    """Yield an executor of so many processes; all end with this one, however it ends.

    They start when they are needed.
    """
    context = multiprocessing.get_context("spawn")
    end, lifeline = context.Pipe(duplex=False)
    executor = concurrent.futures.ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_begin, initargs=(end,)
    )
    try:
        yield executor
    finally:
        lifeline.close()
        executor.shutdown(wait=True, cancel_futures=True)
        end.close()


def _begin(end: Connection) -> None:
    """End this process when the other end is closed, and leave signals to it."""
    for name in ("SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)

    def watch() -> None:
        wait([end])
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


__all__ = ["cores", "counted", "processes", "spreading_over"]
