"""The two parsers, of records and of reads, under anything at all."""

from __future__ import annotations

import datetime as dt
import gzip
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from demo.platform.body import unpack
from demo.platform.contracts import check
from demo.platform.periods import Period
from demo.platform.query import Query, parse

NOW = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)
ENFORCED = ("transactions-by-channel", "monitoring", "customer-satisfaction")
DATA_TYPES = st.sampled_from([*ENFORCED, "missed-bin-by-ward"])

# Text may hold NUL and lone surrogates, and numbers may be infinite: JSON as it can arrive.
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None))
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
KEYS = st.sampled_from(["_id", "_timestamp", "_start_at", "_end_at", "channel", "count", "period", "ward"]) | st.text()
STAMPS = st.sampled_from(["2026-11-09T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "T"])

STORABLE = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]+", fullmatch=True),
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
)
MOMENTS = st.datetimes(
    dt.datetime(1, 1, 8),  # noqa: DTZ001 - the zone is added
    dt.datetime(9999, 12, 24),  # noqa: DTZ001 - the zone is added
    timezones=st.integers(-23 * 60, 23 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))),
)

NAMES = st.sampled_from(
    ["start_at", "end_at", "duration", "period", "group_by", "collect", "filter_by", "sort_by", "limit", "flatten"]
)
PARAMETER_VALUES = (
    st.text(max_size=8)
    | st.sampled_from([*Period, "channel", "count:sum", "channel:ascending", "_id:descending", "true", "0", "9", "٣"])
    | st.sampled_from(["2026-11-09T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
)


@given(st.lists(st.dictionaries(KEYS, JSON | STAMPS, max_size=6) | JSON, max_size=3), DATA_TYPES)
def test_whatever_is_sent_either_every_record_is_ready_or_a_fault_is_named(sent: list[object], data_type: str) -> None:
    ready, faults = check(sent, data_type)
    assert bool(faults) == (len(ready) < len(sent))
    assert all(isinstance(fault, str) and fault for fault in faults)


@given(STORABLE, MOMENTS)
def test_a_storable_record_keeps_its_fields_and_its_moment(fields: dict[str, object], moment: dt.datetime) -> None:
    ((record,), faults) = check([{**fields, "_id": "a", "_timestamp": moment.isoformat()}], "missed-bin-by-ward")
    assert faults == []
    assert (record.id, record.stamped_at, record.stamped_at.utcoffset()) == ("a", moment, dt.timedelta(0))
    # By identity too: NaN, which passes here and breaks the store, equals nothing.
    assert all(record.fields[key] is value for key, value in fields.items())
    added = {f"_{period}_start_at" for period in Period}
    assert record.fields.keys() == fields.keys() | added | {"_id", "_timestamp"}


@pytest.mark.parametrize("data_type", ENFORCED)
def test_an_enforced_contract_refuses_a_record_of_nothing_but_its_timestamp(data_type: str) -> None:
    _, faults = check([{"_timestamp": "2026-11-09T00:00:00+00:00"}], data_type)
    assert faults


@given(st.lists(st.tuples(NAMES, PARAMETER_VALUES), max_size=6))
def test_whatever_is_asked_is_a_query_or_a_bad_request_with_a_reason(parameters: list[tuple[str, str]]) -> None:
    outcome: Query | HTTPException
    try:
        outcome = parse(QueryParams(parameters), NOW)
    except HTTPException as refused:
        outcome = refused
    if isinstance(outcome, HTTPException):
        assert outcome.status_code == HTTPStatus.BAD_REQUEST
        assert outcome.detail
    else:
        assert (outcome.start_at is None) == (outcome.end_at is None)
        assert outcome.slides == 0 or outcome.period


@given(st.sampled_from(list(Period)), st.integers(1, 500))
def test_a_duration_ends_where_the_running_period_starts(period: Period, duration: int) -> None:
    query = parse(QueryParams({"period": period.value, "duration": str(duration)}), NOW)
    assert query.start_at
    assert query.end_at == period.start(NOW)
    assert len(list(period.covering(query.start_at, query.end_at))) == duration


@given(st.binary())
def test_packing_is_undone_and_anything_else_that_claims_it_is_refused(content: bytes) -> None:
    assert unpack(gzip.compress(content), "gzip") == content
    if content and not content.startswith(b"\x1f\x8b"):
        with pytest.raises(HTTPException) as refused:
            unpack(content, "gzip")
        assert refused.value.status_code == HTTPStatus.BAD_REQUEST
