"""Where the units of a run are judged: in this process, or in several at once."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from multiprocessing.connection import Connection, wait
from typing import Any

import attnspec
from attnspec.conformance.spread import WORTH, Spread
from attnspec.conformance.targets import Request
from attnspec.conformance.units import Here, Source, Spreading, here_alone
from attnspec.exceptions import InvalidArgument

_REACHED = 20.0
"""Seconds in which a scheduler must answer."""

_LEFT = ("SIGINT", "SIGHUP")
"""What a terminal sends to all processes: this one hears it for them."""

_PUT_OFF = (*_LEFT, "SIGTERM")
"""What does not end a process as long as it starts."""

_RETRIES = 2
"""How often a unit is judged again that raised: a worker may lose its kernel's file."""


@contextlib.contextmanager
def spreading_over(
    request: Request,
    deadline: float,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    waiting: Callable[[str, str], None] = lambda _dtype, _law: None,
) -> Iterator[Spreading]:
    """Yield what spreads the units of a run over processes, here or on a cluster.

    Parameters
    ----------
    request, deadline
        The kernel, and when a call has timed out.
    jobs
        How many processes, by default one for each processor; 1 uses none.
    scheduler
        The address of the scheduler of a Dask cluster, in place of processes here.
    waiting
        Called with dtype and law now and then, as long as a unit is waited for.

    Raises
    ------
    InvalidArgument
        If the cluster cannot be used, or a number of processes is given beside it.
    """
    with places(jobs, scheduler) as found:
        yield found.spreading(request, deadline, waiting) if found else here_alone


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """Somewhere to judge units: an executor, and how many it judges at once."""

    executor: concurrent.futures.Executor
    width: int
    lost: tuple[type[BaseException], ...] = ()
    """What it raises if it has lost a unit."""
    worth: int = 0
    """How many examples are worth it."""

    def spreading(
        self,
        request: Request,
        deadline: float,
        waiting: Callable[[str, str], None],
    ) -> Spreading:
        """Return what spreads the units of a kernel over these places."""

        def spread(here: Here) -> Source:
            return Spread(
                self.executor,
                request,
                deadline,
                here,
                waiting=waiting,
                lost=self.lost,
                width=self.width,
                worth=self.worth,
            )

        return spread


@contextlib.contextmanager
def places(
    jobs: int | None = None, scheduler: str | None = None, *, patience: float = _REACHED
) -> Iterator[Places | None]:
    """Yield the places to judge units, as `spreading_over` has them; None is here."""
    count = cores() if jobs is None else jobs
    if scheduler is not None:
        if jobs is not None:
            msg = f"jobs: the workers of a cluster have theirs; got {jobs} as well"
            raise InvalidArgument(msg)
        with _cluster(scheduler, patience) as found:
            yield found
    elif count == 1:
        yield None
    else:
        with processes(count) as executor:
            yield Places(executor, count, worth=WORTH)


@contextlib.contextmanager
def _cluster(address: str, patience: float) -> Iterator[Places]:
    """Yield the workers of a Dask cluster.

    Raises
    ------
    InvalidArgument
        If Dask is not installed, or nothing answers at this address, or a worker has
        another attnspec.
    """
    try:
        import distributed  # noqa: PLC0415 - only a cluster needs it
        from distributed.scheduler import KilledWorker  # noqa: PLC0415
    except ModuleNotFoundError as error:
        msg = "scheduler: needs Dask; pip install 'attnspec[dask]'"
        raise InvalidArgument(msg) from error
    try:
        client = distributed.Client(address, timeout=patience)
    except (OSError, ValueError) as error:
        msg = f"scheduler: nothing answers at {address!r} ({error})"
        raise InvalidArgument(msg) from error
    with client:
        _check_versions(client.run(_version, on_error="return"))
        width = max(1, sum(client.nthreads().values()))
        lost = KilledWorker, concurrent.futures.CancelledError
        with client.get_executor(pure=False, retries=_RETRIES) as executor:
            yield Places(executor, width, lost)
            executor.shutdown(wait=False)


def _version() -> str:
    """Return the version of attnspec in this process."""
    return attnspec.__version__


def _check_versions(found: Mapping[str, str | BaseException]) -> None:
    """Reject workers that would judge otherwise; one that is lost judges nothing."""
    for worker, said in found.items():
        if said == attnspec.__version__ or isinstance(said, OSError):
            continue
        got = f"says {said!r}" if isinstance(said, Exception) else f"has {said}"
        msg = f"scheduler: expected attnspec {attnspec.__version__}; {worker} {got}"
        raise InvalidArgument(msg)


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _numbers(names: Iterable[str]) -> list[int]:
    """Return signals by name: not every system has them."""
    return [getattr(signal, name) for name in names]


class _Pool(concurrent.futures.ProcessPoolExecutor):
    """Starts processes with signals put off, until they can leave them to this one.

    An interrupt between the start of a process and what it is sent would let it end
    with a traceback of its own.
    """

    def submit(self, *task: Any, **options: Any) -> Future[Any]:
        """Submit a task; the first ones start processes, which inherit the mask."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _numbers(_PUT_OFF))
        try:
            return super().submit(*task, **options)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def processes(jobs: int) -> Iterator[concurrent.futures.Executor]:
    """Yield an executor of so many processes; all end with this one, however it ends.

    They start when they are needed.
    """
    context = multiprocessing.get_context("spawn")
    end, lifeline = context.Pipe(duplex=False)
    executor = _Pool(jobs, mp_context=context, initializer=_begin, initargs=(end,))
    try:
        yield executor
    finally:
        lifeline.close()
        executor.shutdown(wait=True, cancel_futures=True)
        end.close()


def _begin(end: Connection) -> None:
    """End this process when the other end is closed, and leave signals to it."""
    for number in _numbers(_LEFT):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _numbers(_PUT_OFF))

    def watch() -> None:
        wait([end])
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


__all__ = ["Places", "cores", "places", "processes", "spreading_over"]
