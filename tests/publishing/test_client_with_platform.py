"""The client and the stand-in platform over real HTTP: what goes out is what comes back."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving
from local_digital.errors import RefusedError
from local_digital.publishing.client import DataSetClient
from local_digital.publishing.records import Record, payload_hash, record_id, timestamp

GROUP, COUNTS, TAKEUP = "solihull-local-authority", "transactions-by-channel", "digital-takeup"
CHANNELS = ("Digital", "FaceToFace", "Other", "Phone")
FIRST_MONDAY = dt.date(2021, 1, 4)
WEEKS = 300


def counts() -> list[Record]:
    """300 weeks by four channels: 1,200 records."""
    mondays = [FIRST_MONDAY + dt.timedelta(weeks=week) for week in range(WEEKS)]
    return [
        {
            "_id": record_id(monday, "week", channel),
            "_timestamp": timestamp(monday),
            "period": "week",
            "channel": channel,
            "count": number,
        }
        for number, (monday, channel) in enumerate((monday, channel) for monday in mondays for channel in CHANNELS)
    ]


def by_id(records: list[Record]) -> dict[str, Record]:
    assert len({record["_id"] for record in records}) == len(records)
    return {str(record["_id"]): record for record in records}


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    data_sets = [DataSet(data_group=GROUP, data_type=name, token=f"token-of-{name}") for name in (COUNTS, TAKEUP)]
    engine = create_engine(database_url)
    with serving(create_app(engine, data_sets)) as url:
        yield url
    engine.dispose()


@pytest.fixture
def client(address: str) -> Iterator[DataSetClient]:
    with DataSetClient(address, GROUP, COUNTS, f"token-of-{COUNTS}", attempts=1) as opened:
        yield opened


def test_twelve_hundred_records_leave_in_three_batches_and_come_back_equal(client: DataSetClient) -> None:
    sent = counts()
    assert [len(batch) for batch in client.send(sent)] == [500, 500, 200]
    assert by_id(client.read_all()) == by_id(sent)


def test_sending_again_replaces_and_never_doubles(client: DataSetClient) -> None:
    sent = counts()
    list(client.send(sent))
    corrected: list[Record] = [{**record, "count": 7} for record in sent[:3]]
    list(client.send(corrected))
    assert by_id(client.read_all()) == by_id([*corrected, *sent[3:]])


def test_a_deleted_record_is_gone_and_deleting_it_again_is_fine(client: DataSetClient) -> None:
    sent = counts()[:4]
    list(client.send(sent))
    client.delete(str(sent[0]["_id"]))
    client.delete(str(sent[0]["_id"]))
    assert by_id(client.read_all()) == by_id(sent[1:])


def test_an_emptied_data_set_holds_nothing_and_takes_records_again(client: DataSetClient) -> None:
    sent = counts()[:4]
    list(client.send(sent))
    client.empty()
    assert client.read_all() == []
    list(client.send(sent))
    assert by_id(client.read_all()) == by_id(sent)


def test_a_label_with_signs_of_an_address_survives_the_round_trip(client: DataSetClient) -> None:
    labels = ["St. Alphege", "a/b", "Ŵ & ~?#%2F", "x" * 2_000]
    sent: list[Record] = [
        {**record, "_id": record_id(FIRST_MONDAY, "week", label), "channel": label}
        for record, label in zip(counts(), labels, strict=False)
    ]
    list(client.send(sent))
    assert by_id(client.read_all()) == by_id(sent)
    for record in sent:
        client.delete(str(record["_id"]))
    assert client.read_all() == []


def test_ratios_read_back_have_the_hash_they_were_sent_with(address: str) -> None:
    rates = [0, 1, 0.0, 1.0, 0.2696, 1 / 3, 1e-7, 5e-324, 0.1 + 0.2]
    sent: list[Record] = [
        {
            "_id": record_id(FIRST_MONDAY, "week", str(number)),
            "_timestamp": timestamp(FIRST_MONDAY),
            "_start_at": timestamp(FIRST_MONDAY),
            "_end_at": timestamp(FIRST_MONDAY + dt.timedelta(7)),
            "rate": rate,
        }
        for number, rate in enumerate(rates)
    ]
    with DataSetClient(address, GROUP, TAKEUP, f"token-of-{TAKEUP}", attempts=1) as client:
        list(client.send(sent))
        read = by_id(client.read_all())
    assert {key: payload_hash(record) for key, record in read.items()} == {
        str(record["_id"]): payload_hash(record) for record in sent
    }


def test_another_data_sets_token_is_refused_and_not_shown(address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = f"token-of-{TAKEUP}"
    with DataSetClient(address, GROUP, COUNTS, wrong) as client, pytest.raises(RefusedError, match="401") as caught:
        list(client.send(counts()[:1]))
    assert wrong not in f"{caught.value}{caught.value!r}{caplog.text}"


def test_an_unknown_data_set_is_a_lasting_refusal(address: str) -> None:
    with DataSetClient(address, GROUP, "no-such-type", "a-token") as client, pytest.raises(RefusedError, match="404"):
        client.read_all()
