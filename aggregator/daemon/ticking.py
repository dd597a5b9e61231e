"""APScheduler on a clock that may be set back: a virtual machine that resumes, NTP after booting.

A job's next time is a time on the wall, and the timer sleeps until then.  When the clock is set back by three hours
meanwhile, APScheduler finds at its next waking that nothing is due for three hours, and sleeps for as long.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.daemon.opening import clock


class Ticking(AsyncIOScheduler):  # type: ignore[misc]
    """For jobs at an interval.  *clock* tells the time that APScheduler reads by itself."""

    def __init__(self, clock: Callable[[], datetime] = clock) -> None:
        super().__init__(timezone=UTC)
        self._clock = clock

    def wakeup(self) -> None:
        """A job that is due later than an interval from now was put off by a clock that has been set back: it is due.

        The timer itself does not follow the wall, so this is called an interval after the last time at the latest.
        """
        now = self._clock()
        for job in self.get_jobs():
            if job.next_run_time and job.next_run_time - now > job.trigger.interval:
                job.modify(next_run_time=now)
        super().wakeup()
