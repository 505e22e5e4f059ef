"""Whatever answers in the platform's place, the client ends within its limits, and tells nothing of what it said."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import logging
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from local_digital.errors import LocalDigitalError, RefusedError, TransportError
from local_digital.publishing.client import DataSetClient
from local_digital.publishing.records import Record, is_storable, payload_hash, record_id, timestamp
from tests.hostile import answers as made_up
from tests.hostile.answers import BOMB, PERSON
from tests.hostile.raw_server import RawServer, endless, raw_serving, whole
from tests.hostile.told import must_end_well

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "token-never-shown"
MIB = 2**20
WEEK = dt.date(2026, 3, 9)
RECORD: Record = {
    "_id": record_id(WEEK, "week", "Digital"),
    "_timestamp": timestamp(WEEK),
    "period": "week",
    "channel": "Digital",
    "count": 1,
}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[RawServer]:
    """A server that nobody has named: whoever asks it was led there."""
    with raw_serving(lambda *_: [whole(b'{"status": "ok", "data": []}')]) as server:
        yield server


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with raw_serving(lambda *_: []) as running:
        yield running


def client(server: RawServer, **facts: Any) -> DataSetClient:
    given_facts = {"timeout": 1, "longest": 2, "attempts": 2, "max_bytes": MIB, "sleep": lambda _: None}
    return DataSetClient(server.url, "anywhere", "transactions-by-channel", TOKEN, **(given_facts | facts))


def use(platform: DataSetClient) -> None:
    """Everything that a client does, each by itself; what can be read is made ready to be compared."""
    for work in (
        lambda: list(platform.send([RECORD])),
        lambda: platform.delete(str(RECORD["_id"])),
        lambda: platform.holds(str(RECORD["_id"])),
        platform.empty,
        lambda: [(str(record.get("_id")), payload_hash(record)) for record in platform.read_all()],
    ):
        try:
            work()
        except LocalDigitalError as error:
            last = error
        else:
            last = None
    if last:
        raise last


some = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@some
@given(data=st.data())
def test_no_answer_in_the_platform_s_place_does_more_than_end_in_an_error_of_ours(
    data: st.DataObject, server: RawServer, elsewhere: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script = itertools.cycle(data.draw(st.lists(made_up.answers(elsewhere.url), min_size=1, max_size=4)))
    server.answers = lambda *_: [next(script)]
    with client(server) as platform:
        must_end_well(lambda: use(platform), caplog, TOKEN)
    assert elsewhere.asked == []


@some
@given(records=st.lists(st.dictionaries(st.sampled_from(made_up.KEYS), made_up.values, max_size=5), max_size=3))
@example(records=[{"_id": "a", "count": float("nan")}])
@example(records=[{"_id": "a", "count": float("-inf")}])
@example(records=[{"_id": "a", "count": 10**400}])
@example(records=[{"_id": ["a"], "_timestamp": {"b": []}}])
@example(records=[{"_timestamp": "9999-12-31T23:59:59-23:59"}])
def test_whatever_the_platform_holds_can_be_compared_or_is_told_as_an_error(
    records: list[dict[str, object]], server: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"data": records}).encode()
    server.answers = lambda *_: [whole(body)]
    with client(server) as platform:
        must_end_well(lambda: use(platform), caplog, TOKEN)


@pytest.mark.parametrize(
    "value", [b"1e400", b"NaN", b"-Infinity", b"[" * 900 + b"]" * 900, b'{"a":' * 900 + b"1" + b"}" * 900]
)
def test_a_value_that_nothing_can_be_compared_with_is_told_as_an_error(server: RawServer, value: bytes) -> None:
    server.answers = lambda *_: [whole(b'{"data": [{"_id": "a", "count": ' + value + b"}]}")]
    with client(server) as platform, pytest.raises(TransportError, match="not the platform's"):
        platform.read_all()


@pytest.mark.parametrize(
    "answer",
    [
        lambda: endless(b" " * 60_000),
        lambda: endless(b" " * 60_000, status=b"302 x\r\nLocation: /"),
        lambda: endless(b" " * 60_000, status=b"503 x"),
        lambda: endless(b" " * 60_000, status=b"400 x"),
        lambda: [whole(BOMB, headers=[("Content-Encoding", "gzip")])],
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(b" " * 60_000)),
    ],
    ids=["chunks", "redirect", "fault", "complaint", "bomb", "no length"],
)
def test_no_answer_without_end_takes_more_memory_than_its_limit(server: RawServer, answer: Any) -> None:
    server.answers = lambda *_: answer()
    tracemalloc.start()
    with client(server, attempts=1) as platform:
        for work in (platform.read_all, platform.empty):
            with pytest.raises(LocalDigitalError):
                work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * MIB


def test_an_answer_that_is_too_large_is_refused_at_once(server: RawServer) -> None:
    server.asked.clear()
    server.answers = lambda *_: [whole(b'{"data": [' + b" " * 2 * MIB + b"]}")]
    with client(server) as platform, pytest.raises(RefusedError, match=r"at most 1,048,576 bytes"):
        platform.read_all()
    assert len(server.asked) == 1


def test_no_cookie_is_kept_or_sent(server: RawServer) -> None:
    server.asked.clear()
    server.answers = lambda *_: [whole(b'{"data": []}', headers=[("Set-Cookie", f"c={PERSON}")] * 50)]
    with client(server) as platform:
        platform.read_all()
        platform.read_all()
    assert len(server.asked) == 2
    assert not any(b"\r\ncookie:" in head.lower() for head in server.asked)


@pytest.mark.parametrize(("value", "storable"), [("a", True), ("a\0b", False), ("\ud800", False), (2**63, False)])
def test_what_no_database_holds_is_told_from_what_one_does(value: object, storable: bool) -> None:
    assert is_storable(value) is storable
