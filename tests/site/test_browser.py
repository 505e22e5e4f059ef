"""The pages in a real browser: a reader's way through them, at every width, with and without JavaScript."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from local_digital.site.build import build
from local_digital.site.serving import serving
from local_digital.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page, Response

    from local_digital.settings import Settings

_WIDTHS = (360, 1600)
_HEIGHT = 900
_MOST_BYTES = 300_000
# Those in closed parts of the page are loaded when somebody opens them.
_ALL_PICTURES_ARE_THERE = (
    "[...document.images].filter(image => image.checkVisibility())"
    ".every(image => image.complete && image.naturalWidth > 0)"
)
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_KINDS = {
    "front page": "index.html",
    "council": "councils/bath/index.html",
    "dashboard": "councils/bath/report-missed-bin/index.html",
    "dashboard with withheld counts": "councils/bury/report-missed-bin/index.html",
    "dashboard of what is not published yet": "councils/bedford/report-missed-bin/index.html",
    "dashboard of what is not provided": "councils/devon/report-missed-bin/index.html",
    "comparison": "compare/report-missed-bin/index.html",
    "comparison within a tier": "compare/report-missed-bin/unitary/index.html",
    "definitions": "kpis/index.html",
    "downloads": "data/index.html",
    "changes": "changes/index.html",
}


@pytest.fixture(scope="module")
def folder(released_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the released councils."""
    folder = tmp_path_factory.mktemp("public") / "site"
    with Workspace.open(replace(released_settings, site=str(folder), publisher="Councils of the test")) as workspace:
        build(workspace)
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serving(folder) as url:
        yield url


@pytest.fixture(params=_WIDTHS)
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A visit on a telephone, and one at a wide screen."""
    with browser.new_context(viewport={"width": request.param, "height": _HEIGHT}, accept_downloads=True) as opened:
        yield opened


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def whole(page: Page) -> None:
    """Go through the page, so that pictures which wait to be seen are loaded."""
    for picture in page.locator("img").all():
        if picture.is_visible():
            picture.scroll_into_view_if_needed()
            picture.evaluate("image => image.decode().catch(() => undefined)")


def test_a_reader_goes_from_the_front_page_to_a_council_a_comparison_and_a_download(
    page: Page, address: str, folder: Path
) -> None:
    page.goto(address)
    page.get_by_role("link", name='Bath, "Spa" & Council').first.click()
    page.get_by_role("main").get_by_role("link", name="Report a missed bin").first.click()
    assert page.get_by_role("heading", level=1).inner_text().endswith("Report a missed bin")
    assert page.url.endswith("/councils/bath/report-missed-bin/index.html")
    with page.expect_download() as started:
        page.get_by_role("link", name="Transactions by ward: download as CSV").click()
    downloaded = Path(started.value.path()).read_bytes()
    published = next(path for path in (folder / "councils/bath/report-missed-bin").glob("*ward*.csv")).read_bytes()
    assert downloaded == published
    assert "Llŷn" in {cell for line in csv.reader(io.StringIO(downloaded.decode("utf-8-sig"))) for cell in line}
    page.get_by_role("link", name="Compare with other councils").first.click()
    assert page.url.endswith("/compare/report-missed-bin/index.html")
    page.get_by_role("navigation", name="Which councils").get_by_role("link", name="Unitary").click()
    assert page.url.endswith("/compare/report-missed-bin/unitary/index.html")
    assert page.get_by_role("link", name="Fife Council").count() > 0
    assert page.get_by_role("link", name="Barnsley Council").count() == 0


@pytest.mark.parametrize("path", _KINDS.values(), ids=_KINDS)
def test_every_kind_of_page_is_accessible_whole_and_light(page: Page, address: str, path: str) -> None:
    answers: list[Response] = []
    said: list[str] = []
    # The library cannot take a method that is built in.
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address + path)
    whole(page)
    assert said == []
    assert all(answer.ok and answer.url.startswith(address) for answer in answers), [a.url for a in answers]
    assert sum(len(answer.body()) for answer in answers) < _MOST_BYTES
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": _WCAG}})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate(_ALL_PICTURES_ARE_THERE)
    assert page.get_by_role("heading", level=1).count() == 1


@pytest.mark.parametrize("path", _KINDS.values(), ids=_KINDS)
def test_every_kind_of_page_says_the_same_without_javascript(
    browser: Browser, page: Page, address: str, path: str
) -> None:
    page.goto(address + path)
    with browser.new_context(java_script_enabled=False) as plain:
        bare = plain.new_page()
        bare.goto(address + path)
        assert len(_words(bare).split()) > 20
        assert set(_words(bare).split()) <= set(_words(page).split())


def _words(page: Page) -> str:
    return page.get_by_role("main").text_content() or ""


def test_the_first_stop_of_the_keyboard_leads_to_the_content(page: Page, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#" + str(
        page.get_by_role("main").get_attribute("id")
    )
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement === document.querySelector('main')")


def test_a_comparison_is_sorted_from_the_keyboard_and_says_so(page: Page, address: str) -> None:
    page.goto(address + _KINDS["comparison"])
    table = page.get_by_role("table").first
    button = table.get_by_role("button", name="Transactions").first
    heading = button.locator("xpath=ancestor::th")
    assert heading.get_attribute("aria-sort") in {None, "none"}
    orders = []
    for _ in range(2):
        button.focus()
        page.keyboard.press("Enter")
        orders.append((heading.get_attribute("aria-sort"), _column(table, heading)))
    assert {direction for direction, _ in orders} == {"ascending", "descending"}
    for direction, figures in orders:
        known = [figure for figure in figures if figure is not None]
        assert len(known) >= 4
        assert known == sorted(known, reverse=direction == "descending")
        assert figures[len(known) :] == [None] * (len(figures) - len(known))


def _column(table: Any, heading: Any) -> list[int | None]:
    """The whole numbers of a column from top to bottom, None for a state in words."""
    number = heading.evaluate("cell => cell.cellIndex")
    texts = table.locator("tbody tr").evaluate_all(
        "(rows, number) => rows.map(row => row.cells[number].innerText.trim())", number
    )
    firsts = [text.split("\n")[0].split(" ")[0].replace(",", "") for text in texts]
    return [int(first) if first.isdigit() else None for first in firsts]


def test_paper_shows_the_tables_and_no_navigation(page: Page, address: str) -> None:
    page.goto(address + _KINDS["dashboard"])
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation").first.is_visible()
    assert all(table.is_visible() for table in page.locator("main table").all())


def test_the_site_opens_from_a_folder_without_any_server(page: Page, folder: Path) -> None:
    page.goto((folder.resolve() / "index.html").as_uri())
    page.get_by_role("link", name="Fife Council").first.click()
    page.get_by_role("main").get_by_role("link", name="Report a missed bin").first.click()
    whole(page)
    assert page.get_by_role("heading", level=1).inner_text().endswith("Report a missed bin")
    assert page.evaluate(_ALL_PICTURES_ARE_THERE)
