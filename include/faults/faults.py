"""The faults: what can befall a night, each at a point of its own."""

from __future__ import annotations

import os
import random
import signal
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from faults.calls import Call, Kind, Watch
from faults.network import Link, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.lane import Lane
    from faults.world import Unit

_T = TypeVar("_T")
_ENDED_SECONDS = 5.0


class Fault(StrEnum):
    """What befalls a night."""

    KILLED_BEFORE = "process killed before a call"
    KILLED_AFTER = "process killed after a call"
    SESSION_ENDED = "database session ended by the server"
    ANSWER_LOST = "commit done, its answer lost"
    POSTGRES_KILLED = "PostgreSQL killed"
    CUT = "connection cut at a byte"
    CUT_ALWAYS = "every connection cut at a byte"
    DRIP = "server that drips"
    DISK_FULL = "disk full"
    CLOCK = "clock that jumps"
    AT_ONCE = "two runs at once"
    REPEATED = "night repeated, one of them killed"
    OUT_OF_ORDER = "nights out of order, one of them killed"


# Those that befall one call, inside of the process that makes it.
AT_A_CALL = frozenset(
    {Fault.KILLED_BEFORE, Fault.KILLED_AFTER, Fault.SESSION_ENDED, Fault.ANSWER_LOST, Fault.POSTGRES_KILLED}
)


class Point(NamedTuple):
    """Where a fault befalls a night. step: its name, a second look of extract apart. call, number, what: of the call.

    trouble: of the network. amount: bytes that are free, or seconds that the clock jumps. seed: for what is left to
    chance.
    """

    fault: Fault
    unit: Unit
    step: str = ""
    call: Kind | None = None
    number: int = 0
    what: str = ""
    trouble: Trouble | None = None
    amount: int = 0
    seed: int = 0

    def __str__(self) -> str:
        at = f", {self.call} {self.number} ({self.what})" if self.call else ""
        if self.trouble:
            at += f", {self.trouble.link} {self.trouble.direction} the server, byte {self.trouble.after}"
        if self.amount:
            at += f", {self.amount}"
        return f"{self.fault}: {self.unit}, {self.step or 'the whole night'}{at}"


class Injector(Watch):
    """Lets a fault befall one call; all others pass."""

    def __init__(self, point: Point, lane: Lane) -> None:
        super().__init__()
        self.point = point
        self.lane = lane

    def around(self, call: Call, go: Callable[[], _T]) -> _T:
        if (call.kind, call.number) != (self.point.call, self.point.number):
            return go()
        self.lane.fired[0] = 1
        match self.point.fault:
            case Fault.KILLED_AFTER:
                go()
                os.kill(os.getpid(), signal.SIGKILL)
            case Fault.SESSION_ENDED if call.connection:
                self._end_session(call.connection.info.backend_pid)
            case Fault.ANSWER_LOST:
                self.lane.net.arm(Trouble(Link.POSTGRES, "from", 0))
            case Fault.POSTGRES_KILLED:
                self.lane.kill_postgres()
            case _:
                os.kill(os.getpid(), signal.SIGKILL)
        return go()

    def _end_session(self, backend: int) -> None:
        with self.lane.administration() as cursor:
            cursor.execute("select pg_terminate_backend(%s)", [backend])
            until = time.monotonic() + _ENDED_SECONDS
            while time.monotonic() < until:
                cursor.execute("select 1 from pg_stat_activity where pid = %s", [backend])
                if cursor.fetchone() is None:
                    return
                time.sleep(0.01)


class Dawdler(Watch):
    """Rests before calls at random, so that two processes come upon each other at places that differ."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it

    def around(self, call: Call, go: Callable[[], _T]) -> _T:
        del call
        if self._chance.random() < _DAWDLES:
            time.sleep(self._chance.random() * _DAWDLE_SECONDS)
        return go()


class Hider(Watch):
    """Shows a folder without some of its files: those that the council puts there later."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self._names = names

    def around(self, call: Call, go: Callable[[], Any]) -> Any:
        found = go()
        if call.kind is Kind.SOURCE and call.what == "entries":
            return [entry for entry in found if entry.name not in self._names]
        return found


_DAWDLES = 0.3
_DAWDLE_SECONDS = 0.05
