"""Councils without an SFTP folder: from a real API, Open311 server or drop folder to records, by a file of facts."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from local_digital.load import load
from local_digital.settings import Connection
from local_digital.validate import validate
from local_digital.windows import extract_windows
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for
from tests.sources.http_server import Authority, CouncilApi, Open311Server, service_request, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HOW = {"from": "how", "map": {"web": "online", "phone": "phone"}}
COLUMNS: dict[str, Any] = {
    "record_ref": {"from": "id"},
    "reported_at": {"from": "at", "formats": ["iso"]},
    "channel": HOW,
    "ward": {"from": "place.ward"},
    "stream": {"from": "facts[?name=='bin'].value | [0]", "map": {"black": "refuse"}},
}


@pytest.fixture
def api() -> CouncilApi:
    return CouncilApi(cap=3)


@pytest.fixture
def open311() -> Open311Server:
    return Open311Server(limit=10)


@pytest.fixture
def anywhere(api: CouncilApi, open311: Open311Server, database_url: str, tmp_path: Path) -> Iterator[Anywhere]:
    authority = Authority.make(tmp_path)
    with serving(api.app, authority) as api_url, serving(open311.app, authority) as open311_url:
        settings = settings_for(
            database_url,
            tmp_path,
            api=Connection("api", api_url, extra={"ca": authority.ca}),
            open311=Connection("open311", f"{open311_url}/open311/v2", extra={"ca": authority.ca}),
        )
        with Workspace.open(settings) as workspace:
            yield Anywhere(workspace, tmp_path)


def case(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "at": (START + number * DAY / 4).isoformat(), "how": ["web", "phone"][number % 2],
        "place": {"ward": f"Ward {number % 3}", "address": "1 Oak Road"},
        "facts": [{"name": "bin", "value": "black"}], **more,
    }  # fmt: skip


def expected(cases: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    return {
        str(facts["id"]): (dt.datetime.fromisoformat(facts["at"]), {"web": "online", "phone": "phone"}[facts["how"]],
                           facts["place"]["ward"], "refuse") for facts in cases
    }  # fmt: skip


def found(anywhere: Anywhere) -> dict[str, tuple[Any, ...]]:
    return {
        record.record_ref: (record.reported_at, record.channel, record.ward, record.stream)
        for record in anywhere.records()
    }


@pytest.mark.parametrize(
    "paging",
    [
        {"path": "pages", "paging": {"kind": "page", "size": 3, "size_parameter": "size"}},
        {"path": "offset", "paging": {"kind": "offset", "size": 3}},
        {"path": "cursor", "paging": {"kind": "cursor", "path": "meta.next"}},
        {"path": "linked", "paging": {"kind": "next-link", "path": "links.next"}},
    ],
    ids=lambda facts: facts["path"],
)
def test_every_case_of_a_paged_api_becomes_a_record(
    anywhere: Anywhere, api: CouncilApi, paging: dict[str, Any]
) -> None:
    feed = anywhere.configure(
        delivery="snapshot",
        source={"kind": "api", "connection": "api", **paging},
        format={"kind": "json", "records": "items"},
        columns=COLUMNS,
        drift={"unknown_column": "ignore"},
    )
    api.cases = [case(number) for number in range(8)]
    (report,) = anywhere.night(feed, dt.date(2026, 3, 5))
    assert (report.status, report.read, report.accepted) == ("validated", 8, 8)
    assert found(anywhere) == expected(api.cases)
    # A later night: a case has changed, another has come.
    api.cases = [case(0, how="phone"), *api.cases[1:], case(11)]
    anywhere.night(feed, dt.date(2026, 3, 6))
    assert found(anywhere) == expected(api.cases)


def test_api_without_anything_new_is_a_night_of_zero_and_not_a_fault(anywhere: Anywhere, api: CouncilApi) -> None:
    feed = anywhere.configure(
        delivery="delta",
        source={"kind": "api", "connection": "api", "path": "lines"},
        format={"kind": "ndjson"},
        columns=COLUMNS,
        covers_from="2026-03-02",
    )
    api.cases = []
    for day in (9, 16):
        (report,) = anywhere.night(feed, dt.date(2026, 3, day))
        assert (report.status, report.read) == ("validated", 0)
    assert anywhere.volumes("week")["2026-03-09", "total"] == (0, "full")


def test_api_is_asked_each_night_for_what_the_nights_before_have_not_had(anywhere: Anywhere, api: CouncilApi) -> None:
    window = {"first_day": "2026-03-01", "from_parameter": "since", "until_parameter": "until", "overlap_days": 0}
    feed = anywhere.configure(
        delivery="delta",
        source={"kind": "api", "connection": "api", "path": "lines", "window": window},
        format={"kind": "ndjson"},
        columns=COLUMNS,
        drift={"unknown_column": "ignore"},
    )
    for day in (4, 5, 6, 7):
        api.cases = [case(4 * day)]
        extract_windows(anywhere.workspace, feed, run_id="test", until=dt.date(2026, 3, day))
        # One has only landed when the next night begins, one is validated, one is loaded.
        if day > 4:
            validate(anywhere.workspace, feed)
        if day > 5:
            load(anywhere.workspace, feed)
    with anywhere.workspace.engine.connect() as db:
        names = db.scalars(text("select name from ledger.delivery order by delivery_id")).all()
    assert names == [
        "20260301T000000Z to 20260304T000000Z.zip",
        "20260304T000000Z to 20260305T000000Z.zip",
        "20260305T000000Z to 20260306T000000Z.zip",
        "20260306T000000Z to 20260307T000000Z.zip",
    ]


@pytest.mark.parametrize("answers", ["json", "xml"])
def test_open311_requests_arrive_with_their_later_closures(
    anywhere: Anywhere, open311: Open311Server, answers: str
) -> None:
    feed = anywhere.configure(
        delivery="rolling",
        source={"kind": "open311", "connection": "open311", "answers": answers, "first_day": "2026-03-01", "limit": 10},
        columns={
            "record_ref": {"from": "service_request_id", "otherwise": ["token"]},
            "reported_at": {"from": "requested_datetime", "formats": ["iso"]},
            "closed_at": {"from": "updated_datetime", "formats": ["iso"]},
            "channel": {"value": "online"},
            "status": {"from": "status", "map": {"open": "open", "closed": "closed"}},
            "stream": {"from": "extended_attributes.bin", "map": {"refuse": "refuse"}},
        },
        drift={"unknown_column": "ignore", "missing_optional": "warn"},
    )
    open311.requests = [service_request(number, START + number * DAY / 5, has_id=number != 7) for number in range(60)]
    reports = anywhere.night(feed, dt.date(2026, 3, 13))
    assert {report.status for report in reports} == {"validated"}
    assert {record.record_ref for record in anywhere.records()} == {str(n) if n != 7 else "t7" for n in range(60)}
    assert {record.stream for record in anywhere.records()} == {"refuse"}

    closing = START + 20 * DAY
    open311.requests[5] = {**open311.requests[5], "status": "closed", "updated_datetime": closing.isoformat()}
    anywhere.night(feed, dt.date(2026, 3, 25))
    closed = [record for record in anywhere.records() if record.status == "closed"]
    assert [(record.record_ref, record.closed_at) for record in closed] == [("5", closing)]


def test_drop_folder_s_packed_exports_are_taken_once_their_marker_is_there(anywhere: Anywhere, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    feed = anywhere.configure(
        delivery="rolling",
        source={
            "kind": "folder", "folder": str(drop), "files": "bins_{date:%d%m%Y}.csv.gz", "settle_seconds": 0.1,
            "marker": "{name}.done", "archive": "taken",
        },
        columns={**{name: COLUMNS[name] for name in ("record_ref", "reported_at", "channel")}},
    )  # fmt: skip
    (drop / "bins_05032026.csv.gz").write_bytes(gzip.compress(b"id,at,how\n1,2026-03-04T10:00:00,web\n"))
    (drop / "bins_05032026.csv.gz.done").touch()
    (drop / "bins_04032026.csv.gz").write_bytes(b"still being written")
    (report,) = anywhere.night(feed, dt.date(2026, 3, 5))
    assert (report.name, report.accepted) == ("bins_05032026.csv.gz", 1)
    assert (drop / "taken" / "bins_05032026.csv.gz").exists()
    assert (drop / "bins_04032026.csv.gz").exists()
