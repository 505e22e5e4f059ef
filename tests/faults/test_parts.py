"""The harness is to be trusted: it sees every difference, cuts where it says, and tries points that all differ."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from faults.calls import Kind
from faults.dump import differences
from faults.faults import Fault
from faults.lane import Journey
from faults.network import Link, Trouble, _Proxy, _State
from faults.plan import plan
from faults.trial import Calm
from faults.world import NIGHTS, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = [Unit("last", council, "report-missed-bin") for council in ("belfast", "cardiff", "fife")]
SENT = bytes(range(256)) * 40


def test_row_that_is_lost_added_or_doubled_is_a_difference() -> None:
    right = {"core.record": (b"a", b"b", b"b"), "marts.kpi": (b"c",)}
    assert differences(right, dict(right)) == {}
    assert differences(right, {**right, "core.record": (b"a", b"b")}) == {"core.record": (1, 0)}
    assert differences(right, {**right, "core.record": (b"a", b"b", b"x")}) == {"core.record": (1, 1)}
    assert differences(right, {"core.record": right["core.record"]}) == {"marts.kpi": (1, 0)}
    assert differences(right, {**right, "new.table": (b"d",)}) == {"new.table": (0, 1)}


class _World:
    def new_files(self, unit: Unit) -> list[str]:
        return [f"{unit.council}-1", f"{unit.council}-2"]


def calm(unit: Unit) -> Calm:
    seen = [[kind, number, "what"] for kind in Kind for number in range(1, 6)]
    steps = ("extract", "validate", "load", "aggregate", "publish", "reconcile")
    journey = Journey(dict.fromkeys(steps, "done"), [], dict.fromkeys(steps, seen))
    return Calm(unit, journey, {}, {}, {"extract": {(Link.SFTP, "from"): 5000}})


def planned(seed: int, wanted: int = 300) -> list[Any]:
    worlds: Any = dict.fromkeys(NIGHTS, _World())
    return plan(worlds, [calm(unit) for unit in UNITS], wanted, seed)


def test_all_points_differ_and_are_spread_over_faults_councils_steps_and_calls() -> None:
    points = planned(1)
    assert len(points) == len(set(points)) == 300
    assert {point.fault for point in points} == set(Fault)
    killed = [point for point in points if point.fault is Fault.KILLED_BEFORE]
    assert {point.call for point in killed} == set(Kind)
    assert len({point.step for point in killed}) == 6
    counts = [sum(point.unit == unit for point in points) for unit in UNITS]
    assert max(counts) < 2 * min(counts)


def test_same_seed_tries_the_same_points_and_another_seed_others() -> None:
    assert planned(1) == planned(1)
    assert planned(1) != planned(2)


def test_there_are_never_more_points_than_there_are() -> None:
    points = planned(1, 100_000)
    assert len(points) == len(set(points)) < 100_000


@contextmanager
def server() -> Iterator[int]:
    """A server that sends the same bytes to whoever connects."""
    import threading  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    end, _ = listener.accept()
                except OSError:
                    return
                with end:
                    end.sendall(SENT)

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])


def received(port: int) -> bytes:
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as end:
        try:
            while piece := end.recv(4096):
                got += piece
        except ConnectionResetError:
            pass
    return got


@pytest.mark.parametrize("after", [0, 1, 5000, len(SENT) - 1])
def test_connection_is_cut_at_the_very_byte_and_the_next_one_is_whole(after: int) -> None:
    state = _State(troubles=[Trouble(Link.SFTP, "from", after)])
    with server() as upstream:
        proxy = _Proxy(Link.SFTP, upstream, state)
        got = received(proxy.port)
        # What was on its way when the connection was reset may be lost with it.
        assert SENT.startswith(got)
        assert len(got) <= after
        assert received(proxy.port) == SENT
    assert state.hits == 1


def test_trouble_that_lasts_meets_every_connection() -> None:
    state = _State(troubles=[Trouble(Link.SFTP, "from", 10, lasting=True)])
    with server() as upstream:
        proxy = _Proxy(Link.SFTP, upstream, state)
        assert all(len(received(proxy.port)) <= 10 for _ in range(3))
    assert state.hits == 3


def test_clock_that_is_set_goes_for_all_ways_of_asking_and_leaves_datetimes_what_they_are() -> None:
    program = (
        "import datetime as dt, time; real = dt.datetime.now(dt.UTC); before = time.time(); "
        "from faults.clock import set_clock; set_clock(86400); "
        "print(dt.datetime.now(dt.UTC) - real > dt.timedelta(hours=23), time.time() - before > 80000, "
        "isinstance(real, dt.datetime), real + dt.timedelta(days=1) > real)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 4


def test_nights_of_a_clock_change_cover_the_day_of_it() -> None:
    assert NIGHTS["spring"] - dt.timedelta(days=1) == dt.date(2026, 3, 29)
    assert NIGHTS["autumn"] - dt.timedelta(days=1) == dt.date(2025, 10, 26)
