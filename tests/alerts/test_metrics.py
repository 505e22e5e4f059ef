"""Gauges are text that a scraper can read, one of each kind for each feed, and whole whenever it reads them."""

from __future__ import annotations

import datetime as dt
import errno
import os
import re
import stat
from typing import TYPE_CHECKING, NoReturn

import pytest
import yaml
from sqlalchemy import text

from local_digital.calendar import midnight
from local_digital.errors import ConfigurationError
from local_digital.metrics import metrics, write
from tests.alerts.conftest import BINS, BOOKS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alerts.conftest import House

DAY = dt.timedelta(days=1)
MONDAY = midnight(dt.date(2026, 3, 2))
_SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*)\})? (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)')


def read(page: str) -> dict[tuple[str, str], float]:
    """Read the exposition format as Prometheus does: HELP and TYPE before a metric's samples, one line each."""
    assert page.endswith("\n")
    found: dict[tuple[str, str], float] = {}
    known: set[str] = set()
    for line in page.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.removeprefix("# TYPE ").split(" ")
            assert (kind, name in known) == ("gauge", False)
            known.add(name)
        elif not line.startswith("# HELP "):
            sample = _SAMPLE.fullmatch(line)
            assert sample is not None, line
            assert sample[1] in known
            found[sample[1].removeprefix("local_digital_"), sample[2] or ""] = float(sample[3])
    return found


def labels(transaction: str) -> str:
    return f'council="solihull",transaction="{transaction}"'


def test_a_feed_has_its_age_its_rows_its_lag_and_what_waits(house: House) -> None:
    house.deliver(BINS, MONDAY, accepted=1_234_567)

    found = read(metrics(house.workspace, now=MONDAY + 3 * DAY))

    assert {name: value for (name, told), value in found.items() if told == labels(BINS)} == {
        "feed_age_seconds": 3 * 86400,
        "feed_late": 1,
        "delivery_rows_accepted": 1_234_567,
        "delivery_rows_quarantined": 2,
        # Nobody has released it yet, so what was loaded waits.
        "publish_lag_seconds": 3 * 86400,
        "waiting_decisions": 1,
    }
    # Of a feed without a delivery there is no age: it is not zero.
    assert ("feed_age_seconds", labels(BOOKS)) not in found
    assert (found["broken_files", ""], found["messages_unsent", ""]) == (0, 0)


def test_what_a_finished_push_has_seen_waits_no_longer(house: House) -> None:
    house.deliver(BINS, MONDAY)
    push = (
        "insert into ledger.send (council, transaction, data_set, sink, run_id, started_at, finished_at, new_records, "
        "changed, withdrawn, unchanged) values ('solihull', :transaction, 'a', 'live', 'r', :at, :ended, 0, 0, 0, 0)"
    )
    names = {"transaction": BINS, "at": MONDAY + DAY, "ended": None}
    with house.workspace.engine.begin() as db:
        db.execute(text(push), names)
    assert read(metrics(house.workspace, now=MONDAY + 2 * DAY))["publish_lag_seconds", labels(BINS)] == 2 * 86400
    with house.workspace.engine.begin() as db:
        db.execute(text(push), {**names, "ended": MONDAY + DAY})
    assert read(metrics(house.workspace, now=MONDAY + 2 * DAY))["publish_lag_seconds", labels(BINS)] == 0


def test_a_broken_file_is_counted_and_hides_no_other_gauge(house: House) -> None:
    house.file.write_text("council: solihull\n", "utf-8")

    assert read(metrics(house.workspace))["broken_files", ""] == 1


def test_a_feed_that_a_council_has_no_longer_has_no_gauges_and_one_that_is_not_live_no_lag(house: House) -> None:
    house.deliver(BINS, MONDAY)
    house.deliver(BOOKS, MONDAY)
    facts = yaml.safe_load(house.file.read_text("utf-8"))
    del facts["feeds"][BOOKS]
    facts["feeds"][BINS]["stage"] = "draft"
    house.file.write_text(yaml.safe_dump(facts), "utf-8")

    found = read(metrics(house.workspace, now=MONDAY + DAY))

    assert {told for _, told in found} == {labels(BINS), ""}
    assert ("feed_age_seconds", labels(BINS)) in found
    assert ("publish_lag_seconds", labels(BINS)) not in found


def test_a_disk_without_room_leaves_the_old_gauges_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    output = tmp_path / "local_digital.prom"
    output.write_text("old\n", "utf-8")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="a file that can be written; found OSError"):
        write("new\n", output)
    assert output.read_text("utf-8") == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["local_digital.prom"]


def test_the_file_is_replaced_whole_and_everybody_may_read_it(tmp_path: Path) -> None:
    output = tmp_path / "local_digital.prom"
    output.write_text("old", "utf-8")
    with output.open(encoding="utf-8") as reading:
        write("new\n", output)
        # Whoever is reading reads the old one to its end.
        assert reading.read() == "old"

    assert output.read_text("utf-8") == "new\n"
    assert stat.S_IMODE(output.stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["local_digital.prom"]


def test_a_folder_that_is_not_there_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="a file that can be written"):
        write("new\n", tmp_path / "none" / "local_digital.prom")
