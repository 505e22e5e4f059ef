"""The board in Airflow: nobody sees anything without signing in, nor a council whose DAG they may not read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from airflow.api_fastapi.app import get_auth_manager, init_auth_manager
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from demo.platform.serving import serving
from local_digital import data_docs
from local_digital.board.reading import Board
from local_digital.error_report import write_missing
from local_digital.settings import ROOT, Settings
from local_digital.workspace import Workspace
from local_digital_board import RolloutBoard
from local_digital_board_pages import build
from tests.anywhere import settings_for
from tests.board.places import BAD, GOOD, PERSONAL, Places, export

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page

    from local_digital.embedded import EmbeddedServer

MINE, THEIRS = "mine", "theirs"
NIGHT_FILE = "20251104.csv"
# What a path's placeholders stand for, of the council that the user may see.
OWN = {
    "council": MINE, "transaction": "report-missed-bin", "size": "wide", "theme": "dark", "delivery_id": "1",
    "name": "board.css",
}  # fmt: skip
OTHERS = OWN | {"council": THEIRS, "delivery_id": "2"}


@pytest.fixture(scope="module")
def board(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """Two councils with a delivery each: 1 is of the one, 2 of the other."""
    folder = tmp_path_factory.mktemp("airflow_board")
    postgres.ensure_database("airflow_board")
    settings = settings_for(postgres.url("airflow_board"), folder)
    with Workspace.open(settings) as workspace:
        places = Places(workspace, folder)
        for slug in (MINE, THEIRS):
            feed = places.add(slug)
            places.deliver(feed, export(GOOD, BAD), run_id="scheduled__1")
            write_missing(workspace, feed)
        data_docs.build(workspace)
    opened = Board(lambda: settings)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def airflow() -> None:
    """Airflow's own database, in which both councils have a DAG, and its sign-in."""
    initdb()
    init_auth_manager()
    with create_session() as session:
        session.merge(DagBundleModel(name="councils"))
        session.flush()
        for slug in (MINE, THEIRS):
            session.merge(DagModel(dag_id=f"council_{slug}", bundle_name="councils", fileloc="councils.py"))


@pytest.fixture
def app(board: Board, airflow: None) -> FastAPI:
    del airflow
    return build(board)


@pytest.fixture
def anonymous(app: FastAPI) -> TestClient:
    """Somebody who has not signed in, at an Airflow with the board."""
    whole = FastAPI()
    whole.mount("/board", app)
    return TestClient(whole, follow_redirects=False)


@pytest.fixture
def viewer(anonymous: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Somebody who may read the DAG of one council only, with the cookie that Airflow's UI has."""

    def only_mine(_: object, *, details: Any = None, **__: object) -> bool:
        return details is None or details.id == f"council_{MINE}"

    monkeypatch.setattr(SimpleAuthManager, "is_authorized_dag", only_mine)
    user = SimpleAuthManagerUser(username="viewer", role="VIEWER")
    anonymous.cookies.set("_token", get_auth_manager().generate_jwt(user))
    return anonymous


def addresses(app: FastAPI, values: dict[str, str] = OWN) -> list[str]:
    """An address of every route, of the council that the viewer may see."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    assert len(routes) == len(app.routes)
    return [f"/board{route.path}".format(**values) for route in routes]


def test_nobody_sees_anything_without_signing_in(app: FastAPI, anonymous: TestClient) -> None:
    found = addresses(app)
    assert len(found) >= 9
    for address in found:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            answer = anonymous.request(method, address)
            assert answer.status_code in {401, 405, 404}, (method, address)
            assert answer.status_code != 404 or method != "GET", address
            assert not [word for word in ("Mine", "Theirs", NIGHT_FILE, *PERSONAL) if word in answer.text]


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_ended_session_is_a_page_that_leads_to_the_sign_in(anonymous: TestClient, token: str) -> None:
    anonymous.cookies.set("_token", token)
    answer = anonymous.get("/board/")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "Please sign in" in answer.text
    assert 'href="/api/v2/auth/login?next=/plugin/rollout" target="_top"' in answer.text


def test_expired_token_is_as_good_as_none(anonymous: TestClient) -> None:
    user = SimpleAuthManagerUser(username="viewer", role="ADMIN")
    anonymous.cookies.set("_token", get_auth_manager().generate_jwt(user, expiration_time_in_seconds=-3600))
    assert anonymous.get("/board/").status_code == 401


def test_who_is_signed_in_gets_every_page(app: FastAPI, viewer: TestClient) -> None:
    for address in addresses(app):
        if address.endswith("/board.css"):
            continue
        answer = viewer.get(address)
        assert answer.status_code == 200, (address, answer.text)
        assert not [value for value in PERSONAL if value in answer.text], address
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_pages_find_their_style_and_scripts(viewer: TestClient) -> None:
    shown = viewer.get("/board/").text
    for address in re.findall('"(/board/assets/[^"]+)"', shown):
        answer = viewer.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] in {"text/css", "text/javascript"}


def test_councils_of_others_are_neither_shown_nor_counted(viewer: TestClient) -> None:
    shown = viewer.get("/board/").text
    assert "1 of 1 councils" in shown
    assert "Theirs" not in shown
    for address in (f"/board/councils/{THEIRS}", f"/board/councils/{THEIRS}/report-missed-bin/volumes"):
        answer = viewer.get(address)
        assert (answer.status_code, "Theirs" in answer.text) == (403, False)
        assert "Not for you" in answer.text


def test_every_route_to_another_s_council_is_closed_and_its_deliveries_are_as_if_there_were_none(
    app: FastAPI, viewer: TestClient
) -> None:
    closed = [path for path, mine in zip(addresses(app, OTHERS), addresses(app), strict=True) if path != mine]
    assert len(closed) == len([path for path in addresses(app) if "/councils/" in path or "/deliveries/" in path])
    for path in closed:
        for query in ("", "?plan=yes&as_of=2025-11-05"):
            answer = viewer.get(path + query)
            assert answer.status_code == (404 if "/deliveries/" in path else 403), path
            assert not [word for word in ("Theirs", NIGHT_FILE, "no_such_time") if word in answer.text], path
    for path in addresses(app, OTHERS | {"delivery_id": "999"}):
        if "/deliveries/" in path:
            none, theirs = viewer.get(path), viewer.get(path.replace("999", "2"))
            assert re.sub("nonce[-=][^>;']*", "", none.text) == re.sub("nonce[-=][^>;']*", "", theirs.text)
    assert viewer.get("/board/?search=their").text.count("No council is like that") == 1


def test_view_that_an_account_may_not_have_is_refused(viewer: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimpleAuthManager, "is_authorized_view", lambda *_, **__: False)
    assert viewer.get("/board/").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/board/deliveries/..%2f..%2fraw",
        "/board/deliveries/1%2f..%2f2/data-docs",
        "/board/deliveries/-1",
        "/board/deliveries/99999999999999999999",
        "/board/councils/..%2f..%2f..%2fetc",
        "/board/councils/mine%2f..%2ftheirs",
        "/board/councils/mine/..%2f..%2fraw/volumes",
        "/board/councils/mine/no-such/volumes",
        "/board/councils/mine/report-missed-bin/volumes-..%2fwide.svg",
        "/board/assets/..%2freading.py",
        "/board/assets/%2e%2e%2freading.py",
        "/board/assets/board.css",
        "/board/assets//etc/passwd",
        "/board/no-such-page",
        "/board/openapi.json",
        "/board/docs",
    ],
)
def test_there_is_no_way_out_of_what_is_served(viewer: TestClient, path: str) -> None:
    answer = viewer.get(path)
    assert answer.status_code in {403, 404}, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_documents_of_others_are_kept_from_running_anything(viewer: TestClient) -> None:
    for kind in ("data-docs", "report.html"):
        policy = viewer.get(f"/board/deliveries/1/{kind}").headers["content-security-policy"]
        assert policy.startswith("sandbox; default-src 'none'")
    assert viewer.get("/board/deliveries/1/report.csv").headers["content-disposition"].startswith("attachment")


def test_data_docs_that_are_not_built_yet_say_when_they_will_be(board: Board, viewer: TestClient) -> None:
    landing = board.workspace.landing
    page = f"data-docs/{MINE}/report-missed-bin/1.html"
    kept = landing.read(page)
    assert kept is not None
    landing.remove(page)
    try:
        assert 'href="/board/deliveries/1/data-docs"' in viewer.get("/board/deliveries/1").text
        answer = viewer.get("/board/deliveries/1/data-docs")
        assert (answer.status_code, "Not built yet" in answer.text, "03:40" in answer.text) == (404, True, True)
        assert f"local-digital data-docs {MINE}" in answer.text
    finally:
        landing.put_bytes(page, kept)
    assert "Table-Level Expectations" in viewer.get("/board/deliveries/1/data-docs").text


def test_day_in_the_address_is_kept_from_page_to_page(viewer: TestClient) -> None:
    shown = viewer.get("/board/?as_of=2025-12-01").text
    assert 'href="councils/mine?as_of=2025-12-01"' in shown
    assert "late by" in shown
    assert "late by" not in viewer.get("/board/?as_of=2025-11-05").text
    assert viewer.get("/board/?as_of=yesterday").status_code == 404


def test_warehouse_that_does_not_answer_is_a_page_too(airflow: None, viewer: TestClient) -> None:
    del airflow
    silent = Board(lambda: Settings({}.__getitem__, warehouse="postgresql+psycopg2://nobody:x@127.0.0.1:9/none"))
    whole = FastAPI()
    whole.mount("/board", build(silent))
    other = TestClient(whole, cookies=dict(viewer.cookies))
    answer = other.get("/board/")
    assert (answer.status_code, "The board cannot be shown" in answer.text) == (503, True)
    assert "nobody" not in answer.text


def test_older_warehouse_says_what_to_do(viewer: TestClient, database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as db:
        db.execute(text("create schema ledger"))
    engine.dispose()
    old = Board(lambda: Settings({}.__getitem__, warehouse=database_url))
    whole = FastAPI()
    whole.mount("/board", build(old))
    answer = TestClient(whole, cookies=dict(viewer.cookies)).get("/board/")
    assert (answer.status_code, "local-digital migrate" in answer.text) == (503, True)
    old.close()


def test_navigation_leads_to_the_board_and_no_process_pays_for_it() -> None:
    (view,) = RolloutBoard.external_views
    (mounted,) = RolloutBoard.fastapi_apps
    assert (view["name"], view["destination"], view["href"]) == ("Rollout", "nav", f"{mounted['url_prefix']}/")
    ignored = (ROOT / "plugins" / ".airflowignore").read_text("utf-8")
    assert "local_digital_board_pages.py" in ignored


# As Airflow 3.3 shows what plugins add to the navigation.
FRAME = (
    '<iframe src="{}" sandbox="allow-scripts allow-same-origin allow-forms allow-downloads" title="Rollout"></iframe>'
)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES = ("/board/?as_of=2025-11-05", "/board/councils/mine?as_of=2025-11-05&plan=yes", "/board/deliveries/1",
         "/board/councils/mine/report-missed-bin/volumes")  # fmt: skip


@pytest.fixture
def context(browser: Browser, app: FastAPI) -> Iterator[BrowserContext]:
    """A signed-in visit to something like Airflow: the board, a page that frames it and pages of DAGs."""
    whole = FastAPI()
    whole.mount("/board", app)

    @whole.get("/plugin/rollout")
    def framed() -> HTMLResponse:
        return HTMLResponse(f"<!doctype html><title>Airflow</title>{FRAME.format(PAGES[0])}")

    @whole.get("/dags/{rest:path}")
    def dag(rest: str) -> HTMLResponse:
        return HTMLResponse(f"<!doctype html><title>DAG</title><h1>{rest}</h1>")

    user = SimpleAuthManagerUser(username="admin", role="ADMIN")
    with serving(whole) as url, browser.new_context(base_url=url) as opened:
        opened.add_cookies([{"name": "_token", "value": get_auth_manager().generate_jwt(user), "url": url}])
        yield opened


def framed(page: Page) -> FrameLocator:
    page.goto("/plugin/rollout")
    frame = page.frame_locator("iframe")
    frame.locator("#refreshing button").wait_for()
    return frame


def test_pages_are_accessible_and_fit_in_both_themes(context: BrowserContext) -> None:
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for theme in ("light", "dark"):
        page.goto("/dags/")
        page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
        said.clear()
        for address in PAGES:
            for width in (360, 1600):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(address)
                assert page.locator("html").get_attribute("data-theme") == theme
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
            found = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
            assert not found, (address, theme, found)
    assert not [each for each in said if "favicon" not in each and "404" not in each], said


def test_theme_follows_airflow_s_while_somebody_looks(context: BrowserContext) -> None:
    page = context.new_page()
    frame = framed(page)
    assert frame.locator("html").get_attribute("data-theme") is None
    page.evaluate("localStorage.setItem('theme', 'dark')")
    frame.locator("html[data-theme=dark]").wait_for(state="attached")


def test_links_to_runs_leave_the_frame(context: BrowserContext) -> None:
    page = context.new_page()
    framed(page).get_by_role("link", name="Run").first.click()
    page.wait_for_url("**/dags/council_mine/runs/scheduled__1")


def test_links_to_another_site_open_a_window_of_their_own(context: BrowserContext) -> None:
    page = context.new_page()
    context.route("http://figures.example.org/**", lambda route: route.fulfill(body="Figures"))
    framed(page).locator("main").evaluate(
        "main => main.insertAdjacentHTML('beforeend', '<a href=http://figures.example.org/>Dashboard</a>')"
    )
    with context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Dashboard").click()
    opened.value.wait_for_url("http://figures.example.org/")
    assert page.url.endswith("/plugin/rollout")


def test_links_within_the_board_stay_in_the_frame(context: BrowserContext) -> None:
    page = context.new_page()
    frame = framed(page)
    frame.get_by_role("row", name="Mine").get_by_role("link", name="Delivery").click()
    frame.get_by_role("heading", level=1, name=NIGHT_FILE).wait_for()
    assert page.url.endswith("/plugin/rollout")


def test_cells_say_their_transaction_where_a_row_is_a_block(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(PAGES[0])
    mine = page.get_by_role("row", name="Mine")
    assert mine.get_by_role("cell", name="Report a missed bin").count() == 0
    page.set_viewport_size({"width": 360, "height": 900})
    assert mine.get_by_role("cell", name="Report a missed bin").count() == 1


def test_filters_work_without_a_new_page_and_from_the_keyboard(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(PAGES[0])
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.evaluate("window.same = true")
    page.locator("#search").press_sequentially("their")
    page.locator("#told", has_text="1 of 2 councils").wait_for()
    assert page.locator("[role=status]").inner_text() == "1 of 2 councils"
    assert page.evaluate("window.same")
    assert "search=their" in page.url
    assert "as_of=2025-11-05" in page.url
    assert page.locator(":focus").get_attribute("id") == "search"


def test_board_looks_again_and_keeps_its_filters_until_somebody_stops_it(context: BrowserContext) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{PAGES[0]}&search=mine")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response("**/board/**"):
        page.clock.run_for(61_000)
    assert [address.endswith("as_of=2025-11-05&search=mine") for address in asked] == [True]
    page.get_by_role("button", name="Refresh every minute").click()
    page.clock.run_for(300_000)
    assert len(asked) == 1


def test_board_works_without_javascript(browser: Browser, context: BrowserContext) -> None:
    cookies: Any = context.cookies()
    page = context.new_page()
    page.goto(PAGES[0])
    with browser.new_context(java_script_enabled=False) as plain:
        plain.add_cookies(cookies)
        other = plain.new_page()
        other.goto(page.url)
        other.locator("#search").fill("their")
        other.get_by_role("button", name="Show").click()
        assert other.locator("#told").inner_text() == "1 of 2 councils"


def test_session_that_ends_within_the_frame_leads_out_of_it(context: BrowserContext) -> None:
    page = context.new_page()
    frame = framed(page)
    context.clear_cookies()
    frame.get_by_role("link", name="Mine", exact=True).click()
    link = frame.get_by_role("link", name="Sign in")
    link.click()
    page.wait_for_url("**/api/v2/auth/login?next=/plugin/rollout")
