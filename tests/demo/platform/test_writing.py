"""The writing side: what the platform takes, refuses and breaks on."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, NullPool, create_engine, text

from tests.demo.platform.client import MONITORING, SATISFACTION, WARDS, Client, started, weekly

LIMIT = 10 * 1024 * 1024


# Who may write, and where


def test_a_write_with_the_data_sets_own_token_is_taken(channels: Client) -> None:
    answer = channels.post(weekly("2026-11-09", "Digital", 43))
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-cache"
    assert [record["count"] for record in channels.read()] == [43]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("header", "echoed"),
    [
        ("Bearer missed-bin-by-ward-token", "missed-bin-by-ward-token"),
        ("bearer transactions-by-channel-token", "None"),
        ("Bearer  transactions-by-channel-token", " transactions-by-channel-token"),
        ("Basic transactions-by-channel-token", "None"),
        ("transactions-by-channel-token", "None"),
    ],
)
def test_any_other_authorization_is_refused_and_the_token_echoed(
    channels: Client, method: str, header: str, echoed: str
) -> None:
    channels.store(weekly("2026-11-09", "Digital", 43))
    path = "/2026-11-09.week.Digital" if method == "DELETE" else ""
    answer = channels.send(method, path, json=[], headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "bearer"
    name = "solihull_local_authority_transactions_by_channel"
    message = f"Unauthorized: Invalid bearer token '{echoed}' for '{name}'"
    assert answer.json() == {"message": message, "status": "error"}
    assert len(channels.read()) == 1


def test_a_write_without_authorization_is_told_the_form(channels: Client) -> None:
    answer = requests.post(channels.url, json=[], timeout=30)
    assert answer.status_code == 401
    assert answer.json()["message"] == "Expected header of form: Authorization: Bearer <token>"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    "path", ["/data/solihull-local-authority/cost-per-transaction", "/data/Solihull/monitoring", "/data/a_b/c"]
)
def test_an_unknown_data_set_is_not_found_whatever_the_token(channels: Client, method: str, path: str) -> None:
    answer = requests.request(method, channels.base_url + path, json=[], timeout=30)
    assert answer.status_code == 404
    assert answer.json().keys() == {"message", "status"}


@pytest.mark.parametrize("ending", ["/", "/an-id/more"])
def test_an_address_beside_the_api_is_not_found(channels: Client, ending: str) -> None:
    answer = channels.send("POST", ending, json=[])
    assert (answer.status_code, answer.json()["status"]) == (404, "error")


@pytest.mark.parametrize(("method", "path"), [("PATCH", "/an-id"), ("PATCH", ""), ("DELETE", ""), ("POST", "/an-id")])
def test_other_methods_are_not_allowed(channels: Client, method: str, path: str) -> None:
    answer = channels.send(method, path, json={})
    assert (answer.status_code, answer.json()["status"]) == (405, "error")


# The body


def test_an_empty_list_is_taken_and_does_nothing(channels: Client) -> None:
    channels.store(weekly("2026-11-09", "Digital", 43))
    assert channels.post([]).json() == {"status": "ok"}
    assert len(channels.read()) == 1


def test_a_chunked_body_is_read_as_empty(channels: Client) -> None:
    answer = channels.send("POST", data=iter([b"[]"]), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    message = "Expected JSON request body but received zero bytes."
    assert answer.json() == {"message": message, "status": "error"}


@pytest.mark.parametrize(
    "body",
    [b"{", b"[{]", b"\xef\xbb\xbf[]", b'["\xff"]', "[]".encode("utf-16"), b"[" * 100_000, b"[" + b"1" * 5000 + b"]"],
    ids=["cut", "broken", "byte-order-mark", "not-utf-8", "utf-16", "too-deep", "too-long-a-number"],
)
def test_a_body_that_is_no_json_is_a_bad_request(channels: Client, body: bytes) -> None:
    answer = channels.post_raw(body)
    assert (answer.status_code, answer.json()["status"]) == (400, "error")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_another_content_type_is_a_fault_of_the_records(channels: Client, content_type: str) -> None:
    answer = channels.post_raw(b"[]", Content_Type=content_type)
    assert answer.status_code == 400
    assert answer.json() == {"messages": ["Expected header: Content-type: application/json"]}


def test_a_content_type_may_name_its_character_set(channels: Client) -> None:
    assert channels.post_raw(b"[]", Content_Type="application/json; charset=utf-8").status_code == 200


def test_a_gzipped_body_is_unpacked(channels: Client) -> None:
    body = gzip.compress(json.dumps([weekly("2026-11-09", "Digital", 43)]).encode())
    assert channels.post_raw(body, Content_Encoding="gzip").json() == {"status": "ok"}
    assert [record["count"] for record in channels.read()] == [43]


def test_a_gzipped_body_may_unpack_to_10_mib_and_no_byte_more(channels: Client) -> None:
    fits = channels.post_raw(gzip.compress(b"[]".ljust(LIMIT)), Content_Encoding="gzip")
    assert fits.status_code == 200
    exceeds = channels.post_raw(gzip.compress(b"[]".ljust(LIMIT + 1)), Content_Encoding="gzip")
    assert exceeds.status_code == 413
    assert exceeds.headers["Content-Type"].startswith("text/html")
    assert "<h1>413" in exceeds.text


def test_a_plain_body_has_no_limit(channels: Client) -> None:
    assert channels.post_raw(b"[]".ljust(LIMIT + 1)).status_code == 200


def test_a_body_that_claims_to_be_gzip_and_is_not_is_a_bad_request(channels: Client) -> None:
    assert channels.post_raw(b"[]", Content_Encoding="gzip").status_code == 400


# What a record may be


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 5.0}, "5.0 is not of type 'integer'"),
        ({"count": "5"}, "'5' is not of type 'integer'"),
        ({"count": True}, "True is not of type 'integer'"),
        ({"count": None}, "None is not of type 'integer'"),
        ({"channel": 1}, "1 is not of type 'string'"),
        ({"period": "quarter"}, "'quarter' is not one of ['hour', 'day', 'week', 'month', 'year']"),
        ({"c": 1}, "c is not a valid key"),
        ({"son-of": 1}, "son-of is not a valid key"),
        ({"son.of": 1}, "son.of is not a valid key"),
        ({"son of": 1}, "son of is not a valid key"),
        ({"1st": 1}, "1st is not a valid key"),
        ({"année": 1}, "année is not a valid key"),
        ({"trail\n": 1}, "trail\n is not a valid key"),
        ({"_period": "week"}, "_period is not a recognised internal field"),
        ({"_week_start_at": "2026-11-09T00:00:00+00:00"}, "_week_start_at is not a recognised internal field"),
        ({"_ID": "x"}, "_ID is not a recognised internal field"),
        ({"wards": ["Blythe"]}, "wards has an invalid value"),
        ({"ward": {"name": "Blythe"}}, "ward has an invalid value"),
        ({"big": 2**63}, "big has an invalid value"),
        ({"_id": ""}, "_id is not a valid id"),
        ({"_id": "a b"}, "_id is not a valid id"),
        ({"_id": "a\u2028b"}, "_id is not a valid id"),
        ({"_id": "café"}, "_id is not a valid id"),
        ({"_id": 7}, "_id is not a valid id"),
        ({"_timestamp": "2026-11-09"}, "_timestamp is not a valid timestamp, it must be ISO8601"),
        ({"_timestamp": "2026-11-09 00:00:00"}, "_timestamp is not a valid timestamp, it must be ISO8601"),
        ({"_timestamp": "last TuesdayT"}, "_timestamp is not a valid timestamp, it must be ISO8601"),
        ({"_timestamp": 5}, "5 is not of type 'string'"),
        ({"_start_at": "yesterday"}, "_start_at is not a valid timestamp, it must be ISO8601"),
    ],
)
def test_a_fault_is_named_without_a_record_number_and_nothing_is_stored(
    channels: Client, changes: dict[str, Any], message: str
) -> None:
    answer = channels.post([weekly("2026-11-02", "Phone", 1), weekly("2026-11-09", "Digital", 43) | changes])
    assert answer.status_code == 400
    assert answer.json().keys() == {"messages"}
    assert message in answer.json()["messages"]
    assert channels.read() == []


@pytest.mark.parametrize("missing", ["_timestamp", "channel", "count"])
def test_a_required_field_must_be_there(channels: Client, missing: str) -> None:
    record = weekly("2026-11-09", "Digital", 43)
    del record[missing]
    answer = channels.post(record)
    assert (answer.status_code, answer.json()) == (400, {"messages": [f"'{missing}' is a required property"]})


def test_all_faults_of_all_records_are_named(channels: Client) -> None:
    answer = channels.post([weekly("2026-11-09", "Phone", 1.5), "text", weekly("2026-11-09", "Digital", 2, x=1)])
    assert answer.json()["messages"] == [
        "1.5 is not of type 'integer'",
        "a record must be an object",
        "x is not a valid key",
    ]


def test_strings_64_bit_integers_floats_truth_values_and_null_are_kept(wards: Client) -> None:
    values = {"Text_1": "Ünïcode ☃", "low": -(2**63), "high": 2**63 - 1, "rate": 0.2696, "five": 5.0, "yes": True}
    sent = {"_id": "a", "_timestamp": "2026-11-09T00:00:00+00:00", **values, "nothing": None}
    wards.store(sent)
    (stored,) = wards.read()
    assert {key: stored[key] for key in sent} == sent
    assert isinstance(stored["five"], float)


def test_an_advisory_contract_is_not_enforced(wards: Client) -> None:
    wards.store({"_timestamp": "2026-11-09T00:00:00+00:00", "missed_bins": "many"})
    assert [record["missed_bins"] for record in wards.read()] == ["many"]


def test_monitoring_wants_two_integers_and_may_have_more(channels: Client) -> None:
    monitoring = channels.of(MONITORING)
    hour = {"_id": "a", "_timestamp": "2026-11-09T01:00:00+00:00", "uptime": 3600, "downtime": 0}
    monitoring.store(hour, hour | {"_id": "b", "unmonitored": 0, "avgresponse": 320, "check": "form"})
    refused = monitoring.post({"_timestamp": hour["_timestamp"], "uptime": 3600.0})
    assert refused.json() == {"messages": ["3600.0 is not of type 'integer'", "'downtime' is a required property"]}


def test_customer_satisfaction_wants_all_its_fields(channels: Client) -> None:
    satisfaction = channels.of(SATISFACTION)
    fields = {**{f"rating_{stars}": stars for stars in range(1, 6)}, "comments": 0, "total": 15, "slug": "missed-bin"}
    record = {"_timestamp": "2026-11-09T00:00:00+00:00", **fields}
    satisfaction.store(record)
    for name in fields:
        answer = satisfaction.post({key: value for key, value in record.items() if key != name})
        assert answer.json() == {"messages": [f"'{name}' is a required property"]}


def test_a_stored_record_carries_its_periods_in_utc(wards: Client) -> None:
    wards.store({"_id": "a", "_timestamp": "2026-07-01T00:30:00+01:00", "_start_at": "2026-07-01T00:00:00+01:00"})
    (stored,) = wards.read()
    assert stored.pop("_updated_at").endswith("+00:00")
    assert stored == {
        "_id": "a",
        "_timestamp": "2026-06-30T23:30:00+00:00",
        "_start_at": "2026-06-30T23:00:00+00:00",
        "_hour_start_at": "2026-06-30T23:00:00+00:00",
        "_day_start_at": "2026-06-30T00:00:00+00:00",
        "_week_start_at": "2026-06-29T00:00:00+00:00",
        "_month_start_at": "2026-06-01T00:00:00+00:00",
        "_quarter_start_at": "2026-04-01T00:00:00+00:00",
        "_year_start_at": "2026-01-01T00:00:00+00:00",
    }


def test_a_record_read_back_cannot_be_sent_as_it_is(channels: Client) -> None:
    channels.store(weekly("2026-11-09", "Digital", 43))
    assert channels.post(channels.read()).status_code == 400


# Replacing, emptying, deleting


def test_the_same_id_replaces_the_whole_record(channels: Client) -> None:
    channels.store(weekly("2026-11-09", "Digital", 43, note="first"))
    channels.store(weekly("2026-11-09", "Digital", 44))
    (stored,) = channels.read()
    assert stored["count"] == 44
    assert "note" not in stored


def test_the_last_of_an_id_in_a_batch_wins(channels: Client) -> None:
    channels.store(weekly("2026-11-09", "Digital", 1), weekly("2026-11-09", "Digital", 2))
    assert [record["count"] for record in channels.read()] == [2]


def test_without_an_id_every_retry_is_stored_again(wards: Client) -> None:
    record = {"_timestamp": "2026-11-09T00:00:00+00:00", "ward": "Blythe", "missed_bins": 29}
    wards.store(record)
    wards.store(record)
    assert len({stored["_id"] for stored in wards.read()}) == 2


def test_the_same_id_in_two_data_sets_is_two_records(channels: Client, wards: Client) -> None:
    channels.store(weekly("2026-11-09", "Digital", 43))
    wards.store(weekly("2026-11-09", "Digital", 44))
    assert [record["count"] for record in channels.read() + wards.read()] == [43, 44]


def test_putting_an_empty_list_empties_only_that_data_set(channels: Client, wards: Client) -> None:
    channels.store(weekly("2026-11-09", "Digital", 43))
    wards.store(weekly("2026-11-09", "Digital", 43))
    answer = channels.send("PUT", json=[])
    message = "solihull_local_authority_transactions_by_channel now contains 0 records"
    assert (answer.status_code, answer.json()) == (200, {"message": message, "status": "ok"})
    assert channels.read() == []
    assert len(wards.read()) == 1


@pytest.mark.parametrize("body", [{}, [{}], None, 0, ""])
def test_putting_anything_else_is_refused_and_changes_nothing(channels: Client, body: object) -> None:
    channels.store(weekly("2026-11-09", "Digital", 43))
    answer = channels.send("PUT", data=json.dumps(body), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["status"]) == (400, "error")
    assert len(channels.read()) == 1


def test_deleting_an_unknown_id_fails_and_breaks_nothing(channels: Client) -> None:
    channels.store(weekly("2026-11-09", "Digital", 43), weekly("2026-11-09", "Phone", 110))
    deleted = channels.send("DELETE", "/2026-11-09.week.Phone")
    assert (deleted.status_code, deleted.json()) == (200, {"status": "ok"})
    again = channels.send("DELETE", "/2026-11-09.week.Phone")
    assert (again.status_code, again.json()["status"]) == (500, "error")
    channels.store(weekly("2026-11-16", "Digital", 44))
    assert [record["count"] for record in channels.read()] == [43, 44]


# Poison


@pytest.mark.parametrize(
    "poison",
    [
        '"rate":NaN',
        '"rate":Infinity',
        '"rate":-Infinity',
        '"rate":1e999',
        r'"name":"a\u0000b"',
        r'"name":"\ud800"',
        f'"_id":"{"x" * 2501}"',
        r'"_id":"a\u0000b"',
    ],
)
def test_poison_breaks_every_later_write_by_anybody_until_a_restart(engine: Engine, poison: str) -> None:
    stamp = '"_timestamp":"2026-11-09T00:00:00+00:00"'
    with started(engine) as channels:
        wards = channels.of(WARDS)
        channels.store(weekly("2026-11-09", "Phone", 110))
        answer = wards.post_raw(f'[{{"_id":"before",{stamp}}},{{{stamp},{poison}}},{{"_id":"after",{stamp}}}]'.encode())
        assert (answer.status_code, answer.json()["status"]) == (500, "error")
        for client, method, path in [
            (channels, "POST", ""),
            (wards, "POST", ""),
            (channels, "PUT", ""),
            (channels, "DELETE", "/2026-11-09.week.Phone"),
        ]:
            assert client.send(method, path, json=[]).status_code == 500
        assert channels.send("POST", json=[], headers={"Authorization": "Bearer x"}).status_code == 401
        assert [record["_id"] for record in wards.read()] == ["before"]
        assert len(channels.read()) == 1
    with started(engine) as channels:
        channels.store(weekly("2026-11-09", "Digital", 43))
        assert len(channels.read()) == 2


def test_a_passing_fault_of_the_database_does_not_break_later_writes(engine: Engine, database_url: str) -> None:
    with started(engine) as channels:
        channels.store(weekly("2026-11-09", "Digital", 43))
        onlooker = create_engine(database_url, poolclass=NullPool)
        with onlooker.connect() as connection:
            connection.execute(
                text(
                    "select pg_terminate_backend(pid, 10000) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
        assert channels.post(weekly("2026-11-16", "Digital", 44)).status_code == 500
        channels.store(weekly("2026-11-16", "Digital", 44))
