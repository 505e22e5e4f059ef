"""Snapshots, deltas, windows, event logs and counts: what each kind of delivery does to what is known already."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from local_digital import load as loading
from local_digital.deliveries import take_up_again
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
    "1": ("03 09:00", "07 15:00", "closed", "online", "B"),
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


def test_case_of_which_only_the_closing_is_known_is_a_record_where_its_report_is_told(anywhere: Anywhere) -> None:
    rows = ["1,2025-11-05T12:00,Closed,Web,A", "2,2025-11-05T13:00,Open,Web,A"]
    anywhere.ingest(anywhere.configure(**EVENTS), ("bins_20251106.csv", events(*rows)))
    # It was reported before the log began, and nobody knows when.
    assert set(told(anywhere)) == {"2"}
    anywhere.empty()
    columns = {**EVENTS["columns"], "reported_at": {"from": "Opened", "formats": ["iso"]}}
    feed = anywhere.configure(**{**EVENTS, "columns": columns})
    (report,) = anywhere.ingest(
        feed, ("bins_20251106.csv", f"Ref,At,State,How,Ward,Opened\n{rows[0]},2025-11-03T09:00\n")
    )
    assert report.accepted == 1
    assert told(anywhere) == {"1": ("03 09:00", "05 12:00", "closed", "online", "A")}


def test_history_of_a_case_is_kept_without_repeats(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**EVENTS)
    anywhere.ingest(feed, *NIGHTS)
    with anywhere.workspace.engine.connect() as db:
        kept = db.exec_driver_sql("select record_ref, count(*) from core.event group by record_ref order by 1").all()
    # The event of night two that night one had told was no news.
    assert [tuple(row) for row in kept] == [("1", 5), ("2", 2)]


def test_cases_that_are_told_alike_are_cases_of_their_own_each_where_it_was_told_last(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**EVENTS)
    alike = "2025-11-03T09:00,Open,Web,A"
    anywhere.ingest(feed, ("bins_20251105.csv", events(f"1,{alike}", "2,2025-11-04T10:00,Open,Phone,B", f"3,{alike}")))
    anywhere.ingest(feed, ("bins_20251106.csv", events("3,2025-11-05T08:00,Closed,,", f"4,{alike}", f"1,{alike}")))
    with anywhere.workspace.engine.connect() as db:
        kept = db.exec_driver_sql("select record_ref, count(*) from core.event group by record_ref order by 1").all()
        placed = db.exec_driver_sql(
            "select record_ref, name, line from core.record inner join ledger.delivery using (delivery_id) order by 1"
        ).all()
    assert [tuple(row) for row in kept] == [("1", 1), ("2", 1), ("3", 2), ("4", 1)]
    assert {row.record_ref: (row.name[-6:-4], row.line) for row in placed} == {
        "1": ("05", 2), "2": ("05", 3), "3": ("06", 2), "4": ("06", 3),
    }  # fmt: skip


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


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_event_that_two_files_told_stays_when_the_later_is_sent_again_without_it(
    anywhere: Anywhere, order: tuple[int, int]
) -> None:
    feed = anywhere.configure(**EVENTS)
    nights = [
        ("bins_20251105.csv", events("1,2025-11-03T09:00,Open,Web,A")),
        ("bins_20251106.csv", events("1,2025-11-03T09:00,Open,Web,A", "2,2025-11-05T10:00,Open,Phone,A")),
    ]
    for number in order:
        anywhere.ingest(feed, nights[number])
    anywhere.ingest(feed, ("bins_20251106.csv", events("2,2025-11-05T10:00,Open,Phone,A")))
    assert told(anywhere) == {
        "1": ("03 09:00", None, "open", "online", "A"),
        "2": ("05 10:00", None, "open", "phone", "A"),
    }


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


@pytest.mark.parametrize("seed", range(3))
def test_what_the_last_delivery_told_the_same_way_is_not_staged_and_the_rest_is_as_told_last(
    anywhere: Anywhere, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    feed = anywhere.configure(**{**RECORDS, "delivery": "rolling"})
    staged: list[int] = []
    texts = loading._texts  # noqa: SLF001 - how much goes to the database cannot be seen from outside

    def counted(table: str, records: Any, *facts: Any) -> Any:
        staged.append(records.num_rows)
        return texts(table, records, *facts)

    monkeypatch.setattr(loading, "_texts", counted)
    chance = random.Random(seed)  # noqa: S311 - no secret
    last: dict[int, str] = {}
    known: dict[str, str] = {}
    for night in range(5, 13):
        # A case may be left out for some nights, and come back as it was or otherwise.
        rows = {ref: chance.choice(["Web", "Web", "Phone"]) for ref in range(12) if chance.random() < 0.8}
        lines = [f"{ref},2025-11-0{1 + ref % 4},{how}" for ref, how in rows.items()]
        anywhere.ingest(feed, (f"bins_202511{night:02}.csv", "\n".join(["Ref,Opened,How", *lines, ""])))
        assert sum(staged) == sum(last.get(ref) != how for ref, how in rows.items())
        staged.clear()
        last = rows
        known |= {str(ref): {"Web": "online", "Phone": "phone"}[how] for ref, how in rows.items()}
    assert {record.record_ref: record.channel for record in anywhere.records()} == known


def test_records_are_counted_as_new_as_changed_or_as_they_were(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**RECORDS)
    rows = ["1,2025-11-03,Web", "2,2025-11-03,Web", "3,2025-11-03,Web", "4,2025-11-03,Web", "5,2025-11-03,Web"]
    anywhere.ingest(feed, ("bins_20251104.csv", "\n".join(["Ref,Opened,How", *rows, ""])))
    changed = [rows[0].replace("Web", "Phone"), rows[1].replace("Web", "Phone"), *rows[2:], "6,2025-11-04,Web"]
    anywhere.ingest(feed, ("bins_20251105.csv", "\n".join(["Ref,Opened,How", *changed, ""])))
    with anywhere.workspace.engine.connect() as db:
        counted = db.execute(text("select inserted, updated, unchanged from ledger.delivery order by as_of")).all()
    assert [tuple(each) for each in counted] == [(5, 0, 0), (1, 2, 3)]


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


@pytest.mark.parametrize("turned_down", [False, True], ids=["loaded", "turned-down"])
def test_month_s_file_that_was_first_sent_before_its_end_leaves_no_trace_when_it_is_sent_again(
    anywhere: Anywhere, *, turned_down: bool
) -> None:
    source = {"kind": "folder", "files": "bins_{date:%Y%m}.csv", "name_date": "data-day"}
    feed = anywhere.configure(**{**RECORDS, "source": source})
    month = dt.date(2025, 11, 1)
    header = "Number,Opened,How" if turned_down else "Ref,Opened,How"
    versions = (
        (f"{header}\n1,2025-11-04,Web\n2,2025-11-05,Web\n3,2025-11-05,Web\n", dt.datetime(2025, 11, 19, tzinfo=dt.UTC)),
        ("Ref,Opened,How\n1,2025-11-04,Web\n3,2025-11-05,Phone\n", dt.datetime(2025, 12, 1, tzinfo=dt.UTC)),
    )
    for content, as_of in versions:
        anywhere.deliver(feed, "bins_202511.csv", content, as_of, name_day=month)
        validate(anywhere.workspace, feed)
        load(anywhere.workspace, feed)
    if turned_down:
        # What was mended since is not read over again by the first version.
        assert take_up_again(anywhere.workspace, feed) == []
    assert [(record.record_ref, record.channel) for record in anywhere.records()] == [("1", "online"), ("3", "phone")]


def weeks(anywhere: Anywhere) -> dict[str, int]:
    return {start: reports for (start, _), (reports, basis) in anywhere.volumes("week").items() if basis == "full"}


def test_nights_of_a_name_without_a_date_are_no_versions_of_one_file(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**{**RECORDS, "delivery": "delta"})
    for night, row in ((5, "1,2025-11-03,Web"), (6, "2,2025-11-04,Phone")):
        content = f"Ref,Opened,How\n{row}\n"
        anywhere.deliver(feed, "bins.csv", content, dt.datetime(2025, 11, night, tzinfo=dt.UTC))
        validate(anywhere.workspace, feed)
        load(anywhere.workspace, feed)
    assert [record.record_ref for record in anywhere.records()] == ["1", "2"]
    with anywhere.workspace.engine.connect() as db:
        assert db.scalars(text("select superseded_by from ledger.delivery")).all() == [None, None]


def test_version_of_a_file_that_reaches_less_far_does_not_replace_the_one_that_is_there(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**{**RECORDS, "delivery": "delta"})
    for until, row in ((20, "1,2025-11-03,Web"), (10, "2,2025-11-04,Phone")):
        content = f"Ref,Opened,How\n{row}\n"
        as_of = dt.datetime(2025, 11, until, tzinfo=dt.UTC)
        anywhere.deliver(feed, "bins_202511.csv", content, as_of, name_day=dt.date(2025, 11, 1))
        validate(anywhere.workspace, feed)
        load(anywhere.workspace, feed)
    with anywhere.workspace.engine.connect() as db:
        assert db.scalars(text("select superseded_by from ledger.delivery")).all() == [None, None]


def test_week_that_no_count_states_is_not_provided(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**COUNTS)
    anywhere.ingest(feed, ("bins_20251125.csv", counts("2025-11-03,Web,10", "2025-11-17,Web,10")))
    assert weeks(anywhere) == {"2025-11-03": 10, "2025-11-17": 10}


def test_weeks_that_only_a_superseded_file_stated_are_no_zeros(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**COUNTS)
    stated = ["2025-11-03,Web,10", "2025-11-10,Web,10", "2025-11-17,Web,12", "2025-11-24,Web,7"]
    anywhere.ingest(feed, ("bins_20251215.csv", counts(*stated)))
    anywhere.ingest(feed, ("bins_20251215.csv", counts(*stated[:2])))
    assert weeks(anywhere) == {"2025-11-03": 10, "2025-11-10": 10}


def test_file_sent_again_that_ends_earlier_leaves_the_weeks_after_it_open(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**{**RECORDS, "covers_from": "2025-09-01"})
    rows = ["1,2025-09-02,Web", "2,2025-12-05,Web"]
    anywhere.ingest(feed, ("bins_20251208.csv", "\n".join(["Ref,Opened,How", *rows, ""])))
    assert len(weeks(anywhere)) == 14
    anywhere.ingest(feed, ("bins_20251208.csv", "\n".join(["Ref,Opened,How", rows[0], ""])))
    assert weeks(anywhere) == {}
    # Another reaches less far than what was taken back, and is believed as far as it reaches.
    anywhere.ingest(feed, ("bins_20251202.csv", "\n".join(["Ref,Opened,How", rows[0], "3,2025-11-20,Web", ""])))
    assert len(weeks(anywhere)) == 13


def test_week_whose_changes_were_turned_down_is_not_whole_until_they_come(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**{**RECORDS, "delivery": "delta", "covers_from": "2025-11-03"})
    header = "Ref,Opened,How\n"
    anywhere.ingest(feed, ("bins_20251110.csv", f"{header}1,2025-11-04,Web\n"))
    (turned_down,) = anywhere.ingest(feed, ("bins_20251117.csv", "<html>"))
    assert turned_down.status == "rejected"
    anywhere.ingest(feed, ("bins_20251124.csv", f"{header}3,2025-11-18,Web\n"))
    assert weeks(anywhere) == {"2025-11-03": 1, "2025-11-17": 1}
    anywhere.ingest(feed, ("bins_20251117.csv", f"{header}2,2025-11-11,Web\n"))
    assert weeks(anywhere) == {"2025-11-03": 1, "2025-11-10": 1, "2025-11-17": 1}


def test_date_that_slipped_makes_no_years_of_zeros(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**RECORDS)
    rows = [f"{day},2025-11-{day:02},Web" for day in range(3, 20)]
    anywhere.ingest(feed, ("bins_20251120.csv", "\n".join(["Ref,Opened,How", "0,2005-11-02,Web", *rows, ""])))
    assert weeks(anywhere) == {"2025-11-03": 7, "2025-11-10": 7}


def test_delivery_that_was_turned_down_is_taken_up_again_once_the_council_s_file_is_mended(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**RECORDS)
    content = "Reference,Opened,How\n1,2025-11-03T09:00,Web\n"
    (report,) = anywhere.ingest(feed, ("bins_20251105.csv", content))
    assert report.status == "rejected"
    columns = {**RECORDS["columns"], "record_ref": {"from": "Ref", "renamed_from": ["Reference"]}}
    mended = anywhere.configure(**{**RECORDS, "columns": columns})
    (report,) = anywhere.ingest(mended, ("bins_20251105.csv", content))
    assert (report.status, report.accepted) == ("validated", 1)


def test_version_that_was_turned_down_does_not_come_back_beside_its_correction(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**RECORDS)
    anywhere.ingest(feed, ("bins_20251105.csv", "Ref,Opened,Weg\n1,2025-11-04,Web\n9,2025-11-04,Web\n"))
    anywhere.ingest(feed, ("bins_20251105.csv", "Ref,Opened,How\n1,2025-11-04,Web\n"))
    mended = {**RECORDS["columns"], "channel": {**HOW, "renamed_from": ["Weg"]}}
    feed = anywhere.configure(**{**RECORDS, "columns": mended})
    assert take_up_again(anywhere.workspace, feed) == []
    assert [record.record_ref for record in anywhere.records()] == ["1"]


def test_everything_that_was_turned_down_may_be_taken_up_again_at_once(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**RECORDS)
    names = [f"bins_202511{day:02}.csv" for day in (5, 6)]
    anywhere.ingest(feed, *((name, f"Reference,Opened,How\n{name},2025-11-03,Web\n") for name in names))
    columns = {**RECORDS["columns"], "record_ref": {"from": "Reference"}}
    mended = anywhere.configure(**{**RECORDS, "columns": columns})
    assert len(take_up_again(anywhere.workspace, mended)) == 2
    assert [report.status for report in anywhere.ingest(mended)] == ["validated", "validated"]
    assert take_up_again(anywhere.workspace, mended) == []


NIGHTLY_PARTS = {**COUNTS, "source": {"kind": "folder", "files": "bins_{date:%Y%m%d}_*.csv", "files_a_night": 2}}


def test_counts_in_several_files_a_night_add_up_and_are_replaced_each_for_itself(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**NIGHTLY_PARTS)
    anywhere.ingest(
        feed,
        ("bins_20251111_north.csv", counts("2025-11-03,Web,10", "2025-11-03,Phone,3")),
        ("bins_20251111_south.csv", counts("2025-11-03,Web,7")),
    )
    assert weeks(anywhere) == {"2025-11-03": 20}
    anywhere.ingest(feed, ("bins_20251118_south.csv", counts("2025-11-03,Web,8")))
    anywhere.ingest(feed, ("bins_20251112_north.csv", counts("2025-11-03,Web,11")))
    assert weeks(anywhere) == {"2025-11-03": 19}


def test_two_depots_that_counted_the_same_to_the_letter_both_count(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**NIGHTLY_PARTS)
    same = counts("2025-11-03,Web,10")
    night = [("bins_20251111_north.csv", same), ("bins_20251111_south.csv", same)]
    assert len(anywhere.ingest(feed, *night)) == 2
    assert weeks(anywhere) == {"2025-11-03": 20}
    assert anywhere.ingest(feed, *night) == []
    assert weeks(anywhere) == {"2025-11-03": 20}
    anywhere.ingest(feed, ("bins_20251111_south.csv", counts("2025-11-03,Web,4")))
    assert weeks(anywhere) == {"2025-11-03": 14}
    anywhere.ingest(feed, night[1])
    assert weeks(anywhere) == {"2025-11-03": 20}


def test_counts_that_differ_in_a_column_nobody_mapped_add_up(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**COUNTS)
    rows = "Week,How,Round,Reports\n" + "".join(
        f"2025-11-03,{word},{crew},{count}\n"
        for word, crew, count in (
            ("Web", "A", 10),
            ("Web", "B", 7),
            ("Web", "C", 7),
            ("Phone", "A", 4),
            ("Phone", "A", 4),
        )
    )
    (report,) = anywhere.ingest(feed, ("bins_20251111.csv", rows))
    assert (report.accepted, report.duplicates) == (4, 1)
    assert weeks(anywhere) == {"2025-11-03": 28}


def log(**more: Any) -> dict[str, Any]:
    return {**EVENTS, "columns": {**EVENTS["columns"], **more}}


def test_closing_that_says_when_it_was_done_closes_the_case(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**log(closed_at={"from": "Done", "formats": ["iso"]}))
    rows = ["1,2025-11-03T09:00,Open,Web,A,", "1,2025-11-04T09:00,Closed,Web,A,2025-11-04T08:00"]
    (report,) = anywhere.ingest(feed, ("bins_20251105.csv", "\n".join(["Ref,At,State,How,Ward,Done", *rows, ""])))
    assert report.quarantined == 0
    assert told(anywhere)["1"] == ("03 09:00", "04 08:00", "closed", "online", "A")


def test_note_without_a_status_neither_opens_nor_needs_a_channel(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**EVENTS)
    rows = ["1,2025-11-03T09:00,Open,Web,A", "1,2025-11-04T09:00,Closed,,A", "1,2025-11-04T10:00,,,A"]
    (report,) = anywhere.ingest(feed, ("bins_20251105.csv", events(*rows)))
    assert report.quarantined == 0
    assert told(anywhere)["1"] == ("03 09:00", "04 09:00", "closed", "online", "A")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_events_of_one_moment_follow_the_order_of_their_deliveries(anywhere: Anywhere, order: tuple[int, int]) -> None:
    feed = anywhere.configure(**EVENTS)
    nights = [
        ("bins_20251104.csv", events("1,2025-11-04,Open,Web,A")),
        ("bins_20251105.csv", events("1,2025-11-04,Open,Web,A", "1,2025-11-04,Closed,Web,A")),
    ]
    for position in order:
        anywhere.ingest(feed, nights[position])
    assert told(anywhere)["1"][2] == "closed"


def test_case_of_which_only_the_closing_is_known_is_no_report(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**EVENTS)
    anywhere.ingest(
        feed, ("bins_20251105.csv", events("1,2025-11-04T09:00,Closed,Web,A", "2,2025-11-04T09:00,Open,Web,A"))
    )
    assert list(told(anywhere)) == ["2"]


def test_bytes_that_no_reader_foresaw_are_turned_down_and_hold_up_no_other_night(
    anywhere: Anywhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = anywhere.configure(**RECORDS)
    with monkeypatch.context() as broken:
        broken.setattr("local_digital.validate.parse", lambda *_, **__: int("Ann Other"))
        (report,) = anywhere.ingest(feed, ("bins_20251105.csv", "x"))
    assert report.status == "rejected"
    assert "ValueError" in str(report.rejected_because)
    assert "Ann Other" not in str(report.rejected_because)
    (report,) = anywhere.ingest(feed, ("bins_20251106.csv", "Ref,Opened,How\n1,2025-11-03,Web\n"))
    assert report.status == "validated"


def test_cells_that_are_too_long_turn_down_their_row_only(anywhere: Anywhere) -> None:
    feed = anywhere.configure(**{**RECORDS, "columns": {**RECORDS["columns"], "ward": {"from": "Ward"}}})
    rows = [f"{'9' * 5000},2025-11-03,Web,A", f"2,2025-11-03,Web,{'w' * 5000}", "3,2025-11-03,Web,B"]
    (report,) = anywhere.ingest(feed, ("bins_20251105.csv", "\n".join(["Ref,Opened,How,Ward", *rows, ""])))
    assert (report.accepted, report.quarantined) == (2, 1)
    assert [(record.record_ref, record.ward) for record in anywhere.records()] == [("2", None), ("3", "B")]
    huge = anywhere.configure(**COUNTS)
    (report,) = anywhere.ingest(huge, ("bins_20251111.csv", counts("2025-11-03,Web,3000000000", "2025-11-03,Phone,2")))
    assert (report.accepted, report.quarantined) == (1, 1)


def test_api_that_is_asked_for_a_past_range_may_tell_of_closings_since(anywhere: Anywhere) -> None:
    feed = anywhere.configure(
        delivery="delta",
        source={"kind": "api", "connection": "api", "path": "cases"},
        format={"kind": "json"},
        columns={
            "record_ref": {"from": "ref"},
            "reported_at": {"from": "opened", "formats": ["iso"]},
            "closed_at": {"from": "closed", "formats": ["iso"]},
            "channel": {"from": "how", "map": {"Web": "online"}},
        },
    )
    cases = (
        '[{"ref": "1", "opened": "2025-11-20T10:00Z", "closed": "2026-01-15T10:00Z", "how": "Web"},'
        ' {"ref": "2", "opened": "2025-11-21T10:00Z", "closed": "2199-01-01T10:00Z", "how": "Web"}]'
    )
    anywhere.deliver(feed, "November", cases, dt.datetime(2025, 12, 1, tzinfo=dt.UTC))
    (report,) = validate(anywhere.workspace, feed)
    assert (report.accepted, report.quarantined) == (1, 1)
