"""Snapshots, deltas, windows, event logs and counts: what each kind of delivery does to what is known already."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from local_digital.load import load
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOW = {"from": "How", "map": {"Web": "online", "Phone": "phone"}}
DATED = {"kind": "folder", "files": "bins_{date:%Y%m%d}.csv"}
EVENTS: dict[str, Any] = {
    "delivery": "event_log",
    "source": DATED,
    "columns": {
        "record_ref": {"from": "Ref"},
        "event_at": {"from": "At", "formats": ["iso"]},
        "channel": HOW,
        "status": {"from": "State", "map": {"Open": "open", "Closed": "closed", "Duplicate": "duplicate"}},
        "ward": {"from": "Ward"},
    },
}
COUNTS: dict[str, Any] = {
    "delivery": "aggregate",
    "aggregate": {"period": "week"},
    "source": DATED,
    "covers_from": "2025-11-03",
    "columns": {"period": {"from": "Week", "formats": ["iso"]}, "channel": HOW, "count": {"from": "Reports"}},
}
RECORDS: dict[str, Any] = {
    "delivery": "snapshot",
    "source": DATED,
    "columns": {"record_ref": {"from": "Ref"}, "reported_at": {"from": "Opened", "formats": ["iso"]}, "channel": HOW},
}


@pytest.fixture
def anywhere(database_url: str, tmp_path: Path) -> Iterator[Anywhere]:
    with Workspace.open(settings_for(database_url, tmp_path)) as workspace:
        yield Anywhere(workspace, tmp_path)


def events(*rows: str) -> str:
    return "\n".join(["Ref,At,State,How,Ward", *rows, ""])


def counts(*rows: str) -> str:
    return "\n".join(["Week,How,Reports", *rows, ""])


def told(anywhere: Anywhere) -> dict[str, tuple[Any, ...]]:
    return {
        record.record_ref: (
            f"{record.reported_at:%d %H:%M}", record.closed_at and f"{record.closed_at:%d %H:%M}",
            record.status, record.channel, record.ward,
        )
        for record in anywhere.records()
    }  # fmt: skip


NIGHTS = [
    ("bins_20251105.csv", events("1,2025-11-03T09:00,Open,Web,A", "2,2025-11-04T10:00,Open,Phone,A")),
    ("bins_20251106.csv", events("1,2025-11-05T12:00,Closed,Phone,", "2,2025-11-04T10:00,Open,Phone,A")),
    ("bins_20251107.csv", events("1,2025-11-06T08:00,Open,Phone,B", "2,2025-11-06T09:00,Duplicate,Phone,")),
    ("bins_20251108.csv", events("1,2025-11-07T15:00,Closed,,B", "1,2025-11-07T16:00,Closed,Phone,B")),
]
AFTER = {
    # Opened, closed, opened again: closed since the first closing after it was last open.
    "1": ("03 09:00", "07 16:00", "closed", "online", "B"),
    "2": ("04 10:00", "06 09:00", "duplicate", "phone", "A"),
}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_case_is_told_by_all_its_events_whatever_order_they_arrive_in(
    anywhere: Anywhere, order: tuple[int, ...]
) -> None:
    feed = anywhere.configure(**EVENTS)
    for position in order:
        anywhere.ingest(feed, NIGHTS[position])
    assert told(anywhere) == AFTER


def test_history_of_a_case_is_kept_without_repeats(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**EVENTS)
    anywhere.ingest(feed, *NIGHTS)
    with anywhere.workspace.engine.connect() as db:
        kept = db.exec_driver_sql("select record_ref, count(*) from core.event group by record_ref order by 1").all()
    # The row without a channel was set aside, the event of night two that night one had told was no news.
    assert [tuple(row) for row in kept] == [("1", 4), ("2", 2)]


def test_events_of_a_file_that_was_sent_again_without_them_are_taken_back(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**EVENTS)
    anywhere.ingest(feed, *NIGHTS[:2])
    wrong = events(
        "1,2025-11-06T08:00,Duplicate,Web,Z", "2,2025-11-04T10:00,Open,Phone,A", "9,2025-11-06T08:00,Open,Web,Z"
    )
    anywhere.ingest(feed, ("bins_20251107.csv", wrong))
    assert told(anywhere)["1"] == ("03 09:00", "05 12:00", "duplicate", "online", "Z")
    anywhere.ingest(feed, NIGHTS[2])
    anywhere.ingest(feed, NIGHTS[3])
    assert told(anywhere) == AFTER


def test_counts_make_weeks_and_no_months(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**COUNTS)
    anywhere.ingest(
        feed, ("bins_20251118.csv", counts("2025-11-03,Web,12", "2025-11-03,Phone,1,234".replace("1,234", '"1,234"')))
    )
    assert anywhere.volumes("week") == {("2025-11-03", "total"): (1246, "full")}
    assert anywhere.volumes("week", "channel") == {
        ("2025-11-03", "online"): (12, "full"),
        ("2025-11-03", "phone"): (1234, "full"),
    }
    assert anywhere.volumes("month") == {}


def test_week_that_is_stated_again_replaces_what_was_said_of_it_and_leaves_the_others(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**COUNTS)
    anywhere.ingest(feed, ("bins_20251118.csv", counts("2025-11-03,Web,12", "2025-11-03,Phone,5", "2025-11-10,Web,7")))
    anywhere.ingest(feed, ("bins_20251125.csv", counts("2025-11-03,Web,17", "2025-11-17,Web,0")))
    assert {key[0]: value[0] for key, value in anywhere.volumes("week").items()} == {
        "2025-11-03": 17, "2025-11-10": 7, "2025-11-17": 0,
    }  # fmt: skip
    # An older statement that comes late changes nothing that a newer one has stated.
    anywhere.ingest(feed, ("bins_20251117.csv", counts("2025-11-03,Phone,99", "2025-11-10,Phone,1")))
    assert {key[0]: value[0] for key, value in anywhere.volumes("week").items()} == {
        "2025-11-03": 17, "2025-11-10": 7, "2025-11-17": 0,
    }  # fmt: skip


def test_counts_of_a_file_that_was_sent_again_go_back_to_what_was_said_before(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**COUNTS)
    anywhere.ingest(feed, ("bins_20251111.csv", counts("2025-11-03,Web,12", "2025-11-03,Phone,5")))
    anywhere.ingest(feed, ("bins_20251118.csv", counts("2025-11-03,Web,1", "2025-11-10,Web,7")))
    anywhere.ingest(feed, ("bins_20251118.csv", counts("2025-11-10,Web,8")))
    assert {key[0]: value[0] for key, value in anywhere.volumes("week").items()} == {"2025-11-03": 17, "2025-11-10": 8}


def test_export_of_past_years_leaves_the_weeks_since_not_provided(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**{**RECORDS, "covers_from": "2019-01-07", "source": {"kind": "folder", "files": "*"}})
    rows = "Ref,Opened,How\n1,2019-01-08,Web\n2,2019-01-27T10:00,Web\n"
    (report,) = anywhere.ingest(feed, ("old.csv", rows))
    assert "2019-01-27" in report.warnings[-1]
    assert anywhere.volumes("week") == {
        ("2019-01-07", "total"): (1, "full"),
        ("2019-01-14", "total"): (0, "full"),
        ("2019-01-21", "total"): (1, "full"),
    }  # fmt: skip


def test_quiet_month_of_a_rare_service_is_zero_when_the_council_s_file_says_so(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**{**RECORDS, "covers_from": "2025-09-01", "quiet_days": 100})
    anywhere.ingest(feed, ("bins_20251110.csv", "Ref,Opened,How\n1,2025-09-02,Web\n"))
    assert len(anywhere.volumes("week")) == 10
    ended = anywhere.configure(**{**RECORDS, "covers_from": "2025-09-01", "covers_until": "2025-09-14"})
    anywhere.empty()
    anywhere.ingest(
        anywhere.workspace.feed("anywhere", "report-missed-bin"),
        ("bins_20251110.csv", "Ref,Opened,How\n1,2025-09-02,Web\n"),
    )
    assert ended.feed.covers_until == dt.date(2025, 9, 14)
    assert len([1 for _, basis in anywhere.volumes("week").values() if basis == "full"]) == 2


def test_case_that_vanishes_from_a_snapshot_stays_and_a_snapshot_that_shrinks_is_refused(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**RECORDS)
    rows = [f"{number},2025-11-0{1 + number % 4},Web" for number in range(10)]
    anywhere.ingest(feed, ("bins_20251105.csv", "\n".join(["Ref,Opened,How", *rows, ""])))
    anywhere.ingest(feed, ("bins_20251106.csv", "\n".join(["Ref,Opened,How", *rows[:8], ""])))
    assert len(anywhere.records()) == 10
    (report,) = anywhere.ingest(feed, ("bins_20251107.csv", "\n".join(["Ref,Opened,How", *rows[:3], ""])))
    assert report.status == "rejected"
    assert "at least 50% of the previous one's 8 rows" in str(report.rejected_because)


def test_each_of_a_night_s_files_is_compared_with_its_own_kind(anywhere: Anywhere) -> None:
    source = {"kind": "folder", "files": "bins_*_{date:%Y%m%d}.csv", "files_a_night": 2}
    feed = anywhere.configure(**{**RECORDS, "source": source})

    def file(depot: str, night: int, size: int) -> tuple[str, str]:
        rows = [f"{depot}{number},2025-11-04,Web" for number in range(size)]
        return f"bins_{depot}_2025110{night}.csv", "\n".join(["Ref,Opened,How", *rows, ""])

    reports = anywhere.ingest(
        feed, file("north", 5, 20), file("south", 5, 2), file("north", 6, 20), file("south", 6, 2)
    )
    assert [report.status for report in reports] == ["validated"] * 4
    (north,) = anywhere.ingest(feed, file("north", 7, 9))
    assert north.status == "rejected"


def test_same_bytes_on_a_later_day_say_that_nothing_has_happened_since(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**{**RECORDS, "covers_from": "2025-11-03"})
    content = "Ref,Opened,How\n1,2025-11-04,Web\n"
    anywhere.ingest(feed, ("bins_20251110.csv", content))
    assert anywhere.volumes("week") == {("2025-11-03", "total"): (1, "full")}
    anywhere.ingest(feed, ("bins_20251117.csv", content))
    assert anywhere.volumes("week")["2025-11-10", "total"] == (0, "full")


def test_answers_of_one_interval_fetched_again_later_win(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**{**RECORDS, "delivery": "delta"})
    as_of = dt.datetime(2025, 11, 5, tzinfo=dt.UTC)
    anywhere.deliver(feed, "first", "Ref,Opened,How\n1,2025-11-04,Web\n", as_of)
    anywhere.deliver(feed, "second", "Ref,Opened,How\n1,2025-11-04,Phone\n", as_of)
    validate(anywhere.workspace, feed)
    load(anywhere.workspace, feed)
    assert [record.channel for record in anywhere.records()] == ["phone"]
