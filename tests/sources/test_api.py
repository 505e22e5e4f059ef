"""An API's records all arrive, page by page and window by window, and its secrets go nowhere else."""

from __future__ import annotations

import datetime as dt
import json
import logging
import traceback
import zipfile
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from local_digital.config.formats import CsvFormat, Format, NdjsonFormat, TreeFormat, XlsxFormat
from local_digital.config.sources import Api, Window
from local_digital.errors import ConfigurationError, DataError, LocalDigitalError, RefusedError, TransportError
from local_digital.settings import Connection
from local_digital.sources import Interval
from local_digital.sources.api import ApiSource, bounds, records
from local_digital.sources.http import HttpSession
from tests.sources.http_server import LOGIN, PASSWORD, PERSON, TOKEN, Authority, CouncilApi, serving

ITEMS = TreeFormat(kind="json", records="items")
NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
EVERYTHING = Interval(NOON, NOON)
CASES = [{"id": number, "at": f"2026-03-0{number % 9 + 1}"} for number in range(1, 8)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def running(authority: Authority) -> Iterator[tuple[CouncilApi, str]]:
    api = CouncilApi()
    with serving(api.app, authority) as url:
        yield api, url


@pytest.fixture(autouse=True)
def api(running: tuple[CouncilApi, str]) -> Iterator[CouncilApi]:
    """The API, as good as new, with seven cases of which it sends three a page."""
    served = running[0]
    vars(served).update(vars(CouncilApi(cases=list(CASES), cap=3)))
    yield served
    served.over.set()


@pytest.fixture(scope="module")
def connection(running: tuple[CouncilApi, str], authority: Authority) -> Connection:
    return Connection("council_api", running[1], login=LOGIN, password=PASSWORD, extra={"ca": authority.ca})


def source(connection: Connection, path: str, form: Format = ITEMS, **facts: Any) -> ApiSource:
    given = {"kind": "api", "connection": "council_api", "path": path, **facts}
    return ApiSource(TypeAdapter(Api).validate_python(given), connection, form, sleep=lambda _: None)


def fetched(asked: ApiSource, folder: Path, interval: Interval = EVERYTHING) -> list[bytes]:
    with zipfile.ZipFile(asked.fetch(interval, folder)) as answers:
        return [answers.read(name) for name in sorted(answers.namelist())]


def ids(bodies: list[bytes]) -> list[int]:
    return [case["id"] for body in bodies for case in json.loads(body)["items"]]


def shown(error: BaseException | None, caplog: pytest.LogCaptureFixture) -> str:
    """Return all that a log or an error report would show of an error and what lies behind it."""
    texts = [caplog.text]
    while error is not None:
        texts += [*traceback.format_exception(error), repr(error), repr(error.args)]
        error = error.__context__
    return "\n".join(texts)


ALL_IDS = [case["id"] for case in CASES]
PAGINGS = {
    "page, the server's own size": ("pages", {"kind": "page"}, ALL_IDS),
    "page, size asked for": ("pages", {"kind": "page", "size_parameter": "size", "size": 2}, ALL_IDS),
    "offset": ("offset", {"kind": "offset", "size": 3}, ALL_IDS),
    "cursor": ("cursor", {"kind": "cursor", "path": "meta.next"}, ALL_IDS),
    "link in the body": ("linked", {"kind": "next-link", "path": "links.next"}, ALL_IDS),
    "link in the header": ("linked", {"kind": "next-link"}, ALL_IDS),
}


class TestPaging:
    @pytest.mark.parametrize("name", PAGINGS)
    def test_every_record_arrives_once(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, name: str
    ) -> None:
        path, paging, expected = PAGINGS[name]
        assert ids(fetched(source(connection, path, paging=paging), tmp_path)) == expected
        assert len(api.asked) > 2

    @pytest.mark.parametrize("name", PAGINGS)
    def test_no_record_is_an_answer_too(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, name: str
    ) -> None:
        api.cases.clear()
        path, paging, _ = PAGINGS[name]
        assert len(fetched(source(connection, path, paging=paging), tmp_path)) == 1

    def test_full_last_page_is_followed_by_one_more_question(
        self, api: CouncilApi, connection: Connection, tmp_path: Path
    ) -> None:
        api.past_the_end = 404
        del api.cases[6:]
        paging = {"kind": "page", "size_parameter": "size", "size": 3}
        assert ids(fetched(source(connection, "pages", paging=paging), tmp_path)) == ALL_IDS[:6]

    def test_server_that_has_gone_between_two_pages_is_no_end(
        self, api: CouncilApi, connection: Connection, tmp_path: Path
    ) -> None:
        api.faults = [(0, {}), (404, {}), (404, {})]
        with pytest.raises(RefusedError, match="404"):
            fetched(source(connection, "pages", paging={"kind": "page"}), tmp_path)

    @pytest.mark.parametrize(
        ("path", "paging"),
        [
            ("pages", {"kind": "page", "size_parameter": "size", "size": 500}),
            ("offset", {"kind": "offset", "size": 500}),
        ],
    )
    def test_silent_cap_below_the_size_asked_for_loses_nothing(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, path: str, paging: dict[str, Any]
    ) -> None:
        api.cap = 50
        api.cases = [{"id": number} for number in range(120)]
        assert ids(fetched(source(connection, path, paging=paging), tmp_path)) == list(range(120))

    def test_server_that_ignores_the_page_is_found_out(
        self, api: CouncilApi, connection: Connection, tmp_path: Path
    ) -> None:
        with pytest.raises(DataError, match="same page again"):
            fetched(source(connection, "ignored", paging={"kind": "page", "size": 3}), tmp_path)
        assert len(api.asked) == 2

    @pytest.mark.parametrize(
        ("path", "paging", "found"),
        [
            ("circle", {"kind": "cursor", "path": "meta.next"}, "before"),
            ("circle", {"kind": "next-link"}, "before"),
            ("cursor", {"kind": "cursor", "path": "items"}, "something else"),
        ],
    )
    def test_paging_that_leads_nowhere_ends_loudly(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, path: str, paging: dict[str, Any], found: str
    ) -> None:
        with pytest.raises(LocalDigitalError, match=found):
            fetched(source(connection, path, paging=paging), tmp_path)
        assert len(api.asked) <= 2

    def test_more_pages_than_allowed_are_an_error(self, connection: Connection, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="max_pages"):
            fetched(source(connection, "cursor", paging=PAGINGS["cursor"][1], max_pages=2), tmp_path)

    def test_link_to_another_server_is_not_followed(
        self, api: CouncilApi, connection: Connection, authority: Authority, tmp_path: Path
    ) -> None:
        other = CouncilApi()
        asked = source(connection, "leading_away", auth="bearer", paging=PAGINGS["link in the body"][1])
        with serving(other.app, authority) as elsewhere:
            api.away = f"{elsewhere}/all"
            with pytest.raises(RefusedError, match="to another"):
                fetched(asked, tmp_path)
        assert other.asked == []

    def test_rows_of_csv_are_counted_across_lines(self, connection: Connection, tmp_path: Path) -> None:
        paging = {"kind": "page", "size_parameter": "size", "size": 3}
        bodies = fetched(source(connection, "csv", CsvFormat(), paging=paging), tmp_path)
        assert [body.count(b"noted") for body in bodies] == [3, 3, 1]

    @pytest.mark.parametrize(
        ("form", "paging"),
        [
            (XlsxFormat(kind="xlsx"), {"kind": "page"}),
            (NdjsonFormat(kind="ndjson"), {"kind": "cursor", "path": "next"}),
        ],
    )
    def test_paging_that_a_format_cannot_have_is_a_fault_of_configuration(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, form: Format, paging: dict[str, Any]
    ) -> None:
        api.cases.clear()
        with pytest.raises(ConfigurationError, match="paging"):
            fetched(source(connection, "lines", form, paging=paging), tmp_path)


class TestLogin:
    @pytest.mark.parametrize("auth", ["bearer", "header", "basic"])
    def test_secret_of_the_connection_opens_the_door(self, connection: Connection, tmp_path: Path, auth: str) -> None:
        assert ids(fetched(source(connection, auth, auth=auth), tmp_path)) == ALL_IDS

    @pytest.mark.parametrize("auth", ["bearer", "header", "basic", "oauth2"])
    def test_wrong_secret_is_refused_and_never_shown(
        self, connection: Connection, tmp_path: Path, auth: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        wrong = Connection("council_api", connection.host, login=LOGIN, password="wrong-one", extra=connection.extra)
        with pytest.raises(RefusedError, match="401") as refused:
            fetched(source(wrong, auth, auth=auth, token_path="token"), tmp_path)
        assert "wrong-one" not in shown(refused.value, caplog)

    def test_token_is_asked_for_once_and_kept(self, api: CouncilApi, connection: Connection, tmp_path: Path) -> None:
        asked = source(
            connection, "oauth2", auth="oauth2", token_path="token", paging=PAGINGS["cursor"][1], scope="read"
        )
        assert ids(fetched(asked, tmp_path)) == ALL_IDS
        assert len(api.tokens) == 1

    @pytest.mark.parametrize("facts", [{"uses": 1}, {"lifetime": "0.001"}, {"lifetime": None, "uses": 2}])
    def test_token_that_ends_between_two_pages_is_renewed(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, facts: dict[str, Any]
    ) -> None:
        vars(api).update(facts)
        asked = source(connection, "oauth2", auth="oauth2", token_path="token", paging=PAGINGS["cursor"][1])
        assert ids(fetched(asked, tmp_path)) == ALL_IDS
        assert len(api.tokens) > 1

    def test_fresh_token_that_is_refused_too_is_refused_for_good(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        api.uses = 0
        with pytest.raises(RefusedError, match="401") as refused:
            fetched(source(connection, "oauth2", auth="oauth2", token_path="token"), tmp_path)
        assert len(api.tokens) == 2
        assert TOKEN not in shown(refused.value, caplog)

    @pytest.mark.parametrize("password", ["two\r\nlines", " blank", "pfünd"])
    def test_secret_that_fits_in_no_header_is_not_shown_either(
        self, connection: Connection, tmp_path: Path, password: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken = Connection("council_api", connection.host, password=password, extra=connection.extra)
        with pytest.raises(ConfigurationError) as refused:
            fetched(source(broken, "bearer", auth="bearer"), tmp_path)
        assert password not in shown(refused.value, caplog)

    @pytest.mark.parametrize("host", ["http://council.example", "ftp://council.example", "https://a:b@council.example"])
    def test_secret_leaves_over_tls_only(self, tmp_path: Path, host: str) -> None:
        with pytest.raises(ConfigurationError, match="https"):
            fetched(source(Connection("council_api", host, password="x"), "all", auth="bearer"), tmp_path)

    def test_token_address_over_plain_http_is_refused(self, connection: Connection, tmp_path: Path) -> None:
        asked = source(connection, "oauth2", auth="oauth2", token_path="http://login.example/token")
        with pytest.raises(ConfigurationError, match="https"):
            fetched(asked, tmp_path)

    @pytest.mark.parametrize("extra", [{}, {"ca_file": "/nowhere.pem"}, {"ca": "no certificate"}])
    def test_certificate_that_nobody_vouches_for_ends_the_connection(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, extra: dict[str, str]
    ) -> None:
        with pytest.raises((RefusedError, ConfigurationError), match="certificate"):
            fetched(source(Connection("council_api", connection.host, extra=extra), "all"), tmp_path)
        assert api.asked == []

    def test_authority_may_come_as_a_file(self, connection: Connection, authority: Authority, tmp_path: Path) -> None:
        (tmp_path / "ca.pem").write_text(authority.ca)
        trusting = Connection("council_api", connection.host, extra={"ca_file": str(tmp_path / "ca.pem")})
        assert ids(fetched(source(trusting, "all"), tmp_path)) == ALL_IDS


class TestFaults:
    def test_passing_faults_are_met_with_patience(
        self, api: CouncilApi, connection: Connection, tmp_path: Path
    ) -> None:
        api.faults = [(500, {}), (503, {}), (502, {}), (504, {})]
        assert ids(fetched(source(connection, "all"), tmp_path)) == ALL_IDS

    def test_retry_after_is_honoured_and_capped(self, api: CouncilApi, connection: Connection) -> None:
        soon = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60), usegmt=True)
        api.faults = [(429, {"retry-after": text}) for text in ("7", soon, "86400")]
        waits: list[float] = []
        with HttpSession(connection, sleep=waits.append) as session:
            session.get(session.url("all"))
        assert (waits[0], waits[2]) == (7, 120)
        assert 0 < waits[1] <= 60

    def test_fault_that_does_not_pass_is_one_of_transport(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        api.faults = [(500, {})] * 9
        asked = source(connection, "all", auth="bearer", query={"key": PASSWORD})
        with pytest.raises(TransportError, match="status 500") as failed:
            fetched(asked, tmp_path)
        text = shown(failed.value, caplog)
        assert PASSWORD not in text
        assert PERSON not in text

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 304, 204])
    def test_refusal_tells_its_status_and_no_more(
        self, api: CouncilApi, connection: Connection, tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        api.faults = [(status, {})]
        with pytest.raises(RefusedError, match=str(status)) as refused:
            fetched(source(connection, "all", auth="basic", query={"key": PASSWORD}), tmp_path)
        text = shown(refused.value, caplog)
        assert PASSWORD not in text
        assert PERSON not in text

    def test_server_that_is_not_there_is_a_fault_of_transport(
        self, connection: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        gone = Connection("council_api", "https://127.0.0.1:1", password=PASSWORD, extra=connection.extra)
        with pytest.raises(TransportError) as failed:
            fetched(source(gone, "all", auth="header", query={"key": PASSWORD}), tmp_path)
        assert PASSWORD not in shown(failed.value, caplog)

    def test_answer_that_only_drips_is_given_up(self, api: CouncilApi, connection: Connection) -> None:
        with HttpSession(connection, longest=0.3, attempts=2, sleep=lambda _: None) as session:
            with pytest.raises(TransportError, match=r"within 0.3 s"):
                session.get(session.url("drip"))
            api.over.set()

    def test_answer_that_is_too_large_when_unpacked_is_not_read_to_its_end(
        self, connection: Connection, tmp_path: Path
    ) -> None:
        with pytest.raises(DataError, match="1,000,000 bytes"):
            fetched(source(connection, "large", max_bytes=1_000_000), tmp_path)

    def test_gzip_on_the_way_is_taken_off(self, connection: Connection, tmp_path: Path) -> None:
        assert ids(fetched(source(connection, "gzip"), tmp_path)) == ALL_IDS

    def test_redirect_within_the_server_is_followed(
        self, api: CouncilApi, connection: Connection, tmp_path: Path
    ) -> None:
        assert ids(fetched(source(connection, "moved", query={"a": "b"}), tmp_path)) == ALL_IDS
        assert api.queries[-1] == {"a": "b"}

    def test_redirect_to_another_server_gets_no_secret(
        self, api: CouncilApi, connection: Connection, authority: Authority, tmp_path: Path
    ) -> None:
        other = CouncilApi()
        with serving(other.app, authority) as elsewhere:
            api.away = elsewhere
            with pytest.raises(RefusedError, match="to another"):
                fetched(source(connection, "away", auth="header"), tmp_path)
        assert other.asked == []

    def test_redirects_in_a_round_end(self, api: CouncilApi, connection: Connection, tmp_path: Path) -> None:
        with pytest.raises(RefusedError, match="at most 5 redirects"):
            fetched(source(connection, "round"), tmp_path)
        assert len(api.asked) == 6

    @pytest.mark.parametrize(
        ("path", "form", "found"),
        [
            ("login_page", ITEMS, "web page"),
            ("login_page", CsvFormat(), "web page"),
            ("login_page", TreeFormat(kind="xml"), "web page"),
            ("login_page", XlsxFormat(kind="xlsx"), "something else"),
            ("cut", ITEMS, "cut off"),
            ("error", ITEMS, "error with status 200"),
            ("all", TreeFormat(kind="json", records="cases"), "nothing there"),
        ],
    )
    def test_answer_that_is_no_data_is_never_a_delivery(
        self,
        connection: Connection,
        tmp_path: Path,
        path: str,
        form: Format,
        found: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with pytest.raises(LocalDigitalError, match=found) as refused:
            fetched(source(connection, path, form), tmp_path)
        assert not refused.value.retry
        assert PERSON not in shown(refused.value, caplog)

    def test_requests_keep_the_agreed_distance(self, connection: Connection) -> None:
        waits: list[float] = []
        with HttpSession(connection, requests_a_minute=60, sleep=waits.append) as session:
            for _ in range(3):
                session.get(session.url("all"))
        assert len(waits) == 2
        assert all(0 < wait <= 1 for wait in waits)

    def test_account_that_runs_us_has_no_say(
        self, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
        assert ids(fetched(source(connection, "all"), tmp_path)) == ALL_IDS

    def test_same_answers_give_the_same_bytes(self, api: CouncilApi, connection: Connection, tmp_path: Path) -> None:
        asked = source(connection, "cursor", paging=PAGINGS["cursor"][1])
        first = asked.fetch(EVERYTHING, tmp_path).read_bytes()
        assert asked.fetch(EVERYTHING, tmp_path).read_bytes() == first
        api.cases.append({"id": 99})
        assert asked.fetch(EVERYTHING, tmp_path).read_bytes() != first


LONDON = "Europe/London"
WINDOW = {"first_day": dt.date(2026, 3, 1), "from_parameter": "from", "until_parameter": "until"}


@pytest.mark.parametrize(
    ("body", "form", "count"),
    [
        ("Ref,Note\n1,a\x0bb\n2,c\u2028d\n3,e\x1cf\x85g\n", CsvFormat(), 3),
        ("Ref,Note\r1,a\r2,b\r", CsvFormat(), 2),
        ("\ufeff\n\u00a0\n", NdjsonFormat(kind="ndjson"), 0),
        ("\ufeff\ufeff[]", TreeFormat(kind="json"), 0),
    ],
    ids=["characters that look like line ends", "old line ends", "a byte order mark and blanks", "two marks"],
)
def test_as_many_records_are_counted_as_the_answer_has(body: str, form: Format, count: int) -> None:
    assert len(records(body.encode(), form, "here")) == count


def bound(text: str, date_format: str, zone: str) -> dt.datetime:
    moment = dt.datetime.strptime(text, date_format)  # noqa: DTZ007 - an offset is in the format, or the zone is given
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


class TestWindows:
    @pytest.mark.parametrize(
        ("facts", "expected"),
        [
            ({}, ("2026-03-28T00:00:00Z", "2026-03-29T23:00:00Z")),
            ({"until_is": "inclusive"}, ("2026-03-27T23:59:59Z", "2026-03-29T22:59:59Z")),
            ({"date_format": "%Y-%m-%dT%H:%M:%S%z"}, ("2026-03-28T00:00:00+00:00", "2026-03-29T23:00:00+00:00")),
            (
                {"date_format": "%Y-%m-%dT%H:%M:%S%z", "time_zone": LONDON},
                ("2026-03-28T00:00:00+00:00", "2026-03-30T00:00:00+01:00"),
            ),
            ({"date_format": "%d/%m/%Y", "time_zone": LONDON}, ("28/03/2026", "30/03/2026")),
            ({"date_format": "%d/%m/%Y", "time_zone": LONDON, "until_is": "inclusive"}, ("28/03/2026", "29/03/2026")),
            # In UTC the local midnight is late on the day before.
            ({"date_format": "%d/%m/%Y"}, ("28/03/2026", "30/03/2026")),
            ({"date_format": "%d/%m/%Y", "until_is": "inclusive"}, ("28/03/2026", "29/03/2026")),
            ({"until_parameter": None}, ("2026-03-28T00:00:00Z", None)),
        ],
    )
    def test_bounds_are_written_as_the_api_wants_them(
        self, facts: dict[str, Any], expected: tuple[str, str | None]
    ) -> None:
        start, end = (dt.datetime(2026, 3, day, tzinfo=ZoneInfo(LONDON)) for day in (28, 30))
        asked = bounds(Window(**WINDOW | facts), Interval(start, end))
        assert (asked["from"], asked.get("until")) == expected

    def test_api_that_fails_on_an_offset_is_asked_with_a_z(self, connection: Connection, tmp_path: Path) -> None:
        asked = source(connection, "zulu", window=WINDOW)
        assert ids(fetched(asked, tmp_path, asked.intervals(None, NOON)[0])) == ALL_IDS

    def test_without_a_window_everything_is_asked_for_at_once(self, connection: Connection) -> None:
        assert source(connection, "all").intervals(NOON, NOON) == [EVERYTHING]

    def test_trailing_days_are_read_again(self, connection: Connection) -> None:
        asked = source(connection, "all", window={**WINDOW, "overlap_days": 5, "days": 31})
        (interval,) = asked.intervals(NOON, NOON + dt.timedelta(days=1))
        assert interval == Interval(dt.datetime(2026, 3, 5, tzinfo=dt.UTC), NOON + dt.timedelta(days=1))

    @given(
        nights=st.lists(st.integers(1, 60), min_size=1, max_size=6),
        again=st.integers(0, 40),
        days=st.integers(1, 40),
        zone=st.sampled_from(["UTC", LONDON]),
    )
    def test_what_was_read_is_read_again_under_no_earlier_end(
        self, nights: list[int], again: int, days: int, zone: str
    ) -> None:
        facts = Window(**WINDOW | {"overlap_days": again, "days": days, "time_zone": zone})
        api = Api(kind="api", connection="council_api", window=facts)
        asked = ApiSource(api, Connection("council_api"), ITEMS)
        complete: dt.datetime | None = None
        covered: dict[dt.datetime, dt.datetime] = {}
        until = dt.datetime(2026, 3, 1, tzinfo=ZoneInfo(LONDON))
        for night in nights:
            until += dt.timedelta(days=night)
            intervals = asked.intervals(complete, until)
            assert intervals[-1].end == until
            if complete:
                assert intervals[0].start <= complete
            for interval, following in zip(intervals, [*intervals[1:], None], strict=True):
                assert interval.start < interval.end
                assert following is None or interval.end == following.start
                hour = interval.start.astimezone(dt.UTC)
                assert interval.end.astimezone(dt.UTC) - hour <= dt.timedelta(days=days, hours=1)
                while hour < interval.end:
                    assert covered.get(hour, interval.end) <= interval.end
                    covered[hour] = interval.end
                    hour += dt.timedelta(hours=1)
            complete = until

    @settings(max_examples=25, deadline=None)
    @given(
        moments=st.lists(st.integers(0, 14 * 86_400_000), max_size=30),
        facts=st.fixed_dictionaries(
            {
                "date_format": st.sampled_from(
                    ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S %z"]
                ),
                "until_is": st.sampled_from(["inclusive", "exclusive"]),
                "time_zone": st.sampled_from(["UTC", LONDON]),
                "days": st.integers(1, 9),
            }
        ),
    )
    def test_no_record_falls_between_two_windows(
        self,
        running: tuple[CouncilApi, str],
        connection: Connection,
        tmp_path_factory: pytest.TempPathFactory,
        moments: list[int],
        facts: dict[str, Any],
    ) -> None:
        date_format, until_is, zone = facts["date_format"], facts["until_is"], facts["time_zone"]
        # The clocks go forward on the 29th.
        first, last = (dt.datetime(2026, 3, day, tzinfo=ZoneInfo(LONDON)) for day in (20, 31))
        start = first.astimezone(dt.UTC)
        api, _ = running
        cases = [
            {"id": number, "at": (start + dt.timedelta(milliseconds=moment)).isoformat()}
            for number, moment in enumerate(moments)
        ]

        def within(case: dict[str, Any], query: dict[str, str]) -> bool:
            at = dt.datetime.fromisoformat(case["at"])
            since, until = (bound(query[name], date_format, zone) for name in ("from", "until"))
            if until_is == "inclusive" and date_format == "%Y-%m-%d":
                until += dt.timedelta(days=1)
                return since <= at < until
            return since <= at and (at <= until if until_is == "inclusive" else at < until)

        vars(api).update(vars(CouncilApi(cases=cases, filters=within)))
        asked = source(connection, "all", window=WINDOW | facts | {"first_day": first.date()})
        folder = tmp_path_factory.mktemp("answers")
        got = {case for interval in asked.intervals(None, last) for case in ids(fetched(asked, folder, interval))}
        wanted = {case["id"] for case in cases if first <= dt.datetime.fromisoformat(case["at"]) < last}
        # A bound that is given to the minute and is taken in leaves out the last minute, until the next run.
        unit = dt.timedelta(minutes=1) if date_format.endswith("%M") else dt.timedelta(seconds=1)
        late = {case["id"] for case in cases if dt.datetime.fromisoformat(case["at"]) > last - unit}
        assert wanted - got <= (late if until_is == "inclusive" else set())
