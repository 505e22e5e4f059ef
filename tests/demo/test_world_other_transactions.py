"""The sample councils' library renewals, council tax and bus passes: the same bytes always, and the truth in them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from demo.world.dealings import LAST_NIGHT, STARTS
from demo.world.entries import london, midnight
from demo.world.feeds import FEEDS
from local_digital.aggregate import aggregate
from local_digital.config.formats import TreeFormat
from local_digital.config.sources import FileFacts
from local_digital.extract import take_files
from local_digital.fields import LABELS
from local_digital.load import LoadReport, load
from local_digital.migrations import migrate
from local_digital.settings import ROOT, Connection, Settings
from local_digital.validate import DeliveryReport, validate
from local_digital.workspace import FeedHandle, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from demo.world.dealings import Dealing, FeedWorld
    from local_digital.embedded import EmbeddedServer

    Ingest = Callable[[FeedWorld], tuple[list[DeliveryReport], LoadReport]]

OTHERS = [feed for (_, transaction), feed in FEEDS.items() if transaction != "report-missed-bin"]
BY_COUNCIL = {
    "renew-library-book": {"cambridgeshire", "camden", "nottinghamshire", "solihull", "surrey", "warwickshire"},
    "pay-council-tax": {"camden", "east-riding-of-yorkshire", "kirklees", "nottingham", "south-cambridgeshire"},
    "renew-transport-concession": {
        "cambridgeshire", "east-riding-of-yorkshire", "nottinghamshire", "surrey", "warwickshire",
    },
}  # fmt: skip
# What the exports hold that must not come through: quarantined rows and exact duplicates. No other feed has any.
PLANTED = {
    ("cambridgeshire", "renew-transport-concession"): (1, 0),
    ("kirklees", "pay-council-tax"): (2, 3),
    ("nottinghamshire", "renew-library-book"): (2, 1),
}
FIELDS = (
    "reported_at", "closed_at", *(name for name in LABELS if name != "outcome"), "rating", "items", "starts", "amount",
    "count",
)  # fmt: skip
DIGESTS = """
import json, sys
from tests.demo.test_world_other_transactions import digests
json.dump(digests(), sys.stdout)
"""


def called(feed: FeedWorld) -> str:
    return f"{feed.council}-{feed.transaction}"


every_feed = pytest.mark.parametrize("feed", OTHERS, ids=called)


def digests() -> dict[str, str]:
    """What everything that the feeds offer comes to, by feed."""
    found = {}
    for feed in OTHERS:
        whole = hashlib.sha256(json.dumps(feed.answers()).encode())
        for delivery in feed.deliveries():
            whole.update(f"{delivery.path} {delivery.modified} {len(delivery.content)} ".encode() + delivery.content)
        found[called(feed)] = whole.hexdigest()
    return found


@pytest.fixture(scope="module")
def workspace(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The project's own councils, a migrated warehouse and a landing store."""
    postgres.ensure_database("world_of_other_transactions")
    url = postgres.url("world_of_other_transactions")
    migrate(url)
    folder = tmp_path_factory.mktemp("world")
    settings = Settings(
        connection=lambda name: Connection(name, password="secret-of-the-tests"),
        config=ROOT / "include",
        warehouse=url,
        landing=str(folder / "landing"),
        spool=folder / "spool",
    )
    with Workspace.open(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def ingest(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Ingest:
    """Takes all that a feed offers into the warehouse, once for all tests."""

    @cache
    def once(council: str, transaction: str) -> tuple[list[DeliveryReport], LoadReport]:
        handle = workspace.feed(council, transaction)
        paths = offered(FEEDS[council, transaction], handle, tmp_path_factory.mktemp("offered"))
        take_files(workspace, handle, paths, run_id="test")
        return validate(workspace, handle), load(workspace, handle)

    return lambda feed: once(feed.council, feed.transaction)


def offered(feed: FeedWorld, handle: FeedHandle, folder: Path) -> list[Path]:
    """Write what a feed's source offers under the names that it gives; an API's records as one answer."""
    facts = handle.feed.source
    if not isinstance(facts, FileFacts):
        assert isinstance(handle.feed.format, TreeFormat)
        records = [{key: value for key, value in one.items() if key != "_moment"} for one in feed.answers()]
        answer = json.dumps({handle.feed.format.records: records}).encode()
        return [put(folder / "answer.json", answer, midnight(LAST_NIGHT))]
    paths = []
    for delivery in feed.deliveries():
        assert delivery.path.startswith(f"{facts.folder}/")
        name = delivery.path.removeprefix(f"{facts.folder}/")
        assert facts.pattern.matches(name), name
        paths.append(put(folder / name, delivery.content, delivery.modified))
    return paths


def put(path: Path, content: bytes, modified: dt.datetime) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (modified.timestamp(), modified.timestamp()))
    return path


def held(workspace: Workspace, feed: FeedWorld) -> Counter[tuple[Any, ...]]:
    """Everything in core.record of a feed, labels in words; counts without the references that the warehouse gives."""
    handle = workspace.feed(feed.council, feed.transaction)
    columns = [
        "'' as record_ref" if handle.feed.delivery == "aggregate" else "record_ref",
        *(
            f"(select label from core.label where label_id = record.{name})" if name in LABELS else name  # noqa: S608
            for name in FIELDS
        ),
    ]
    with workspace.engine.connect() as db:
        # The names are the vocabulary's own.
        query = text(f"select {', '.join(columns)} from core.record where feed_id = :feed_id")  # noqa: S608
        return Counter(tuple(row) for row in db.execute(query, {"feed_id": handle.feed_id}))


def as_held(dealing: Dealing) -> tuple[Any, ...]:
    return (dealing.ref, *(getattr(dealing, name) for name in FIELDS))


def figures(workspace: Workspace, council: str, transaction: str, kpi: str) -> dict[str, tuple[str, list[str]]]:
    """The quarters for which a council has a value of a KPI, with its basis and its caveats."""
    with workspace.engine.connect() as db:
        query = text(
            "select period_start, basis, caveats from marts.kpi where council = :council "
            "and transaction = :transaction and kpi = :kpi and period_kind = 'quarter' and value is not null"
        )
        rows = db.execute(query, {"council": council, "transaction": transaction, "kpi": kpi})
        return {row.period_start.isoformat(): (row.basis, row.caveats) for row in rows}


def test_councils_offer_what_was_agreed() -> None:
    found: dict[str, set[str]] = {}
    for feed in OTHERS:
        found.setdefault(feed.transaction, set()).add(feed.council)
    assert found == BY_COUNCIL


def test_same_bytes_in_another_session() -> None:
    """Neither the order of sets nor the machine's zone has a say."""
    elsewhere = {"PYTHONHASHSEED": "77", "TZ": "Pacific/Auckland"}
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        cwd=ROOT, env={**os.environ, **elsewhere, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == digests()


@every_feed
def test_each_feed_offers_a_few_files_in_their_order(feed: FeedWorld) -> None:
    deliveries = list(feed.deliveries())
    if feed.source == "api":
        moments = [str(record["_moment"]) for record in feed.answers()]
        assert moments == sorted(moments)
        assert not deliveries
    else:
        assert 3 <= len(deliveries) <= 26
        assert [one.modified for one in deliveries] == sorted(one.modified for one in deliveries)
        assert len({one.path for one in deliveries}) == len(deliveries)
        newest = london(deliveries[-1].modified).date()
        if called(feed) == "surrey-renew-library-book":
            assert newest == dt.date(2026, 3, 16)
        else:
            assert dt.date(2026, 4, 1) <= newest <= LAST_NIGHT


@every_feed
def test_each_week_brings_some_dealings(feed: FeedWorld, workspace: Workspace) -> None:
    if workspace.feed(feed.council, feed.transaction).feed.delivery == "aggregate":
        return
    dealings = feed.dealings()
    assert len({dealing.ref for dealing in dealings}) == len(dealings)
    weeks = Counter((london(dealing.reported_at).date() - STARTS).days // 7 for dealing in dealings)
    assert set(weeks) == set(range(23 if called(feed) == "surrey-renew-library-book" else 26))
    # Offices close at Christmas.
    assert all(40 <= number <= 250 for number in weeks.values())
    assert sum(number >= 60 for number in weeks.values()) >= len(weeks) - 2


@every_feed
def test_warehouse_holds_what_happened(feed: FeedWorld, workspace: Workspace, ingest: Ingest) -> None:
    reports, loaded = ingest(feed)
    for report in reports:
        assert report.rejected_because is None
        assert report.read == report.accepted + report.quarantined + report.duplicates + report.filtered
    set_aside = (sum(report.quarantined for report in reports), sum(report.duplicates for report in reports))
    assert set_aside == PLANTED.get((feed.council, feed.transaction), (0, 0))
    # Something was corrected or closed later; an API shows only what holds now.
    assert loaded.updated > 0 or feed.source == "api"
    assert held(workspace, feed) == Counter(as_held(dealing) for dealing in feed.dealings())


def test_year_of_council_tax_has_a_cost_and_two_have_a_saving(workspace: Workspace, ingest: Ingest) -> None:
    taxes = [feed for feed in OTHERS if feed.transaction == "pay-council-tax"]
    costs, savings = {}, {}
    for feed in taxes:
        ingest(feed)
        aggregate(workspace, feed.council)
        costs[feed.council] = figures(workspace, feed.council, feed.transaction, "cost-per-transaction")
        savings[feed.council] = figures(workspace, feed.council, feed.transaction, "channel-shift-saving")
    newest = "2026-01-01"
    whole = {council: {quarter for quarter, (basis, _) in found.items() if basis != "partial"}
             for council, found in costs.items()}  # fmt: skip
    year = {"2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01", newest}
    assert whole["east-riding-of-yorkshire"] == whole["nottingham"] == whole["camden"] == year
    assert whole["south-cambridgeshire"] == {"2025-10-01", newest}
    assert costs["east-riding-of-yorkshire"][newest] == ("full", [])
    assert costs["nottingham"][newest] == ("estimated", ["national-unit-costs"])
    assert "channels-without-cost" in costs["camden"][newest][1]
    assert {council: set(found) for council, found in savings.items()} == {
        "camden": {newest},
        "east-riding-of-yorkshire": {newest},
        "nottingham": {newest},
        "south-cambridgeshire": set(),
        "kirklees": set(),
    }
