"""A council of any shape: its file is written by the test, its exports are given as bytes, its warehouse is real."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from typing import TYPE_CHECKING, Any

import yaml
from sqlalchemy import text

from local_digital.aggregate import aggregate
from local_digital.config.loading import load_councils
from local_digital.deliveries import Wait, land
from local_digital.extract import extract, take_files
from local_digital.load import load
from local_digital.migrations import migrate
from local_digital.settings import ROOT, Connection, Settings
from local_digital.validate import DeliveryReport, validate
from local_digital.workspace import FeedHandle, Workspace

if TYPE_CHECKING:
    from pathlib import Path

FEED = "report-missed-bin"


def settings_for(url: str, folder: Path, **connections: Connection) -> Settings:
    """An installation with the project's contracts, no council yet, a migrated warehouse and these connections."""
    migrate(url)
    shutil.copytree(ROOT / "include" / "transactions", folder / "config" / "transactions")
    (folder / "config" / "councils").mkdir()
    known = {"privacy": Connection("privacy", password="a-secret"), **connections}
    return Settings(known.__getitem__, folder / "config", url, str(folder / "landing"), folder / "spool")


class Anywhere:
    """The council `anywhere` with one feed. facts: of the council's file, where they are to be others."""

    def __init__(self, workspace: Workspace, folder: Path, transaction: str = FEED, **facts: Any) -> None:
        self.workspace = workspace
        self.folder = folder
        self.transaction = transaction
        self.facts = {"council": "anywhere", **facts}

    @property
    def council(self) -> str:
        return str(self.facts["council"])

    def configure(self, **feed: Any) -> FeedHandle:
        """Write the council's file with this feed; it must be without fault."""
        council = {
            "name": "Anywhere", "gss_code": "E06000001", "tier": "unitary", "bank_holidays": "england-and-wales",
            "phase": 3, "schedule": "0 5 * * *", "privacy": {"connection": "privacy"},
            "platform": {"connection": "platform", "data_group": self.council},
            **self.facts,
            "feeds": {self.transaction: {"source": {"kind": "folder", "files": "*"}, **feed}},
        }  # fmt: skip
        config = self.workspace.settings.config
        (config / "councils" / f"{self.council}.yaml").write_text(yaml.safe_dump(council, allow_unicode=True), "utf-8")
        councils, errors = load_councils(config)
        assert (self.council in councils, errors) == (True, []), errors
        return self.workspace.feed(self.council, self.transaction)

    def ingest(self, feed: FeedHandle, *files: tuple[str, bytes | str]) -> list[DeliveryReport]:
        """Put files through extract (as given files), validate, load and aggregate."""
        paths = []
        for name, content in files:
            path = self.folder / "given" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            paths.append(path)
        take_files(self.workspace, feed, paths, run_id="test")
        reports = validate(self.workspace, feed)
        load(self.workspace, feed)
        aggregate(self.workspace, self.council)
        for report in reports:
            assert report.read == report.accepted + report.quarantined + report.duplicates + report.filtered
        return reports

    def night(self, feed: FeedHandle, until: dt.date) -> list[DeliveryReport]:
        """Run a night's extract to its end, then validate, load and aggregate."""
        step = extract(self.workspace, feed, run_id="test", until=until)
        while isinstance(step, Wait):
            time.sleep(step.seconds)
            step = extract(self.workspace, feed, run_id="test", until=until, looked=step.looked)
        reports = validate(self.workspace, feed)
        load(self.workspace, feed)
        aggregate(self.workspace, self.council)
        return reports

    def deliver(
        self, feed: FeedHandle, name: str, content: str, as_of: dt.datetime, *, name_day: dt.date | None = None
    ) -> None:
        """Land one file as complete up to a moment, as if it had arrived then."""
        path = self.folder / "landed"
        path.write_text(content, "utf-8")
        land(self.workspace, feed, name, path, as_of=as_of, modified=as_of, run_id="test", name_day=name_day)

    def records(self) -> list[Any]:
        """Everything in core.record, labels in words, by reference."""
        with self.workspace.engine.connect() as db:
            return list(
                db.execute(
                    text(
                        "select record_ref, reported_at, closed_at, count, "
                        "(select label from core.label where label_id = channel) as channel, "
                        "(select label from core.label where label_id = status) as status, "
                        "(select label from core.label where label_id = stream) as stream, "
                        "(select label from core.label where label_id = ward) as ward "
                        "from core.record order by record_ref"
                    )
                )
            )

    def volumes(self, kind: str, breakdown: str = "total") -> dict[tuple[str, str], tuple[int, str]]:
        """(period's start, label) to (reports, basis) from the marts."""
        with self.workspace.engine.connect() as db:
            rows = db.execute(
                text(
                    "select * from marts.volume "
                    "where council = :council and period_kind = :kind and breakdown = :breakdown"
                ),
                {"council": self.council, "kind": kind, "breakdown": breakdown},
            )
            return {(row.period_start.isoformat(), row.label): (row.reports, row.basis) for row in rows}

    def empty(self) -> None:
        """Forget all deliveries and records."""
        with self.workspace.engine.begin() as db:
            db.execute(
                text("truncate core.record, core.event, ledger.feed, marts.volume, marts.kpi restart identity cascade")
            )
        shutil.rmtree(self.folder / "landing", ignore_errors=True)
