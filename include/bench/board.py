"""The rollout board over the whole fleet and its past: how long the server works on a page, and how large that is."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import statistics
import time
from typing import TYPE_CHECKING, Any

from bench.councils import data_sets, write_councils
from bench.measure import in_own_process
from bench.place import place
from bench.report import Line
from bench.statements import fill
from local_digital.config.loading import load_transactions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.place import Place

_NOW = dt.datetime(2026, 1, 5, 8, 0, tzinfo=dt.UTC)
_LOOKS = 7


def board(councils: int, deliveries: int) -> Iterator[Line]:
    """Measure the board's page with so many councils, a feed of every contract in each, and about so many deliveries.

    Raises AssertionError when a council is not on it.
    """
    with place() as here:
        slugs = write_councils(here.config, councils)
        contracts = load_transactions(here.config)[0]
        transactions = list(contracts)
        nights = max(1, deliveries // (councils * len(contracts)))
        fill(here, "deliveries", councils=slugs, transactions=transactions, newest=_NOW, nights=nights)
        fill(here, "pushes")
        seen = [json.dumps({"data_sets": data_sets(contract)}) for contract in contracts.values()]
        fill(here, "approvals", transactions=transactions, figures=seen)
        fill(here, "released_feeds", councils=slugs, transactions=transactions)
        measured = in_own_process(_look, here)
    found = measured.result
    if found["rows"] != councils:
        raise AssertionError(f"the board has {found['rows']} councils of {councils}")
    size = {"councils": councils, "deliveries": nights * councils * len(contracts)}
    yield Line("board: the server's time", found["ms"], "ms", 300.0, facts={
        **size, "first look ms": round(found["first ms"]), "query ms": round(found["query ms"]),
    })  # fmt: skip
    yield Line("board: the page", found["kB"], "kB", 500.0, facts={
        **size, "kB as Airflow compresses it": round(found["gzip kB"]),
    })  # fmt: skip


def _look(here: Place) -> Iterator[Any]:
    from local_digital.board import pages  # noqa: PLC0415 - in the measured process
    from local_digital.board.reading import Board  # noqa: PLC0415
    from local_digital.board.rollout import Wanted, rollout  # noqa: PLC0415

    opened = Board(here.settings)
    at = pages.Addresses("/board/", "/", "https://figures.example.org/")

    def look() -> tuple[float, float, int, str]:
        started = time.perf_counter()
        with opened.workspace.engine.connect() as db:
            found = rollout(db, opened.configuration, Wanted(), _NOW)
        queried = time.perf_counter()
        page = pages.board_page(at, found)
        return time.perf_counter() - started, queried - started, len(found.rows), page.content

    yield None
    first, _, rows, page = look()
    looks = [look() for _ in range(_LOOKS)]
    content = page.encode()
    yield {
        "ms": statistics.median(whole for whole, *_ in looks) * 1000,
        "query ms": statistics.median(query for _, query, *_ in looks) * 1000,
        "first ms": first * 1000,
        "rows": rows,
        "kB": len(content) / 1000,
        "gzip kB": len(gzip.compress(content, 5)) / 1000,
    }
    opened.close()
