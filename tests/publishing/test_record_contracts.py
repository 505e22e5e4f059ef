"""Records: named the same for ever, compared without what a store changes, and checked before they can do harm."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import string
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from local_digital.errors import DataError
from local_digital.publishing.records import (
    PERIODS,
    Record,
    as_stored,
    check,
    check_batch,
    is_usable_id,
    payload_hash,
    record_id,
    timestamp,
)

MONDAY = dt.date(2026, 11, 9)
WEEK: Record = {
    "_id": record_id(MONDAY, "week", "Digital"),
    "_timestamp": timestamp(MONDAY),
    "period": "week",
    "channel": "Digital",
    "count": 43,
}
SPAN: Record = {"_start_at": timestamp(MONDAY), "_end_at": timestamp(MONDAY + dt.timedelta(7))}
RATINGS: Record = {f"rating_{stars}": stars for stars in range(1, 6)}
VALID: dict[str, Record] = {
    "transactions-by-channel": WEEK,
    "missed-bin-by-ward": {
        "_id": record_id(MONDAY, "week", "Blythe"),
        "_timestamp": timestamp(MONDAY),
        "period": "week",
        "ward": "Blythe",
        "missed_bins": 29,
    },
    "digital-takeup": {"_id": "a", "_timestamp": timestamp(MONDAY), **SPAN, "rate": 0.2696},
    "completion-rate": {"_id": "a", "_timestamp": timestamp(MONDAY), **SPAN, "rate": 1},
    "customer-satisfaction": {
        "_id": "a",
        "_timestamp": timestamp(MONDAY),
        **RATINGS,
        "comments": 2,
        "total": 15,
        "slug": "report-missed-bin",
    },
    "user-satisfaction-score": {
        "_id": "a",
        "_timestamp": timestamp(MONDAY),
        **SPAN,
        **RATINGS,
        "num_responses": 15,
        "score": 0.75,
    },
    "cost-per-transaction": {
        "_id": "a",
        "_timestamp": timestamp(MONDAY),
        "period": "quarter",
        "channel": "cost_per_transaction_digital",
        "count": 0.15,
        "end_at": timestamp(MONDAY),
    },
    "monitoring": {
        "_id": "a",
        "_timestamp": "2026-11-09T13:00:00+00:00",
        "uptime": 3540,
        "downtime": 60,
        "unmonitored": 0,
        "avgresponse": 180,
    },
}
PERSONAL = "Mrs Miggins, 3 Pie Shop Lane"

OTHER_KINDS: list[object] = [[], [1], {}, {"a": 1}, b"bytes", dt.date(2026, 1, 1), (1,)]

days = st.dates(min_value=dt.date(1, 1, 1), max_value=dt.date(9998, 12, 31))
labels = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
# Dots, backslashes and hexadecimal digits are what ids are put together from.
dimensions = st.lists(st.one_of(labels, st.text(r".\a0", max_size=5)), max_size=4)
values = st.one_of(
    labels, st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), st.booleans()
)
keys = st.text(string.ascii_lowercase + "_0123456789", min_size=2, max_size=12).filter(
    lambda key: key[0] in string.ascii_lowercase and key != "period"
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Records of a data type without a record contract of its own."""
    day = draw(days)
    internal: Record = {"_id": record_id(day, "day", *draw(dimensions)), "_timestamp": timestamp(day)}
    if draw(st.booleans()):
        internal |= {"_start_at": timestamp(day), "_end_at": timestamp(day + dt.timedelta(1))}
    return internal | draw(st.dictionaries(keys, values, max_size=5))


class TestTimestamps:
    def test_a_day_is_labelled_as_midnight_utc(self) -> None:
        assert timestamp(dt.date(2026, 7, 6)) == "2026-07-06T00:00:00+00:00"

    def test_an_instant_is_no_day(self) -> None:
        with pytest.raises(TypeError):
            timestamp(dt.datetime(2026, 7, 5, 23, tzinfo=dt.UTC))


class TestIds:
    def test_an_id_follows_the_platforms_convention(self) -> None:
        decoded = base64.urlsafe_b64decode(record_id(MONDAY, "week", "FaceToFace", "Olton")).decode()
        assert decoded == "2026-11-09T00:00:00+00:00.week.FaceToFace.Olton"

    def test_a_label_is_kept_as_it_is_spelt(self) -> None:
        decoded = base64.urlsafe_b64decode(record_id(MONDAY, "week", "Chelmsley Wood / Fordbridge ŵ")).decode()
        assert decoded.endswith(".week.Chelmsley Wood / Fordbridge ŵ")

    def test_ids_stay_the_same_from_release_to_release(self) -> None:
        # Written down, since with other ids every record on the platform would be doubled.
        assert record_id(MONDAY, "week", "Digital") == "MjAyNi0xMS0wOVQwMDowMDowMCswMDowMC53ZWVrLkRpZ2l0YWw="
        assert record_id(MONDAY, "week", "St. Alphege") == (
            base64.urlsafe_b64encode(rb"2026-11-09T00:00:00+00:00.week.St\. Alphege").decode()
        )

    @given(days, st.sampled_from(PERIODS), dimensions)
    def test_every_id_can_be_stored_found_and_deleted(self, day: dt.date, period: str, parts: list[str]) -> None:
        start = dt.datetime.combine(day, dt.time(13), dt.UTC) if period == "hour" else day
        made = record_id(start, period, *parts)
        assert is_usable_id(made)
        assert made == record_id(start, period, *parts)

    @given(dimensions, dimensions)
    @example(["a.b", "c"], ["a", "b.c"])
    @example(["a.", "b"], ["a", ".b"])
    @example(["a", "", "b"], ["a.b"])
    @example(["a\\", "b"], ["a\\.b"])
    @example([], [""])
    def test_different_dimensions_never_share_an_id(self, one: list[str], other: list[str]) -> None:
        assume(one != other)
        assert record_id(MONDAY, "week", *one) != record_id(MONDAY, "week", *other)

    def test_a_long_label_gets_a_short_id_of_its_own(self) -> None:
        one, other = record_id(MONDAY, "week", "x" * 5_000), record_id(MONDAY, "week", "x" * 4_999 + "y")
        assert one != other
        assert is_usable_id(one)
        assert one == record_id(MONDAY, "week", "x" * 5_000)
        assert record_id(MONDAY, "week", "x" * 3_000, "x") != record_id(MONDAY, "week", "x" * 2_999, "xx")

    def test_a_label_that_looks_like_a_digest_is_not_taken_for_one(self) -> None:
        digest = base64.urlsafe_b64decode(record_id(MONDAY, "week", "x" * 5_000)).decode().partition(".week.")[2]
        assert record_id(MONDAY, "week", digest) != record_id(MONDAY, "week", "x" * 5_000)

    @pytest.mark.parametrize("value", ["", "a b", "a/b", "é", "a\n", "\x7f", ".", "..", "x" * 1_000, 5, None])
    def test_an_id_the_platform_cannot_hold_or_find_is_unusable(self, value: object) -> None:
        assert not is_usable_id(value)

    def test_the_longest_id_is_usable(self) -> None:
        assert is_usable_id("x" * 999)


class TestHashes:
    @given(records())
    def test_the_order_of_keys_does_not_matter(self, record: Record) -> None:
        assert payload_hash(dict(reversed(record.items()))) == payload_hash(record)

    @given(records())
    def test_any_change_of_a_value_shows(self, record: Record) -> None:
        assert payload_hash({**record, "extra_key": 1}) != payload_hash(record)
        assert payload_hash({**record, "extra_key": 1}) != payload_hash({**record, "extra_key": "1"})
        assert payload_hash({**record, "extra_key": 1}) != payload_hash({**record, "extra_key": True})
        assert payload_hash({**record, "extra_key": 1}) != payload_hash({**record, "extra_key": 2})

    def test_five_and_five_point_nought_are_one_number(self) -> None:
        assert payload_hash({**WEEK, "count": 43.0}) == payload_hash(WEEK)

    @given(st.floats(allow_nan=False, allow_infinity=False))
    @example(1e23)
    @example(1.2345678901234568e18)
    @example(-0.0)
    def test_a_number_keeps_its_hash_in_a_store_of_decimals(self, number: float) -> None:
        # PostgreSQL's jsonb writes 1e23 as a 1 with 23 noughts, which reads back as a whole number.
        read = json.loads(format(Decimal(repr(number)), "f"))
        assert payload_hash({"rate": read}) == payload_hash({"rate": number})

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_what_is_no_number_has_no_hash(self, number: float) -> None:
        with pytest.raises(ValueError, match="JSON"):
            payload_hash({"rate": number})


class TestReadBack:
    @given(
        records(),
        st.dictionaries(
            st.sampled_from(
                ["_day_start_at", "_hour_start_at", "_week_start_at", "_month_start_at", "_updated_at", "_count"]
            ),
            labels,
        ),
        st.sampled_from(["+00:00", "Z", ".000000+00:00", ".000Z", ""]),
    )
    def test_a_record_read_back_is_the_one_sent(self, sent: Record, added: Record, ending: str) -> None:
        read: dict[str, Any] = json.loads(json.dumps({**sent, **added}))
        for key in ("_timestamp", "_start_at", "_end_at"):
            if key in read:
                read[key] = read[key].removesuffix("+00:00") + ending
        for key, value in read.items():
            if type(value) is int and abs(value) < 2**53:
                read[key] = float(value)
        stripped = as_stored(read)
        assert stripped.keys() == sent.keys()
        assert payload_hash(stripped) == payload_hash(sent)
        if not any(type(value) is float for value in read.values()):
            check(stripped, "another-type")

    def test_a_time_with_an_offset_comes_back_in_utc(self) -> None:
        assert as_stored({"_timestamp": "2026-07-06T01:00:00+01:00"}) == {"_timestamp": "2026-07-06T00:00:00+00:00"}

    def test_a_time_off_midnight_stays_different(self) -> None:
        stripped = as_stored({"_timestamp": "2026-07-05T23:00:00Z"})
        assert stripped == {"_timestamp": "2026-07-05T23:00:00+00:00"}

    @pytest.mark.parametrize("value", ["last week", None, 5, "0001-01-01T00:00:00+23:00"])
    def test_a_time_nobody_can_read_is_left_for_reconcile_to_find(self, value: Any) -> None:
        assert as_stored({"_timestamp": value}) == {"_timestamp": value}

    @given(records())
    def test_a_record_that_was_never_sent_passes_unchanged(self, record: Record) -> None:
        assert as_stored(record) == record


def refusal(record: Any, data_type: str = "transactions-by-channel", position: int | None = None) -> DataError:
    with pytest.raises(DataError) as caught:
        check(record, data_type, position)
    return caught.value


class TestChecks:
    @pytest.mark.parametrize("data_type", VALID)
    def test_a_record_that_keeps_its_contract_is_taken(self, data_type: str) -> None:
        check(VALID[data_type], data_type)

    @given(records())
    def test_every_valid_record_is_taken(self, record: Record) -> None:
        check(record, "another-type")

    @given(st.sampled_from(sorted(VALID)), st.dictionaries(keys, values, max_size=3))
    def test_further_fields_are_taken(self, data_type: str, further: Record) -> None:
        check({**further, **VALID[data_type]}, data_type)

    @given(
        records(),
        keys,
        st.sampled_from(
            [math.nan, math.inf, -math.inf, "\0", "a\0b", "\ud800", "a\udfff", 2**63, -(2**63) - 1, None, *OTHER_KINDS]
        ),
        st.randoms(use_true_random=False),
    )
    def test_poison_is_found_in_any_field(self, record: Record, key: str, poison: Any, random: Any) -> None:
        items = [*((name, value) for name, value in record.items() if name != key), (key, poison)]
        random.shuffle(items)
        error = refusal(dict(items), "another-type")
        assert f"`{key}`" in str(error)

    @given(records(), st.sampled_from(["_id", "_timestamp"]), st.sampled_from([math.nan, "a\0", "\ud800", None, 1]))
    def test_poison_is_found_in_the_fields_of_the_platform(self, record: Record, key: str, poison: Any) -> None:
        assert f"`{key}`" in str(refusal({**record, key: poison}, "another-type"))

    @pytest.mark.parametrize(
        "key",
        [
            "a",
            "",
            "Count",
            "a-b",
            "a.b",
            "a b",
            "ward\n",
            "é1",
            "1a",
            "_period",
            "_week_start_at",
            "_updated_at",
            "__",
            5,
        ],
    )
    def test_a_key_the_platform_does_not_take_is_refused(self, key: Any) -> None:
        assert f"`{key!a}`" in str(refusal({**WEEK, key: 1}))

    @pytest.mark.parametrize(
        "value",
        [
            "2026-11-09",
            "2026-11-09T00:00:00Z",
            "2026-11-09T00:00:00",
            "2026-11-09T00:00:00.000+00:00",
            "2026-11-09T01:00:00+01:00",
            "2026-11-09T13:00:00+00:00",
            "2026-11-09 00:00:00+00:00",
            "2026-11-31T00:00:00+00:00",
            "2026-11-09T00:00:00+00:00\n",
            "٢٠٢٦-11-09T00:00:00+00:00",
            "20261109T000000+0000",
        ],
    )
    @pytest.mark.parametrize("key", ["_timestamp", "_start_at", "_end_at"])
    def test_a_time_in_any_other_spelling_is_refused(self, key: str, value: str) -> None:
        assert f"`{key}`" in str(refusal({**VALID["digital-takeup"], key: value}, "digital-takeup"))

    @pytest.mark.parametrize("data_type", VALID)
    def test_every_field_of_a_contract_is_needed(self, data_type: str) -> None:
        for key in VALID[data_type]:
            shorter = {name: value for name, value in VALID[data_type].items() if name != key}
            assert f"`{key}`" in str(refusal(shorter, data_type))

    @pytest.mark.parametrize("data_type", VALID)
    def test_no_measure_is_a_text_a_null_or_a_truth_value(self, data_type: str) -> None:
        for key, value in VALID[data_type].items():
            if isinstance(value, int | float):
                for wrong in ("5", None, True, -1.5, math.nan):
                    if (data_type, wrong) != ("cost-per-transaction", -1.5):
                        assert f"`{key}`" in str(refusal({**VALID[data_type], key: wrong}, data_type))

    @pytest.mark.parametrize(
        ("data_type", "key", "value"),
        [
            ("transactions-by-channel", "count", 43.0),
            ("transactions-by-channel", "count", -1),
            ("transactions-by-channel", "channel", 1),
            ("transactions-by-channel", "channel", ""),
            ("transactions-by-channel", "period", "quarter"),
            ("transactions-by-channel", "period", "Week"),
            ("missed-bin-by-ward", "missed_bins", -1),
            ("missed-bin-by-ward", "missed_bins", 29.0),
            ("missed-bin-by-ward", "ward", True),
            ("digital-takeup", "rate", 1.0001),
            ("digital-takeup", "rate", -0.0001),
            ("completion-rate", "rate", 30),
            ("user-satisfaction-score", "score", 1.5),
            ("user-satisfaction-score", "rating_3", 2.0),
            ("customer-satisfaction", "total", 15.0),
            ("cost-per-transaction", "end_at", "2026-11-09"),
            ("cost-per-transaction", "period", "fortnight"),
            ("monitoring", "uptime", 3540.0),
            ("monitoring", "_timestamp", "2026-11-09T13:30:00+00:00"),
            ("another-type", "period", "fortnight"),
        ],
    )
    def test_what_a_contract_does_not_allow_is_refused(self, data_type: str, key: str, value: Any) -> None:
        record = {**VALID.get(data_type, WEEK), key: value}
        assert f"`{key}`" in str(refusal(record, data_type))

    def test_a_span_must_end_after_it_starts(self) -> None:
        backwards = {**VALID["digital-takeup"], "_end_at": timestamp(MONDAY)}
        assert "`_end_at`" in str(refusal(backwards, "digital-takeup"))

    def test_nought_is_a_count_and_a_rate(self) -> None:
        check({**WEEK, "count": 0}, "transactions-by-channel")
        check({**VALID["digital-takeup"], "rate": 0.0}, "digital-takeup")

    def test_an_error_names_data_type_record_and_key(self) -> None:
        error = refusal({**WEEK, "count": 5.0})
        assert error.where == f"transactions-by-channel: record {WEEK['_id']}: `count`"

    def test_a_record_without_a_usable_id_is_named_by_its_position(self) -> None:
        assert "record number 7" in str(refusal({**WEEK, "_id": f"{PERSONAL}\n"}, position=7))

    @pytest.mark.parametrize("key", ["_id", "_timestamp", "period", "channel", "count", "another_key"])
    def test_an_error_never_shows_a_value(self, key: str) -> None:
        error = refusal({**WEEK, key: f"{PERSONAL}\0"})
        assert PERSONAL not in f"{error}{error.args!r}"

    def test_an_id_that_comes_twice_in_a_push_is_refused(self) -> None:
        with pytest.raises(DataError, match="twice") as caught:
            check_batch([WEEK, VALID["transactions-by-channel"] | {"count": 44}], "transactions-by-channel")
        assert str(WEEK["_id"]) in str(caught.value)

    def test_one_bad_record_is_found_among_many(self) -> None:
        push: list[Record] = [{**WEEK, "_id": str(number)} for number in range(50)]
        check_batch(push, "transactions-by-channel")
        del push[31]["_id"]
        with pytest.raises(DataError, match="number 32"):
            check_batch(push, "transactions-by-channel")
