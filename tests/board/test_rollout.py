"""The board tells every state from every other, counts them, and stays quick with hundreds of councils."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import InternalError, ProgrammingError

from local_digital.board.pages import Addresses, board_page
from local_digital.board.reading import Board
from local_digital.board.rollout import Cell, Rollout, Row, Wanted, rollout
from local_digital.board.states import STATES
from local_digital.roles import BOARD
from local_digital.settings import Settings
from tests.anywhere import FEED
from tests.board.places import BAD, GOOD, NIGHT, NOBODY, NOW, PERSONAL, Places, export
from tests.kpis.exports import feed_of

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer

AT = Addresses("/board/", "/", "https://figures.example.org/")


def look(board: Board, now: dt.datetime = NOW, **wanted: Any) -> Rollout:
    with board.workspace.engine.connect() as db:
        return rollout(db, board.configuration, Wanted(**wanted), now)


def html(found: Rollout) -> str:
    return board_page(AT, found).content


def cells(found: Rollout, transaction: str = FEED) -> dict[str, Cell]:
    return {
        row.council.council: cell for row in found.rows for cell in row.cells if cell.transaction == transaction
    }  # fmt: skip


def hold(places: Places, council: str) -> None:
    with places.workspace.engine.begin() as db:
        db.execute(
            text(
                "insert into ledger.hold (feed_id, check_name, period_kind, period_start, found, lowest, highest, "
                "run_id) select feed_id, 'volume', 'week', '2025-10-27', 812, 48, 300, 'r' from ledger.feed "
                "where council = :council"
            ),
            {"council": council},
        )


def push(places: Places, council: str, began: dt.timedelta, *, ended: bool) -> None:
    with places.workspace.engine.begin() as db:
        db.execute(
            text(
                "insert into ledger.send (council, transaction, data_set, run_id, started_at, finished_at, "
                "new_records, changed, withdrawn, unchanged) values (:council, :transaction, "
                "'transactions-by-channel', 'sent', :began, :ended, 1, 0, 0, 0)"
            ),
            {"council": council, "transaction": FEED, "began": NOW - began, "ended": NOW if ended else None},
        )


def one_of_each(places: Places) -> None:
    """A council for each state, which is its name."""
    for slug in ("live", "held", "kept-back", "waiting", "failing", "stuck", "late"):
        feed = places.add(slug, stage="live")
        places.deliver(feed, export(GOOD), "20251020.csv" if slug == "late" else NIGHT)
        if slug not in {"waiting", "kept-back"}:
            places.decide(feed)
    places.decide(places.workspace.feed("kept-back", FEED), "kept-back")
    hold(places, "held")
    places.deliver(places.workspace.feed("failing", FEED), "no,such,columns\n1,2,3\n", "20251105.csv")
    push(places, "stuck", dt.timedelta(hours=3), ended=False)
    places.deliver(places.add("draft"), export(GOOD))
    places.deliver(places.add("trial", stage="trial"), export(GOOD))
    places.deliver(places.add("embargoed", stage="live", embargo_until="2026-01-01"), export(GOOD))
    places.add("no-delivery", stage="live")


def test_every_state_is_told_from_every_other(places: Places, board: Board) -> None:
    one_of_each(places)
    found = look(board)
    assert {slug: cell.states for slug, cell in cells(found).items()} == {
        "live": ("live",), "held": ("held",), "kept-back": ("held",), "waiting": ("waiting",),
        "failing": ("failing", "live"), "stuck": ("failing", "live"), "late": ("late", "live"), "draft": ("draft",),
        "trial": ("trial",), "embargoed": ("embargoed",), "no-delivery": ("no-delivery",),
    }  # fmt: skip
    assert found.counts == {
        "failing": 2, "late": 1, "held": 2, "waiting": 1, "no-delivery": 1, "embargoed": 1, "draft": 1, "trial": 1,
        "live": 4, "awaited": 33, "not-provided": 0,
    }  # fmt: skip
    shown = html(found)
    assert all(f"s-{state}" in shown and STATES[state].title in shown for state in STATES)


def test_what_a_council_does_not_provide_is_not_what_it_has_not_sent_yet(places: Places, board: Board) -> None:
    places.add("anywhere", facts={"elsewhere": {"renew-library-book": "the library trust does"}})
    found = look(board)
    (not_provided,) = cells(found, "renew-library-book").values()
    (awaited,) = cells(found, "pay-council-tax").values()
    assert (not_provided.states, not_provided.note) == (("not-provided",), "the library trust does")
    assert (awaited.states, awaited.note) == (("awaited",), "")


def test_cell_says_how_the_newest_delivery_fared_and_leads_to_run_delivery_and_dashboard(
    places: Places, board: Board
) -> None:
    feed = places.add("anywhere", stage="live")
    places.deliver(feed, export(GOOD, BAD), run_id="scheduled__2025-11-05T04:20:00+00:00")
    places.decide(feed)
    found = look(board)
    (cell,) = cells(found).values()
    assert (cell.accepted, cell.quarantined, cell.cadence) == (1, 1, "nightly")
    shown = html(found)
    assert "1 used, 1 quarantined" in shown
    assert "1 day old, nightly" in shown
    assert f"href=deliveries/{cell.delivery_id}>Delivery" in shown
    assert 'href="/dags/council_anywhere/runs/scheduled__2025-11-05T04%3A20%3A00%2B00%3A00"' in shown
    # Nothing has been released to the public, so there is no dashboard to see.
    assert "figures.example.org" not in shown
    with places.workspace.engine.begin() as db:
        db.execute(text("insert into open_data.feed (council, transaction, run_id) values ('anywhere', :feed, 'r')"),
                   {"feed": FEED})  # fmt: skip
    shown = html(look(board))
    assert 'href="https://figures.example.org/councils/anywhere/report-missed-bin/index.html"' in shown


def cell_of(run_id: str, *states: str) -> Cell:
    return Cell(FEED, states, cadence="nightly", delivery_id=1, run_id=run_id)


def test_run_that_the_feeds_of_a_council_share_is_linked_once_and_every_other_at_its_feed(
    places: Places, board: Board
) -> None:
    places.add("anywhere")
    found = look(board)
    row = Row(found.rows[0].council, [cell_of("r1", "live"), cell_of("r1", "live"), cell_of("r2", "late")])
    shown = html(dataclasses.replace(found, rows=[row]))
    assert row.run_id == "r1"
    assert shown.count('href="/dags/council_anywhere/runs/r1">Run</a>') == 1
    assert shown.count('href="/dags/council_anywhere/runs/r2">Run</a>') == 1


def test_feed_that_fails_leads_to_its_run_by_itself(places: Places, board: Board) -> None:
    places.add("anywhere")
    found = look(board)
    row = Row(found.rows[0].council, [cell_of("r1", "failing"), cell_of("r1", "live")])
    (failing, live) = html(dataclasses.replace(found, rows=[row])).split("<td ")[1:]
    assert 'runs/r1">Run</a>' in failing
    assert 'runs/r1">Run</a>' not in live


def test_name_of_a_transaction_cannot_end_the_style_that_names_the_columns(places: Places, board: Board) -> None:
    places.add("anywhere")
    found = look(board)
    contract = found.contracts[0].model_copy(update={"name": 'Tell "us" \\ </style><b>é'})
    shown = board_page(AT, dataclasses.replace(found, contracts=[contract]))
    (style,) = re.findall("<style>(.*)</style>", shown.content)
    assert style == (
        '.board td:nth-child(2)::before{content:"Tell \\22 us\\22  \\5c  \\3c \\2f style\\3e \\3c b\\3e \\e9 "}'
    )
    # The policy of the page allows this style and no other.
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}';" in shown.policy


def test_late_feed_says_by_how_much(places: Places, board: Board) -> None:
    places.deliver(places.add("anywhere"), export(GOOD), "20251020.csv")
    assert "16 days old, nightly, late by 13 days" in html(look(board))


def fail(places: Places, council: str, step: str, transaction: str = "", *, mended: bool = False) -> None:
    with places.workspace.engine.begin() as db:
        db.execute(
            text(
                "insert into ledger.fault (council, run_id, transaction, step, error, kind, place, expected, found, "
                "action, mended_at) values (:council, 'scheduled__1', :transaction, :step, 'TransportError', "
                "'technical', 'the platform', 'an answer', 'none', 'Wait.', :mended)"
            ),
            {"council": council, "step": step, "transaction": transaction, "mended": NOW if mended else None},
        )


def test_step_that_failed_shows_until_it_ends_well(places: Places, board: Board) -> None:
    for slug in ("own", "mended", "shared"):
        places.deliver(places.add(slug), export(GOOD))
    fail(places, "own", "extract", FEED)
    fail(places, "mended", "extract", FEED, mended=True)
    fail(places, "shared", "publish")
    found = look(board)
    assert {slug: cell.states for slug, cell in cells(found).items()} == {
        "own": ("failing", "draft"), "mended": ("draft",), "shared": ("draft",),
    }  # fmt: skip
    assert {row.council.council: row.failed_steps for row in found.rows}["shared"] == ("publish",)
    assert found.counts["failing"] == 2
    assert [row.council.council for row in look(board, state="failing").rows] == ["own", "shared"]
    assert "failed: extract" in html(found)


def test_what_a_terminal_did_has_no_run_in_airflow(places: Places, board: Board) -> None:
    places.deliver(places.add("anywhere"), export(GOOD), run_id="cli-ingest-2025-11-05T04:20:00.000000")
    assert "/runs/" not in html(look(board))


def test_filters_leave_what_is_wanted_and_count_without_the_state(places: Places, board: Board) -> None:
    for slug, phase, tier in (
        ("east-vale", 1, "unitary"),
        ("west-vale", 2, "unitary"),
        ("moorland", 2, "metropolitan"),
    ):
        places.add(slug, facts={"phase": phase, "tier": tier})
    wanted: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["east-vale", "moorland", "west-vale"]),
        ({"phase": 2}, ["moorland", "west-vale"]),
        ({"tier": "metropolitan"}, ["moorland"]),
        ({"search": "VALE"}, ["east-vale", "west-vale"]),
        ({"search": "nobody"}, []),
        ({"state": "draft", "phase": 1}, ["east-vale"]),
        ({"state": "live"}, []),
    ]
    for wishes, slugs in wanted:
        assert [row.council.council for row in look(board, **wishes).rows] == slugs
    assert look(board, state="live").counts["draft"] == 3
    assert "No council is like that" in html(look(board, state="live"))


@pytest.mark.parametrize("asked", [{"phase": "9"}, {"phase": "x"}, {"state": "<b>"}])
def test_nonsense_in_the_address_asks_for_everything(asked: dict[str, str]) -> None:
    assert Wanted.asked(**asked) == Wanted()


def test_words_from_outside_are_escaped(places: Places, board: Board) -> None:
    places.add("anywhere", facts={"name": "<script>alert(1)</script>"})
    shown = html(look(board, search='"><img src=x>'))
    assert "<img" not in shown
    assert "<script>alert" not in html(look(board))


def test_council_whose_file_is_wrong_is_named_and_hides_nobody(places: Places, board: Board) -> None:
    places.add("anywhere")
    (places.workspace.settings.config / "councils" / "broken.yaml").write_text("council: broken\n", "utf-8")
    found = look(board)
    assert (found.broken, len(found.rows)) == (("broken",), 1)
    assert "are wrong" in html(found)


def test_changed_file_is_seen_at_once(places: Places, board: Board) -> None:
    places.add("anywhere")
    assert cells(look(board))["anywhere"].states[-1] == "draft"
    places.add("anywhere", stage="trial")
    assert cells(look(board))["anywhere"].states[-1] == "trial"


def test_only_the_councils_of_whoever_looks_are_there(places: Places, board: Board) -> None:
    for slug in ("mine", "elsewhere"):
        places.deliver(places.add(slug), export(GOOD))
    (places.workspace.settings.config / "councils" / "elsewhere-too.yaml").write_text("council: x\n", "utf-8")
    with board.workspace.engine.connect() as db:
        found = rollout(db, board.configuration.only({"mine"}), Wanted(), NOW)
    assert [row.council.council for row in found.rows] == ["mine"]
    assert (found.councils, found.broken) == (1, ())
    assert "elsewhere" not in html(found).lower()


def test_board_reads_and_nothing_else(places: Places, board: Board) -> None:
    places.deliver(places.add("anywhere"), export(GOOD))
    with board.workspace.engine.connect() as db:
        assert db.scalar(text("select current_user")) == BOARD
        with pytest.raises(InternalError, match="read-only"):
            db.execute(text("delete from ledger.hold"))
    for hidden in ("core.record", "core.event", "core.label", "ledger.forgotten", "ledger.suppressed"):
        with board.workspace.engine.connect() as db, pytest.raises(ProgrammingError, match="permission denied"):
            db.execute(text(f"select * from {hidden}"))  # noqa: S608 - the names just above


def test_login_that_may_not_take_the_role_still_only_reads(postgres: EmbeddedServer, database_url: str) -> None:
    owner = create_engine(database_url)
    with owner.begin() as db:
        db.execute(text("drop role if exists a_stranger"))
        db.execute(text("create role a_stranger login password 'a-word'"))
    owner.dispose()
    url = postgres.url(database_url.rpartition("/")[2], user="a_stranger", password="a-word")
    board = Board(lambda: Settings({}.__getitem__, warehouse=url))
    with board.workspace.engine.connect() as db:
        assert db.scalar(text("select current_user")) == "a_stranger"
        assert db.scalar(text("show transaction_read_only")) == "on"
    board.close()


def test_four_hundred_councils_are_one_query(places: Places, board: Board) -> None:
    config = places.workspace.settings.config
    contracts = sorted(path.stem for path in (config / "transactions").iterdir())
    many(config, contracts, 400)
    with places.workspace.engine.begin() as db:
        fill(db, contracts, 400)
    queries: list[str] = []
    engine = board.workspace.engine
    event.listen(engine, "before_cursor_execute", lambda *told: queries.append(told[2]))
    found = look(board)
    shown = html(found)
    assert len(found.rows) == 400
    assert sum(found.counts.values()) >= 1600
    assert len([query for query in queries if not query.startswith("set ")]) == 1
    assert len(shown) < 2_000_000


def many(config: Path, contracts: list[str], councils: int) -> None:
    """Write so many councils with a feed of every contract."""
    for number in range(councils):
        slug = f"council-{number:03}"
        facts = {
            "council": slug, "name": f"Council {number}", "gss_code": NOBODY, "tier": "unitary",
            "bank_holidays": "england-and-wales", "phase": 1 + number % 3, "schedule": "0 5 * * *",
            "privacy": {"connection": "privacy"}, "platform": {"connection": "platform", "data_group": slug},
            "feeds": {name: feed_of(name, (), stage="live") for name in contracts},
        }  # fmt: skip
        (config / "councils" / f"{slug}.yaml").write_text(yaml.dump(facts, Dumper=yaml.CSafeDumper), "utf-8")


def fill(db: Any, contracts: list[str], councils: int) -> None:
    """Give every feed of `many` thirty deliveries, thirty pushes and a decision."""
    names = {"contracts": contracts, "most": councils - 1}
    for statement in (
        """
        insert into ledger.feed (council, transaction)
        select 'council-' || lpad(cast(number as text), 3, '0'), name
        from generate_series(0, :most) as number cross join unnest(cast(:contracts as text[])) as name
        """,
        """
        insert into ledger.delivery (feed_id, name, sha256, size_bytes, as_of, received_at, run_id, status, rows_read,
            accepted, quarantined, duplicates, filtered, complete_until)
        select feed_id, 'n.csv', feed_id || '-' || night, 1, night, night, 'r', 'loaded', 100, 98, 2, 0, 0, night
        from ledger.feed
        cross join generate_series(timestamptz '2025-10-06', '2025-11-04', interval '1 day') as night
        """,
        """
        insert into ledger.send (council, transaction, data_set, run_id, started_at, finished_at, new_records, changed,
            withdrawn, unchanged)
        select council, transaction, 'transactions-by-channel', 'r', night, night, 1, 0, 0, 10 from ledger.feed
        cross join generate_series(timestamptz '2025-10-06', '2025-11-04', interval '1 day') as night
        """,
        """
        insert into ledger.approval (feed_id, decided_by, through, decision, reasons, figures)
        select feed_id, 'Ada', 'terminal', 'released', '{going-live}', '{}' from ledger.feed
        """,
    ):  # fmt: skip
        db.execute(text(statement), names)


def test_no_value_of_a_row_is_on_the_board(places: Places, board: Board) -> None:
    places.deliver(places.add("anywhere"), export(GOOD, BAD))
    shown = html(look(board))
    assert not [value for value in PERSONAL if value in shown]
