"""Whoever is to be forgotten leaves no trace, and no later delivery brings them back."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from local_digital import data_docs, validate
from local_digital.aggregate import aggregate
from local_digital.cli import app
from local_digital.error_report import path as report_path
from local_digital.errors import ConfigurationError
from local_digital.forgetting import ForgetReport, forget
from local_digital.load import load
from local_digital.settings import Connection
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for
from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_digital.workspace import FeedHandle

REF, UPRN = "MB-48151", "100070623423"
FEED = "report-missed-bin"
COUNCIL = "solihull"


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, nothing cleans up."""


def feed_of(workspace: Workspace) -> FeedHandle:
    return workspace.feed(COUNCIL, FEED)


def everything_stored(workspace: Workspace, installation: Installation) -> str:
    """All that the warehouse and the folders hold, as text."""
    with workspace.engine.connect() as db:
        tables = db.execute(
            text("select schemaname, tablename from pg_tables where schemaname in ('ledger', 'core', 'marts')")
        ).all()
        rows = [
            line
            for schema, name in sorted(map(tuple, tables))
            # The tables' own names.
            for line in db.scalars(text(f"select cast(one as text) from {schema}.{name} as one order by 1"))  # noqa: S608
        ]
    folder = installation.folder.parents[2]
    for place in (folder / "landing", folder / "spool"):
        for path in sorted(place.rglob("*")):
            if path.suffix == ".parquet":
                rows.append(str(pq.read_table(path).to_pylist()))
            elif path.is_file():
                rows.append(path.read_bytes().decode("cp1252", errors="replace"))
    return "\n".join(rows)


def ledger(workspace: Workspace) -> list[tuple[Any, ...]]:
    """Everything that two ways to the same state must agree on."""
    with workspace.engine.connect() as db:
        return [
            tuple(row)
            for query in (
                "select to_jsonb(delivery) from ledger.delivery order by delivery_id",
                "select delivery_id, line, rule from ledger.quarantine order by 1, 2, 3",
                "select delivery_id, position, lines from ledger.expectation_result order by 1, 2",
                "select record_ref, premises_key, delivery_id from core.record order by 1",
                "select day from ledger.stale_day order by 1",
                "select kind, key_hash from ledger.suppressed order by 1, 2",
            )
            for row in db.execute(text(query))
        ]


def conserved(workspace: Workspace) -> bool:
    with workspace.engine.connect() as db:
        return not db.scalar(
            text(
                "select count(*) from ledger.delivery "
                "where rows_read <> accepted + quarantined + duplicates + filtered or forgotten > filtered"
            )
        )


def three_nights(installation: Installation, workspace: Workspace) -> None:
    """The case is accepted in the first night, set aside in the second, and not in the third."""
    installation.put("missed_bins_20251104.csv", export(row(REF, uprn=UPRN), row("MB-10002"), row("MB-10003")))
    installation.put(
        "missed_bins_20251105.csv",
        export(row(REF, reported="99/11/2025 10:15", uprn=UPRN), row("MB-10004", reported="98/11/2025 10:15")),
    )
    installation.put("missed_bins_20251106.csv", export(row("MB-10005", reported="05/11/2025 10:15")))
    installation.ingest(workspace)


def raw_names(workspace: Workspace) -> list[str]:
    with workspace.engine.connect() as db:
        kept = db.execute(
            text("select name, sha256 from ledger.delivery where raw_removed_at is null order by name")
        ).all()
    assert all(workspace.landing.has_raw(sha256) for _, sha256 in kept)
    assert len(list(Path(workspace.settings.landing).glob("raw/*/*"))) == len(kept)
    return [name for name, _ in kept]


def run_forget(workspace: Workspace, **what: Any) -> ForgetReport:
    return forget(workspace, feed_of(workspace), by="A. Clerk", **(what or {"record_ref": REF}))


def test_nothing_of_a_forgotten_case_is_left_anywhere(installation: Installation, workspace: Workspace) -> None:
    three_nights(installation, workspace)
    report = run_forget(workspace)
    assert (report.cases, report.records, report.quarantined, report.deliveries, report.raw_files, report.left) == (
        1, 1, 1, 2, 2, [],
    )  # fmt: skip
    stored = everything_stored(workspace, installation)
    assert REF not in stored
    assert UPRN not in stored
    assert raw_names(workspace) == ["missed_bins_20251106.csv"]
    assert conserved(workspace)


def test_everybody_else_stays(installation: Installation, workspace: Workspace) -> None:
    three_nights(installation, workspace)
    run_forget(workspace)
    with workspace.engine.connect() as db:
        refs = db.scalars(text("select record_ref from core.record order by 1")).all()
        assert db.scalars(text("select line from ledger.quarantine")).all() == [3]
    assert refs == ["MB-10002", "MB-10003", "MB-10005"]
    kept = workspace.landing.accepted(1).column("record_ref").to_pylist()
    assert kept == ["MB-10002", "MB-10003"]


def test_error_report_no_longer_tells_of_the_line_and_the_data_docs_of_the_delivery_go(
    installation: Installation, workspace: Workspace
) -> None:
    three_nights(installation, workspace)
    landing = Path(workspace.settings.landing)
    report = landing / report_path(feed_of(workspace), 2, "csv")
    assert report.read_text("utf-8-sig").count("row not used") == 2
    data_docs.build(workspace)
    docs = landing / "data-docs" / COUNCIL / FEED
    assert (docs / "2.html").exists()
    run_forget(workspace)
    assert report.read_text("utf-8-sig").count("row not used") == 1
    assert [path.name for path in sorted(docs.glob("*.html"))] == ["3.html", "index.html"]
    assert "2.html" not in (docs / "index.html").read_text()
    # Nor do they come back with the next night.
    assert data_docs.build(workspace).written == []
    assert not (docs / "2.html").exists()


def test_periods_of_the_case_are_computed_again(installation: Installation, workspace: Workspace) -> None:
    three_nights(installation, workspace)
    week = text(
        "select reports from marts.volume "
        "where period_kind = 'week' and breakdown = 'total' and period_start = '2025-11-03'"
    )
    with workspace.engine.connect() as db:
        assert db.scalar(week) == 4
    run_forget(workspace)
    assert aggregate(workspace, COUNCIL).periods[FEED] > 0
    with workspace.engine.connect() as db:
        assert db.scalar(week) == 3


def test_later_delivery_does_not_bring_a_forgotten_case_back_and_every_row_is_accounted_for(
    installation: Installation, workspace: Workspace
) -> None:
    three_nights(installation, workspace)
    run_forget(workspace)
    installation.put("missed_bins_20251107.csv", export(row(REF, uprn=UPRN), row(REF, uprn=UPRN), row("MB-10006")))
    (report,) = installation.ingest(workspace)
    assert (report.read, report.accepted, report.duplicates, report.filtered, report.forgotten) == (3, 1, 0, 2, 2)
    with workspace.engine.connect() as db:
        assert not db.scalar(text("select count(*) from core.record where record_ref = :ref"), {"ref": REF})
    assert REF not in str(workspace.landing.accepted(report.delivery_id).to_pylist())


def test_premises_are_forgotten_with_all_their_cases(installation: Installation, workspace: Workspace) -> None:
    three_nights(installation, workspace)
    installation.put(
        "missed_bins_20251107.csv",
        # The same case without its premises, and another case there.
        export(row(REF, uprn=""), row("MB-20001", uprn=UPRN), row("MB-10007")),
    )
    installation.ingest(workspace)
    # However the council spells it.
    report = run_forget(workspace, premises="0" + UPRN)
    assert (report.cases, report.records) == (2, 2)
    stored = everything_stored(workspace, installation)
    assert all(trace not in stored for trace in (REF, "MB-20001", UPRN))
    installation.put("missed_bins_20251108.csv", export(row("MB-20002", uprn=UPRN), row("MB-20001", uprn="")))
    (later,) = installation.ingest(workspace)
    assert (later.accepted, later.forgotten) == (0, 2)
    # A case that was new then is known for good, though its premises be told no more.
    installation.put("missed_bins_20251109.csv", export(row("MB-20002", uprn=""), row("MB-10008")))
    (latest,) = installation.ingest(workspace)
    assert (latest.accepted, latest.forgotten) == (1, 1)


def test_dry_run_counts_the_same_and_changes_nothing(installation: Installation, workspace: Workspace) -> None:
    three_nights(installation, workspace)
    before = (ledger(workspace), everything_stored(workspace, installation))
    foreseen = run_forget(workspace, record_ref=REF, dry_run=True)
    assert (ledger(workspace), everything_stored(workspace, installation)) == before
    done = run_forget(workspace)
    shared = ("cases", "records", "events", "quarantined", "deliveries", "raw_files")
    assert [getattr(foreseen, name) for name in shared] == [getattr(done, name) for name in shared]


def test_it_is_on_record_that_it_was_done_and_not_to_whom(installation: Installation, workspace: Workspace) -> None:
    three_nights(installation, workspace)
    run_forget(workspace, record_ref=REF, reason="demand 12 of 2025")
    with workspace.engine.connect() as db:
        (done,) = db.execute(text("select * from ledger.forgotten")).all()
    assert (done.kind, done.forgotten_by, done.reason) == ("case", "A. Clerk", "demand 12 of 2025")
    assert (done.records, done.quarantined, done.deliveries, done.raw_files) == (1, 1, 2, 2)
    assert done.finished_at is not None
    with pytest.raises(ConfigurationError, match="without the identifier itself") as refused:
        run_forget(workspace, record_ref=REF, reason=f"case {REF}")
    assert REF not in str(refused.value)


def test_run_that_read_a_case_before_it_was_forgotten_does_not_write_it_back(
    installation: Installation, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.put("missed_bins_20251104.csv", export(row(REF), row("MB-10001")))
    installation.take(workspace)
    judge = validate.judge

    def judged_slowly(*given: Any) -> Any:
        found = judge(*given)
        monkeypatch.setattr(validate, "judge", judge)
        # Meanwhile somebody else's run reads and marks the delivery, without what is forgotten.
        assert run_forget(workspace).left == [1]
        validate.validate(workspace, feed_of(workspace))
        assert run_forget(workspace).left == []
        return found

    monkeypatch.setattr(validate, "judge", judged_slowly)
    validate.validate(workspace, feed_of(workspace))
    assert REF not in everything_stored(workspace, installation)
    load(workspace, feed_of(workspace))
    assert REF not in everything_stored(workspace, installation)
    with workspace.engine.connect() as db:
        assert db.scalars(text("select record_ref from core.record")).all() == ["MB-10001"]
    assert conserved(workspace)


STEPS = (
    "_find", "_clean_ledger", "_clean_pages", "_clean_accepted", "_remove_raw",
    "local_digital.landing.LandingStore.put_accepted", "local_digital.landing.LandingStore.remove_raw",
    "local_digital.data_docs.remove", "local_digital.error_report.write",
)  # fmt: skip


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_moment_and_run_again_it_comes_to_the_same(
    installation: Installation, workspace: Workspace, step: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_nights(installation, workspace)
    target = step if "." in step else f"local_digital.forgetting.{step}"
    module, _, name = target.rpartition(".")
    owner = sys.modules[module] if module in sys.modules else getattr(sys.modules[module.rpartition(".")[0]],
                                                                      module.rpartition(".")[2])  # fmt: skip
    real = getattr(owner, name)

    def killed(*given: Any, **named: Any) -> None:
        if when == "after":
            real(*given, **named)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, killed)
        with pytest.raises(Killed):
            run_forget(workspace)
    again = run_forget(workspace)
    assert again.left == []
    assert REF not in everything_stored(workspace, installation)
    assert conserved(workspace)
    with workspace.engine.connect() as db:
        (done,) = db.execute(text("select * from ledger.forgotten")).all()
        counts = db.execute(
            text("select accepted, quarantined, filtered, forgotten from ledger.delivery order by delivery_id")
        ).all()
        assert len(db.execute(text("select * from core.record")).all()) == 3
    assert (done.records, done.quarantined, done.finished_at is not None) == (1, 1, True)
    assert [tuple(row) for row in counts] == [(2, 0, 1, 1), (0, 1, 1, 1), (1, 0, 0, 0)]
    assert raw_names(workspace) == ["missed_bins_20251106.csv"]


def test_rows_that_were_being_validated_meanwhile_are_read_again_without_it(
    installation: Installation, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.put("missed_bins_20251104.csv", export(row(REF, uprn=UPRN), row("MB-10002")))
    real, forgets = validate.judge, []

    def judge(*given: Any) -> Any:
        judged = real(*given)
        if not forgets:
            forgets.append(run_forget(workspace))
        return judged

    monkeypatch.setattr(validate, "judge", judge)
    (report,) = installation.ingest(workspace)
    assert (report.accepted, report.forgotten) == (1, 1)
    # The bytes were still to be read, so it was not done, and said so; now it can be.
    assert forgets[0].left == [report.delivery_id]
    assert run_forget(workspace).left == []
    assert REF not in everything_stored(workspace, installation)


def test_rejected_file_goes_only_when_the_case_stands_in_it(installation: Installation, workspace: Workspace) -> None:
    header = "Nothing,That,Anybody,Knows\r\n"
    installation.put("missed_bins_20251104.csv", f"{header}a,{REF},c,d\r\n")
    installation.put("missed_bins_20251105.csv", f"{header}a,{REF}9,c,d\r\n")
    installation.put("missed_bins_20251106.csv", export(row("MB-10001") + f",A,B,C,see {REF} about it"))
    # A damaged archive: nobody can say what is in it.
    installation.put("missed_bins_20251107.csv", b"\x1f\x8b broken")
    installation.ingest(workspace)
    assert run_forget(workspace).raw_files == 3
    assert raw_names(workspace) == ["missed_bins_20251105.csv"]


def test_downloads_under_way_go(installation: Installation, workspace: Workspace) -> None:
    three_nights(installation, workspace)
    workspace.settings.spool.mkdir(mode=0o700, exist_ok=True)
    (workspace.settings.spool / "half.partial").write_text(REF)
    assert run_forget(workspace).spooled == 1
    assert REF not in everything_stored(workspace, installation)


def test_half_written_raw_file_of_a_killed_run_goes(installation: Installation, workspace: Workspace) -> None:
    three_nights(installation, workspace)
    left = Path(workspace.settings.landing) / "raw" / "ab" / "abcd.0123.part"
    left.parent.mkdir(exist_ok=True)
    left.write_text(REF)
    os.utime(left, (1_700_000_000, 1_700_000_000))
    run_forget(workspace)
    assert not left.exists()


def test_file_of_two_feeds_stays_until_the_other_has_read_it(installation: Installation, workspace: Workspace) -> None:
    three_nights(installation, workspace)
    with workspace.engine.begin() as db:
        db.execute(text("insert into ledger.feed (council, transaction) values ('elsewhere', 'report-missed-bin')"))
        db.execute(
            text(
                "insert into ledger.delivery (feed_id, name, sha256, size_bytes, as_of, run_id) "
                "select (select max(feed_id) from ledger.feed), name, sha256, size_bytes, as_of, run_id "
                "from ledger.delivery where delivery_id = 1"
            )
        )
    assert len(run_forget(workspace).left) == 1
    with workspace.engine.begin() as db:
        assert db.scalar(text("select finished_at from ledger.forgotten")) is None
        db.execute(text("update ledger.delivery set status = 'rejected' where status = 'landed'"))
    assert run_forget(workspace).left == []
    with workspace.engine.connect() as db:
        assert db.scalar(text("select count(*) from ledger.forgotten where finished_at is not null")) == 1
    assert REF not in everything_stored(workspace, installation)


def test_nothing_is_validated_under_another_secret_than_the_one_people_were_forgotten_with(
    installation: Installation, workspace: Workspace
) -> None:
    three_nights(installation, workspace)
    run_forget(workspace)
    real = workspace.settings.connection

    def connection(name: str) -> Connection:
        return Connection(name, password="another secret") if name == "solihull_privacy" else real(name)

    object.__setattr__(workspace.settings, "connection", connection)
    installation.put("missed_bins_20251107.csv", export(row(REF)))
    installation.take(workspace)
    with pytest.raises(ConfigurationError, match="Put the former secret back"):
        validate.validate(workspace, feed_of(workspace))


@pytest.mark.parametrize("given", [{"record_ref": " "}, {"record_ref": "1", "premises": "2"}, {"premises": "1.0E+11"}])
def test_identifier_that_tells_nothing_is_refused(workspace: Workspace, given: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        run_forget(workspace, **given)


@pytest.fixture
def anywhere(database_url: str, tmp_path: Path) -> Iterator[Anywhere]:
    with Workspace.open(settings_for(database_url, tmp_path)) as workspace:
        yield Anywhere(workspace, tmp_path)


def test_all_events_of_a_case_go_those_without_its_premises_too(anywhere: Anywhere) -> None:
    feed = anywhere.configure(
        delivery="event_log",
        source={"kind": "folder", "files": "bins_{date:%Y%m%d}.csv"},
        columns={
            "record_ref": {"from": "Ref"},
            "event_at": {"from": "At", "formats": ["iso"]},
            "channel": {"from": "How", "map": {"Web": "online"}},
            "status": {"from": "State", "map": {"Open": "open", "Closed": "closed"}},
            "premises_key": {"from": "UPRN"},
        },
    )
    header = "Ref,At,State,How,UPRN"
    anywhere.ingest(
        feed,
        (
            "bins_20251105.csv",
            f"{header}\nC-1001,2025-11-03T09:00,Open,Web,{UPRN}\nC-1002,2025-11-03T09:00,Open,Web,7\n",
        ),
        ("bins_20251106.csv", f"{header}\nC-1001,2025-11-05T09:00,Closed,Web,\n"),
    )
    report = forget(anywhere.workspace, feed, premises=UPRN, by="A. Clerk")
    assert (report.cases, report.records, report.events, report.raw_files) == (1, 1, 2, 2)
    (later,) = anywhere.ingest(feed, ("bins_20251107.csv", f"{header}\nC-1001,2025-11-06T09:00,Open,Web,\n"))
    assert later.forgotten == 1
    assert [record.record_ref for record in anywhere.records()] == ["C-1002"]


def test_feed_that_tells_no_premises_is_asked_for_references(anywhere: Anywhere) -> None:
    feed = anywhere.configure(delivery="delta", columns=CASES)
    with pytest.raises(ConfigurationError, match="tells the premises of its cases; found none of them"):
        forget(anywhere.workspace, feed, premises="100070000001", by="A. Clerk")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-8"])
def test_case_is_found_in_a_rejected_file_of_any_encoding(anywhere: Anywhere, encoding: str) -> None:
    feed = anywhere.configure(delivery="delta", columns=CASES)
    files = [(f"{ref}.csv", f"Nothing,Known\n{ref},x\n".encode(encoding)) for ref in ("C-7", "C-77")]
    assert all(report.rejected_because for report in anywhere.ingest(feed, *files))
    assert forget(anywhere.workspace, feed, record_ref="C-7", by="A. Clerk").raw_files == 1


CASES = {
    "record_ref": {"from": "Ref"},
    "reported_at": {"from": "Opened", "formats": ["iso"]},
    "channel": {"from": "How", "map": {"Web": "online"}},
}


def test_feed_of_counts_has_nobody_to_forget(anywhere: Anywhere) -> None:
    feed = anywhere.configure(
        delivery="aggregate",
        aggregate={"period": "week"},
        columns={
            "period": {"from": "Week", "formats": ["iso"]},
            "channel": {"from": "How", "map": {"Web": "online"}},
            "count": {"from": "Reports"},
        },
    )
    with pytest.raises(ConfigurationError, match="tell of nobody"):
        forget(anywhere.workspace, feed, record_ref="1", by="A. Clerk")


def test_identifier_is_read_from_standard_input_and_never_printed(
    installation: Installation,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    three_nights(installation, workspace)
    monkeypatch.setattr("local_digital.settings.from_environment", lambda: installation.settings)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{REF}\n"))
    app(["forget", COUNCIL, FEED, "--record-ref", "-", "--json"], standalone_mode=False)
    printed = capsys.readouterr()
    assert json.loads(printed.out)["records"] == 1
    assert REF not in printed.out + printed.err
