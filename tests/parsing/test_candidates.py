"""A feed's mapping, fact by fact: what the council's file says is what becomes of its columns."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from fuzz import feeds
from local_digital.errors import DataError
from local_digital.parsing import candidates as candidates_module
from local_digital.parsing.candidates import Candidates, Fault, documents_of, identify, parse
from local_digital.parsing.mapping import Delivered
from local_digital.workspace import FeedHandle
from tests.raw_files import raw_file

REF: dict[str, Any] = {"from": "Ref"}
OPENED: dict[str, Any] = {"from": "Opened", "formats": ["iso"]}
HOW: dict[str, Any] = {"from": "How", "map": {"Web": "online", "Phone": "phone"}}
AS_OF = dt.datetime(2025, 12, 1, tzinfo=dt.UTC)


def handle(columns: dict[str, Any] | None = None, *, whole: bool = False, **feed: Any) -> FeedHandle:
    """A feed with these columns beside the usual three, or with these alone."""
    usual = {"record_ref": REF, "reported_at": OPENED, "channel": HOW}
    return feeds.feed(columns if whole else {**usual, **(columns or {})}, only=True, **feed)


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


def feed_of_counts(period: str = "week", named_by: str = "start", **columns: Any) -> dict[str, Any]:
    return {
        "delivery": "aggregate",
        "aggregate": {"period": period, "named_by": named_by},
        "whole": True,
        "columns": {
            "period": {"from": "Of", "formats": ["iso"]}, "channel": HOW, "count": {"from": "Reports"}, **columns,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("period", "named_by", "day", "start"),
    [
        ("day", "start", "2025-11-04", "2025-11-04T00:00"), ("day", "end", "2025-11-04", "2025-11-04T00:00"),
        ("day", "start", "2025-07-04", "2025-07-03T23:00"), ("day", "end", "9999-12-31", "9999-12-31T00:00"),
        ("week", "start", "2025-11-03", "2025-11-03T00:00"), ("week", "start", "2025-11-04", None),
        ("week", "start", "2025-11-02", None), ("week", "end", "2025-11-09", "2025-11-03T00:00"),
        ("week", "end", "2025-11-08", None), ("week", "end", "2025-11-03", None),
        ("week", "end", "2025-07-06", "2025-06-29T23:00"),
        ("month", "start", "2025-11-01", "2025-11-01T00:00"), ("month", "start", "2025-11-02", None),
        ("month", "end", "2024-02-29", "2024-02-01T00:00"), ("month", "end", "2024-02-28", None),
        ("month", "end", "2025-12-31", "2025-12-01T00:00"), ("month", "end", "2025-12-01", None),
    ],
)  # fmt: skip
def test_count_belongs_to_the_period_that_its_date_begins_or_ends(
    period: str, named_by: str, day: str, start: str | None
) -> None:
    found = parsed(f"Of,How,Reports\n{day},Web,12\n,Web,1\n", **feed_of_counts(period, named_by))
    moment = None if start is None else dt.datetime.fromisoformat(f"{start}Z")
    assert column(found, "reported_at") == [moment, None]
    named = {"start": "first", "end": "last"}[named_by]
    said = f"the {named} day of a {period}; weeks are from Monday"
    assert found.faults == ([] if start else [Fault(2, "no_whole_period", "Of", said)])
    assert column(found, "count") == [12, 1]


def test_day_of_a_period_is_the_day_in_the_zone_of_its_column() -> None:
    facts = feed_of_counts("day")
    facts["columns"]["period"] |= {"formats": ["epoch"], "time_zone": "America/Chicago"}
    found = parsed("Of,How,Reports\n1762228800,Web,12\n", **facts)
    assert column(found, "reported_at") == [dt.datetime(2025, 11, 3, tzinfo=dt.UTC)]


def test_counts_are_told_apart_by_period_words_and_the_rest_of_the_row() -> None:
    rows = [
        "2025-11-03,Web,1,North", "2025-11-03,Web,9,North", "2025-11-03,Web,1,South", "2025-11-03,Phone,1,North",
        "2025-11-03,Owl,1,North", "2025-11-03,Pigeon,1,North", "2025-11-10,Web,1,North", "2025-11-03,Web,1,",
    ]  # fmt: skip
    text = "\n".join(["Of,How,Reports,Office", *rows, ""])
    refs = column(parsed(text, ignored_columns=["Office"], **feed_of_counts()), "record_ref")
    assert refs[0] == refs[1]
    assert len(set(refs)) == 7
    again = column(parsed(text, ignored_columns=["Office"], **feed_of_counts()), "record_ref")
    assert again == refs
    without_office = [row.rpartition(",")[0] for row in rows[:2] + rows[3:7]]
    plain = column(parsed("\n".join(["Of,How,Reports", *without_office, ""]), **feed_of_counts()), "record_ref")
    assert plain[0] == plain[1]
    assert len(set(plain)) == 5


def test_counts_of_another_file_of_the_night_are_other_counts() -> None:
    def refs(series: str) -> list[Any]:
        facts = feed_of_counts()
        feed = handle(facts.pop("columns"), **facts)
        delivered = Delivered("export", AS_OF, series)
        raw = raw_file(b"Of,How,Reports\n2025-11-03,Web,1\n")
        return column(parse(raw, feed, delivered, secret="s", connection=no_connection, where="here"), "record_ref")

    assert refs("north") == refs("north") != refs("south")


def test_count_that_is_none_or_lacks_is_set_aside_once() -> None:
    found = parsed("Of,How,Reports\n2025-11-03,Web,\n2025-11-03,Web,x\n2025-11-03,Web,0\n", **feed_of_counts())
    assert found.faults == [
        Fault(3, "no_such_number", "Reports", "a whole number, such as 1234 or 1,234"),
        Fault(2, "no_count", "Reports", "a count"),
    ]
    assert column(found, "count") == [None, None, 0]


def identified(text: str, columns: dict[str, Any] | None = None, key: str = "s", **feed: Any) -> Any:
    given = handle(columns, **feed)
    documents = documents_of(text.encode(), given, no_connection, "here")
    return identify(documents, given, Delivered("export", AS_OF), secret=key, where="here")


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"premises_key": {"from": "UPRN", "blank": ["n/a"]}}, "Ref,Opened,How,UPRN\n"),
        (
            {"record_ref": {"derived_from": ["Opened", "UPRN"]}, "premises_key": {"from": "UPRN"}},
            "Ref,Opened,How,UPRN\n",
        ),
        ({}, "Ref,Opened,How,UPRN\n"),
    ],
)
def test_row_is_identified_as_it_is_parsed(columns: dict[str, Any], text: str) -> None:
    text += "007,2025-11-04,Web,0100\nshort\n,2025-11-04,Web,n/a\n9,bad,Owl,1E+11\n9,2025-11-05,Web,100\n"
    found = parsed(text, columns, ignored_columns=[] if "premises_key" in columns else ["UPRN"])
    table = identified(text, columns, ignored_columns=[] if "premises_key" in columns else ["UPRN"])
    assert table.column_names == ["line", "record_ref", "premises_key"]
    assert table.to_pylist() == found.table.select(table.column_names).to_pylist()
    assert table.column("line").to_pylist() == [2, 4, 5, 6]
    assert {name: str(kind) for name, kind in zip(table.column_names[:2], table.schema.types, strict=False)} == {
        "line": "int64", "record_ref": "string",
    }  # fmt: skip


def test_rows_of_other_services_are_identified_too_and_by_the_council_s_own_secret() -> None:
    text = "Ref,Opened,How,UPRN,Kind\n1,2025-11-04,Web,100,bins\n2,2025-11-04,Web,100,roads\n"
    facts: dict[str, Any] = {
        "columns": {"premises_key": {"from": "UPRN"}}, "rows": [{"column": "Kind", "in": ["bins"]}]
    }  # fmt: skip
    one, other = identified(text, **facts), identified(text, key="t", **facts)
    assert one.column("record_ref").to_pylist() == ["1", "2"]
    keys = one.column("premises_key").to_pylist()
    assert keys[0] == keys[1] != other.column("premises_key").to_pylist()[0]


@pytest.mark.parametrize(("text", "found"), [("Ref,Opened\n1,2025-11-04\n", "no column How"), ("x\n1\n", "none in")])
def test_rows_of_a_delivery_that_cannot_be_used_are_not_identified(text: str, found: str) -> None:
    with pytest.raises(DataError, match=f"^here: expected .*; found {found}"):
        identified(text)


def test_answer_without_a_body_has_no_documents_and_a_file_without_anything_in_it_does() -> None:
    source = {"kind": "open311", "connection": "c", "first_day": "2025-01-01"}
    assert documents_of(b" \n", handle(source=source), no_connection, "here") == []
    assert [document.content for document in documents_of(b"[]", handle(source=source), no_connection, "here")] == [
        b"[]"
    ]
    assert [document.content for document in documents_of(b" \n", handle(), no_connection, "here")] == [b" \n"]


def test_rows_of_another_width_are_told_with_what_they_should_have_been() -> None:
    found = parsed("Ref,Opened,How\n1,2025-11-04,Web\n2,2025-11-04\n3,2025-11-04,Web,x\n")
    expected = "as many cells as the header has; a comma or quote inside a cell needs quotes"
    assert found.faults == [Fault(line, "ragged_row", "", expected) for line in (3, 4)]
    assert (found.rows_read, found.filtered, found.table.num_rows) == (3, 0, 1)
    assert (found.warnings, found.documents) == ([], [])


def test_every_fault_tells_its_rule_column_and_what_should_stand_there() -> None:
    columns = {
        "closed_at": {"from": "Done", "formats": ["%d/%m/%Y", "iso"]}, "rating": {"from": "Stars"},
        "items": {"from": "Bins"}, "amount": {"from": "Paid"},
    }  # fmt: skip
    text = f"Ref,Opened,How,Done,Stars,Bins,Paid\n{'x' * 201},2025-13-04,Web,31/02/2025,5.5,two,1.234\n"
    found = parsed(text, columns)
    day = "a day and local time that exist, as"
    whole = "a whole number, such as 1234 or 1,234"
    assert sorted(found.faults) == sorted(
        Fault(2, *fault)
        for fault in (
            ("no_reference", "Ref", "a reference of at most 200 characters"),
            ("no_such_time", "Opened", f"{day} ISO 8601 (yyyy-mm-ddTHH:MM:SS)"),
            ("no_such_time", "Done", f"{day} dd/mm/yyyy or ISO 8601 (yyyy-mm-ddTHH:MM:SS)"),
            ("no_such_number", "Stars", whole), ("no_such_number", "Bins", whole),
            ("no_such_amount", "Paid", "an amount in pounds, such as 1234.50 or £1,234.50"),
        )
    )  # fmt: skip


def test_numbers_and_amounts_are_columns_of_their_own() -> None:
    columns = {"rating": {"from": "Stars"}, "amount": {"from": "Paid", "blank": ["free"]}}
    found = parsed("Ref,Opened,How,Stars,Paid\n1,2025-11-04,Web,5,£1.50\n2,2025-11-04,Web,,free\n", columns)
    assert (column(found, "rating"), column(found, "amount")) == ([5, None], [Decimal("1.50"), None])
    assert column(found, "count") == [1, 1]
    assert column(found, "ward") == [None, None]


def test_table_has_every_field_of_a_record_and_each_its_type() -> None:
    found = parsed("Ref,Opened,How,UPRN\n1,2025-11-04,Web,100\n", {"premises_key": {"from": "UPRN"}})
    types = {field.name: str(field.type) for field in found.table.schema if str(field.type) != "null"}
    label = "dictionary<values={}, indices=int32, ordered=0>"
    assert types == {
        "line": "int64", "record_ref": "string", "reported_at": "timestamp[us, tz=UTC]",
        "closed_at": "timestamp[us, tz=UTC]", "channel": label.format("string"),
        "premises_key": label.format("binary"), "count": "int64",
    }  # fmt: skip


def test_word_for_a_blank_cell_is_the_council_s_file_s_and_no_new_category() -> None:
    how = {"channel": {**HOW, "when_blank": "post"}}
    found = parsed("Ref,Opened,How\n1,2025-11-04,\n2,2025-11-04,Web\n3,2025-11-04,Owl\n", how)
    assert column(found, "channel") == ["post", "online", "unmapped"]
    strict = parsed(
        "Ref,Opened,How\n1,2025-11-04,\n2,2025-11-04,Owl\n", how, drift={"new_category": "quarantine"}
    )  # fmt: skip
    assert strict.faults == [Fault(3, "new_category", "How", "a word that has been agreed on")]


def test_only_so_many_new_words_are_shown_and_the_others_counted() -> None:
    words = [f"w{number:02}" for number in range(52)]
    rows = "".join(f"{word}{time},2025-11-04,{word}\n" for word in words for time in range(3))
    found = parsed(f"Ref,Opened,How\n{rows}x1,2025-11-04,once\nx2,2025-11-04,twice\nx3,2025-11-04,twice\n")
    assert found.warnings == [
        *(f"3 rows with the unmapped channel `{word}`" for word in words[:50]),
        "2 more unmapped words for channel",
        "unmapped words for channel that came only once or twice, and are not shown: 2",
    ]
    few = parsed(
        "Ref,Opened,How\n" + "".join(f"{word}{n},2025-11-04,{word}\n" for word in words[:50] for n in range(3))
    )
    assert len(few.warnings) == 50


def test_warnings_name_the_columns_in_which_cells_were_left_empty() -> None:
    columns = {"ward": {"from": "Area"}, "premises_key": {"from": "UPRN"}}
    found = parsed(
        "Ref,Opened,How,Area,UPRN\n1,2025-11-04,Web,a@example.org,1E+11\n2,2025-11-04,Web,B,2\n"
        "3,2025-11-04,Web,Mr Other,1E+11\n",
        columns,
    )
    assert found.warnings == [
        "cells of `Area` that look personal or are too long, left empty: 2",
        "rows whose `UPRN` a spreadsheet has shortened: 2",
    ]
    assert column(found, "ward") == [None, "B", None]


EVENTS: dict[str, Any] = {
    "delivery": "event_log",
    "whole": True,
    "columns": {
        "record_ref": REF, "event_at": {"from": "At", "formats": ["iso"]}, "reported_at": OPENED, "channel": HOW,
        "closed_at": {"from": "Done", "formats": ["iso"]},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("at", "opened", "done", "reported"),
    [
        ("2025-11-04T10:00", "2025-11-03T09:00", "", "2025-11-03T09:00"),
        ("2025-11-04T10:00", "", "", "2025-11-04T10:00"),
        ("2025-11-04T10:00", "", "2025-11-03T10:00", "2025-11-03T10:00"),
        ("2025-11-04T10:00", "", "2025-11-05T10:00", "2025-11-04T10:00"),
        ("2025-11-04T10:00", "", "2025-11-04T10:00", "2025-11-04T10:00"),
    ],
)
def test_case_was_reported_before_anything_that_is_told_of_it(at: str, opened: str, done: str, reported: str) -> None:
    found = parsed(f"Ref,At,Opened,How,Done\n1,{at},{opened},Web,{done}\n", **EVENTS)
    assert column(found, "reported_at") == [dt.datetime.fromisoformat(f"{reported}Z")]
    assert column(found, "event_at") == [dt.datetime.fromisoformat(f"{at}Z")]
    assert column(found, "closed_at") == [dt.datetime.fromisoformat(f"{done}Z") if done else None]


def test_event_without_a_time_says_what_should_stand_there() -> None:
    found = parsed("Ref,At,Opened,How,Done\n1,,,Web,\n2,x,,Web,\n", **EVENTS)
    assert found.faults == [
        Fault(3, "no_such_time", "At", "a day and local time that exist, as ISO 8601 (yyyy-mm-ddTHH:MM:SS)"),
        Fault(2, "no_event_time", "At", "the time of the change"),
    ]


@pytest.mark.parametrize(
    ("opened", "done", "closed", "zones"),
    [
        # A day without a time is no moment before the report, in the feed's own zone.
        ("2025-11-04T10:15", "2025-11-04", "2025-11-04T10:15", {}),
        ("2025-11-04T10:15", "2025-11-03", "2025-11-03T00:00", {}),
        ("2025-11-04T10:15", "2025-11-04", "2025-11-04T16:15", {"time_zone": "America/Chicago"}),
        # The hour that the clocks showed twice is the one after the report, in the column's zone.
        ("2025-10-26T01:10Z", "2025-10-26T01:30", "2025-10-26T01:30", {}),
        ("2025-10-26T00:10Z", "2025-10-26T01:30", "2025-10-26T00:30", {}),
        ("2025-10-26T02:10Z", "2025-10-26T01:30", "2025-10-26T01:30", {"closed": "UTC"}),
    ],
)
def test_closing_is_read_as_what_comes_after_the_report(
    opened: str, done: str, closed: str, zones: dict[str, str]
) -> None:
    done_at: dict[str, Any] = {"from": "Done", "formats": ["iso"]}
    if "closed" in zones:
        done_at["time_zone"] = zones.pop("closed")
    found = parsed(f"Ref,Opened,How,Done\n1,{opened},Web,{done}\n", {"closed_at": done_at}, **zones)
    assert column(found, "closed_at") == [dt.datetime.fromisoformat(f"{closed}Z")]


def test_date_of_a_workbook_is_a_date_whatever_format_the_council_s_file_has() -> None:
    opened = {"reported_at": {"from": "Opened", "formats": ["%d/%m/%Y"]}}
    target = io.BytesIO()
    book = Workbook()
    for row in (["Ref", "Opened", "How"], ["1", dt.date(2025, 11, 4), "Web"], ["2", "05/11/2025", "Web"]):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(target)
    found = parsed(target.getvalue(), opened, format={"kind": "xlsx"})
    assert [moment.day for moment in column(found, "reported_at")] == [4, 5]
    text = parsed("Ref,Opened,How\n1,2025-11-04,Web\n", opened)
    assert [fault.rule for fault in text.faults] == ["no_such_time"]


def test_name_without_its_date_is_refused_in_plain_words() -> None:
    facts = feed_of_counts("day")
    facts["columns"]["period"] = {"from_file_name": True}
    facts["source"] = {"kind": "folder", "files": "bins_{date:%Y%m%d}.csv", "name_date": "data-day"}
    found = parsed("How,Reports\nWeb,12\n", name="bins_20250704.csv", **facts)
    assert column(found, "reported_at") == [dt.datetime(2025, 7, 3, 23, tzinfo=dt.UTC)]
    for name in ("bins_20251304.csv", "other.csv"):
        with pytest.raises(DataError) as refused:
            parsed("How,Reports\nWeb,12\n", name=name, **facts)
        assert str(refused.value) == (
            "here: expected a name with the date that the rows are of; found no valid date where the pattern has one. "
            "Rename the file, or mend `source.files` in the council's file."
        )


@pytest.mark.parametrize("gathered", [1, 3, 500_000])
def test_pieces_put_together_are_one_table(monkeypatch: pytest.MonkeyPatch, gathered: int) -> None:
    monkeypatch.setattr(candidates_module, "_GATHERED", gathered)
    monkeypatch.setattr("local_digital.parsing.plain_csv._PIECE", 60)
    rows = "".join(f"{number},2025-11-04,{'Web' if number % 2 else 'Phone'},{number % 3}\n" for number in range(20))
    found = parsed(f"Ref,Opened,How,UPRN\n{rows}", {"premises_key": {"from": "UPRN"}})
    assert column(found, "record_ref") == [str(number) for number in range(20)]
    assert column(found, "channel") == ["phone", "online"] * 10
    assert (column(found, "count"), found.rows_read) == ([1] * 20, 20)
    assert len(set(column(found, "premises_key"))) == 3
