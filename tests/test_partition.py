"""Rows looked at in parts come to what they come to all at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from local_digital import partition
from local_digital.data_docs import _stored
from local_digital.expectations import Validation, check
from local_digital.fields import LABELS, RECORD_FIELDS
from local_digital.parsing.instants import Mask
from local_digital.parsing.values import TYPES
from local_digital.partition import by_reference
from local_digital.validate import _deduplicated

_START = dt.datetime(2025, 11, 3, tzinfo=dt.UTC)
_REFS = st.sampled_from([None, "", "1", "2", "12", "A-100", "B-100", "A-200", "\N{GRINNING FACE}"]) | st.text(
    max_size=3
)
_MOMENTS = st.none() | st.integers(-3, 3).map(lambda days: _START + dt.timedelta(days=days))
_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "record_ref": _REFS,
            "reported_at": _MOMENTS,
            "closed_at": _MOMENTS,
            "channel": st.sampled_from([None, "web", "unmapped"]),
            "ward": st.sampled_from([None, "Elmdon"]),
            "premises_key": st.sampled_from([None, b"a", b"b"]),
            "kept": st.sampled_from([True, True, True, False]),
        }
    ),
    max_size=40,
)
_PARAMETERS: dict[str, Any] = {
    "earliest": _START - dt.timedelta(days=2),
    "latest": _START + dt.timedelta(days=2),
    "latest_closing": _START + dt.timedelta(days=2),
    "volume_low": 5,
    "volume_high": 30,
}


def candidates(rows: list[dict[str, Any]]) -> pa.Table:
    columns = {"line": pa.array(range(2, len(rows) + 2), pa.int64())}
    for name, kind in RECORD_FIELDS.items():
        column = pa.array([1 if name == "count" else row.get(name) for row in rows], TYPES[kind])
        columns[name] = column.dictionary_encode() if name in (*LABELS, "premises_key") else column
    return pa.table(columns)


def kept_of(rows: list[dict[str, Any]]) -> Mask:
    return np.array([row["kept"] for row in rows], dtype=bool)


def told(validation: Validation) -> list[dict[str, Any]]:
    return [
        {**{name: value for name, value in _stored(outcome).items() if name != "result"}, **_stored(outcome)["result"]}
        for outcome in validation.outcomes
    ]


@pytest.mark.parametrize(("rows", "parts"), [(0, 1), (1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_no_part_holds_more_than_its_share_on_the_average(
    rows: int, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition, "ROWS_AT_ONCE", 3)
    table = candidates([{"record_ref": str(number)} for number in range(rows)])
    assert partition.parts_of(table) == parts
    assert len(list(by_reference(table, np.ones(rows, bool)))) == parts


@given(rows=_ROWS, size=st.integers(1, 9))
def test_each_row_is_in_one_part_and_rows_of_one_case_in_the_same(rows: list[dict[str, Any]], size: int) -> None:
    table, kept = candidates(rows), kept_of(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition, "ROWS_AT_ONCE", size)
        parts = list(by_reference(table, kept))
    assert sum((part.astype(int) for part in parts), np.zeros(len(rows), int)).tolist() == kept.astype(int).tolist()
    refs = table.filter(pa.array(kept)).column("record_ref").to_pylist()
    where = [set(table.filter(pa.array(part)).column("record_ref").to_pylist()) for part in parts]
    assert sum(len(found) for found in where) == len(set(refs))


# Without shrinking: each look takes the library a tenth of a second.
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(rows=_ROWS, size=st.integers(1, 9))
def test_expectations_find_the_same_rows_and_counts_in_parts(rows: list[dict[str, Any]], size: int) -> None:
    table, kept = candidates(rows), kept_of(rows)
    whole = check(table, kept, "report-missed-bin", _PARAMETERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition, "ROWS_AT_ONCE", size)
        parts = check(table, kept, "report-missed-bin", _PARAMETERS)
    assert parts.results == whole.results
    assert told(parts) == told(whole)


@given(rows=_ROWS, size=st.integers(1, 9), events=st.booleans())
def test_repeated_rows_are_found_in_parts(rows: list[dict[str, Any]], size: int, events: bool) -> None:
    table, kept = candidates(rows), kept_of(rows)
    whole, *counts = _deduplicated(table, kept, events=events)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition, "ROWS_AT_ONCE", size)
        left, *others = _deduplicated(table, kept, events=events)
    assert left.tolist() == whole.tolist()
    assert others == counts
