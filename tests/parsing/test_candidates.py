"""A feed's mapping, fact by fact: what the council's file says is what becomes of its columns."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from typing import Any

import pytest

from local_digital.config.loading import load_transactions
from local_digital.config.models import Council
from local_digital.errors import DataError
from local_digital.parsing.candidates import Candidates, parse
from local_digital.parsing.mapping import Delivered
from local_digital.settings import ROOT
from local_digital.workspace import FeedHandle
from tests.raw_files import raw_file

CONTRACT = load_transactions(ROOT / "include")[0]["report-missed-bin"]
REF: dict[str, Any] = {"from": "Ref"}
OPENED: dict[str, Any] = {"from": "Opened", "formats": ["iso"]}
HOW: dict[str, Any] = {"from": "How", "map": {"Web": "online", "Phone": "phone"}}
AS_OF = dt.datetime(2025, 12, 1, tzinfo=dt.UTC)


def handle(columns: dict[str, Any] | None = None, *, whole: bool = False, **feed: Any) -> FeedHandle:
    """A feed with these columns beside the usual three, or with these alone."""
    usual = {"record_ref": REF, "reported_at": OPENED, "channel": HOW}
    council = Council.model_validate(
        {
            "council": "anywhere", "name": "Anywhere", "gss_code": "E06000001", "tier": "unitary",
            "bank_holidays": "england-and-wales", "phase": 3, "schedule": "0 5 * * *",
            "privacy": {"connection": "privacy"}, "platform": {"connection": "platform", "data_group": "anywhere"},
            "feeds": {
                "report-missed-bin": {
                    "delivery": "delta",
                    "source": {"kind": "folder", "files": "*"},
                    **feed,
                    "columns": columns if whole else {**usual, **(columns or {})},
                }
            },
        }
    )  # fmt: skip
    return FeedHandle(council, CONTRACT, council.feeds["report-missed-bin"], 1)


def parsed(
    content: str | bytes, columns: dict[str, Any] | None = None, name: str = "export", **feed: Any
) -> Candidates:
    given = content if isinstance(content, bytes) else content.encode()
    return parse(
        raw_file(given),
        handle(columns, **feed),
        Delivered(name, AS_OF),
        secret="s",
        connection=no_connection,
        where="here",
    )


def no_connection(name: str) -> Any:
    raise AssertionError(name)


def column(candidates: Candidates, name: str) -> list[Any]:
    found: list[Any] = candidates.table.column(name).to_pylist()
    return found


def test_renamed_column_is_found_under_its_old_name_and_the_newer_one_wins() -> None:
    ward = {"ward": {"from": "Ward", "renamed_from": ["Area", "Zone"]}}
    assert column(parsed("Ref,Opened,How,Area\n1,2025-11-04,Web,A\n", ward), "ward") == ["A"]
    both = parsed("Ref,Opened,How,Zone,Ward\n1,2025-11-04,Web,old,new\n", ward)
    assert column(both, "ward") == ["new"]
    assert both.warnings == []


def test_blank_cell_is_filled_from_another_column_where_the_council_s_file_says_so() -> None:
    ref = {"record_ref": {"from": "Ref", "otherwise": ["Token", "Old ref"]}}
    found = parsed(
        "Ref,Token,Old ref,Opened,How\n1,t1,o1,2025-11-04,Web\n ,t2,o2,2025-11-04,Web\n,,o3,2025-11-04,Web\n", ref
    )
    assert column(found, "record_ref") == ["1", "t2", "o3"]


def test_date_and_time_of_two_columns_are_one_moment() -> None:
    opened = {"reported_at": {"from": "Day", "time_from": "Time", "formats": ["%d/%m/%Y %H:%M", "%d/%m/%Y"]}}
    found = parsed("Ref,Day,Time,How\n1,04/11/2025,10:15,Web\n2,05/11/2025,,Web\n", opened)
    assert [f"{moment:%d %H:%M}" for moment in column(found, "reported_at")] == ["04 10:15", "05 00:00"]


def test_fixed_value_stands_for_a_column_that_the_export_does_not_have() -> None:
    found = parsed("Ref,Opened\n1,2025-11-04\n2,2025-11-05\n", {"channel": {"value": "other"}})
    assert column(found, "channel") == ["other", "other"]


def test_booleans_are_words_like_others() -> None:
    outcome = {
        "outcome": {"from": "Upheld?", "yes": "justified", "no": "not-justified", "map": {"n/k": "not-justified"}}
    }
    found = parsed(
        "Ref,Opened,How,Upheld?\n1,2025-11-04,Web,Y\n2,2025-11-04,Web,FALSE\n3,2025-11-04,Web,n/k\n4,2025-11-04,Web,\n",
        outcome,
    )
    assert column(found, "outcome") == ["justified", "not-justified", "not-justified", None]


def test_missing_optional_column_is_a_warning_unless_it_came_later() -> None:
    text = "Ref,Opened,How\n1,2025-11-04,Web\n"
    assert parsed(text, {"ward": {"from": "Ward"}}).warnings == ["column `Ward` is missing; `ward` stays empty"]
    assert parsed(text, {"ward": {"from": "Ward", "added_on": "2026-01-01"}}).warnings == []
    assert parsed(text, {"ward": {"from": "Ward", "added_on": "2025-01-01"}}).warnings != []
    with pytest.raises(DataError, match="the column Ward; found none"):
        parsed(text, {"ward": {"from": "Ward"}}, drift={"missing_optional": "reject"})


def test_missing_required_column_rejects_the_delivery_and_names_it() -> None:
    with pytest.raises(DataError, match=r"the columns Ref, Opened, How; found no column How\."):
        parsed("Ref,Opened,Method\n1,2025-11-04,Web\n")


def test_new_column_is_dropped_and_reported_ignored_or_refused() -> None:
    text = "Ref,Opened,How,Email\n1,2025-11-04,Web,a@example.org\n"
    assert parsed(text).warnings == ["column `Email` is new: nothing maps it, it was dropped"]
    assert parsed(text, ignored_columns=["email"]).warnings == []
    assert parsed(text, drift={"unknown_column": "ignore"}).warnings == []
    with pytest.raises(DataError, match="the new Email"):
        parsed(text, drift={"unknown_column": "reject"})


def test_new_category_keeps_the_row_and_is_reported_or_sets_it_aside() -> None:
    text = "Ref,Opened,How\n1,2025-11-04,Pigeon\n2,2025-11-04,pigeon \n3,2025-11-04, WEB\n"
    found = parsed(text)
    assert column(found, "channel") == ["unmapped", "unmapped", "online"]
    assert found.warnings == ["unmapped words for channel that came only once or twice, and are not shown: 1"]
    often = parsed(text + "".join(f"{number},2025-11-04,Pigeon\n" for number in (4, 5)))
    assert often.warnings == ["4 rows with the unmapped channel `Pigeon`"]
    assert [fault.line for fault in parsed(text, drift={"new_category": "quarantine"}).faults] == [2, 3]


def test_word_that_came_once_is_counted_and_not_shown() -> None:
    found = parsed("Ref,Opened,How\n1,2025-11-04,Ann Other\n2,2025-11-04,Web\n")
    assert found.warnings == ["unmapped words for channel that came only once or twice, and are not shown: 1"]


def test_rows_of_other_services_are_told_apart_and_counted() -> None:
    text = "".join(
        f"{number},2025-11-04,Web,{category}\n"
        for number, category in enumerate(
            [
                "Refuse - Missed Collection",
                "Missed Food Waste Collection",
                "Missed Grass Cutting",
                "Pothole",
                "missed  bin",
            ]
        )
    )
    found = parsed(
        f"Ref,Opened,How,Category\n{text}",
        rows=[
            {"column": "Category", "in": ["Missed Bin"], "like": ["*missed*collection*"]},
            {"column": "category", "not_like": ["*grass*"]},
        ],
    )
    assert column(found, "record_ref") == ["0", "1", "4"]
    assert (found.rows_read, found.filtered) == (5, 2)
    with pytest.raises(DataError, match="the column Type"):
        parsed(f"Ref,Opened,How,Category\n{text}", rows=[{"column": "Type", "in": ["x"]}])


def test_rows_without_any_reference_are_told_apart_by_what_they_hold() -> None:
    ref = {"record_ref": {"derived_from": ["Opened", "Street"]}}
    found = parsed("Opened,How,Street\n2025-11-04,Web,a\n2025-11-04,Web,b\n2025-11-04,Phone,a\n", ref)
    one, two, three = column(found, "record_ref")
    assert one == three != two


def test_no_date_spellings_are_no_date() -> None:
    closed = {"closed_at": {"from": "Done", "formats": ["iso"], "blank": ["1900-01-01*", "NULL", "2050-01-01"]}}
    found = parsed(
        "Ref,Opened,How,Done\n1,2025-11-04,Web,1900-01-01T00:00:00Z\n2,2025-11-04,Web,null\n3,2025-11-04,Web,2050-01-01\n",
        closed,
    )
    assert column(found, "closed_at") == [None, None, None]
    assert found.faults == []


def test_one_of_two_columns_of_the_same_name_must_be_chosen() -> None:
    text = "Ref,Opened,Opened,How\n1,2025-11-04,2025-11-05,Web\n"
    with pytest.raises(DataError, match=r"Opened \(1\)"):
        parsed(text)
    found = parsed(text, {"reported_at": {"from": "Opened (2)", "formats": ["iso"]}})
    assert column(found, "reported_at") == [dt.datetime(2025, 11, 5, tzinfo=dt.UTC)]


def test_ward_named_null_is_a_ward() -> None:
    assert column(parsed("Ref,Opened,How,Ward\n1,2025-11-04,Web,NULL\n", {"ward": {"from": "Ward"}}), "ward") == [
        "NULL"
    ]


def test_lines_of_an_archive_s_files_are_told_apart() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("north.csv", "Ref,Opened,How\n1,2025-11-04,Web\n2,bad,Web\n")
        archive.writestr("south.csv.gz", gzip.compress(b"How;Ref;Opened\nPhone;3;2025-11-04\nPhone;4;worse\n"))
    only = {"rows": [{"column": "How", "in": ["Web", "Phone"]}, {"column": "How", "not_like": ["x*"]}]}
    found = parsed(target.getvalue(), **only)
    assert column(found, "record_ref") == ["1", "2", "3", "4"]
    assert [(fault.line, fault.rule) for fault in found.faults] == [
        (3, "no_such_time"),
        (1_000_000_003, "no_such_time"),
    ]
    assert found.documents == ["north.csv", "south.csv.gz"]


def test_period_may_stand_in_the_file_s_name_only() -> None:
    feed = {
        "delivery": "aggregate",
        "aggregate": {"period": "month"},
        "whole": True,
        "source": {"kind": "folder", "files": "bins_{date:%Y-%m}.csv", "name_date": "data-day"},
        "columns": {"period": {"from_file_name": True}, "channel": HOW, "count": {"from": "Reports"}},
    }
    found = parsed("How,Reports\nWeb,12\nPhone,\n", name="bins_2014-03.csv", **feed)
    assert column(found, "reported_at") == [dt.datetime(2014, 3, 1, tzinfo=dt.UTC)] * 2
    assert [(fault.line, fault.rule) for fault in found.faults] == [(3, "no_count")]
    with pytest.raises(DataError, match="a name with the date"):
        parsed("How,Reports\nWeb,12\n", name="bins_2014-13.csv", **feed)


def test_count_of_a_week_that_begins_on_another_day_is_set_aside() -> None:
    feed = {
        "delivery": "aggregate",
        "aggregate": {"period": "week"},
        "whole": True,
        "columns": {"period": {"from": "Week", "formats": ["%d/%m/%Y"]}, "channel": HOW, "count": {"from": "Reports"}},
    }
    found = parsed("Week,How,Reports\n03/11/2025,Web,1\n04/11/2025,Web,2\n", **feed)
    assert [(fault.line, fault.rule) for fault in found.faults] == [(3, "no_whole_period")]


@pytest.mark.parametrize("period", ["week", "month"])
def test_count_of_the_last_day_of_the_calendar_is_set_aside(period: str) -> None:
    feed = {
        "delivery": "aggregate",
        "aggregate": {"period": period, "named_by": "end"},
        "whole": True,
        "columns": {"period": {"from": "Week", "formats": ["iso"]}, "channel": HOW, "count": {"from": "Reports"}},
    }
    found = parsed("Week,How,Reports\n9999-12-31,Web,1\n", **feed)
    assert [(fault.line, fault.rule) for fault in found.faults] == [(2, "no_whole_period")]


def test_event_without_a_time_is_set_aside() -> None:
    feed = {
        "delivery": "event_log",
        "whole": True,
        "columns": {"record_ref": REF, "event_at": {"from": "At", "formats": ["iso"]}, "channel": HOW},
    }
    found = parsed("Ref,At,How\n1,,Web\n2,never,Web\n3,2025-11-04T10:00,Web\n", **feed)
    assert [(fault.line, fault.rule) for fault in found.faults] == [(3, "no_such_time"), (2, "no_event_time")]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"columns": {"channel": {"value": "carrier"}}}, None),
        ({"delivery": "aggregate"}, "a mapping for `period`"),
        ({"delivery": "event_log"}, "a mapping for `event_at`"),
        ({"columns": {"record_ref": {"from": "Ref", "value": "x"}}}, "exactly one of"),
        ({"columns": {"reported_at": {"from": "Opened", "formats": ["%d/%m/%Y", "%m/%d/%Y"]}}}, "not both"),
        ({"columns": {"reported_at": {"from": "Opened"}}}, "never guessed"),
        ({"columns": {"ward": {"from": "Ref"}}}, "named twice"),
        ({"columns": {"reported_at": {"from_file_name": True}}}, "source.files"),
        ({"time_zone": "Mars/Olympus"}, "a time zone"),
        ({"rows": [{"column": "x"}]}, "`in`, `not_in`"),
        (
            {"source": {"kind": "open311", "connection": "c", "first_day": "2025-01-01"}, "format": {"kind": "csv"}},
            "lays it down",
        ),
        ({"source": {"kind": "folder", "files": "../*"}}, "inside the feed's folder"),
        ({"source": {"kind": "folder", "files": "*", "marker": "{name}.done", "manifest": "m"}}, "either `marker`"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(facts: dict[str, Any], expected: str | None) -> None:
    if expected is None:
        handle(**facts)  # the contract's values are checked with the whole configuration
        return
    with pytest.raises(ValueError, match=expected.replace(".", r"\.")):
        handle(**facts)
