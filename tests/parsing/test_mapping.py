"""The columns of a feed are found in every section of a delivery, and what has changed is told."""

from __future__ import annotations

from typing import Any

import pytest

from local_digital.errors import DataError
from tests.parsing.test_candidates import HOW, OPENED, REF, column, parsed

EVENTS: dict[str, Any] = {"record_ref": REF, "event_at": {"from": "At", "formats": ["iso"]}, "channel": HOW}


def test_moment_of_the_report_may_be_missing_from_an_event_log_and_its_other_columns_may_not() -> None:
    facts = {"delivery": "event_log", "whole": True, "columns": {**EVENTS, "reported_at": OPENED}}
    found = parsed("Ref,At,How\n1,2025-11-04T10:00,Web\n", **facts)
    assert found.warnings == ["column `Opened` is missing; `reported_at` stays empty"]
    with pytest.raises(DataError) as refused:
        parsed("Ref,How\n1,Web\n", **facts)
    assert str(refused.value) == (
        "here: expected the columns Ref, At, How, Opened; found no column At. Ask the council whether the export "
        "changed; if for good, mend `columns` in the council's file (`renamed_from` keeps older exports readable)."
    )


@pytest.mark.parametrize(("new", "more"), [(100, []), (102, ["2 more columns are new"])])
def test_only_so_many_new_columns_are_named_and_the_others_counted(new: int, more: list[str]) -> None:
    names = [f"n{number}" for number in range(new)]
    text = f"Ref,Opened,How,{','.join(names)}\n1,2025-11-04,Web{',' * new}\n"
    shown = [f"column `{name}` is new: nothing maps it, it was dropped" for name in names[:100]]
    assert parsed(text).warnings == shown + more
    with pytest.raises(DataError) as refused:
        parsed(text, drift={"unknown_column": "reject"})
    assert str(refused.value) == (
        f"here: expected no column that the mapping does not know; found the new {', '.join(names[:100])}. "
        "The feed's `drift` rejects such a change: agree on it with the council, then mend its file."
    )


def test_column_twice_is_refused_in_plain_words() -> None:
    with pytest.raises(DataError) as refused:
        parsed("Ref,Opened,How,how\n1,2025-11-04,Web,Web\n")
    assert str(refused.value) == (
        "here: expected each column once; found the column How more than once. "
        "Ask the council to mend the export, or map one of them as `How (1)`, `How (2)`."
    )


@pytest.mark.parametrize(
    ("rows", "refs"),
    [
        ([{"column": "Kind", "in": ["bins"]}], ["1", "2"]),
        ([{"column": "Kind", "not_in": ["BINS"]}], ["3", "4", "5"]),
        ([{"column": "Kind", "like": ["b*"]}], ["1", "2", "3"]),
        ([{"column": "Kind", "not_like": ["?ins", "roads"]}], ["3", "5"]),
        ([{"column": "Kind", "in": ["roads"], "like": ["*ns"]}], ["1", "2", "4"]),
        ([{"column": "Kind", "like": ["b*"], "not_in": ["bikes"]}, {"column": "Ref", "not_in": ["1"]}], ["2"]),
    ],
)
def test_row_belongs_to_the_feed_where_every_filter_lets_it_through(rows: list[Any], refs: list[str]) -> None:
    kinds = ["bins", " Bins ", "bikes", "roads", ""]
    text = "".join(f"{number},2025-11-04,Web,{kind}\n" for number, kind in enumerate(kinds, 1))
    found = parsed(f"Ref,Opened,How,Kind\n{text}", rows=rows)
    assert column(found, "record_ref") == refs
    assert (found.rows_read, found.filtered) == (5, 5 - len(refs))


def test_filter_whose_column_says_nothing_refuses_rows_and_not_an_empty_delivery() -> None:
    facts = {"rows": [{"column": "Kind", "not_in": ["x"]}]}
    assert parsed("Ref,Opened,How,Kind\n", **facts).rows_read == 0
    for text in ("Ref,Opened,How,Kind\n1,2025-11-04,Web,\n", "Ref,Opened,How\n1,2025-11-04,Web\n"):
        with pytest.raises(DataError) as refused:
            parsed(text, **facts)
        assert str(refused.value) == (
            "here: expected the column Kind, which tells the rows of this service apart; found no such column, or "
            "nothing in it. Ask the council whether the export changed; if for good, mend `rows` in the council's file."
        )


def test_columns_are_found_in_every_section_under_one_of_their_names() -> None:
    ward = {"ward": {"from": "Ward", "renamed_from": ["Area"], "otherwise": ["Parish"]}}
    text = (
        "Ref,Opened,How,Area\n1,2025-11-04,Web,A\nHow,Ref,Opened,Parish\nWeb,2,2025-11-04,B\n"
        "Ref,Opened,How\n3,2025-11-04,Web\n"
    )
    found = parsed(text, ward)
    assert column(found, "ward") == ["A", "B", None]
    assert column(found, "line") == [2, 4, 6]
    assert found.warnings == ["column `Ward` is missing; `ward` stays empty"]
