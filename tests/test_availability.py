"""Pages are looked at once an hour, politely, and what was found is told as it was."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import create_engine, text
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route

from demo.authority import Authority
from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving
from local_digital.addresses import is_public
from local_digital.availability import PageCheck, check, monitoring_records, pages
from local_digital.embedded import EmbeddedServer
from local_digital.errors import ConfigurationError
from local_digital.migrations import migrate
from local_digital.page_requests import Limits
from local_digital.publishing.client import DataSetClient
from local_digital.publishing.records import Record, check_batch, described
from local_digital.retention import expire
from local_digital.settings import ROOT, Settings
from local_digital.workspace import Workspace
from tests.commands import local_digital
from tests.sources.page_server import SECRET_WORDS, Site, website

TEN = dt.datetime(2026, 4, 7, 10, 7, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
# For pages that never answer; those that do have all the time that a busy machine needs.
QUICK = Limits(connect=2, silence=1, request=4)
BINS, BOOKS, TAX = "report-missed-bin", "renew-library-book", "pay-council-tax"
GROUP, MONITORING = "solihull-local-authority", "monitoring"


class Installed:
    """A migrated warehouse, and a configuration whose councils have the pages that a test gives them."""

    def __init__(self, url: str, config: Path) -> None:
        self.url = url
        self.config = config
        shutil.copytree(ROOT / "include" / "transactions", config / "transactions")
        (config / "councils").mkdir()

    def have(self, found: Mapping[tuple[str, str], str]) -> None:
        """Give feeds, by council and transaction, a page and no other feed any; publish it in `monitoring`."""
        for slug in {council for council, _ in found}:
            written = (ROOT / "include" / "councils" / f"{slug}.yaml").read_text("utf-8")
            for (council, transaction), page in found.items():
                if council == slug:
                    named = f"\n  {transaction}:\n"
                    assert written.count(named) == 1
                    written = written.replace(named, f"{named}    page: {page}\n")
            (self.config / "councils" / f"{slug}.yaml").write_text(written, "utf-8")

    def settings(self, contact: str | None = None) -> Settings:
        return Settings(connection={}.__getitem__, config=self.config, warehouse=self.url, contact=contact)


@pytest.fixture
def installed(database_url: str, tmp_path: Path) -> Installed:
    migrate(database_url)
    return Installed(database_url, tmp_path / "config")


@pytest.fixture
def opened(installed: Installed) -> Iterator[Workspace]:
    with Workspace.open(installed.settings()) as workspace:
        yield workspace


@pytest.fixture
def site() -> Iterator[Site]:
    with website(Site({"/bins": 200})) as serving_site:
        yield serving_site


def look(
    installed: Installed, workspace: Workspace, page: str, now: dt.datetime = TEN, limits: Limits | None = None
) -> PageCheck:
    installed.have({("solihull", BINS): page})
    (done,) = check(workspace, now=now, limits=limits)
    return done


def on_the_internet(monkeypatch: pytest.MonkeyPatch, *sites: Site) -> None:
    """Let loopback be taken for a public address, and the ports of these sites for usual ones."""
    monkeypatch.setattr("local_digital.page_requests.is_public", lambda _: True)
    ports = frozenset(urlsplit(site.url).port for site in sites)
    monkeypatch.setattr("local_digital.page_visits._PORTS", ports)


def outcome(done: PageCheck) -> tuple[str, str | None, int | None]:
    return done.state, done.reason, done.status


def records(workspace: Workspace, now: dt.datetime) -> list[Record]:
    with workspace.engine.connect() as db:
        return monitoring_records(db, workspace.feed("solihull", BINS), MONITORING, now=now)


class TestWhatIsFound:
    def test_page_that_answers_is_up_with_the_time_it_took(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        done = look(installed, opened, f"{site.url}/bins")
        assert outcome(done) == ("up", None, 200)
        assert done.response_ms is not None
        assert done.hour == TEN.replace(minute=0)

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (503, ("down", "server-error", 503)),
            (404, ("down", "not-found", 404)),
            (410, ("down", "gone", 410)),
            (206, ("up", None, 206)),
            (300, ("down", "no-page", 300)),
            (302, ("down", "no-page", 302)),
            (304, ("down", "no-page", 304)),
            (401, ("unmonitored", "refused", 401)),
            (403, ("unmonitored", "refused", 403)),
            (429, ("unmonitored", "too-often", 429)),
        ],
    )
    def test_status_says_whether_it_is_up_down_or_turns_us_away(
        self, installed: Installed, opened: Workspace, site: Site, status: int, expected: tuple[str, str | None, int]
    ) -> None:
        site.pages["/bins"] = status
        done = look(installed, opened, f"{site.url}/bins")
        assert outcome(done) == expected
        assert (done.response_ms is None) is (done.state != "up")

    def test_page_that_is_too_slow_is_down(self, installed: Installed, opened: Workspace, site: Site) -> None:
        site.held.add("/bins")
        done = look(installed, opened, f"{site.url}/bins", limits=QUICK)
        assert outcome(done) == ("down", "timeout", None)

    def test_page_whose_server_is_gone_is_down(self, installed: Installed, opened: Workspace) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        assert outcome(look(installed, opened, f"http://127.0.0.1:{port}/bins")) == ("down", "connection", None)

    def test_page_without_a_certificate_that_browsers_trust_is_down(
        self, installed: Installed, opened: Workspace, tmp_path: Path
    ) -> None:
        with serving(Starlette(), Authority.make(tmp_path, 2).server) as url:
            done = look(installed, opened, f"{url}/bins")
        assert outcome(done) == ("down", "certificate", None)

    def test_redirects_are_followed_to_where_the_public_ends_up(
        self, installed: Installed, opened: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with website(Site({"/moved": 503}), "localhost") as elsewhere:
            on_the_internet(monkeypatch, elsewhere)
            site.pages |= {"/old": "/bins", "/away": f"{elsewhere.url}/moved#top"}
            assert outcome(look(installed, opened, f"{site.url}/old")) == ("up", None, 200)
            assert outcome(look(installed, opened, f"{site.url}/away", TEN + HOUR)) == ("down", "server-error", 503)
        assert elsewhere.asked[-1][0] == "/moved"

    def test_page_that_leads_round_in_a_circle_is_down(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.pages |= {"/bins": "/again", "/again": "/bins"}
        assert outcome(look(installed, opened, f"{site.url}/bins")) == ("down", "redirect", 302)

    @pytest.mark.parametrize("link", ["mailto:bins@x.example", "http://[::1/bins", "http://x.example:port/bins"])
    def test_page_that_leads_to_no_page_of_the_web_is_down(
        self, installed: Installed, opened: Workspace, site: Site, link: str
    ) -> None:
        site.pages["/bins"] = link
        assert outcome(look(installed, opened, f"{site.url}/bins")) == ("down", "redirect", 302)
        assert [path for path, _ in site.asked] == ["/robots.txt", "/bins"]

    def test_nothing_that_the_server_said_is_kept(self, installed: Installed, opened: Workspace, site: Site) -> None:
        look(installed, opened, f"{site.url}/bins")
        with opened.engine.connect() as db:
            kept = [db.execute(text(f"select * from ledger.{name}")).all() for name in ("page_check", "robots")]  # noqa: S608
        assert SECRET_WORDS not in str(kept)
        assert site.url.removeprefix("http://") + "/bins" not in str(kept)


def named(site: Site, host: str) -> str:
    """Return the URL of a site under another name of its host."""
    return f"http://{host}:{urlsplit(site.url).port}"


class TestStrangers:
    """Whoever runs a page may not send us where only this machine and its neighbours can go."""

    @pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "169.254.169.254"])  # noqa: S104
    def test_redirect_to_a_host_inside_is_not_followed(
        self, installed: Installed, opened: Workspace, site: Site, host: str
    ) -> None:
        site.pages["/old"] = f"{named(site, host)}/bins"
        assert outcome(look(installed, opened, f"{site.url}/old")) == ("unmonitored", "redirect-unsafe", None)
        assert [path for path, _ in site.asked] == ["/robots.txt", "/old"]

    def test_robots_txt_of_a_host_inside_is_neither_asked_for_nor_kept(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.robots_at = f"{named(site, 'localhost')}/bins"
        assert outcome(look(installed, opened, f"{site.url}/bins")) == ("unmonitored", "redirect-unsafe", None)
        assert [path for path, _ in site.asked] == ["/robots.txt"]
        with opened.engine.connect() as db:
            assert db.execute(text("select * from ledger.robots")).all() == []

    def test_name_with_one_address_inside_is_not_followed(
        self, installed: Installed, opened: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.215.14", "10.0.0.1")
        ]
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo",
            lambda host, *rest, **more: found if host == "two-faced.example" else real(host, *rest, **more),
        )  # fmt: skip
        site.pages["/old"] = "http://two-faced.example/bins"
        assert outcome(look(installed, opened, f"{site.url}/old")) == ("unmonitored", "redirect-unsafe", None)

    def test_address_that_was_checked_is_the_one_that_is_asked(
        self, installed: Installed, opened: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A name may change its answer, so to ask for it again between the check and the request is an error here."""
        checked: list[str] = []
        real = socket.getaddrinfo

        def resolve(host: str, *rest: Any, **more: Any) -> Any:
            if host == "two-faced.example":
                assert not checked
                checked.append(host)
                host = "127.0.0.1"
            else:
                checked.clear()
            return real(host, *rest, **more)

        on_the_internet(monkeypatch, site)
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        site.pages["/old"] = f"{named(site, 'two-faced.example')}/bins"
        assert outcome(look(installed, opened, f"{site.url}/old")) == ("up", None, 200)

    def test_redirect_to_another_port_is_not_followed(
        self, installed: Installed, opened: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("local_digital.page_requests.is_public", lambda _: True)
        with website(Site({"/bins": 200})) as other:
            site.pages["/old"] = f"{other.url}/bins"
            assert outcome(look(installed, opened, f"{site.url}/old")) == ("unmonitored", "redirect-unsafe", None)
        assert other.asked == []

    def test_host_that_one_council_names_and_another_is_sent_to_is_asked_for_the_first_only(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.pages["/old"] = f"{named(site, 'localhost')}/bins"
        installed.have({
            ("camden", BINS): f"{site.url}/old", ("fife", BINS): f"{named(site, 'localhost')}/bins",
        })  # fmt: skip
        found = check(opened, now=TEN)
        assert [(done.council, done.state, done.reason) for done in found] == [
            ("camden", "unmonitored", "redirect-unsafe"), ("fife", "up", None),
        ]  # fmt: skip

    def test_page_in_https_is_not_followed_to_http(
        self, installed: Installed, opened: Workspace, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority = Authority.make(tmp_path, 2)
        (tmp_path / "ca.pem").write_text(authority.ca, "utf-8")
        monkeypatch.setattr("local_digital.page_requests._AUTHORITIES", str(tmp_path / "ca.pem"))
        on_the_internet(monkeypatch, site)
        there = f"{site.url}/bins"
        app = Starlette(routes=[
            Route("/here", lambda _: PlainTextResponse("")), Route("/old", lambda _: RedirectResponse(there)),
        ])  # fmt: skip
        with serving(app, authority.server) as url:
            assert outcome(look(installed, opened, f"{url}/here")) == ("up", None, 200)
            done = look(installed, opened, f"{url}/old", TEN + HOUR)
            assert outcome(done) == ("unmonitored", "redirect-unsafe", None)
            # The certificate is one for the address alone, not for this name of it.
            other_name = url.replace("127.0.0.1", "localhost")
            assert look(installed, opened, f"{other_name}/here", TEN + 2 * HOUR).reason == "certificate"
        assert site.asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%1", False),
        ("fd00::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::7f00:1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:a00:1::", False),
        ("192.0.0.192", False),
        ("::ffff:192.0.0.192", False),
        ("192.88.99.1", False),
        ("3fff::1", False),
    ],
)
def test_address_is_public_when_everybody_can_reach_it(address: str, public: bool) -> None:
    assert is_public(address) is public


class TestManners:
    @pytest.mark.parametrize("what", ["headers", "body"])
    def test_server_that_answers_in_drops_is_hung_up_on_before_its_next_page_is_asked_for(
        self, installed: Installed, opened: Workspace, site: Site, what: Literal["headers", "body"]
    ) -> None:
        site.drips["/bins"] = what
        done = look(installed, opened, f"{site.url}/bins", limits=Limits(connect=2, silence=60, request=1))
        assert outcome(done) == ("down", "timeout", None)
        assert site.hung_up.wait(30)

    def test_one_request_an_hour_whatever_is_asked_of_us(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        installed.have({("solihull", BINS): f"{site.url}/bins"})
        assert len(check(opened, now=TEN)) == 1
        assert check(opened, now=TEN) == []
        assert check(opened, now=TEN.replace(minute=59)) == []
        assert site.times("/bins") == 1
        assert len(check(opened, now=TEN + HOUR)) == 1
        assert site.times("/bins") == 2

    def test_page_of_two_feeds_is_asked_for_once_and_told_of_both(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        installed.have({("solihull", BINS): f"{site.url}/bins", ("solihull", BOOKS): f"{site.url}/bins"})
        assert [done.state for done in check(opened, now=TEN)] == ["up", "up"]
        assert site.times("/bins") == 1

    def test_one_host_gets_one_request_at_a_time(
        self, installed: Installed, opened: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with website(Site({"/round": f"{site.url}/bins"}), "localhost") as other:
            on_the_internet(monkeypatch, site)
            installed.have({
                ("camden", BINS): f"{site.url}/bins", ("fife", BINS): f"{site.url}/other",
                ("cardiff", BINS): f"{other.url}/round", ("solihull", BINS): f"{site.url}/bins?from=solihull",
            })  # fmt: skip
            assert len(check(opened, now=TEN)) == 4
        assert site.at_once == 1

    def test_every_request_says_who_asks_and_whom_to_write_to(self, installed: Installed, site: Site) -> None:
        installed.have({("solihull", BINS): f"{site.url}/bins"})
        with Workspace.open(installed.settings("mailto:web-team@example.org")) as workspace:
            check(workspace, now=TEN)
        assert [path for path, _ in site.asked] == ["/robots.txt", "/bins"]
        for _, agent in site.asked:
            assert agent.startswith("LocalDigital/")
            assert "mailto:web-team@example.org" in agent

    def test_contact_that_cannot_stand_in_a_header_is_refused_before_anything_is_asked(
        self, installed: Installed, site: Site
    ) -> None:
        installed.have({("solihull", BINS): f"{site.url}/bins"})
        with (
            Workspace.open(installed.settings("x)\r\nHost: y")) as workspace,
            pytest.raises(ConfigurationError, match="LOCAL_DIGITAL_CONTACT"),
        ):
            check(workspace, now=TEN)
        assert site.asked == []


class TestRobots:
    def test_page_that_robots_may_not_see_is_not_asked_for(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.robots = "User-agent: *\nDisallow: /bins"
        assert outcome(look(installed, opened, f"{site.url}/bins")) == ("unmonitored", "robots", None)
        assert site.times("/bins") == 0

    def test_redirect_to_a_page_that_robots_may_not_see_is_not_followed(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.pages["/old"] = "/bins"
        site.robots = "User-agent: LocalDigital\nDisallow: /bins"
        assert outcome(look(installed, opened, f"{site.url}/old")) == ("unmonitored", "robots", None)
        assert site.times("/bins") == 0

    @pytest.mark.parametrize("status", [404, 403])
    def test_host_without_a_robots_txt_allows_everything(
        self, installed: Installed, opened: Workspace, site: Site, status: int
    ) -> None:
        site.robots = status
        assert look(installed, opened, f"{site.url}/bins").state == "up"

    def test_host_whose_robots_txt_leads_round_in_a_circle_has_none(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.robots_at = "/robots.txt"
        assert outcome(look(installed, opened, f"{site.url}/bins")) == ("up", None, 200)
        assert site.times("/robots.txt") == 6  # five redirects, as RFC 9309 has it

    def test_no_more_of_a_robots_txt_counts_than_half_a_megabyte(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.robots = "User-agent: *\n" + "#\n" * 249_000 + "Disallow: /private\n" + "#\n" * 500_000 + "Disallow: /"
        assert look(installed, opened, f"{site.url}/bins").state == "up"
        assert look(installed, opened, f"{site.url}/private", TEN + HOUR).reason == "robots"
        with opened.engine.connect() as db:
            assert db.scalar(text("select length(rules) from ledger.robots")) == 500 * 1024

    def test_robots_txt_is_read_once_a_day(self, installed: Installed, opened: Workspace, site: Site) -> None:
        for hours in range(24):
            look(installed, opened, f"{site.url}/bins", TEN + hours * HOUR)
        assert site.times("/robots.txt") == 1
        site.robots = "User-agent: *\nDisallow: /"
        assert look(installed, opened, f"{site.url}/bins", TEN + DAY).reason == "robots"
        assert site.times("/robots.txt") == 2

    def test_host_that_cannot_say_what_it_allows_is_left_alone_until_it_can(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.robots = 503
        assert outcome(look(installed, opened, f"{site.url}/bins")) == ("unmonitored", "robots-unknown", None)
        assert site.times("/bins") == 0
        site.robots = 404
        assert look(installed, opened, f"{site.url}/bins", TEN + HOUR).state == "up"

    def test_rules_known_from_before_hold_while_a_host_cannot_say(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.robots = "User-agent: *\nDisallow: /private"
        look(installed, opened, f"{site.url}/bins")
        site.robots = site.pages["/bins"] = 503
        assert outcome(look(installed, opened, f"{site.url}/bins", TEN + 2 * DAY)) == ("down", "server-error", 503)
        assert look(installed, opened, f"{site.url}/private", TEN + 3 * DAY).reason == "robots"


class TestManyPages:
    def test_page_that_hangs_is_down_and_the_next_one_of_its_host_is_looked_at(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.pages["/tax"] = 200
        site.held.add("/tax")
        installed.have({("camden", TAX): f"{site.url}/tax", ("solihull", BINS): f"{site.url}/bins"})
        found = check(opened, now=TEN, limits=QUICK)
        assert [(done.council, done.state, done.reason) for done in found] == [
            ("camden", "down", "timeout"), ("solihull", "up", None),
        ]  # fmt: skip

    def test_no_host_waits_for_another(self, installed: Installed, opened: Workspace, site: Site) -> None:
        with website(Site({"/tax": 200}, held={"/tax"}, release=site.arrived), "localhost") as other:
            # Each answers when the other has been asked: one after the other, the first would never.
            site.held.add("/bins")
            site.release = other.arrived
            installed.have({("camden", TAX): f"{other.url}/tax", ("solihull", BINS): f"{site.url}/bins"})
            found = check(opened, now=TEN)
        assert [(done.council, done.state) for done in found] == [("camden", "up"), ("solihull", "up")]

    def test_only_the_councils_asked_for_are_looked_at(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        installed.have({("camden", BINS): f"{site.url}/bins", ("solihull", BINS): f"{site.url}/bins?2"})
        assert [done.council for done in check(opened, now=TEN, councils=["camden"])] == ["camden"]
        with pytest.raises(ConfigurationError, match="nowhere"):
            check(opened, now=TEN, councils=["nowhere"])

    def test_check_that_was_killed_is_taken_up_where_it_stopped(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        site.pages |= {"/tax": 200, "/books": 200}
        # They come in the order of the transactions: the tax, the books, the bins.
        site.held.add("/books")
        installed.have({
            ("camden", BINS): f"{site.url}/bins", ("camden", TAX): f"{site.url}/tax",
            ("camden", BOOKS): f"{site.url}/books",
        })  # fmt: skip
        program = (
            "import datetime as dt\n"
            "from local_digital.availability import check\n"
            "from local_digital.settings import from_environment\n"
            "from local_digital.workspace import Workspace\n"
            "with Workspace.open(from_environment()) as workspace:\n"
            f"    check(workspace, now=dt.datetime.fromisoformat('{TEN.isoformat()}'))\n"
        )
        environment = {
            **os.environ, "LOCAL_DIGITAL_CONFIG": str(installed.config), "LOCAL_DIGITAL_WAREHOUSE": installed.url,
        }  # fmt: skip
        child = subprocess.Popen([sys.executable, "-c", program], env=environment)
        assert site.arrived.wait(60)
        child.send_signal(signal.SIGKILL)
        child.wait(60)
        site.release.set()

        found = check(opened, now=TEN)

        assert [(done.transaction, done.state) for done in found] == [(BINS, "up")]
        assert [site.times(path) for path in ("/tax", "/books", "/bins")] == [1, 1, 1]
        kept = {row["transaction"]: (row["state"], row["reason"]) for row in pages(opened, now=TEN)}
        assert kept == {TAX: ("up", None), BOOKS: ("unmonitored", "interrupted"), BINS: ("up", None)}


@pytest.fixture
def three_hours(installed: Installed, opened: Workspace, site: Site) -> Workspace:
    """Solihull's page was up at ten, not looked at from eleven, down from twelve, and up again at one."""
    for hours, status in ((0, 200), (2, 503), (3, 200)):
        site.pages["/bins"] = status
        look(installed, opened, f"{site.url}/bins", TEN + hours * HOUR)
    return opened


class TestRecords:
    def test_each_finished_hour_is_up_down_or_unmonitored_and_an_hour_without_a_look_is_the_last(
        self, three_hours: Workspace
    ) -> None:
        found = records(three_hours, TEN + 3 * HOUR)
        told = [(record["_timestamp"], record["uptime"], record["downtime"], record["unmonitored"]) for record in found]
        assert told == [
            ("2026-04-07T10:00:00+00:00", 3600, 0, 0),
            ("2026-04-07T11:00:00+00:00", 0, 0, 3600),
            ("2026-04-07T12:00:00+00:00", 0, 3600, 0),
        ]
        assert [record["avgresponse"] for record in found[1:]] == [0, 0]
        assert {record["period"] for record in found} == {"hour"}

    def test_records_keep_the_contract_and_their_ids_tell_the_hour(self, three_hours: Workspace) -> None:
        found = records(three_hours, TEN + 4 * HOUR)
        check_batch(found, MONITORING)
        assert [described(str(record["_id"])) for record in found][:2] == [
            "hour from 2026-04-07 10:00 UTC", "hour from 2026-04-07 11:00 UTC",
        ]  # fmt: skip

    def test_a_day_on_which_the_clocks_change_has_each_hour_of_utc_once(
        self, installed: Installed, opened: Workspace, site: Site
    ) -> None:
        before = dt.datetime(2026, 3, 28, 23, 7, tzinfo=dt.UTC)
        look(installed, opened, f"{site.url}/bins", before)
        found = records(opened, before + 26 * HOUR)
        assert len({record["_timestamp"] for record in found}) == len({record["_id"] for record in found}) == 26

    def test_nothing_is_told_before_the_first_look_nor_of_more_than_92_days(self, three_hours: Workspace) -> None:
        assert records(three_hours, TEN) == []
        found = records(three_hours, TEN + 92 * DAY + HOUR)
        assert found[0]["_timestamp"] == "2026-04-07T12:00:00+00:00"
        assert found[-1]["_timestamp"] == "2026-07-08T10:00:00+00:00"

    def test_platform_takes_them_and_adds_up_a_day(
        self, three_hours: Workspace, postgres: EmbeddedServer, database_url: str
    ) -> None:
        name = f"{database_url.rpartition('/')[2]}_platform"
        postgres.ensure_database(name)
        engine = create_engine(postgres.url(name))
        data_set = DataSet(data_group=GROUP, data_type=MONITORING, token="a-token")
        found = records(three_hours, TEN + 4 * HOUR)
        with serving(create_app(engine, [data_set])) as url:
            with DataSetClient(url, GROUP, MONITORING, "a-token", attempts=1) as client:
                for _ in client.send(found):
                    pass
            asked = {
                "period": "day", "start_at": "2026-04-07T00:00:00Z", "end_at": "2026-04-08T00:00:00Z",
                "collect": ["uptime:sum", "downtime:sum", "unmonitored:sum", "avgresponse:mean"],
            }  # fmt: skip
            (day,) = requests.get(f"{url}/data/{GROUP}/{MONITORING}", params=asked, timeout=30).json()["data"]
        engine.dispose()
        assert [day[f"{key}:sum"] for key in ("uptime", "downtime", "unmonitored")] == [7200, 3600, 3600]
        assert day["avgresponse:mean"] == sum(int(str(record["avgresponse"])) for record in found) / 4


def test_uptime_is_the_share_of_the_monitored_hours(three_hours: Workspace) -> None:
    (page,) = pages(three_hours, now=TEN + 3 * HOUR)
    assert (page["state"], float(page["uptime"])) == ("up", 0.6667)
    assert pages(three_hours, now=TEN + 40 * DAY)[0]["uptime"] is None


def test_looks_go_after_92_days_and_no_sooner(three_hours: Workspace) -> None:
    count = text("select count(*) from ledger.page_check")
    age = text("update ledger.page_check set hour = date_trunc('hour', now() - :age, 'UTC') + (hour - :ten)")

    def after(days: int) -> int:
        with three_hours.engine.begin() as db:
            first = db.scalar(text("select min(hour) from ledger.page_check"))
            db.execute(age, {"age": dt.timedelta(days=days), "ten": first})
        expire(three_hours, dry_run=True)
        expire(three_hours)
        with three_hours.engine.connect() as db:
            return int(db.scalar(count) or 0)

    assert after(91) == 3
    assert after(93) == 0


def test_command_looks_at_what_is_due_and_shows_every_page(installed: Installed, site: Site) -> None:
    installed.have({("solihull", BINS): f"{site.url}/bins", ("camden", BINS): f"{site.url}/none"})
    environment = {
        **os.environ, "LOCAL_DIGITAL_CONFIG": str(installed.config), "LOCAL_DIGITAL_WAREHOUSE": installed.url,
        "COLUMNS": "150",
    }  # fmt: skip

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "local_digital", "availability", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    told: list[dict[str, Any]] = json.loads(run("--json"))
    assert [(row["council"], row["state"], row["reason"], row["uptime"]) for row in told] == [
        ("camden", "down", "not-found", 0), ("solihull", "up", None, 1),
    ]  # fmt: skip
    assert [word in run("solihull") for word in ("solihull", "up", "camden")] == [True, True, False]


def test_installation_without_any_page_asks_nobody(installed: Installed) -> None:
    shutil.copy(ROOT / "include" / "councils" / "solihull.yaml", installed.config / "councils")
    said = local_digital(
        "availability", LOCAL_DIGITAL_CONFIG=str(installed.config), LOCAL_DIGITAL_WAREHOUSE=installed.url
    )
    assert (said.returncode, said.stdout) == (0, "No feed has a `page` (docs/adding-a-council.md).\n")
    with Workspace.open(replace(installed.settings(), landing="memory://")) as workspace:
        assert check(workspace) == []
