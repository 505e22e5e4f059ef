"""Every figure of every council of the sample world is what truly happened there comes to."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from demo.case_system import CaseSystem
from demo.world.dealings import Dealing
from demo.world.feeds import FEEDS
from local_digital.aggregate import aggregate
from local_digital.config.loading import load_councils
from local_digital.extract import take_files
from local_digital.load import load
from local_digital.migrations import migrate
from local_digital.settings import ROOT, Connection, Settings
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.demo.test_world_missed_bins import offer
from tests.demo.test_world_other_transactions import offered, put
from tests.kpis.exports import differences, kept
from tests.kpis.recomputed import recomputed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer
    from local_digital.workspace import FeedHandle

SOLIHULL = "solihull", "report-missed-bin"
EVERY_FEED = [*FEEDS, SOLIHULL]


@pytest.fixture(scope="module")
def world(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One warehouse with everything that the councils' sources offer."""
    postgres.ensure_database("whole_world")
    url = postgres.url("whole_world")
    migrate(url)
    folder = tmp_path_factory.mktemp("whole-world")
    settings = Settings(
        connection=lambda name: Connection(name, password="secret-of-the-tests"),
        config=ROOT / "include",
        warehouse=url,
        landing=str(folder / "landing"),
        spool=folder / "spool",
    )
    with Workspace.open(settings) as opened:
        for council, transaction in EVERY_FEED:
            handle = opened.feed(council, transaction)
            land_all(opened, handle, folder / council / transaction)
            validate(opened, handle)
            load(opened, handle)
        for council in load_councils(settings.config)[0]:
            aggregate(opened, council)
        yield opened


def land_all(workspace: Workspace, handle: FeedHandle, folder: Path) -> None:
    """Land what a feed's source offers, as it was written."""
    folder.mkdir(parents=True)
    key = (handle.council.council, handle.contract.transaction)
    if key == SOLIHULL:
        system = CaseSystem()
        for export in system.exports():
            # Each holds five weeks: those of every fourth week hold everything.
            if (system.last_extract_day - export.day).days % 28 == 0:
                for content in filter(None, (export.first_version, export.content)):
                    take_files(workspace, handle, [put(folder / export.name, content, export.made_at)], run_id="test")
    elif handle.contract.transaction == "report-missed-bin":
        offer(workspace, handle, FEEDS[key], folder)
    else:
        take_files(workspace, handle, offered(FEEDS[key], handle, folder), run_id="test")


def happened(council: str, transaction: str) -> Sequence[Dealing]:
    """What truly happened."""
    if (council, transaction) == SOLIHULL:
        return [
            Dealing(
                case.record_ref,
                case.reported_at,
                case.channel,
                closed_at=case.closed_at,
                stream=case.stream,
                ward=case.ward,
                premises=case.uprn,
            )
            for case in CaseSystem().truth.counted
        ]
    # Zeros in front do not tell premises apart.
    return [
        replace(dealing, premises=dealing.premises.lstrip("0")) if dealing.premises else dealing
        for dealing in FEEDS[council, transaction].dealings()
    ]


def reach(workspace: Workspace, handle: FeedHandle) -> tuple[dt.datetime, dt.datetime]:
    """Up to when the loaded deliveries are complete, and when the newest was made."""
    with workspace.engine.connect() as db:
        found = db.execute(
            text(
                "select max(complete_until), max(as_of) from ledger.delivery "
                "where feed_id = :feed_id and status = 'loaded' and superseded_by is null"
            ),
            {"feed_id": handle.feed_id},
        ).one()
        return found[0], found[1]


@pytest.mark.parametrize("key", EVERY_FEED, ids="-".join)
def test_every_figure_of_the_sample_world_is_what_happened_comes_to(world: Workspace, key: tuple[str, str]) -> None:
    handle = world.feed(*key)
    complete_until, as_of = reach(world, handle)
    expected = recomputed(happened(*key), handle.council, handle.contract, complete_until=complete_until, as_of=as_of)
    there = kept(world, handle)
    assert len(there) > 100
    assert differences(there, expected) == []


def test_no_feed_of_the_sample_world_was_left_out(world: Workspace) -> None:
    councils = load_councils(world.settings.config)[0]
    assert set(EVERY_FEED) == {(slug, name) for slug, council in councils.items() for name in council.feeds}
    with world.engine.connect() as db:
        found = {tuple(row) for row in db.execute(text("select distinct council, transaction from marts.kpi"))}
    assert found == set(EVERY_FEED)
