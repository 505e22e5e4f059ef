"""The sample councils' missed bins: the same bytes always, and after loading them all, what truly happened there."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from demo.world.councils.kirklees import RENAMED
from demo.world.dealings import LAST_NIGHT, STARTS
from demo.world.entries import Way, london, midnight
from demo.world.feeds import FEEDS
from demo.world.missed_bins import MISSED_BIN, WEEKS, Place, reports
from local_digital.authorities import resolve
from local_digital.config.loading import load_council
from local_digital.config.sources import Api, FileFacts
from local_digital.deliveries import land
from local_digital.extract import take_files
from local_digital.load import load
from local_digital.migrations import migrate
from local_digital.settings import ROOT, Connection, Settings
from local_digital.validate import DeliveryReport, validate
from local_digital.workspace import FeedHandle, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from demo.world.dealings import Dealing, FeedWorld
    from local_digital.embedded import EmbeddedServer

BINS = {council: feed for (council, transaction), feed in FEEDS.items() if transaction == MISSED_BIN}
FILES = sorted(council for council, feed in BINS.items() if feed.source in {"sftp", "folder"})
SECRET = "secret-of-the-tests"
LABELS = ("channel", "status", "ward", "stream", "reason", "outcome")
ST_PATRICKS_DAY = dt.date(2026, 3, 17)
# What becomes of rows of which nothing comes, in the exports that are meant to hold such rows.
FAULTY = {
    "camden": {"quarantined", "duplicates", "filtered"},
    "cardiff": {"duplicates"},
    "east-riding-of-yorkshire": {"quarantined"},
}
ANOTHER_SESSION = "from tests.demo.test_world_missed_bins import digest; print(digest())"

every_council = pytest.mark.parametrize("council", sorted(BINS))


@dataclass(frozen=True)
class Loaded:
    """reports: what became of each delivery, oldest first. records: what the warehouse holds, by reference. updated:
    how many records a later delivery changed.
    """

    reports: list[DeliveryReport]
    records: dict[str, tuple[Any, ...]]
    updated: int


@pytest.fixture(scope="module")
def workspace(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The project's own councils, a migrated warehouse and a landing store."""
    postgres.ensure_database("world_of_missed_bins")
    url = postgres.url("world_of_missed_bins")
    migrate(url)
    folder = tmp_path_factory.mktemp("world")
    settings = Settings(
        connection=lambda name: Connection(name, password=SECRET),
        config=ROOT / "include",
        warehouse=url,
        landing=str(folder / "landing"),
        spool=folder / "spool",
    )
    with Workspace.open(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def loaded(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Loaded]:
    """Every feed's deliveries, or its API's records in one answer, through extract, validate and load."""
    found = {}
    for council, feed in BINS.items():
        handle = workspace.feed(council, MISSED_BIN)
        offer(workspace, handle, feed, tmp_path_factory.mktemp(council))
        became = validate(workspace, handle)
        updated = load(workspace, handle).updated
        found[council] = Loaded(became, records(workspace, handle), updated)
    return found


def offer(workspace: Workspace, handle: FeedHandle, feed: FeedWorld, folder: Path) -> None:
    facts = handle.feed.source
    if not isinstance(facts, FileFacts):
        found = [{key: value for key, value in one.items() if key != "_moment"} for one in feed.answers()]
        path = folder / "answer.json"
        path.write_text(json.dumps({"items": found} if isinstance(facts, Api) else found), "utf-8")
        night = midnight(LAST_NIGHT)
        land(workspace, handle, path.name, path, as_of=night, modified=night, run_id="test")
        return
    paths = []
    for delivery in feed.deliveries():
        assert facts.pattern.matches(delivery.path.removeprefix(f"{facts.folder}/")), delivery.path
        path = folder / delivery.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(delivery.content)
        os.utime(path, (delivery.modified.timestamp(), delivery.modified.timestamp()))
        paths.append(path)
    take_files(workspace, handle, paths, run_id="test")


def records(workspace: Workspace, handle: FeedHandle) -> dict[str, tuple[Any, ...]]:
    with workspace.engine.connect() as db:
        words = {row.label_id: row.label for row in db.execute(text("select label_id, label from core.label"))}
        found = db.execute(text("select * from core.record where feed_id = :feed_id"), {"feed_id": handle.feed_id})
        return {
            row["record_ref"]: (
                row["reported_at"],
                row["closed_at"],
                *(words.get(row[name]) for name in LABELS),
                None if row["premises_key"] is None else bytes(row["premises_key"]),
            )
            for row in found.mappings()
        }


def as_record(dealing: Dealing) -> tuple[Any, ...]:
    key = None
    if dealing.premises:
        # Zeros in front do not tell premises apart: a spreadsheet drops them.
        key = hmac.digest(SECRET.encode(), dealing.premises.lstrip("0").encode(), hashlib.sha256)
    return (dealing.reported_at, dealing.closed_at, *(getattr(dealing, name) for name in LABELS), key)


def weekly(council: str) -> list[list[Dealing]]:
    """What was reported in each week."""
    found: list[list[Dealing]] = [[] for _ in range(WEEKS)]
    for dealing in BINS[council].dealings():
        found[(london(dealing.reported_at).date() - STARTS).days // 7].append(dealing)
    return found


@every_council
def test_warehouse_holds_what_happened(council: str, loaded: dict[str, Loaded]) -> None:
    assert loaded[council].records == {dealing.ref: as_record(dealing) for dealing in BINS[council].dealings()}


def digest() -> str:
    """A digest of everything that the councils' sources offer, and of what truly happened."""
    made = [
        (council, list(feed.dealings()), list(feed.deliveries()), list(feed.answers()))
        for council, feed in sorted(BINS.items())
    ]
    return hashlib.sha256(repr(made).encode()).hexdigest()


def test_bytes_are_the_same_in_another_session() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER_SESSION],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == digest()


@every_council
def test_every_row_is_accounted_for_and_only_planted_ones_come_to_nothing(
    council: str, loaded: dict[str, Loaded]
) -> None:
    became = loaded[council].reports
    for report in became:
        assert report.read == report.accepted + report.quarantined + report.duplicates + report.filtered
    lost = {name for name in ("quarantined", "duplicates", "filtered") if any(getattr(one, name) for one in became)}
    assert lost == FAULTY.get(council, set())
    for report in became:
        assert not [warning for warning in report.warnings if warning.startswith("column")]


@every_council
def test_only_the_newest_file_of_kirklees_is_turned_down(council: str, loaded: dict[str, Loaded]) -> None:
    rejected = [report.name for report in loaded[council].reports if report.rejected_because]
    assert rejected == (["missed-bins_2026-W14.zip"] if council == "kirklees" else [])


def test_kirklees_is_told_which_column_is_missing(loaded: dict[str, Loaded]) -> None:
    reason = loaded["kirklees"].reports[-1].rejected_because
    assert reason is not None
    assert f"no column {', '.join(RENAMED)}" in reason
    assert "Ask the council whether the export changed" in reason


def test_what_only_the_rejected_file_says_is_not_there(loaded: dict[str, Loaded]) -> None:
    until = midnight(LAST_NIGHT - dt.timedelta(weeks=1))
    moments = [moment for record in loaded["kirklees"].records.values() for moment in record[:2] if moment]
    assert max(moments) < until
    assert not weekly("kirklees")[-1]


@pytest.mark.parametrize("council", FILES)
def test_later_deliveries_bring_closings_and_corrections(council: str, loaded: dict[str, Loaded]) -> None:
    assert loaded[council].updated > 20


@every_council
def test_few_deliveries_and_some_dozens_of_reports_a_week(council: str) -> None:
    weeks = [len(found) for found in weekly(council)][: -1 if council == "kirklees" else None]
    assert len(weeks) >= WEEKS - 1
    assert 40 <= sum(weeks) / len(weeks) <= 150
    assert min(weeks) > 20
    assert len(list(BINS[council].deliveries())) in (range(3, 31) if council in FILES else range(1))


@every_council
def test_people_turn_to_digital_channels(council: str) -> None:
    weeks = weekly(council)

    def share(few: list[list[Dealing]]) -> float:
        found = [dealing.channel in {"online", "app", "assisted-digital"} for week in few for dealing in week]
        return sum(found) / len(found)

    assert share(weeks[-9:]) > share(weeks[:8]) + 0.04


@pytest.mark.parametrize("council", sorted(set(BINS) - {"south-cambridgeshire"}))
def test_some_premises_are_missed_again_and_again(council: str) -> None:
    reported = defaultdict(list)
    for dealing in BINS[council].dealings():
        if dealing.premises:
            reported[dealing.premises, dealing.stream].append(dealing.reported_at)
    again = [moments for moments in reported.values() if max(moments) - min(moments) > dt.timedelta(weeks=8)]
    assert len([moments for moments in again if len(moments) >= 5]) >= 10
    assert len(reported) > 0.8 * sum(map(len, reported.values()))


def test_nothing_is_closed_in_belfast_on_st_patricks_day() -> None:
    def closed_then(council: str) -> int:
        moments = [dealing.closed_at for dealing in BINS[council].dealings() if dealing.closed_at]
        return sum(london(moment).date() == ST_PATRICKS_DAY for moment in moments)

    assert closed_then("belfast") == 0
    assert closed_then("cardiff") > 0


def test_words_that_nobody_mapped_count_as_unmapped() -> None:
    unmapped = {council for council, feed in BINS.items() if any(one.channel == "unmapped" for one in feed.dealings())}
    assert unmapped == {"camden"}


def test_former_code_of_fife_stands_for_fife() -> None:
    code = load_council(ROOT / "include", "fife").gss_code
    authority = resolve(code)
    assert authority is not None
    assert (authority.slug, authority.gss_code != code) == ("fife", True)


@pytest.mark.parametrize(
    ("council", "told"), [("nottingham", "changedAt"), ("south-cambridgeshire", "requested_datetime")]
)
def test_answers_have_the_moment_by_which_their_api_picks_them(council: str, told: str) -> None:
    answers = BINS[council].answers()
    moments = [dt.datetime.fromisoformat(str(one["_moment"])) for one in answers]
    assert moments == sorted(moments)
    assert moments == [dt.datetime.fromisoformat(str(one[told])) for one in answers]
    assert midnight(STARTS) <= moments[0]
    assert moments[-1] < midnight(LAST_NIGHT)


def test_what_stood_wrong_is_put_right_later() -> None:
    place = Place(
        seed=1, ref="{:d}", first_ref=1, a_week=40, ways={"Web": Way("online", 1, 1)}, bins={"refuse": (1,)},
        ends={"closed": 1}, wards=("North", "South"), corrected=5,
    )  # fmt: skip
    wrong = [entry for entry in reports(place) if entry.corrected_at and entry.before]
    assert len(wrong) == 5
    for entry in wrong:
        assert entry.corrected_at is not None
        first = entry.at(entry.dealing.reported_at + dt.timedelta(minutes=1))
        assert first.ward != entry.at(entry.corrected_at + dt.timedelta(minutes=1)).ward == entry.dealing.ward
