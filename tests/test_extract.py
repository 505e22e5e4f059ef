"""extract takes finished files only, and each content once."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from local_digital.calendar import LONDON, local_day, midnight, period_end
from local_digital.config.sources import MIB, FileFacts, Folder, Sftp
from local_digital.errors import ConfigurationError, DataError, LateError, RefusedError, TransportError
from local_digital.extract import Extracted, Wait, _batches, extract, take_files
from local_digital.settings import Connection
from local_digital.sources import RemoteFile
from local_digital.windows import extract_windows
from local_digital.workspace import FeedHandle, Workspace
from tests.conftest import Installation, export, row
from tests.sources.conftest import put
from tests.sources.sftp_server import sftp_serving

NIGHT = "missed_bins_20251104.csv"


def deliveries(workspace: Workspace) -> list[tuple[str, str]]:
    with workspace.engine.connect() as db:
        rows = db.execute(text("select name, status from ledger.delivery order by delivery_id"))
        return [(found.name, found.status) for found in rows]


def test_file_still_being_uploaded_is_left_for_the_next_run(installation: Installation, workspace: Workspace) -> None:
    feed = workspace.feed("solihull", "report-missed-bin")
    installation.put(NIGHT, export(row("1")))
    first = extract(workspace, feed, run_id="run")
    assert isinstance(first, Wait)
    installation.put(NIGHT, export(row("1"), row("2")), age=10)
    second = extract(workspace, feed, run_id="run", looked=first.looked)
    assert not isinstance(second, Wait)
    assert (second.delivery_ids, second.unfinished) == ([], [NIGHT])
    assert deliveries(workspace) == []
    assert len(installation.take(workspace).delivery_ids) == 1


@pytest.mark.parametrize("ending", [".part", ".filepart", ".tmp", ".csv-part"])
def test_temporary_names_are_never_taken(installation: Installation, workspace: Workspace, ending: str) -> None:
    installation.put(NIGHT + ending, export(row("1")))
    assert installation.take(workspace).delivery_ids == []


def test_same_bytes_again_do_nothing(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(row("1")))
    installation.take(workspace)
    installation.put(NIGHT, export(row("1")), age=5)
    again = installation.take(workspace)
    assert (again.delivery_ids, again.unchanged) == ([], [NIGHT])
    assert len(deliveries(workspace)) == 1


def test_same_bytes_under_a_later_day_are_news(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(row("1")))
    installation.put("missed_bins_20251105.csv", export(row("1")))
    assert len(installation.take(workspace).delivery_ids) == 2


def test_same_name_with_other_bytes_is_a_new_delivery(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(row("1")))
    installation.take(workspace)
    installation.put(NIGHT, export(row("2")), age=5)
    assert len(installation.take(workspace).delivery_ids) == 1
    assert len(deliveries(workspace)) == 2


def test_run_takes_files_up_to_its_own_day(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(row("1")))
    installation.put("missed_bins_20251105.csv", export(row("2")))
    installation.take(workspace, until=dt.date(2025, 11, 4))
    assert deliveries(workspace) == [(NIGHT, "landed")]


def test_export_that_has_not_come_is_waited_for_until_the_deadline(workspace: Workspace) -> None:
    feed = workspace.feed("solihull", "report-missed-bin")
    now = dt.datetime.now(dt.UTC)
    when = {"run_id": "run", "until": dt.date(2025, 11, 4)}
    assert isinstance(extract(workspace, feed, deadline=now + dt.timedelta(hours=1), **when), Wait)
    with pytest.raises(LateError, match="2025-11-04"):
        extract(workspace, feed, deadline=now - dt.timedelta(hours=1), **when)


def test_wrong_host_key_ends_the_connection(installation: Installation, workspace: Workspace) -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9ZzGnvNDZxBBwQVpYGBhk0Tt6cYJm8u4Y1kzKvXb3F"
    _replace(installation, workspace, extra={"host_key": other})
    with pytest.raises(RefusedError, match="another one"):
        installation.take(workspace)


def test_no_connection_without_a_pinned_host_key(installation: Installation, workspace: Workspace) -> None:
    _replace(installation, workspace, extra={})
    with pytest.raises(ConfigurationError, match="host_key"):
        installation.take(workspace)


def test_wrong_password_is_refused_and_never_shown(installation: Installation, workspace: Workspace) -> None:
    _replace(installation, workspace, password="wrong-password")
    with pytest.raises(RefusedError) as refused:
        installation.take(workspace)
    assert "wrong-password" not in str(refused.value)


@dataclass
class FileFeed:
    """Solihull's feed with another source."""

    workspace: Workspace
    feed: FeedHandle

    @classmethod
    def of(cls, workspace: Workspace, facts: FileFacts, spool: Path, connection: Connection | None = None) -> FileFeed:
        settings = replace(workspace.settings, connection=lambda _: connection, spool=spool)
        feed = workspace.feed("solihull", "report-missed-bin")
        feed = replace(feed, feed=feed.feed.model_copy(update={"source": facts}))
        return cls(replace(workspace, settings=settings), feed)

    def look(self, looked: dict[str, list[int]] | None = None, **when: Any) -> Wait | Extracted:
        return extract(self.workspace, self.feed, run_id="run", looked=looked, **when)

    def take(self, **when: Any) -> Extracted:
        step = self.look(**when)
        while isinstance(step, Wait):
            time.sleep(step.seconds)
            step = self.look(step.looked, **when)
        return step

    def ledger(self) -> list[tuple[str, dt.date, str, dt.datetime]]:
        with self.workspace.engine.connect() as db:
            rows = db.execute(text("select name, name_day, series, as_of from ledger.delivery order by delivery_id"))
            return [(found.name, found.name_day, found.series, found.as_of) for found in rows]


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def dropped(workspace: Workspace, folder: Path, **facts: Any) -> FileFeed:
    given = {"kind": "folder", "folder": str(folder), "files": "bins_{date:%Y%m%d}*.csv", "settle_seconds": 0.1}
    return FileFeed.of(workspace, Folder.model_validate(given | facts), folder.with_name("spool"))


def test_deliveries_come_in_the_order_of_the_dates_in_their_names(workspace: Workspace, drop: Path) -> None:
    for age, day in enumerate(("05", "03", "04")):
        put(drop, f"bins_202511{day}.csv", day, age=1000 * age)
    feed = dropped(workspace, drop)
    feed.take()
    assert [name for name, *_ in feed.ledger()] == [f"bins_202511{day}.csv" for day in ("03", "04", "05")]


def test_the_clock_of_the_other_end_does_not_matter(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins_20251104.csv", "from the future", age=-10 * 86400)
    put(drop, "bins_20251105.csv", "from the past", age=4000 * 86400)
    feed = dropped(workspace, drop)
    feed.take(until=dt.date(2025, 11, 5))
    assert [name for name, *_ in feed.ledger()] == ["bins_20251104.csv", "bins_20251105.csv"]


def test_a_name_may_say_what_a_file_covers(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins_202510.csv")
    feed = dropped(workspace, drop, files="bins_{date:%Y%m}.csv", name_date="data-day")
    feed.take(until=dt.date(2025, 11, 4))
    [(_, name_day, _, as_of)] = feed.ledger()
    assert (name_day, as_of) == (dt.date(2025, 10, 1), dt.datetime(2025, 11, 1, tzinfo=dt.UTC))


def test_run_waits_for_the_file_that_covers_the_day_before(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins_20251103.csv")
    feed = dropped(workspace, drop, name_date="data-day")
    assert len(feed.take(until=dt.date(2025, 11, 4)).delivery_ids) == 1
    assert feed.take(until=dt.date(2025, 11, 4)).unchanged == ["bins_20251103.csv"]
    with pytest.raises(LateError, match="2025-11-05"):
        feed.take(until=dt.date(2025, 11, 5))


def test_a_slip_in_a_name_is_taken_and_holds_nothing_up(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins_20251304.csv", "slip")
    put(drop, "bins_20251104.csv", "right")
    feed = dropped(workspace, drop)
    assert len(feed.take(until=dt.date(2025, 11, 4)).delivery_ids) == 2


def test_a_date_that_is_still_to_come_is_left_with_a_warning_by_a_scheduled_run(
    workspace: Workspace, drop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(drop, "bins_20251104.csv", "right")
    put(drop, "bins_20251105.csv", "later")
    put(drop, "bins_20991104.csv", "slip")
    feed = dropped(workspace, drop)
    feed.take(until=dt.date(2025, 11, 4))
    assert [name for name, *_ in feed.ledger()] == ["bins_20251104.csv"]
    assert "bins_20991104.csv is left" in caplog.text
    assert "bins_20251105.csv" not in caplog.text


@pytest.mark.parametrize("name", ["bins_20991104.csv", "bins_99991231.csv"])
@pytest.mark.parametrize("name_date", ["extract-day", "data-day"])
def test_a_date_that_is_still_to_come_is_a_slip(
    workspace: Workspace, drop: Path, caplog: pytest.LogCaptureFixture, name: str, name_date: str
) -> None:
    written = int(put(drop, name).stat().st_mtime)
    feed = dropped(workspace, drop, name_date=name_date)
    feed.take()
    put(drop, "bins_slip.csv", "other")
    feed.take()
    (_, name_day, _, as_of), (_, day_of_slip, *_) = feed.ledger()
    assert (name_day, as_of) == (day_of_slip, dt.datetime.fromtimestamp(written, dt.UTC))
    assert f"the date in {name} is still to come" in caplog.text


def test_a_month_that_is_not_over_is_complete_up_to_when_its_file_was_written(workspace: Workspace, drop: Path) -> None:
    month = dt.datetime.now(LONDON).date().replace(day=1)
    written = int(put(drop, f"bins_{month:%Y%m}.csv").stat().st_mtime)
    feed = dropped(workspace, drop, files="bins_{date:%Y%m}.csv", name_date="data-day")
    feed.take()
    [(_, name_day, _, as_of)] = feed.ledger()
    ends = midnight(period_end("month", month))
    soon = ends - dt.datetime.now(dt.UTC) <= dt.timedelta(days=1)
    assert (name_day, as_of) == (month, ends if soon else dt.datetime.fromtimestamp(written, dt.UTC))


def test_no_clock_makes_a_delivery_complete_beyond_now(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins.csv", age=-10 * 86400)
    feed = dropped(workspace, drop, files="bins.csv")
    feed.take()
    [(*_, as_of)] = feed.ledger()
    assert as_of <= dt.datetime.now(dt.UTC)


def test_a_landing_store_without_room_is_ours_to_mend(
    installation: Installation, workspace: Workspace, tmp_path: Path
) -> None:
    installation.put(NIGHT, export(row("1")))
    (tmp_path / "landing").mkdir(exist_ok=True)
    (tmp_path / "landing" / "raw").touch()
    with pytest.raises(TransportError, match="landing store: expected room and the right to write"):
        installation.take(workspace)


def test_night_of_several_files_has_arrived_when_all_are_there(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop, files="bins_{date:%Y%m%d}_*.csv", files_a_night=2)
    when = {"until": dt.date(2025, 11, 4), "deadline": dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)}
    put(drop, "bins_20251104_north.csv", "north")
    step = feed.look(**when)
    assert isinstance(step, Wait)
    time.sleep(step.seconds)
    step = feed.look(step.looked, **when)
    assert isinstance(step, Wait)
    assert [series for _, _, series, _ in feed.ledger()] == ["north"]
    put(drop, "bins_20251104_south.csv", "south")
    assert len(feed.take(**when).delivery_ids) == 1
    assert [series for _, _, series, _ in feed.ledger()] == ["north", "south"]


def test_ledger_says_which_delivery_each_remote_file_became(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop, files="bins_{date:%Y%m%d}_*.csv", files_a_night=2)
    for part in ("north", "south"):
        put(drop, f"bins_20251104_{part}.csv", part)
    feed.take(until=dt.date(2025, 11, 4))
    put(drop, "bins_20251104_north.csv", "north again", age=9000)
    feed.take(until=dt.date(2025, 11, 4))
    # Written again with what it held already.
    put(drop, "bins_20251104_south.csv", "south", age=8000)
    feed.take(until=dt.date(2025, 11, 4))
    with workspace.engine.connect() as db:
        became = db.execute(
            text(
                "select sighting.name, delivery.name, sha256 from ledger.sighting "
                "inner join ledger.delivery using (delivery_id) order by sighting.name"
            )
        ).all()
    assert [tuple(each) for each in became] == [
        (name, name, hashlib.sha256(content).hexdigest())
        for name, content in (
            ("bins_20251104_north.csv", b"north again"),
            ("bins_20251104_south.csv", b"south"),
        )
    ]


def test_night_that_is_not_complete_at_the_deadline_is_late(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop, files="bins_{date:%Y%m%d}_*.csv", files_a_night=2)
    put(drop, "bins_20251104_north.csv")
    with pytest.raises(LateError, match="1 of 2 files"):
        feed.take(until=dt.date(2025, 11, 4))
    assert len(feed.ledger()) == 1


def test_weekly_feed_is_late_only_once_its_week_and_some_grace_are_over(
    installation: Installation, workspace: Workspace
) -> None:
    path = installation.settings.config / "councils" / "solihull.yaml"
    path.write_text(
        path.read_text("utf-8").replace("delivery: rolling", "cadence: weekly\n    delivery: rolling"), "utf-8"
    )
    assert workspace.feed("solihull", "report-missed-bin").feed.cadence == "weekly"
    with pytest.raises(LateError):
        installation.take(workspace, until=dt.date(2025, 11, 3))
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.take(workspace, until=dt.date(2025, 11, 4))
    for day in range(5, 13):
        installation.take(workspace, until=dt.date(2025, 11, day))
    with pytest.raises(LateError, match="weekly one that is not overdue"):
        installation.take(workspace, until=dt.date(2025, 11, 13))


def test_a_file_without_its_marker_is_waited_for(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop, marker="{name}.done")
    put(drop, "bins_20251104.csv")
    when = {"until": dt.date(2025, 11, 4), "deadline": dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)}
    assert isinstance(feed.look(**when), Wait)
    put(drop, "bins_20251104.csv.done")
    assert len(feed.take(**when).delivery_ids) == 1


def test_file_with_its_marker_is_taken_at_the_first_look(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop, marker="{name}.done", settle_seconds=3600)
    put(drop, "bins_20251104.csv")
    put(drop, "bins_20251104.csv.done")
    step = feed.look()
    assert isinstance(step, Extracted)
    assert len(step.delivery_ids) == 1


@pytest.mark.parametrize("line", ["bins_20251104.csv", f"{hashlib.sha256(b'whole').hexdigest()}  bins_20251104.csv"])
def test_file_that_a_manifest_names_is_taken_at_the_first_look(workspace: Workspace, drop: Path, line: str) -> None:
    feed = dropped(workspace, drop, manifest="list.txt", settle_seconds=3600)
    put(drop, "bins_20251104.csv", "whole")
    put(drop, "list.txt", line)
    step = feed.look()
    assert isinstance(step, Extracted)
    assert len(step.delivery_ids) == 1


def test_marker_left_from_the_last_file_of_a_name_does_not_vouch_for_the_next(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop, marker="{name}.done")
    put(drop, "bins_20251104.csv", "one", age=9000)
    put(drop, "bins_20251104.csv.done")
    assert isinstance(feed.look(), Extracted)
    # Some senders set the time of the file that they read before all of it is there.
    put(drop, "bins_20251104.csv", "ano", age=8000)
    first = feed.look()
    assert isinstance(first, Wait)
    put(drop, "bins_20251104.csv", "another", age=8000)
    second = feed.look(first.looked)
    assert isinstance(second, Extracted)
    assert (second.delivery_ids, second.unfinished) == ([], ["bins_20251104.csv"])


def test_file_whose_hash_a_manifest_gives_needs_one_look_under_an_old_name_too(
    workspace: Workspace, drop: Path
) -> None:
    feed = dropped(workspace, drop, manifest="list.txt", settle_seconds=3600)
    for age, content in ((9000, b"one"), (8000, b"another")):
        put(drop, "bins_20251104.csv", content, age=age)
        put(drop, "list.txt", f"{hashlib.sha256(content).hexdigest()}  bins_20251104.csv")
        step = feed.look()
        assert isinstance(step, Extracted)
        assert len(step.delivery_ids) == 1
    put(drop, "bins_20251104.csv", b"anoth", age=7000)
    step = feed.look()
    assert isinstance(step, Extracted)
    assert (step.delivery_ids, step.unfinished) == ([], ["bins_20251104.csv"])


def test_marker_of_a_whole_folder_vouches_for_no_single_file(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop, marker="_SUCCESS")
    put(drop, "bins_20251104.csv")
    put(drop, "_SUCCESS")
    step = feed.look()
    assert isinstance(step, Wait)
    assert len(feed.take().delivery_ids) == 1


def test_file_that_changes_between_two_looks_is_left_whatever_its_marker_says(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop, marker="{name}.done")
    put(drop, "bins_20251104.csv", "old")
    put(drop, "bins_20251104.csv.done")
    feed.take()
    # What makes it look twice at all: another file, of a name that was taken before.
    put(drop, "bins_20251104.csv", "new", age=8000)
    put(drop, "bins_20251105.csv", "par")
    put(drop, "bins_20251105.csv.done")
    first = feed.look()
    assert isinstance(first, Wait)
    put(drop, "bins_20251105.csv", "part")
    second = feed.look(first.looked)
    assert isinstance(second, Extracted)
    assert (len(second.delivery_ids), second.unfinished) == (1, ["bins_20251105.csv"])


def test_a_file_that_is_too_large_holds_back_no_other(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins_20251103.csv", b"x" * 101)
    put(drop, "bins_20251104.csv", b"x" * 100)
    feed = dropped(workspace, drop, max_bytes=100)
    for _ in range(2):
        with pytest.raises(DataError, match=r"bins_20251103.csv.*at most 100 bytes.*found 101"):
            feed.take(until=dt.date(2025, 11, 4))
    assert [name for name, *_ in feed.ledger()] == ["bins_20251104.csv"]


@pytest.mark.timeout(60)
def test_a_long_backlog_is_cut_into_batches_at_once() -> None:
    files = [RemoteFile(f"{number}", size, 0) for number, size in enumerate([*[1000] * 100_000, 90 * MIB, 1])]
    batches = list(_batches(files))
    assert [file for batch in batches for file in batch] == files
    assert [len(batch) for batch in batches] == [67_108, 32_892, 1, 1]


def test_nothing_is_left_in_the_spool(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins_20251104.csv")
    dropped(workspace, drop).take()
    assert list(drop.with_name("spool").iterdir()) == []


def test_a_given_file_carries_the_date_in_its_folders(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop, files="{date:%Y/%m}/bins_{date:%d}.csv")
    take_files(feed.workspace, feed.feed, [put(drop, "2025/11/bins_04.csv")], run_id="run")
    [(name, name_day, *_)] = feed.ledger()
    assert (name, name_day) == ("2025/11/bins_04.csv", dt.date(2025, 11, 4))


def served(workspace: Workspace, folder: Path, connection: Connection, **facts: Any) -> FileFeed:
    given = {"kind": "sftp", "connection": "council_sftp", "files": "bins_{date:%Y%m%d}.csv", "settle_seconds": 0.1}
    return FileFeed.of(workspace, Sftp.model_validate(given | facts), folder.with_name("spool"), connection)


def test_folder_of_files_is_no_server_to_be_asked_for_days(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop)
    with pytest.raises(ConfigurationError, match="expected an API or an Open311 server; found kind folder"):
        extract_windows(feed.workspace, feed.feed, run_id="run", until=None)


def test_given_file_that_is_none_is_named_and_nothing_taken(workspace: Workspace, drop: Path) -> None:
    feed = dropped(workspace, drop)
    there = put(drop, "bins_20251104.csv")
    with pytest.raises(DataError, match=r"bins_20251105\.csv: expected a file; found none"):
        take_files(workspace, feed.feed, [there, drop / "bins_20251105.csv"], run_id="run")
    assert feed.ledger() == []


def test_name_without_a_date_is_of_the_day_on_which_it_was_written(workspace: Workspace, drop: Path) -> None:
    today = local_day(dt.datetime.now(dt.UTC))
    feed = dropped(workspace, drop, files="bins.csv", expected_by="23:59:59")
    put(drop, "bins.csv", age=3 * 86_400)
    assert len(feed.take(until=today - dt.timedelta(days=3)).delivery_ids) == 1
    with pytest.raises(LateError):
        feed.take(until=today - dt.timedelta(days=1))
    put(drop, "bins.csv", "newer\n", age=86_400)
    assert len(feed.take(until=today - dt.timedelta(days=1)).delivery_ids) == 1


def test_files_go_into_the_archive_once_they_are_deliveries(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins_20251104.csv")
    put(drop, "bins_20251105.csv")
    with sftp_serving(drop) as server:
        feed = served(workspace, drop, server.connection(), archive="taken")
        feed.take(until=dt.date(2025, 11, 4))
        again = feed.take(until=dt.date(2025, 11, 4))
    assert again.delivery_ids == []
    assert [path.name for path in (drop / "taken").iterdir()] == ["bins_20251104.csv"]
    assert (drop / "bins_20251105.csv").exists()


def test_a_file_that_an_earlier_run_could_not_archive_is_archived_by_the_next(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins_20251104.csv")
    with sftp_serving(drop) as server:
        feed = served(workspace, drop, server.connection(), archive="taken")
        server.read_only = True
        with pytest.raises(RefusedError):
            feed.take()
        assert len(feed.ledger()) == 1
        server.read_only = False
        assert feed.take().unchanged == ["bins_20251104.csv"]
    assert (drop / "taken/bins_20251104.csv").exists()
    assert len(feed.ledger()) == 1


def test_a_large_file_over_a_bad_line_becomes_one_delivery(workspace: Workspace, drop: Path) -> None:
    put(drop, "bins_20251104.csv", os.urandom(9 * MIB))
    with sftp_serving(drop) as server:
        feed = served(workspace, drop, server.connection())
        server.cuts = [5 * MIB, 0, 0, 0]
        with pytest.raises(TransportError):
            feed.take()
        assert len(feed.take().delivery_ids) == 1
        assert server.started_at[-1] > 0
    assert list(drop.with_name("spool").iterdir()) == []


def _replace(installation: Installation, workspace: Workspace, **facts: object) -> None:
    known = installation.settings.connection("solihull_sftp")
    changed = {
        "host": known.host, "port": known.port, "login": known.login, "password": known.password,
        "extra": known.extra, **facts,
    }  # fmt: skip
    object.__setattr__(workspace.settings, "connection", lambda _: Connection("solihull_sftp", **changed))
