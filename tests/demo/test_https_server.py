"""The sample councils' APIs, asked by the pipeline's own sources: what the council's file says is what they do."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import requests

from demo.authority import Authority
from demo.https_server import create_app, served
from demo.platform.serving import serving
from demo.world.feeds import FEEDS
from local_digital.config.formats import TreeFormat
from local_digital.config.loading import load_council
from local_digital.config.sources import Api, Open311
from local_digital.embedded import free_port, port_is_free
from local_digital.errors import ConfigurationError, LocalDigitalError, RefusedError, TransportError
from local_digital.settings import ROOT, Connection
from local_digital.sources import Interval
from local_digital.sources.api import ApiSource
from local_digital.sources.open311 import Open311Source
from tests.demo.worlds import MISSED_BIN, START, World, cases, council

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.config.models import Council

KEY = "let-me-read"
DAY = dt.timedelta(days=1)
ALL = Interval(START, START + 60 * DAY)
WINDOW = {"first_day": "2026-03-01", "from_parameter": "from", "until_parameter": "until"}
CURSORS = {"kind": "cursor", "path": "meta.next", "size_parameter": "size", "size": 7}
PAGES = {"kind": "page", "size_parameter": "size", "size": 7}
PATIENCE = 60


def api(**facts: Any) -> dict[str, Any]:
    source = {"kind": "api", "connection": "otherham_api", "path": "v1/cases", "auth": "bearer", "window": WINDOW}
    return {"source": {**source, **facts}, "format": {"kind": "json", "records": "data.items"}}


def open311(**facts: Any) -> dict[str, Any]:
    return {"source": {"kind": "open311", "connection": "otherham_api", "first_day": "2026-03-01", **facts}}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


class Otherham:
    """A council whose APIs are served, each feed with records of its own."""

    def __init__(self, authority: Authority, facts: Council, url: str) -> None:
        self.facts = facts
        self.url = url
        self.connection = Connection("otherham_api", f"{url}/otherham", password=KEY, extra={"ca": authority.ca})

    def read(
        self,
        folder: Path,
        interval: Interval = ALL,
        transaction: str = MISSED_BIN,
        connection: Connection | None = None,
    ) -> list[dict[str, Any]]:
        """All records that the pipeline's source finds in an interval."""
        return records_of(self.facts, transaction, connection or self.connection, interval, folder)


def records_of(
    facts: Council, transaction: str, connection: Connection, interval: Interval, folder: Path
) -> list[dict[str, Any]]:
    feed = facts.feeds[transaction]
    form = feed.reads_as
    assert isinstance(form, TreeFormat)
    source: ApiSource | Open311Source
    if isinstance(feed.source, Api):
        source = ApiSource(feed.source, connection, form, sleep=lambda _: None)
    else:
        assert isinstance(feed.source, Open311)
        source = Open311Source(feed.source, connection, form, sleep=lambda _: None)
    found: list[dict[str, Any]] = []
    with zipfile.ZipFile(source.fetch(interval, folder)) as answers:
        for name in sorted(answers.namelist()):
            document = json.loads(answers.read(name))
            for step in (form.records or "").split(".") if isinstance(document, dict) else []:
                document = document[step]
            found += document
    return found


@contextlib.contextmanager
def otherham(authority: Authority, records: dict[str, Any], **feeds: dict[str, Any]) -> Iterator[Otherham]:
    facts = council("otherham", **feeds)
    apis = [
        served(facts, World("otherham", name, "api", records=records[name]), {"otherham_api": KEY})
        for name in facts.feeds
    ]
    with serving(create_app({"otherham": apis}), authority.server) as url:
        yield Otherham(authority, facts, url)


def ids(found: list[dict[str, Any]]) -> list[int]:
    return sorted(record["id"] for record in found)


def missed_bins(authority: Authority, records: list[dict[str, object]], feed: dict[str, Any]) -> Any:
    return otherham(authority, {MISSED_BIN: records}, report_missed_bin=feed)


class TestCaseApi:
    @pytest.mark.parametrize("paging", [None, CURSORS, PAGES, {**PAGES, "first": 0}, {"kind": "page"}], ids=str)
    def test_every_record_arrives_whatever_the_paging(self, authority: Authority, tmp_path: Path, paging: Any) -> None:
        with missed_bins(authority, cases(230), api(paging=paging)) as there:
            found = there.read(tmp_path)
        assert ids(found) == list(range(1, 231))
        assert found[0].keys() == {"id", "at"}

    @pytest.mark.parametrize("window", [
        WINDOW,
        {**WINDOW, "until_is": "inclusive"},
        {**WINDOW, "until_is": "inclusive", "date_format": "%Y-%m-%d", "time_zone": "Europe/London"},
        {**WINDOW, "date_format": "%d/%m/%Y"},
    ], ids=str)  # fmt: skip
    def test_neighbouring_windows_miss_nothing(self, authority: Authority, tmp_path: Path, window: Any) -> None:
        middle = START + 3 * DAY
        with missed_bins(authority, cases(200), api(window=window, paging=CURSORS)) as there:
            early = ids(there.read(tmp_path, Interval(START, middle)))
            late = ids(there.read(tmp_path, Interval(middle, START + 60 * DAY)))
        assert {*early, *late} == set(range(1, 201))
        # A coarse bound may ask for an hour or two more, and for no more than that.
        assert len(early) + len(late) <= 203

    def test_a_range_without_records_is_an_answer_too(self, authority: Authority, tmp_path: Path) -> None:
        with missed_bins(authority, cases(5), api(paging=CURSORS)) as there:
            assert there.read(tmp_path, Interval(START + 30 * DAY, START + 31 * DAY)) == []

    @pytest.mark.parametrize("facts", [{"auth": "bearer"}, {"auth": "header", "auth_header": "X-Key"}], ids=str)
    def test_only_the_right_secret_is_let_in(self, authority: Authority, tmp_path: Path, facts: Any) -> None:
        with missed_bins(authority, cases(5), api(**facts)) as there:
            assert len(there.read(tmp_path)) == 5
            wrong = Connection("otherham_api", there.connection.host, password="guess", extra={"ca": authority.ca})
            with pytest.raises(RefusedError, match="401"):
                there.read(tmp_path, connection=wrong)

    def test_a_client_that_trusts_another_authority_goes_away(self, authority: Authority, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        other = Authority.make(tmp_path / "other")
        with missed_bins(authority, cases(5), api()) as there:
            mistaken = Connection("otherham_api", there.connection.host, password=KEY, extra={"ca": other.ca})
            with pytest.raises(LocalDigitalError) as refused:
                there.read(tmp_path, connection=mistaken)
        assert not isinstance(refused.value, TransportError)

    def test_services_at_one_address_are_told_apart_by_their_parameter(
        self, authority: Authority, tmp_path: Path
    ) -> None:
        records = {MISSED_BIN: cases(3), "renew-library-book": cases(8)}
        bins, books = (api(query={"service": service}) for service in ("bins", "books"))
        with otherham(authority, records, report_missed_bin=bins, renew_library_book=books) as there:
            assert len(there.read(tmp_path)) == 3
            assert len(there.read(tmp_path, transaction="renew-library-book")) == 8

    @pytest.mark.parametrize("query", [{"cursor": "nonsense"}, {"size": "many"}, {"from": "yesterday"}], ids=str)
    def test_nonsense_is_a_bad_request(self, authority: Authority, query: dict[str, str]) -> None:
        with missed_bins(authority, cases(5), api(paging=CURSORS)) as there:
            answer = requests.get(
                f"{there.url}/otherham/v1/cases",
                query,
                headers={"Authorization": f"Bearer {KEY}"},
                verify=str(write_ca(authority)),
                timeout=30,
            )
        assert answer.status_code == 400

    @pytest.mark.parametrize("facts", [
        {"auth": "basic"}, {"paging": {"kind": "next-link"}}, {"paging": {**CURSORS, "path": "pages[-1].next"}},
    ], ids=str)  # fmt: skip
    def test_a_file_that_asks_for_what_the_sample_cannot_do_is_told_at_the_start(self, facts: Any) -> None:
        with pytest.raises(ConfigurationError, match="otherham report-missed-bin"):
            served(
                council("otherham", report_missed_bin=api(**facts)),
                World("otherham", MISSED_BIN, "api"),
                {"otherham_api": KEY},
            )


def write_ca(authority: Authority) -> Path:
    file = authority.server.with_name("ca.pem")
    file.write_text(authority.ca, "utf-8")
    return file


def asked(count: int, service: str = "bins") -> list[dict[str, object]]:
    return [
        {**case, "service_request_id": str(case["id"]), "requested_datetime": case["at"], "service_code": service}
        for case in cases(count)
    ]


class TestOpen311:
    def test_every_request_arrives_however_low_the_limit(self, authority: Authority, tmp_path: Path) -> None:
        with missed_bins(authority, asked(120), open311(limit=9)) as there:
            assert {*ids(there.read(tmp_path))} == set(range(1, 121))

    def test_services_that_the_feed_does_not_name_stay_away(self, authority: Authority, tmp_path: Path) -> None:
        records = [*asked(4), *asked(6, "graffiti")]
        with missed_bins(authority, records, open311(services=["bins"])) as there:
            found = there.read(tmp_path)
        assert {record["service_code"] for record in found} == {"bins"}
        assert "_moment" not in found[0]

    def test_only_the_right_key_is_let_in(self, authority: Authority, tmp_path: Path) -> None:
        with missed_bins(authority, asked(4), open311()) as there:
            wrong = Connection("otherham_api", there.connection.host, password="guess", extra={"ca": authority.ca})
            with pytest.raises(RefusedError, match="403"):
                there.read(tmp_path, connection=wrong)

    def test_a_longer_range_than_90_days_is_refused(self, authority: Authority, tmp_path: Path) -> None:
        with missed_bins(authority, asked(4), open311()) as there, pytest.raises(RefusedError, match="400"):
            there.read(tmp_path, Interval(START, START + 91 * DAY))


# As a program of its own, with the whole sample world


API_FEEDS = sorted(key for key, world in FEEDS.items() if world.source in {"api", "open311"})


@pytest.fixture(scope="module")
def program(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of the program; every connection has the same secret."""
    port = free_port()
    with started(tmp_path_factory.mktemp("program"), authority, port) as running:
        try:
            wait_for(port, running)
            yield f"https://127.0.0.1:{port}"
        finally:
            running.terminate()


def started(
    folder: Path, authority: Authority, port: int, secrets: list[dict[str, str]] | None = None
) -> subprocess.Popen[str]:
    connections = {str(load_council(ROOT / "include", slug).feeds[name].source.connection) for slug, name in API_FEEDS}
    listed = [{"connection": name, "password": KEY} for name in sorted(connections)] if secrets is None else secrets
    file = folder / "secrets.json"
    file.write_text(json.dumps(listed), "utf-8")
    command = [sys.executable, "-m", "demo.https_server", "--port", str(port)]
    return subprocess.Popen(
        [*command, "--certificate", str(authority.server), "--secrets", str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "include")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(port: int, running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE
    while port_is_free(port):
        assert running.poll() is None, running.stdout and running.stdout.read()
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize(("slug", "transaction"), API_FEEDS)
def test_the_sample_world_is_read_whole_by_its_councils_file(
    program: str, authority: Authority, tmp_path: Path, slug: str, transaction: str
) -> None:
    facts = load_council(ROOT / "include", slug)
    connection = Connection("c", f"{program}/{slug}", password=KEY, extra={"ca": authority.ca})
    start = dt.datetime(2025, 10, 1, tzinfo=dt.UTC)
    found: dict[str, Any] = {}
    for month in range(7):
        interval = Interval(start + 30 * month * DAY, start + 30 * (month + 1) * DAY)
        for record in records_of(facts, transaction, connection, interval, tmp_path):
            found[json.dumps(record, sort_keys=True)] = record
    answers = FEEDS[slug, transaction].answers()
    told = {
        json.dumps({name: value for name, value in answer.items() if name != "_moment"}, sort_keys=True)
        for answer in answers
    }
    assert found.keys() == told


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_program_serves_quietly_until_it_is_told_to_end(
    authority: Authority, tmp_path: Path, ending: signal.Signals
) -> None:
    port = free_port()
    with started(tmp_path, authority, port) as running:
        try:
            wait_for(port, running)
            running.send_signal(ending)
            said, _ = running.communicate(timeout=PATIENCE)
        finally:
            running.kill()
    assert said == ""
    assert running.returncode in {0, -ending}


@pytest.mark.parametrize("secrets", [[], [{"connection": "nottingham_api", "pass": "word-never-shown"}]], ids=str)
def test_wrong_secrets_end_the_program_with_a_plain_word_and_no_secret(
    authority: Authority, tmp_path: Path, secrets: list[dict[str, str]]
) -> None:
    with started(tmp_path, authority, free_port(), secrets) as running:
        said, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 2
    assert "secret" in said
    assert "never-shown" not in said
    assert "Traceback" not in said
