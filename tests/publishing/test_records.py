"""Nothing that could poison the platform passes, and ids and hashes are for ever the same."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from local_digital.errors import DataError
from local_digital.publishing.records import (
    Record,
    as_stored,
    check,
    check_batch,
    described,
    payload_hash,
    record_id,
    timestamp,
)

MONDAY = dt.date(2026, 3, 30)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)


def record(**changes: object) -> Record:
    return {
        "_id": record_id(MONDAY, "week", "Digital"), "_timestamp": timestamp(MONDAY), "period": "week",
        "channel": "Digital", "count": 43, **changes,
    }  # type: ignore[dict-item]  # fmt: skip


@given(st.lists(words, min_size=1, max_size=3), st.lists(words, min_size=1, max_size=3))
def test_ids_are_the_same_exactly_for_the_same_dimensions(some: list[str], others: list[str]) -> None:
    assert (record_id(MONDAY, "week", *some) == record_id(MONDAY, "week", *others)) is (some == others)


@given(st.text(min_size=1, max_size=3000).filter(lambda word: word.isprintable()))
def test_any_label_gives_an_id_the_platform_takes(label: str) -> None:
    check_batch([record(_id=record_id(MONDAY, "week", label))], "transactions-by-channel")


@given(st.dates(), st.lists(words.filter(str.isprintable), min_size=1, max_size=2))
def test_id_is_told_in_the_words_it_was_made_of(day: dt.date, labels: list[str]) -> None:
    assert described(record_id(day, "week", *labels)) == ", ".join([f"week from {day}", *labels])


def test_id_too_short_for_its_labels_tells_the_period_and_says_so() -> None:
    told = described(record_id(MONDAY, "month", "x" * 2000))
    assert told == "month from 2026-03-30, labels too long to be told from the id"


@given(
    st.text(st.characters(codec="ascii")) | st.binary().map(lambda octets: base64.urlsafe_b64encode(octets).decode())
)
@example("stray")
@example("a/b")
@example(record_id(MONDAY, "week", "Digital")[:-3])
@example(base64.urlsafe_b64encode(b"2026-03-30T00:00:00+00:00").decode())
@example(base64.urlsafe_b64encode(b"2026-03-30T01:00:00+01:00.week.Digital").decode())
@example(base64.urlsafe_b64encode(rb"2026-03-30T00:00:00+00:00.week.a\bc").decode())
def test_id_that_others_made_is_told_as_such_and_briefly(foreign: str) -> None:
    assert described(foreign) == f"an id that is not ours, {ascii(foreign)[:80]}"


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.integers(0, 23))
def test_id_of_an_hour_is_its_own_and_tells_it(day: dt.date, number: int) -> None:
    hour = dt.datetime.combine(day, dt.time(number), dt.UTC)
    an_id = record_id(hour, "hour")
    assert described(an_id) == f"hour from {hour:%Y-%m-%d %H}:00 UTC"
    assert an_id not in {record_id(hour + dt.timedelta(hours=1), "hour"), record_id(hour.date(), "day")}


def test_id_of_an_hour_with_a_label_tells_both() -> None:
    an_id = record_id(dt.datetime(2026, 3, 30, 10, tzinfo=dt.UTC), "hour", "Digital")
    assert described(an_id) == "hour from 2026-03-30 10:00 UTC, Digital"


def test_no_more_of_a_foreign_id_is_told_than_fits_a_line() -> None:
    assert described("x" * 79 + "yz").endswith(f"{'x' * 79}")
    assert described("x" * 79 + "yz").startswith("an id that is not ours, 'x")


@pytest.mark.parametrize(
    "start",
    [MONDAY, dt.datetime(2026, 3, 30, 10), dt.datetime(2026, 3, 30, 10, 7, tzinfo=dt.UTC)],  # noqa: DTZ001 - the fault
)
def test_hour_without_its_beginning_in_utc_has_no_id(start: dt.date) -> None:
    with pytest.raises(TypeError):
        record_id(start, "hour")


def test_ids_of_days_are_what_they_always_were() -> None:
    assert record_id(MONDAY, "week", "Digital") == "MjAyNi0wMy0zMFQwMDowMDowMCswMDowMC53ZWVrLkRpZ2l0YWw="
    with pytest.raises(TypeError):
        record_id(dt.datetime(2026, 3, 30, tzinfo=dt.UTC), "week")


def test_what_an_id_is_told_as_is_fit_for_any_log() -> None:
    told = described(record_id(MONDAY, "week", "a\n\ud800\x1b[31m"))
    assert told == "week from 2026-03-30, a\ufffd\ufffd\ufffd[31m"


def test_summer_monday_is_labelled_as_itself() -> None:
    assert timestamp(MONDAY) == "2026-03-30T00:00:00+00:00"


@pytest.mark.parametrize(
    "changes",
    [
        {"count": float("nan")}, {"count": float("inf")}, {"count": None}, {"count": 5.0}, {"count": -1},
        {"count": 2**63}, {"count": True}, {"channel": "a\0b"}, {"channel": "\ud800"}, {"channel": ["x"]},
        {"period": "quarter"}, {"_id": ""}, {"_id": "a b"}, {"_id": "a/b"}, {"_id": "x" * 1000},
        {"_timestamp": "2026-03-30T00:00:00+01:00"}, {"_timestamp": "2026-03-30"},
        {"_timestamp": "2026-02-30T00:00:00+00:00"},
        {"Ward": "x"}, {"my-key": 1}, {"_week_start_at": "x"}, {"x": 1}, {"_period": "week"},
    ],
)  # fmt: skip
def test_poison_is_refused_with_the_record_named_and_the_value_unsaid(changes: dict[str, object]) -> None:
    with pytest.raises(DataError) as refused:
        check_batch([record(), record(**{"_id": "other", **changes})], "transactions-by-channel")
    assert "transactions-by-channel" in str(refused.value)
    assert "a\0b" not in str(refused.value)


def test_same_id_twice_in_a_push_is_refused() -> None:
    with pytest.raises(DataError) as refused:
        check_batch([record(), record(count=44)], "transactions-by-channel")
    assert refused.value.where == f"transactions-by-channel: record {record()['_id']}: `_id`"
    assert (refused.value.expected, refused.value.found) == ("each id once in a push", "it comes twice")


def test_record_may_do_without_what_its_data_set_does_not_show() -> None:
    check({"_id": "a", "_timestamp": timestamp(MONDAY)}, "a data set of another kind")


def test_record_read_back_hashes_like_the_one_sent() -> None:
    read = {**record(), "_week_start_at": timestamp(MONDAY), "_updated_at": "2026-04-07T01:02:03+00:00"}
    read["_timestamp"] = "2026-03-30T00:00:00Z"
    assert payload_hash(as_stored(read)) == payload_hash(record())
    assert payload_hash(record(count=44)) != payload_hash(record())
