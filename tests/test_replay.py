"""After the council's file was mended, landed deliveries are read anew, and the council is asked for nothing."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from local_digital.calendar import midnight
from local_digital.cli import app
from local_digital.errors import ConfigurationError
from local_digital.forgetting import forget
from local_digital.load import load
from local_digital.replay import Replayed, replay
from local_digital.retention import expire
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.workspace import FeedHandle

DATED = {"kind": "folder", "files": "bins_{date:%Y%m%d}.csv"}
NIGHTS = [
    ("bins_20251105.csv", "Ref,Opened,How,Kind\nA-1,2025-11-03T09:00,Web,bin\nA-2,2025-11-04T09:00,Phone,bin\n"),
    ("bins_20251106.csv", "Ref,Opened,How,Kind\nA-2,2025-11-04T09:00,Web,bin\nA-3,2025-11-05T09:00,Fax,tree\n"),
]


@pytest.fixture
def anywhere(database_url: str, tmp_path: Path) -> Iterator[Anywhere]:
    with Workspace.open(settings_for(database_url, tmp_path)) as workspace:
        yield Anywhere(workspace, tmp_path)


def configure(anywhere: Anywhere, *, web: str = "phone", source: dict[str, Any] = DATED, **feed: Any) -> FeedHandle:
    """The mapping as it was at first: it takes the web for the telephone, unless `web` says otherwise."""
    return anywhere.configure(
        **{
            "delivery": "delta",
            "source": source,
            "columns": {
                "record_ref": {"from": "Ref"},
                "reported_at": {"from": "Opened", "formats": ["iso"]},
                "channel": {"from": "How", "map": {"Web": web, "Phone": "phone", "Fax": "other"}},
            },
            "ignored_columns": ["Kind"],
            **feed,
        }
    )


def channels(anywhere: Anywhere) -> dict[str, str]:
    return {record.record_ref: record.channel for record in anywhere.records()}


def run_replay(anywhere: Anywhere, feed: FeedHandle, **what: Any) -> list[Replayed]:
    return replay(anywhere.workspace, feed, run_id="test", **what)


def test_all_deliveries_say_what_the_mended_mapping_makes_of_them(anywhere: Anywhere) -> None:
    anywhere.ingest(configure(anywhere), *NIGHTS)
    assert channels(anywhere) == {"A-1": "phone", "A-2": "phone", "A-3": "other"}
    found = run_replay(anywhere, configure(anywhere, web="online"))
    assert channels(anywhere) == {"A-1": "online", "A-2": "online", "A-3": "other"}
    assert [(one.appeared, one.changed, one.gone) for one in found] == [(0, 1, 0), (0, 1, 0)]


def test_only_the_chosen_delivery_is_read_and_undoes_nothing_that_a_newer_one_said(anywhere: Anywhere) -> None:
    anywhere.ingest(configure(anywhere), *NIGHTS)
    (one,) = run_replay(anywhere, configure(anywhere, web="online"), delivery_id=1)
    assert one.name == NIGHTS[0][0]
    assert channels(anywhere) == {"A-1": "online", "A-2": "phone", "A-3": "other"}


def test_since_takes_what_reaches_to_the_day_or_beyond(anywhere: Anywhere) -> None:
    anywhere.ingest(configure(anywhere), *NIGHTS)
    found = run_replay(anywhere, configure(anywhere, web="online"), since=dt.date(2025, 11, 6))
    assert [one.name for one in found] == [NIGHTS[1][0]]


def test_rows_that_are_the_feed_s_no_longer_are_taken_back(anywhere: Anywhere) -> None:
    anywhere.ingest(configure(anywhere), *NIGHTS)
    feed = configure(anywhere, ignored_columns=[], rows=[{"column": "Kind", "in": ["bin"]}])
    foreseen = run_replay(anywhere, feed, dry_run=True)
    assert channels(anywhere).keys() == {"A-1", "A-2", "A-3"}
    done = run_replay(anywhere, feed)
    assert channels(anywhere).keys() == {"A-1", "A-2"}
    assert foreseen == done
    assert (done[1].before, done[1].after, done[1].gone) == (
        {"read": 2, "accepted": 2, "quarantined": 0, "duplicates": 0, "filtered": 0},
        {"read": 2, "accepted": 1, "quarantined": 0, "duplicates": 0, "filtered": 1},
        1,
    )  # fmt: skip


def test_names_without_a_day_are_read_anew_all_the_same(anywhere: Anywhere) -> None:
    undated = {"kind": "folder", "files": "*.csv"}
    anywhere.ingest(configure(anywhere, source=undated), NIGHTS[0])
    feed = configure(anywhere, source=undated, web="online", rows=[{"column": "How", "in": ["Web"]}])
    run_replay(anywhere, feed)
    assert channels(anywhere) == {"A-1": "online"}


def test_again_and_again_it_comes_to_the_same(anywhere: Anywhere) -> None:
    anywhere.ingest(configure(anywhere), *NIGHTS)
    feed = configure(anywhere, web="online")
    run_replay(anywhere, feed)
    assert all(one.changed == one.appeared == one.gone == 0 for one in run_replay(anywhere, feed))
    assert channels(anywhere) == {"A-1": "online", "A-2": "online", "A-3": "other"}


def test_replay_that_was_killed_is_finished_by_the_next_run_of_the_feed(
    anywhere: Anywhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Stands for kill -9."""

    def killed(*_: object) -> None:
        raise Killed

    anywhere.ingest(configure(anywhere), *NIGHTS)
    feed = configure(anywhere, web="online")
    for step in ("validate", "load"):
        with monkeypatch.context() as patched:
            patched.setattr(f"local_digital.replay.{step}", killed)
            with pytest.raises(Killed):
                run_replay(anywhere, feed, since=dt.date(2025, 11, 5) if step == "validate" else None)
        validate(anywhere.workspace, feed)
        load(anywhere.workspace, feed)
        assert channels(anywhere) == {"A-1": "online", "A-2": "online", "A-3": "other"}


def test_what_another_run_was_quicker_to_read_anew_is_told_by_the_ledger_alone(
    anywhere: Anywhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    anywhere.ingest(configure(anywhere), *NIGHTS)
    feed = configure(anywhere, web="online")

    def by_another(workspace: Workspace, of: FeedHandle) -> list[Any]:
        validate(workspace, of)
        load(workspace, of)
        return validate(workspace, of)

    monkeypatch.setattr("local_digital.replay.validate", by_another)
    assert run_replay(anywhere, feed) == []
    assert channels(anywhere) == {"A-1": "online", "A-2": "online", "A-3": "other"}


def test_what_the_mapping_cannot_read_leaves_the_facts_as_they_were(anywhere: Anywhere) -> None:
    anywhere.ingest(configure(anywhere), *NIGHTS)
    feed = configure(anywhere, rows=[{"column": "Service", "in": ["bins"]}])
    found = run_replay(anywhere, feed)
    assert all(one.rejected_because for one in found)
    assert channels(anywhere) == {"A-1": "phone", "A-2": "phone", "A-3": "other"}


def test_what_was_turned_down_is_taken_up_again(anywhere: Anywhere) -> None:
    wrong = configure(anywhere, rows=[{"column": "Service", "in": ["bins"]}])
    (report,) = anywhere.ingest(wrong, NIGHTS[0])
    assert report.status == "rejected"
    (one,) = run_replay(anywhere, configure(anywhere, web="online"), delivery_id=report.delivery_id)
    assert (one.before, one.appeared) == (None, 2)
    assert channels(anywhere) == {"A-1": "online", "A-2": "phone"}


def test_command_says_what_each_delivery_became_and_ends_with_1_when_one_is_turned_down(
    anywhere: Anywhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_digital.settings.from_environment", lambda: anywhere.workspace.settings)
    anywhere.ingest(configure(anywhere), *NIGHTS)
    configure(anywhere, web="online")

    def told(*arguments: str, code: int = 0) -> str:
        done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["replay", "anywhere", "report-missed-bin", *arguments])
        assert done.exit_code == code, done.output
        return done.stdout

    foreseen = " ".join(told("--dry-run").replace("│", " ").split())
    assert foreseen.startswith("Would become")
    # Accepted before, accepted and quarantined now; appeared, changed and gone.
    assert "1 bins_20251105.csv 2 2 0 0 1 0" in foreseen
    assert channels(anywhere)["A-1"] == "phone"
    assert [one["delivery_id"] for one in json.loads(told("--since", "2025-11-06", "--json"))] == [2]
    assert channels(anywhere) == {"A-1": "phone", "A-2": "online", "A-3": "other"}
    assert "Read anew" in told("--delivery", "1")
    assert channels(anywhere)["A-1"] == "online"
    configure(anywhere, rows=[{"column": "Service", "in": ["bins"]}])
    assert "Service" in told(code=1)


def test_version_that_a_corrected_file_replaced_stays_replaced(anywhere: Anywhere) -> None:
    anywhere.ingest(configure(anywhere), NIGHTS[0])
    anywhere.ingest(configure(anywhere), (NIGHTS[0][0], NIGHTS[0][1].replace("A-2", "A-9")))
    feed = configure(anywhere, web="online")
    with pytest.raises(ConfigurationError, match="whose raw bytes are there"):
        run_replay(anywhere, feed, delivery_id=1)
    run_replay(anywhere, feed)
    assert channels(anywhere) == {"A-1": "online", "A-9": "phone"}


def test_raw_bytes_are_kept_no_longer_for_being_read_anew(anywhere: Anywhere) -> None:
    anywhere.ingest(configure(anywhere), NIGHTS[0])
    with anywhere.workspace.engine.begin() as db:
        db.execute(text("update ledger.delivery set received_at = now() - interval '2 years'"))
    feed = configure(anywhere, web="online")
    run_replay(anywhere, feed)
    assert len(expire(anywhere.workspace)) == 2
    with pytest.raises(ConfigurationError, match="past its retention"):
        run_replay(anywhere, feed)


def test_nobody_who_was_forgotten_comes_back(anywhere: Anywhere) -> None:
    feed = configure(anywhere)
    anywhere.ingest(feed, *NIGHTS)
    forget(anywhere.workspace, feed, record_ref="A-3", by="A. Clerk")
    run_replay(anywhere, configure(anywhere, web="online"))
    assert channels(anywhere) == {"A-1": "online", "A-2": "phone"}


def test_events_are_told_anew(anywhere: Anywhere) -> None:
    def log(opened: str) -> FeedHandle:
        return anywhere.configure(
            delivery="event_log",
            source=DATED,
            columns={
                "record_ref": {"from": "Ref"},
                "event_at": {"from": "At", "formats": ["iso"]},
                "channel": {"from": "How", "map": {"Web": opened}},
                "status": {"from": "State", "map": {"Open": "open", "Closed": "closed"}},
            },
        )

    header = "Ref,At,State,How"
    anywhere.ingest(
        log("phone"),
        ("bins_20251105.csv", f"{header}\nC-1,2025-11-03T09:00,Open,Web\n"),
        ("bins_20251106.csv", f"{header}\nC-1,2025-11-05T09:00,Closed,\n"),
    )
    run_replay(anywhere, log("online"), delivery_id=1)
    (record,) = anywhere.records()
    assert (record.channel, record.closed_at) == ("online", midnight(dt.date(2025, 11, 5)) + dt.timedelta(hours=9))
