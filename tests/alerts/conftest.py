"""An installation in production with one council of two feeds, a mailbox and webhooks, all on real servers."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from sqlalchemy import text

from local_digital.alerts.faults import Step, note
from local_digital.alerts.run import FailedRun, tell
from local_digital.errors import LocalDigitalError
from local_digital.migrations import migrate
from local_digital.settings import ROOT, Connection, Settings
from local_digital.workspace import Workspace
from tests.alerts.servers import Hooks, MailServer, hooks_serving, mail_serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer

BINS, BOOKS = "report-missed-bin", "renew-library-book"
SECRETS = ("mail-password-1", "hook-token-2", "/services/T0/secret-path-3")
AIRFLOW = "https://airflow.example.org"


@dataclass
class House:
    """What a test of alerts works with."""

    settings: Settings
    workspace: Workspace
    mail: MailServer
    hooks: Hooks
    connections: dict[str, Connection]

    @property
    def file(self) -> Path:
        return self.settings.config / "councils" / "solihull.yaml"

    def route(self, *channels: dict[str, Any] | str) -> None:
        """Write the council's own channels into its file; without any it has none."""
        facts = yaml.safe_load(self.file.read_text("utf-8"))
        facts.pop("alerts", None)
        if channels:
            facts["alerts"] = list(channels)
        self.file.write_text(yaml.safe_dump(facts, allow_unicode=True), "utf-8")

    def fails(self, run_id: str, task: str, error: BaseException) -> None:
        """A task of a run of the council's ends with a fault."""
        note(self.workspace, Step.of("council_solihull", run_id, task), error)

    def tell(self, run_id: str, *failed: str, **settings: Any) -> list[LocalDigitalError]:
        run = FailedRun("council_solihull", run_id, failed, AIRFLOW)
        return tell(replace(self.settings, **settings), run)

    def rows(self, sql: str) -> list[Any]:
        with self.workspace.engine.connect() as db:
            return list(db.execute(text(sql)))

    def deliver(self, transaction: str, complete_until: dt.datetime, accepted: int = 10, status: str = "loaded") -> int:
        """Put a delivery into the ledger; return its number."""
        feed = self.workspace.feed("solihull", transaction)
        with self.workspace.engine.begin() as db:
            found = db.scalar(
                text(
                    "insert into ledger.delivery (feed_id, name, sha256, size_bytes, as_of, run_id, status, rows_read, "
                    "accepted, quarantined, duplicates, complete_until, loaded_at) values (:feed, :name, :name, 1, "
                    ":at, 'r', :status, :all, :accepted, 2, 0, :at, :at) returning delivery_id"
                ),
                {
                    "feed": feed.feed_id, "name": f"{complete_until:%Y%m%d}.csv", "at": complete_until,
                    "status": status, "accepted": accepted, "all": accepted + 2,
                },
            )  # fmt: skip
        return int(found)


@pytest.fixture(scope="session")
def ledger_url(postgres: EmbeddedServer) -> str:
    """A migrated warehouse for all tests of alerts: to make one takes longer than any of them."""
    postgres.ensure_database("test_alerts")
    url = postgres.url("test_alerts")
    migrate(url)
    return url


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "include" / "transactions", config / "transactions")
    (config / "councils").mkdir()
    facts = yaml.safe_load((ROOT / "include" / "councils" / "solihull.yaml").read_text("utf-8"))
    facts["feeds"] = {name: facts["feeds"][name] for name in (BINS, BOOKS)}
    for feed in facts["feeds"].values():
        feed["cadence"] = "nightly"
        feed.pop("covers_until", None)
    (config / "councils" / "solihull.yaml").write_text(yaml.safe_dump(facts, allow_unicode=True), "utf-8")
    (tmp_path / "alerts.yaml").write_text("alerts:\n  - { kind: email, to: [everybody@example.org] }\n", "utf-8")
    with (
        mail_serving(MailServer("robot", SECRETS[0])) as mail,
        hooks_serving(Hooks()) as hooks,
    ):
        connections = {
            "alerts_smtp": Connection(
                "alerts_smtp", "127.0.0.1", mail.port, "robot", SECRETS[0],
                {"tls": "none", "from": "local-digital@example.org"},
            ),
            "chat": Connection("chat", password=f"{hooks.url}{SECRETS[2]}?sig=a"),
            "program": Connection("program", host=f"{hooks.url}/program", password=SECRETS[1]),
        }  # fmt: skip
        settings = Settings(
            connection=connections.__getitem__,
            config=config,
            warehouse=ledger_url,
            landing=str(tmp_path / "landing"),
            environment="production",
            alerts=tmp_path / "alerts.yaml",
            runbook_url="https://docs.example.org/runbook",
        )
        with Workspace.open(settings) as workspace:
            with workspace.engine.begin() as db:
                db.exec_driver_sql(
                    "truncate ledger.feed, ledger.fault, ledger.silence, ledger.message, ledger.send cascade"
                )
            for transaction in (BINS, BOOKS):
                workspace.feed("solihull", transaction)
            yield House(settings, workspace, mail, hooks, connections)
