"""The board in a whole Airflow: its real mount, its real sign-in and its real navigation, in a real browser."""

from __future__ import annotations

import csv
import http.client
import io
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.routing import APIRoute

from local_digital.board.reading import Board
from local_digital.settings import Settings
from local_digital_board_pages import build
from tests.airflow.real import BAD_NIGHT, COUNCIL, DAG, GOOD_NIGHT, PASSWORD, USER, RealAirflow, real_airflow
from tests.board.places import PERSONAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from local_digital.embedded import EmbeddedServer

NAME = "East Example"
# Whatever only somebody who has signed in may read: the council, its files, its columns and what is wrong with them.
DATA = (NAME, COUNCIL, GOOD_NIGHT, BAD_NIGHT, "report-missed-bin", "reported_at", "no_such_time", *PERSONAL)
VALUES = {
    "council": COUNCIL, "transaction": "report-missed-bin", "size": "narrow", "theme": "light", "delivery_id": "1",
    "name": "board.css",
}  # fmt: skip
METHODS = ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
REFUSED = {401, 403}


def routes() -> list[str]:
    """An address of every route of the board, whatever routes there are."""
    found = [route for route in build(Board(lambda: Settings({}.__getitem__))).routes if isinstance(route, APIRoute)]
    return [f"/board{route.path}".format(**VALUES) for route in found]


@pytest.fixture(scope="module")
def airflow(postgres: EmbeddedServer) -> Iterator[RealAirflow]:
    with (
        tempfile.TemporaryDirectory(prefix="local-digital-real-airflow-") as folder,
        real_airflow(postgres, Path(folder)) as served,
    ):
        yield served


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


def ask(airflow: RealAirflow, path: str, token: str | None = None, *, method: str = "GET", **headers: str) -> Answer:
    """Send a request exactly as it is written: a client's library would tidy the path up."""
    cookie = {} if token is None else {"Cookie": f"_token={token}"}
    with closing(http.client.HTTPConnection(urlsplit(airflow.url).netloc, timeout=60)) as connection:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers | cookie).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, told, answer.read().decode("utf-8", "replace"))


def told(answer: Answer) -> list[str]:
    """The data in an answer, its headers included."""
    return [word for word in DATA if word in answer.body or word in str(answer.headers)]


def test_every_route_says_its_data_to_who_is_signed_in_and_none_to_who_is_not(airflow: RealAirflow) -> None:
    token = airflow.token()
    speaking = 0
    for path in routes():
        signed_in, anonymous = ask(airflow, path, token), ask(airflow, path)
        assert (signed_in.status == 200) == (not path.endswith("/board.css")), (path, signed_in)
        assert (anonymous.status, told(anonymous)) == (401, []), (path, anonymous)
        speaking += bool(told(signed_in))
    # Else the words that are looked for would prove nothing.
    assert speaking >= 7


def test_token_that_is_not_this_airflow_s_own_or_has_ended_lets_nobody_in(airflow: RealAirflow) -> None:
    good = airflow.token()
    head, claims, signature = good.split(".")
    forged = {
        "empty": "",
        "no token": "nonsense",
        "of another key": airflow.forged(key="another-key-of-another-airflow-" * 4),
        "ended": airflow.forged(exp=int(time.time()) - 3600),
        "not begun": airflow.forged(nbf=int(time.time()) + 3600),
        "for something else": airflow.forged(aud="something-else"),
        "without signature": f"{head}.{claims}.",
        "unsigned": airflow.forged(key="", algorithm="none"),
        "claims of somebody else": f"{head}.{airflow.forged(sub='admin', role='admin').split('.')[1]}.{signature}",
    }
    # What is forged is right but for that one thing.
    assert ask(airflow, "/board/", airflow.forged()).status == 200
    for kind, token in forged.items():
        for path in routes():
            answer = ask(airflow, path, token)
            assert answer.status in REFUSED, (kind, path, answer)
            assert told(answer) == [], (kind, path)
        bearer = ask(airflow, "/board/", Authorization=f"Bearer {token}")
        assert (bearer.status in REFUSED, told(bearer)) == (True, []), kind


def test_board_is_only_read_whoever_asks(airflow: RealAirflow) -> None:
    for token in (None, airflow.token()):
        for path in routes():
            for method in METHODS:
                answer = ask(airflow, path, token, method=method)
                assert (answer.status, told(answer)) == (405, []), (method, path)


@pytest.mark.parametrize(
    "path", ["/plugin/rollout", f"/plugin/rollout/board/councils/{COUNCIL}", "/board", "/board?x=1"]
)
def test_what_leads_to_the_board_has_no_data(airflow: RealAirflow, path: str) -> None:
    answer = ask(airflow, path)
    assert answer.status in {200, 307, 404}
    # Airflow's page knows its own address.
    assert [word for word in told(answer) if word != COUNCIL] == []


TRICKS = [
    f"/board/../board/councils/{COUNCIL}", f"/board/councils/../councils/{COUNCIL}", f"/board/./councils/{COUNCIL}",
    f"/board//councils/{COUNCIL}", f"//board/councils/{COUNCIL}", f"/board/councils/{COUNCIL}/",
    f"/board/councils/{COUNCIL}%00", "/board/councils/%00", f"/board/councils/{COUNCIL}%0a",
    f"/board/councils/{COUNCIL.upper()}", f"/board/councils/{COUNCIL.title()}", f"/board/councils/{COUNCIL}%20",
    "/board/councils/..%2f..%2f..%2f..%2fetc%2fpasswd", f"/board/councils/{COUNCIL}%2f..%2f{COUNCIL}",
    f"/board/councils/%2e%2e/councils/{COUNCIL}", "/board/councils/..%5c..%5craw", "/board/councils/%252e%252e%252fetc",
    f"/board/councils/{'a' * 5000}", f"/board/councils/{'%c3%a9' * 50}", "/board/councils/%ff%fe",
    f"/board/councils/{COUNCIL}/report-missed-bin/..%2f..%2fvolumes", f"/board/councils/{COUNCIL}/no-such/volumes",
    f"/board/councils/{COUNCIL}/report-missed-bin/volumes-wide-dark.svg%00.html",
    f"/board/councils/{COUNCIL}/report-missed-bin/volumes-huge-dark.svg",
    f"/board/councils/{COUNCIL}/report-missed-bin/volumes-wide-..%2fdark.svg",
    "/board/deliveries/0", "/board/deliveries/-1", "/board/deliveries/1.5", "/board/deliveries/1e1",
    "/board/deliveries/%d9%a2", "/board/deliveries/9223372036854775808", f"/board/deliveries/{'9' * 5000}",
    "/board/deliveries/1%2f..%2f2", "/board/deliveries/2%00/report.csv", "/board/deliveries/2/report.CSV",
    "/board/deliveries/2/raw", "/board/deliveries/2/..%2f..%2fraw", "/board/deliveries/2/report.html/..%2freport.csv",
    "/board/assets/..%2freading.py", "/board/assets/%2e%2e/reading.py", "/board/assets/..%5creading.py",
    "/board/assets/%2fetc%2fpasswd", "/board/assets//etc/passwd", "/board/assets/board.css%00", "/board/assets/",
    "/board/openapi.json", "/board/docs", "/board/redoc", "/board/static/..%2f..%2fairflow.cfg",
]  # fmt: skip


def test_no_trick_with_a_path_leads_out_of_what_is_served(airflow: RealAirflow) -> None:
    token = airflow.token()
    for path in TRICKS:
        signed_in, anonymous = ask(airflow, path, token), ask(airflow, path)
        if path.startswith("//"):
            # Not the board's any more: Airflow's own page, which is the same for everybody.
            assert told(signed_in) == []
            continue
        assert signed_in.status in {403, 404}, (path, signed_in)
        assert signed_in.headers["content-type"] == "text/html; charset=utf-8", path
        assert told(signed_in) == [], path
        assert anonymous.status in {401, 403, 404}, (path, anonymous)
        assert told(anonymous) == [], path


def test_every_answer_may_be_kept_by_nobody_framed_by_airflow_only_and_taken_for_nothing_else(
    airflow: RealAirflow,
) -> None:
    token = airflow.token()
    answers = [ask(airflow, path, who) for path in [*routes(), "/board/no-such-page"] for who in (token, None)]
    answers += [ask(airflow, "/board/", token, method="POST")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe-eval" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"


@pytest.fixture
def page(browser: Browser, airflow: RealAirflow) -> Iterator[Page]:
    """A browser in which nobody has signed in yet, whose user does not wish for a theme."""
    with browser.new_context(base_url=airflow.url, viewport={"width": 1400, "height": 900}) as opened:
        opened.set_default_timeout(45_000)
        yield opened.new_page()


@pytest.fixture
def signed_in(page: Page, airflow: RealAirflow) -> Page:
    page.context.add_cookies([{"name": "_token", "value": airflow.token(), "url": airflow.url}])
    return page


def sign_in(page: Page) -> None:
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_somebody_signs_in_follows_a_failing_feed_to_its_run_and_reads_the_council_s_error_report(
    page: Page, airflow: RealAirflow
) -> None:
    page.goto("/")
    sign_in(page)
    page.get_by_role("link", name="Rollout").click()
    board = page.frame_locator("iframe[title=Rollout]")
    cell = board.get_by_role("row", name=NAME).get_by_role("cell").filter(has_text="Failing")
    cell.get_by_role("link", name="Run").click()
    page.wait_for_url(f"**/dags/{DAG}/runs/**")
    page.get_by_role("heading", name=airflow.run_id).wait_for()
    page.get_by_text("Failed").first.wait_for()
    page.get_by_role("link", name="report-missed-bin.validate").first.wait_for()
    page.go_back()
    board.get_by_role("link", name=NAME, exact=True).click()
    board.get_by_role("heading", level=1, name=NAME).wait_for()
    row = board.get_by_role("row").filter(has=board.get_by_role("link", name=BAD_NIGHT)).first
    assert "Rejected" in row.inner_text()
    with page.expect_download() as started:
        row.get_by_role("link", name="CSV", exact=True).click()
    lines = list(csv.DictReader(io.StringIO(Path(started.value.path()).read_bytes().decode("utf-8-sig"))))
    assert {line["File"] for line in lines} == {BAD_NIGHT}
    assert any("channel" in str(line) for line in lines)
    row.get_by_role("link", name="Report").click()
    board.get_by_text("channel").first.wait_for()
    shown = board.locator("body").inner_text()
    assert BAD_NIGHT in shown
    assert not [value for value in PERSONAL if value in shown or value in str(lines)]


def test_filters_reach_airflow_s_address_and_a_reload_keeps_them(signed_in: Page) -> None:
    page = signed_in
    page.goto("/plugin/rollout")
    board = page.frame_locator("iframe[title=Rollout]")
    board.get_by_label("State", exact=True).wait_for()
    # Before its scripts are there, a choice is but a choice.
    page.frames[-1].wait_for_load_state("load")
    board.get_by_label("State", exact=True).select_option("failing")
    page.wait_for_url("**/plugin/rollout/board/?state=failing")
    page.reload()
    board.get_by_text("1 of 1 councils").wait_for()
    assert board.get_by_label("State", exact=True).input_value() == "failing"


def test_keyboard_alone_leads_from_the_navigation_to_the_error_report(page: Page) -> None:
    page.goto("/plugin/rollout")
    page.get_by_label("Username").focus()
    page.keyboard.type(USER)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    board = page.frame_locator("iframe[title=Rollout]")
    board.get_by_role("heading", level=1, name="Rollout").wait_for()
    _tab_to(page, "Rollout")
    _tab_to(page, NAME)
    page.keyboard.press("Enter")
    board.get_by_role("heading", level=1, name=NAME).wait_for()
    _tab_to(page, "Report")
    page.keyboard.press("Enter")
    # The page before it names the file too, so that only the address tells that this is the report.
    page.frames[-1].wait_for_url("**/board/deliveries/2/report.html")
    board.get_by_text(BAD_NIGHT).first.wait_for()


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus, within the frame or outside of it, has this text."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if any(frame.evaluate("document.activeElement?.innerText?.trim()") == name for frame in page.frames):
            return
    pytest.fail(f"no key leads to {name}")


def test_theme_that_is_chosen_in_airflow_is_the_board_s_and_everything_is_readable_in_both(
    signed_in: Page,
) -> None:
    page = signed_in
    board = page.frame_locator("iframe[title=Rollout]")
    for choice, theme in (("Dark Mode", "dark"), ("Light Mode", "light")):
        page.goto("/plugin/rollout")
        page.get_by_role("button", name="User").click()
        page.get_by_role("menuitem", name="Appearance").click()
        page.get_by_text(choice).click()
        for path in (
            "", f"councils/{COUNCIL}", "deliveries/1", "deliveries/2", f"councils/{COUNCIL}/report-missed-bin/volumes",
        ):  # fmt: skip
            page.goto(f"/plugin/rollout/board/{path}")
            board.locator(f"html[data-theme={theme}] main").wait_for()
            frame = page.frames[-1]
            assert urlsplit(frame.url).path == f"/board/{path}"
            found = Axe().run(frame, options={"runOnly": WCAG})  # type: ignore[arg-type] - what it needs a page for, a frame has
            assert found.violations_count == 0, (theme, path, found.generate_report())


def test_session_that_has_ended_is_told_within_the_frame(signed_in: Page) -> None:
    page = signed_in
    page.goto("/plugin/rollout")
    board = page.frame_locator("iframe[title=Rollout]")
    board.get_by_role("heading", level=1, name="Rollout").wait_for()
    page.context.clear_cookies()
    board.get_by_role("link", name=NAME, exact=True).click()
    board.get_by_role("link", name="Sign in").click()
    page.wait_for_url("**/auth/login?next=**")
    sign_in(page)
    board.get_by_role("link", name=NAME, exact=True).wait_for()
