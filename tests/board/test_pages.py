"""A council's page and a delivery's page say all that the ledger knows of them, and no value of a row."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from local_digital.board.council import council_page, grid
from local_digital.board.delivery import delivery_page, find_delivery
from local_digital.board.documents import document, documents_of, has_data_docs_to_come
from local_digital.board.findings import Result
from local_digital.board.pages import Addresses, asset, no_chart, notice, page
from local_digital.board.plan import planned
from local_digital.board.volumes import drawn, volumes
from local_digital.error_report import write_missing
from local_digital.error_rules import asks
from local_digital.expectations import suite
from local_digital.settings import ROOT
from local_digital.site.pages.charts import (
    BAND,
    DARK_PAGE,
    GRID,
    PAGE,
    STYLES,
    Band,
    Line,
    Spread,
    Target,
    over_time,
)
from tests.anywhere import FEED
from tests.board.places import BAD, GOOD, NOW, PERSONAL, Places, export
from tests.board.test_rollout import fail, hold, push

if TYPE_CHECKING:
    from local_digital.board.council import CouncilPage
    from local_digital.board.delivery import DeliveryPage
    from local_digital.board.reading import Board

AT = Addresses("/board/", "/", None)
RUN = "scheduled__2025-11-05T04:20:00+00:00"


def council(board: Board, slug: str = "anywhere", now: dt.datetime = NOW) -> CouncilPage:
    configuration = board.configuration
    with board.workspace.engine.connect() as db:
        return council_page(db, board.workspace.landing, configuration, configuration.councils[slug], now)


def html(found: CouncilPage, plan: Any = None) -> str:
    return page("council.html", AT, title=found.council.name, page=found, plan=plan).content


def delivery(board: Board, delivery_id: int = 1) -> DeliveryPage:
    with board.workspace.engine.connect() as db:
        row = find_delivery(db, delivery_id)
        assert row is not None
        return delivery_page(db, board.workspace.landing, row)


def delivery_html(found: DeliveryPage) -> str:
    return page("delivery.html", AT, title="Delivery", page=found, council="Anywhere", contract="Bins").content


def words(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


def many_bad(rows: int) -> str:
    return export(GOOD, *(BAD.replace("2,", f"{number},", 1) for number in range(10, 10 + rows)))


def test_council_page_has_facts_deliveries_findings_and_decisions(places: Places, board: Board) -> None:
    feed = places.add("anywhere", stage="live", covers_from="2025-11-01")
    places.deliver(feed, many_bad(25), run_id=RUN)
    places.decide(feed, note="agreed by letter")
    hold(places, "anywhere")
    push(places, "anywhere", dt.timedelta(0), ended=True)
    write_missing(places.workspace, feed)
    shown = html(council(board))
    told = words(shown)
    for expected in (
        "Covers from 2025-11-01",
        "folder, {date:%Y%m%d}.csv",
        "Publishes transactions-by-channel",
        "no_such_time",
        "3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22 and 5 more",
        "Held back: week from 2025-10-27: 812 transactions, expected 48 to 300",
        "Ada Approver terminal report-missed-bin Released going live agreed by letter",
        "reported_at",
    ):
        assert expected in told, expected
    for link in (
        "/board/deliveries/1",
        "/board/deliveries/1/data-docs",
        "/board/deliveries/1/report.csv",
        "/dags/council_anywhere",
        "/dags/council_anywhere/runs/scheduled__2025-11-05T04%3A20%3A00%2B00%3A00",
    ):
        assert f'href="{link}"' in shown, link
    assert not [value for value in PERSONAL if value in shown]


def test_page_shows_the_newest_sixty_deliveries_in_as_many_queries_as_one(places: Places, board: Board) -> None:
    feed = places.add("anywhere")
    places.deliver(feed, export(GOOD))
    queries: list[str] = []
    event.listen(board.workspace.engine, "before_cursor_execute", lambda *told: queries.append(told[2]))
    council(board)
    of_one = len(queries)
    with places.workspace.engine.begin() as db:
        db.execute(
            text(
                "insert into ledger.delivery (feed_id, name, sha256, size_bytes, as_of, run_id) "
                "select 1, 'more-' || number, number, 1, timestamptz '2025-06-01' + number * interval '1 day', 'r' "
                "from generate_series(1, 80) as number"
            )
        )
    queries.clear()
    found = council(board)
    assert len(found.feeds[0].deliveries) == 60
    assert len(queries) == of_one


def test_grid_tells_what_passed_from_what_warned_and_what_failed(places: Places, board: Board) -> None:
    feed = places.add("anywhere")
    places.deliver(feed, export(GOOD), "20251103.csv")
    places.deliver(feed, export(GOOD, GOOD.replace("1,", "3,", 1).replace("online", ""), BAD), "20251104.csv")
    found = council(board).feeds[0].grid
    assert [column.name for column in found.columns] == ["20251104.csv", "20251103.csv"]
    signs = [{outcome.sign for outcome in tried.outcomes if outcome} for tried in found.rows]
    assert {"pass"} in signs
    assert any("fail" in each for each in signs)
    shown = html(council(board))
    assert 'class="r r-pass only"' in shown
    assert 'class="r r-fail only"' in shown


@pytest.mark.parametrize("signs", [["pass", "warn"], ["warn", "pass"]])
def test_worse_answer_stands_where_a_suite_asks_the_same_of_a_column_twice(signs: list[str]) -> None:
    column: Any = SimpleNamespace(delivery_id=7)
    asked = "expect_column_values_to_be_between"
    outcomes = [Result(asked, "Date Reported", "timeliness", "warning", sign, 5, 0, "", 0) for sign in signs]
    (tried,) = grid([column], {7: outcomes}).rows
    assert [one.sign for one in tried.outcomes if one] == ["warn"]


def test_everything_that_suites_ask_and_every_rule_they_break_is_told_in_words(places: Places, board: Board) -> None:
    for path in (ROOT / "expectations").glob("*.yaml"):
        for entry in suite(path.stem):
            assert not re.search("column|table|null", asks(entry.expect)), entry.expect
    places.deliver(places.add("anywhere"), export(GOOD, BAD))
    told = words(html(council(board)))
    assert "record_ref is filled in" in told
    assert "values to not be null" not in told
    told = words(delivery_html(delivery(board)))
    assert "Is filled in expect_column_values_to_not_be_null record_ref Passed critical completeness" in told
    assert "there is no such day or time. no_such_time reported_at 1 3" in told


def _luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _chart(theme: str, size: str = "wide") -> str:
    """A chart with all that a chart over time may have."""
    starts = [dt.date(2025, 9, 1) + dt.timedelta(weeks=week) for week in range(6)]
    lines = [Line(f"Line {number}", [1.0, 2.0, None, 4.0, 3.0, 5.0 + number]) for number in range(len(STYLES))]
    band = Band("Expected", "Usual", [None, *[Spread(1.0, 2.0, 6.0)] * 5])
    drawing = over_time("week", starts, lines, "count", band=band, target=Target("Aim", 3.0), marked=starts[2:3])
    assert drawing is not None
    return drawn(drawing, size, theme).decode()


@pytest.mark.parametrize("size", ["narrow", "wide"])
def test_chart_is_the_same_in_the_dark_but_for_its_colours_which_can_all_be_told_from_the_page(size: str) -> None:
    light, dark = _chart("light", size), _chart("dark", size)
    colour = re.compile("#[0-9a-f]{6}")
    assert colour.sub("", light) == colour.sub("", dark)
    becomes = dict(zip(colour.findall(light), colour.findall(dark), strict=True))
    assert len(set(becomes.values())) == len(becomes) >= 10
    assert becomes[PAGE] == DARK_PAGE
    for here, there in becomes.items():
        # The page, a band on it and the grid are what the others are seen on.
        if here not in {PAGE, BAND, GRID}:
            assert min(_contrast(there, DARK_PAGE), _contrast(there, becomes[BAND])) >= 3, (here, there)


def test_dark_charts_have_the_colour_of_dark_pages() -> None:
    style = (ROOT / "include" / "local_digital" / "board" / "assets" / "board.css").read_text("utf-8")
    assert style.count(f"color-scheme: dark; --page: {DARK_PAGE};") == 2
    for theme, colour in (("light", PAGE), ("dark", DARK_PAGE)):
        assert f'fill="{colour}"' in no_chart(theme).decode()


def test_feed_that_never_ran_has_a_page_too(places: Places, board: Board) -> None:
    places.add("anywhere", stage="live")
    with places.workspace.engine.begin() as db:
        db.execute(text("delete from ledger.feed"))
    assert "No delivery yet." in html(council(board))
    (plan,) = planned(board.workspace, board.configuration, board.configuration.councils["anywhere"])
    assert (plan.why, plan.plans) == ("It has never run.", [])


def test_fault_that_stands_says_what_to_do(places: Places, board: Board) -> None:
    places.deliver(places.add("anywhere"), export(GOOD))
    assert "What failed" not in html(council(board))
    fail(places, "anywhere", "publish")
    told = words(html(council(board)))
    assert re.search(r"Publish \d+ \w+ \d{4}, \d\d:\d\d \.", told)
    assert "The platform: expected an answer; found none. Wait." in told


def test_delivery_that_was_turned_down_says_why_without_naming_itself_again(places: Places, board: Board) -> None:
    places.deliver(places.add("anywhere"), export(GOOD).replace("channel", "how"))
    shown = delivery_html(delivery(board))
    assert '<p class="warn">Expected the column' in shown
    assert "anywhere report-missed-bin" not in words(shown)
    assert "turned down before any expectation was tried." in words(shown)
    assert "Quarantined" not in words(shown)


def test_plan_is_that_of_a_dry_run_and_leaves_no_trace(places: Places, board: Board) -> None:
    feed = places.add("anywhere", stage="live")
    places.deliver(feed, export(GOOD))
    facts = board.configuration.councils["anywhere"]
    (plan,) = planned(board.workspace, board.configuration, facts)
    assert plan.why == "It waits for a decision: going live."
    places.decide(feed)
    (plan,) = planned(board.workspace, board.configuration, facts)
    assert (plan.why, [each.data_set for each in plan.plans]) == ("", ["transactions-by-channel"])
    assert "What a publish of report-missed-bin would send now" in html(council(board), [plan])
    with board.workspace.engine.connect() as db:
        assert db.scalar(text("select count(*) from ledger.send")) == 0


def test_delivery_page_leads_from_the_raw_file_to_what_its_run_sent(places: Places, board: Board) -> None:
    feed = places.add("anywhere")
    places.deliver(feed, export(GOOD, GOOD, BAD), run_id="sent")
    push(places, "anywhere", dt.timedelta(0), ended=True)
    found = delivery(board)
    assert found.counts == [
        ("Read", 3), ("Used", 1), ("Quarantined", 1), ("Exact duplicates", 1), ("Of other services", 0),
    ]  # fmt: skip
    assert [send.data_set for send in found.sends] == ["transactions-by-channel"]
    shown = delivery_html(found)
    assert found.row.sha256 in shown
    told = words(shown)
    assert "Records added 1" in told
    assert "no_such_time" in told
    assert all(result.expectation for result in found.results)
    assert not [value for value in PERSONAL if value in shown]


def test_rejected_delivery_says_why(places: Places, board: Board) -> None:
    places.deliver(places.add("anywhere"), "no,such,columns\n1,2,3\n")
    shown = words(delivery_html(delivery(board)))
    assert "Rejected" in shown
    assert "Not at all." in shown


def test_corrected_file_and_the_one_it_replaces_lead_to_each_other(places: Places, board: Board) -> None:
    feed = places.add("anywhere")
    places.deliver(feed, export(GOOD))
    places.deliver(feed, export(GOOD, GOOD.replace("1,", "3,", 1)))
    assert 'Replaced by <a href="/board/deliveries/2">' in delivery_html(delivery(board, 1))
    assert 'In place of <a href="/board/deliveries/1">' in delivery_html(delivery(board, 2))


def test_totals_have_their_band_once_there_are_enough_periods(places: Places, board: Board) -> None:
    places.add("anywhere")
    with places.workspace.engine.begin() as db:
        db.execute(
            text(
                "insert into marts.volume (council, transaction, period_kind, period_start, breakdown, label, reports, "
                "basis) select 'anywhere', :feed, 'week', date '2025-09-01' + number * 7, 'total', '', "
                "case number when 7 then 5000 else 100 end, 'full' from generate_series(0, 7) as number"
            ),
            {"feed": FEED},
        )
    configuration = board.configuration
    with board.workspace.engine.connect() as db:
        found = volumes(db, configuration.councils["anywhere"], configuration.contracts[FEED])
    assert [band is None for _, _, band in found.rows] == [True] * 4 + [False] * 4
    assert found.outside == 1
    assert found.drawing is not None
    assert b"<svg" in drawn(found.drawing, "narrow", "light")
    facts = {"council": configuration.councils["anywhere"], "contract": configuration.contracts[FEED], "found": found}
    shown = words(page("volumes.html", AT, title="Totals", **facts).content)
    assert "1 of 8 lie outside the band" in shown


def test_documents_are_those_of_the_delivery_and_no_others(places: Places) -> None:
    landing = places.workspace.landing
    landing.put_text("data-docs/anywhere/report-missed-bin/7.html", "seven")
    landing.put_text("data-docs/anywhere/report-missed-bin/index.html", "index")
    landing.put_text("reports/anywhere/report-missed-bin/7.csv", "a,b")
    landing.put_text("reports/anywhere/report-missed-bin/7.sent", "where")
    assert documents_of(landing, "anywhere", FEED) == {7: ["data-docs", "report.csv"]}
    assert documents_of(landing, "nowhere", FEED) == {}
    assert not has_data_docs_to_come(landing, "anywhere", FEED, 7)
    # Where a page is yet to be built, the link says when.
    for number in (7, 8):
        landing.put_text(f"validations/anywhere/report-missed-bin/{number}.json", "{}")
    assert documents_of(landing, "anywhere", FEED) == {7: ["data-docs", "report.csv"], 8: ["data-docs"]}
    assert has_data_docs_to_come(landing, "anywhere", FEED, 8)
    found = document(landing, "data-docs", "anywhere", FEED, 7)
    assert found is not None
    assert (found.content, found.media_type) == (b"seven", "text/html; charset=utf-8")
    assert document(landing, "report.html", "anywhere", FEED, 7) is None


def test_pages_run_and_fetch_only_what_is_ours(places: Places, board: Board) -> None:
    places.deliver(places.add("anywhere"), export(GOOD))
    shown = html(council(board))
    for path in re.findall(r'(?:src|href)="/board/(assets/[^"]+)"', shown):
        assert asset(path.removeprefix("assets/")) is not None, path
    assert not re.findall(r'\son[a-z]+="|style="|src="http|<style>|javascript:', shown)


@pytest.mark.parametrize("path", ["../reading.py", "board.css", "..%2freading.py", ""])
def test_assets_have_no_other_names_than_their_own(path: str) -> None:
    assert asset(path) is None


def test_notice_needs_no_asset() -> None:
    found = notice(AT, "Please sign in", "Your session has ended.", link=("/login", "Sign in"))
    assert "/board/assets" not in found.content
    nonces = set(re.findall(r'nonce="([^"]+)"', found.content))
    assert len(nonces) == 1
    assert f"'nonce-{nonces.pop()}'" in found.policy
