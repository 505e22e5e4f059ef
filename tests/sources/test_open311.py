"""Every service request arrives, however a GeoReport server cuts its answers, and later closures arrive as well."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import traceback
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import text

from local_digital.config.formats import TreeFormat
from local_digital.config.sources import Open311
from local_digital.errors import ConfigurationError, DataError, RefusedError, TransportError
from local_digital.migrations import migrate
from local_digital.settings import ROOT, Connection, Settings
from local_digital.sources import Interval
from local_digital.sources.files import open_source
from local_digital.sources.open311 import Open311Source
from local_digital.windows import extract_windows
from local_digital.workspace import Workspace
from tests.sources.http_server import PERSON, Authority, Open311Server, service_request, serving

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
KEY = "api-key-never-shown"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Open311Server, Connection]]:
    server = Open311Server()
    authority = Authority.make(tmp_path_factory.mktemp("authority"))
    with serving(server.app, authority) as url:
        yield server, Connection("council_open311", f"{url}/open311/v2", extra={"ca": authority.ca})


@pytest.fixture(autouse=True)
def server(running: tuple[Open311Server, Connection]) -> Open311Server:
    """The server, as good as new and empty."""
    vars(running[0]).update(vars(Open311Server()))
    return running[0]


@pytest.fixture(scope="module")
def connection(running: tuple[Open311Server, Connection]) -> Connection:
    return running[1]


def source(connection: Connection, answers: str = "json", **facts: Any) -> Open311Source:
    given = {
        "kind": "open311", "connection": "council_open311", "first_day": START.date(), "answers": answers, **facts
    }  # fmt: skip
    records = "request" if answers == "xml" else None
    form = TreeFormat.model_validate({"kind": answers, "records": records})
    return Open311Source(TypeAdapter(Open311).validate_python(given), connection, form, sleep=lambda _: None)


def requests_in(answers: bytes) -> list[dict[str, Any]]:
    """Return all service requests in a zip of answers."""
    found: list[dict[str, Any]] = []
    with zipfile.ZipFile(io.BytesIO(answers)) as archive:
        for name in archive.namelist():
            body = archive.read(name)
            if name.endswith("json"):
                found += json.loads(body)
            else:
                tree = defusedxml.ElementTree.fromstring(body)
                found += [{child.tag: child.text for child in request} for request in tree]
    return found


def key(facts: dict[str, Any]) -> str:
    return facts["service_request_id"] or facts["token"]


def fetched(asked: Open311Source, folder: Path, start: dt.datetime = START, end: dt.datetime = START + DAY) -> bytes:
    return asked.fetch(Interval(start, end), folder).read_bytes()


def shown(error: BaseException | None, caplog: pytest.LogCaptureFixture) -> str:
    """Return all that a log or an error report would show of an error and what lies behind it."""
    texts = [caplog.text]
    while error is not None:
        texts += [*traceback.format_exception(error), repr(error), repr(error.args)]
        error = error.__context__
    return "\n".join(texts)


class TestCompleteness:
    @settings(max_examples=30, deadline=None)
    @given(
        # Half seconds, many of them the same.
        moments=st.lists(st.integers(0, 240) | st.sampled_from([20, 21, 22]), max_size=25),
        limit=st.integers(2, 8),
        facts=st.fixed_dictionaries(
            {
                "answers": st.sampled_from(["json", "xml"]),
                "page_size": st.sampled_from([None, None, 2, 5, 50]),
            }
        ),
        manners=st.fixed_dictionaries({"pages": st.booleans(), "takes_end_in": st.booleans()}),
    )
    def test_every_request_arrives_or_the_run_says_so(
        self,
        running: tuple[Open311Server, Connection],
        tmp_path_factory: pytest.TempPathFactory,
        moments: list[int],
        limit: int,
        facts: dict[str, Any],
        manners: dict[str, bool],
    ) -> None:
        end = START + dt.timedelta(minutes=2)
        held = [
            service_request(number, START + dt.timedelta(seconds=moment / 2), has_id=number % 3 > 0)
            for number, moment in enumerate(moments)
        ]
        server, connection = running
        vars(server).update(vars(Open311Server(requests=held, limit=limit, **manners)))
        crowd = max(sum(second <= moment / 2 <= second + 1 for moment in moments) for second in range(121))
        try:
            answers = fetched(source(connection, limit=limit, **facts), tmp_path_factory.mktemp("answers"), end=end)
        except DataError:
            answers = None
        if answers is None:
            assert crowd >= limit
            assert not (manners["pages"] and facts["page_size"])
            return
        got = {key(found) for found in requests_in(answers)}
        assert got >= {key(known) for known in held if dt.datetime.fromisoformat(known["requested_datetime"]) < end}
        if facts["answers"] == "json":
            assert all(found in held for found in requests_in(answers))

    def test_limit_that_nobody_announced_is_found_out(
        self, server: Open311Server, connection: Connection, tmp_path: Path
    ) -> None:
        server.limit = 50
        server.requests = [service_request(n, START + dt.timedelta(minutes=n)) for n in range(130)]
        got = {key(found) for found in requests_in(fetched(source(connection), tmp_path))}
        assert got == {str(number) for number in range(130)}

    def test_round_number_below_a_longer_answer_is_no_sign_of_a_limit(
        self, server: Open311Server, connection: Connection, tmp_path: Path
    ) -> None:
        late = START + dt.timedelta(hours=13)
        server.requests = [service_request(n, START + dt.timedelta(minutes=n)) for n in range(150)]
        server.requests += [service_request(n, late) for n in range(150, 200)]
        assert len({key(found) for found in requests_in(fetched(source(connection), tmp_path))}) == 200

    def test_thousand_in_one_second_cannot_be_shown_to_be_all(
        self, server: Open311Server, connection: Connection, tmp_path: Path
    ) -> None:
        server.requests = [service_request(number, START + dt.timedelta(hours=3)) for number in range(1001)]
        with pytest.raises(DataError, match="single second"):
            fetched(source(connection), tmp_path)

    @pytest.mark.parametrize("facts", [{"limit": 1000}, {"page_size": 50}])
    def test_round_number_in_one_second_is_believed_with_a_stated_limit_or_pages(
        self, server: Open311Server, connection: Connection, tmp_path: Path, facts: dict[str, int]
    ) -> None:
        server.pages = True
        server.requests = [service_request(number, START + dt.timedelta(hours=3)) for number in range(100)]
        assert len({key(found) for found in requests_in(fetched(source(connection, **facts), tmp_path))}) == 100
        if "page_size" not in facts:
            with pytest.raises(DataError, match="single second"):
                fetched(source(connection), tmp_path)

    @pytest.mark.parametrize("answers", ["json", "xml"])
    def test_nothing_reported_is_an_answer_too(self, connection: Connection, tmp_path: Path, answers: str) -> None:
        content = fetched(source(connection, answers), tmp_path)
        assert requests_in(content) == []
        assert zipfile.ZipFile(io.BytesIO(content)).namelist() == [f"00001.{answers}"]

    def test_same_answers_give_the_same_bytes(
        self, server: Open311Server, connection: Connection, tmp_path: Path
    ) -> None:
        server.requests = [service_request(1, START)]
        first = fetched(source(connection), tmp_path)
        assert fetched(source(connection), tmp_path) == first

    def test_only_the_services_of_the_feed_are_asked_for(
        self, server: Open311Server, connection: Connection, tmp_path: Path
    ) -> None:
        server.requests = [service_request(n, START, service=name) for n, name in enumerate(["bin", "pothole", "box"])]
        asked = source(connection, services=["bin", "box"], jurisdiction_id="council.example", query={"extra": "1"})
        assert {found["service_code"] for found in requests_in(fetched(asked, tmp_path))} == {"bin", "box"}
        assert server.asked[0]["jurisdiction_id"] == "council.example"
        assert server.asked[0]["extra"] == "1"

    def test_no_question_is_longer_than_ninety_days(
        self, server: Open311Server, connection: Connection, tmp_path: Path
    ) -> None:
        asked = source(connection, first_day=dt.date(2025, 9, 1))
        for interval in asked.intervals(None, dt.datetime(2026, 4, 10, tzinfo=dt.UTC)):
            asked.fetch(interval, tmp_path)
        assert max(end - start for start, end in server.ranges) <= 90 * DAY
        # The local day begins at 23:00 the day before, in UTC; so that day is asked for as well.
        assert server.ranges[0][0] == dt.datetime(2025, 8, 31, tzinfo=dt.UTC)
        assert [end for _, end in server.ranges[:-1]] == [start for start, _ in server.ranges[1:]]


class TestRefusals:
    @pytest.mark.parametrize("mood", ["list of errors", "error", "errors", "web page"])
    @pytest.mark.parametrize("answers", ["json", "xml"])
    def test_answer_that_is_no_list_of_requests_is_never_a_delivery(
        self,
        server: Open311Server,
        connection: Connection,
        tmp_path: Path,
        mood: str,
        answers: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        server.mood = mood
        with pytest.raises(RefusedError) as refused:
            fetched(source(connection, answers), tmp_path)
        assert PERSON not in shown(refused.value, caplog)

    @pytest.mark.parametrize("right_key", [True, False])
    def test_api_key_is_sent_and_never_shown(
        self,
        server: Open311Server,
        connection: Connection,
        tmp_path: Path,
        right_key: bool,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.key = KEY if right_key else "another"
        server.kill_after = 0 if right_key else 9
        keyed = Connection("council_open311", connection.host, password=KEY, extra=connection.extra)
        with pytest.raises(TransportError if right_key else RefusedError) as failed:
            fetched(source(keyed), tmp_path)
        assert server.asked[0]["api_key"] == KEY
        assert KEY not in shown(failed.value, caplog)


COLUMNS = {
    "record_ref": {"from": "service_request_id"},
    "reported_at": {"from": "requested_datetime", "formats": ["iso"]},
    "channel": {"value": "online"},
    "status": {"from": "status", "map": {"open": "open", "closed": "closed"}},
}


@pytest.fixture
def workspace(database_url: str, connection: Connection, tmp_path: Path) -> Iterator[Workspace]:
    """A warehouse and a landing store of their own, and one council with an Open311 feed."""
    migrate(database_url)
    config = tmp_path / "config"
    (config / "councils").mkdir(parents=True)
    (config / "transactions").symlink_to(ROOT / "include" / "transactions")
    write_council(config, {})
    found = Settings(lambda _: connection, config=config, warehouse=database_url, landing=str(tmp_path / "landing"))
    with Workspace.open(found) as opened:
        yield opened


def write_council(config: Path, source_facts: dict[str, Any]) -> None:
    council = yaml.safe_load((ROOT / "include/councils/solihull.yaml").read_text("utf-8"))
    council["feeds"] = {
        "report-missed-bin": {
            "delivery": "delta",
            "source": {
                "kind": "open311", "connection": "council_open311", "first_day": START.date(), "days": 7,
                "reread_days": 20, **source_facts,
            },
            "columns": COLUMNS,
        }
    }  # fmt: skip
    (config / "councils" / "solihull.yaml").write_text(yaml.safe_dump(council), "utf-8")


def run(workspace: Workspace, until: dt.date | None) -> tuple[int, int]:
    """Extract as one run does; return how many deliveries are new, and how many were known."""
    extracted = extract_windows(workspace, workspace.feed("solihull", "report-missed-bin"), run_id="run", until=until)
    return len(extracted.delivery_ids), len(extracted.unchanged)


def deliveries(workspace: Workspace) -> list[Any]:
    with workspace.engine.connect() as db:
        return list(db.execute(text("select name, as_of, name_day, sha256 from ledger.delivery order by delivery_id")))


def landed(workspace: Workspace, position: int) -> list[dict[str, Any]]:
    return requests_in(workspace.landing.read_raw(deliveries(workspace)[position].sha256))


def test_range_with_more_pages_than_are_asked_for_is_cut_in_two(
    server: Open311Server, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_digital.sources.open311._MOST_PAGES", 3)
    server.requests = [service_request(number, START + number * dt.timedelta(minutes=9)) for number in range(150)]
    answers = requests_in(fetched(source(connection, page_size=20), tmp_path))
    assert {key(facts) for facts in answers} == {key(facts) for facts in server.requests}


def test_feed_of_a_server_is_no_folder_of_files(workspace: Workspace) -> None:
    with pytest.raises(ConfigurationError, match="expected a folder of files; found `kind: open311`"):
        open_source(workspace.feed("solihull", "report-missed-bin"), workspace.settings)


class TestDeliveries:
    def test_each_interval_is_a_delivery_named_after_it(self, server: Open311Server, workspace: Workspace) -> None:
        server.requests = [service_request(number, START + number * DAY) for number in range(12)]
        assert run(workspace, dt.date(2026, 3, 12)) == (2, 0)
        first, second = deliveries(workspace)
        assert first.name == "20260301T000000Z to 20260308T000000Z.zip"
        assert second.as_of == dt.datetime(2026, 3, 12, tzinfo=dt.UTC)
        assert second.name_day == dt.date(2026, 3, 12)
        assert {key(found) for found in landed(workspace, 0)} == {str(number) for number in range(8)}

    def test_run_that_was_killed_goes_on_where_it_stopped(self, server: Open311Server, workspace: Workspace) -> None:
        write_council(workspace.settings.config, {"reread_days": 0})
        server.requests = [service_request(number, START + number * DAY) for number in range(40)]
        server.kill_after, server.kill_status = 3, 403
        with pytest.raises(RefusedError):
            run(workspace, dt.date(2026, 4, 5))
        assert len(deliveries(workspace)) == 3
        server.kill_after = 1_000_000
        assert run(workspace, dt.date(2026, 4, 5)) == (2, 0)
        assert server.ranges[-2][0] == START + 21 * DAY
        got = {key(found) for position in range(5) for found in landed(workspace, position)}
        assert got >= {str(number) for number in range(35)}

    def test_closure_of_a_request_read_before_arrives_with_a_later_run(
        self, server: Open311Server, workspace: Workspace
    ) -> None:
        write_council(workspace.settings.config, {"days": 90})
        server.requests = [service_request(1, START + 2 * DAY)]
        run(workspace, dt.date(2026, 3, 10))
        server.requests[0]["status"] = "closed"
        assert run(workspace, dt.date(2026, 3, 20)) == (1, 0)
        assert [found["status"] for position in (0, 1) for found in landed(workspace, position)] == ["open", "closed"]
        with_the_later_end = max(range(2), key=lambda position: deliveries(workspace)[position].as_of)
        assert landed(workspace, with_the_later_end)[0]["status"] == "closed"

    def test_same_run_again_changes_nothing_and_a_later_day_is_news(self, workspace: Workspace) -> None:
        write_council(workspace.settings.config, {"days": 90})
        assert run(workspace, dt.date(2026, 3, 10)) == (1, 0)
        assert run(workspace, dt.date(2026, 3, 10)) == (0, 1)
        assert run(workspace, dt.date(2026, 3, 11)) == (1, 0)

    def test_run_for_a_day_in_the_past_ends_there(self, server: Open311Server, workspace: Workspace) -> None:
        run(workspace, dt.date(2026, 4, 20))
        server.ranges.clear()
        run(workspace, dt.date(2026, 3, 10))
        assert server.ranges[0][0] == START
        # Local midnight, which is UTC's until the clocks go forward.
        assert server.ranges[-1][1] == dt.datetime(2026, 3, 10, tzinfo=dt.UTC)

    def test_manual_run_reads_up_to_now(self, server: Open311Server, workspace: Workspace) -> None:
        now = dt.datetime.now(dt.UTC)
        write_council(workspace.settings.config, {"first_day": now.date() - DAY, "days": 90})
        run(workspace, None)
        assert now - dt.timedelta(seconds=1) <= server.ranges[-1][1] <= dt.datetime.now(dt.UTC)
