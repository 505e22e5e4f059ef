"""A clock that is wrong: what a process takes for the time, without touching the machine's own clock."""

from __future__ import annotations

import datetime as dt
import time


def set_clock(by: float) -> None:
    """Let this process, from now on, take the time to be so many seconds later (or, below zero, earlier) than it is.

    Both of the ways in which the core asks for the time: `datetime.now` and `time.time`. The database's own clock goes
    on as it does: a worker's differs from it.
    """
    real_time, real = time.time, dt.datetime

    class _Meta(type):
        # What others have made with the real class is a datetime still.
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real)

    class _Shifted(real, metaclass=_Meta):  # type: ignore[misc,valid-type]
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return real.fromtimestamp(real_time() + by, tz)

    time.time = lambda: real_time() + by
    dt.datetime = _Shifted  # type: ignore[misc]
