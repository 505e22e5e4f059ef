"""aggregate after one delivery, with a long past and with a short one: it costs what was touched, not what is there."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from typing import TYPE_CHECKING, Any

from bench.councils import write_councils, write_export
from bench.measure import in_own_process
from bench.place import place
from bench.report import Line
from bench.statements import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.place import Place

_TRANSACTION = "report-missed-bin"
_FIRST_NIGHT = dt.date(2026, 1, 5)
_NIGHTS = 6
_ROWS = 300
_SHORT = 50_000


def history(records: int, short: int = _SHORT, nights: int = _NIGHTS) -> Iterator[Line]:
    """Measure aggregate after a delivery of 300 rows, on a warehouse with so many records of years gone by (half of
    the feed itself) against one with `short` of them.
    """
    with place() as before, place() as now:
        brief, long = in_own_process(_all, [(before, short), (now, records)], nights).result
    yield Line("history: aggregate after a delivery", long["s"] / brief["s"], f"x with {short} records", 1.5, facts={
        "records": records, "s": round(long["s"], 3), f"s with {short}": round(brief["s"], 3),
        "periods": long["periods"],
    })  # fmt: skip


def _all(warehouses: list[tuple[Place, int]], nights: int) -> Iterator[Any]:
    yield None
    runs = [_nights(here, records) for here, records in warehouses]
    # Night by night in turns: what else the machine does slows both.
    measured = [[next(run) for run in runs] for _ in range(nights + 1)]
    # The first night pays for what a process does once.
    yield [min(run[1:], key=lambda night: night["s"]) for run in zip(*measured, strict=True)]


def _nights(here: Place, records: int) -> Iterator[dict[str, float]]:
    """Deliver one night after the other; yield how long aggregate took, and for how many periods."""
    from local_digital.aggregate import aggregate  # noqa: PLC0415 - in the measured process
    from local_digital.extract import take_files  # noqa: PLC0415
    from local_digital.load import load  # noqa: PLC0415
    from local_digital.validate import validate  # noqa: PLC0415
    from local_digital.workspace import Workspace  # noqa: PLC0415

    (council,) = write_councils(here.config, 1)
    with Workspace.open(here.settings()) as workspace:
        feed = workspace.feed(council, _TRANSACTION)
        for number in itertools.count():
            night = _FIRST_NIGHT + dt.timedelta(days=number)
            file = here.folder / f"{night:%Y%m%d}.csv"
            write_export(file, feed.contract, _ROWS, night, seed=number)
            take_files(workspace, feed, [file], run_id="bench")
            (report,) = validate(workspace, feed)
            if report.accepted != _ROWS:
                raise AssertionError(f"{report.accepted} of {_ROWS} rows were accepted: {report}")
            load(workspace, feed)
            started = time.perf_counter()
            periods = aggregate(workspace, council).periods[_TRANSACTION]
            seconds = time.perf_counter() - started
            if not number:
                # The first delivery brings the words that the past is told in.
                fill(here, "history", feed_id=feed.feed_id, records=records)
            yield {"s": seconds, "periods": periods}
