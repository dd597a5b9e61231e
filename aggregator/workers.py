"""The killable pool that parses: hostile documents are read in processes with a limit on time and on memory.

A document that hangs, eats memory or kills its reader costs its own poll and nothing else: the task fails with a
``ParseError`` that names the limit and its setting, the worker is replaced, and the tasks beside it go on.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, TypeVar, TypeVarTuple

from pebble import ProcessExpired, ProcessPool

from aggregator import text
from aggregator.errors import ParseError
from aggregator.model import Parse
from aggregator.model.units import write_duration

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_PRELOADED = ["aggregator.reading", "aggregator.workers"]
_ATTEMPTS = 3
_TASKS_PER_WORKER = 500  # then a new one: what libraries leak counts against the limit on memory
_OUT_OF_MEMORY = 77  # the exit status of a worker whose task took all that it may have
_ORPHAN_GRACE = 2.0  # seconds after the time limit when a worker whose parent is gone ends itself


class Workers:
    """*settings* gives the number of processes and their limits.

    The processes start with the first task.  ``close`` ends them; nothing can be run after it.
    """

    def __init__(self, settings: Parse) -> None:
        self._settings = settings
        self._pool: ProcessPool | None = None
        self._starting = Lock()
        self._pending: set[Future[Any]] = set()
        self._closed = False

    async def run(self, fn: Callable[[*Ts], T], *args: *Ts) -> T:
        """``fn(*args)`` in a worker; both, and what comes back, must be picklable.

        Raises ParseError when *fn* does, when it passes a limit, and when it fails in any other way.
        """
        for _ in range(_ATTEMPTS):
            pool = self._pool
            if pool is None:
                pool = await asyncio.to_thread(self._running)
            try:
                return await self._result(pool, fn, args)
            except (BrokenProcessPool, RuntimeError):
                # Not this task's fault: a worker died between two tasks.
                await asyncio.to_thread(self._discard, pool)
        raise ParseError("could not be read: the processes that read do not stay alive; see the log of the system")

    def close(self) -> None:
        """End the processes; tasks still running fail."""
        self._closed = True
        for future in tuple(self._pending):
            future.cancel()
        if self._pool:
            self._discard(self._pool)

    async def _result(self, pool: ProcessPool, fn: Callable[[*Ts], T], args: tuple[*Ts]) -> T:
        limits = self._settings
        seconds = limits.timeout.total_seconds()
        future: Future[T] = pool.schedule(_guarded, args=(fn, args, seconds), timeout=seconds)
        self._pending.add(future)
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise ParseError(f"could not be read within {write_duration(limits.timeout)} ([parse].timeout)") from error
        except ProcessExpired as error:
            if error.exitcode == _OUT_OF_MEMORY:
                raise ParseError(f"needs more than {_megabytes(limits.memory)} to be read ([parse].memory)") from error
            raise ParseError(
                f"killed the process that read it ({_ending(error.exitcode)}); "
                f"most often that is a lack of memory ([parse].memory = {_megabytes(limits.memory)})"
            ) from error
        except asyncio.CancelledError as error:
            if self._closed and not _is_cancelled():
                raise ParseError("was not read: the program is stopping") from error
            raise
        finally:
            self._pending.discard(future)

    def _running(self) -> ProcessPool:
        with self._starting:
            if self._closed:
                raise ParseError("was not read: the program is stopping")
            if self._pool is None:
                self._pool = _pool(self._settings)
                _ = self._pool.active  # starts it
            return self._pool

    def _discard(self, pool: ProcessPool) -> None:
        with self._starting:
            if self._pool is not pool:
                return
            self._pool = None
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()


def _pool(settings: Parse) -> ProcessPool:
    context = _Context()
    context.set_forkserver_preload(_PRELOADED)
    return ProcessPool(
        max_workers=settings.workers,
        max_tasks=_TASKS_PER_WORKER,
        initializer=_limit,
        initargs=(settings.memory,),
        context=context,
    )


def _limit(memory: int) -> None:
    """In a worker, before its first task: *memory* bytes on top of what the interpreter has already taken."""
    # pebble handles SIGTERM in Python, which waits for C code to return; the default ends the process at once.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    limit = _address_space() + memory
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _address_space() -> int:
    with suppress(OSError, ValueError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return 0


def _guarded(fn: Callable[..., T], args: tuple[Any, ...], seconds: float) -> T:
    """In a worker: every failure as an exception that can be sent back, and no end later than the parent expects."""
    signal.setitimer(signal.ITIMER_REAL, seconds + _ORPHAN_GRACE)
    try:
        return fn(*args)
    except ParseError:
        raise
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)  # what the task took comes back in pieces too small for the next one
    except (Exception, SystemExit) as error:
        raise ParseError(f"could not be read ({type(error).__name__}: {text.clean(str(error))[:200]})") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:g} MB"


def _ending(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit status {code}"
    with suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _Process(ForkServerProcess):
    """multiprocessing would run the parent's main program again in every worker: here it finds none to run."""

    def start(self) -> None:
        with _without_main():
            super().start()


class _Context(ForkServerContext):
    """A fork server and not a fork: the daemon has threads, and a fork copies locks that nobody will open."""

    Process = _Process


@contextmanager
def _without_main() -> Iterator[None]:
    with _main_hidden:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


_main_hidden = Lock()
