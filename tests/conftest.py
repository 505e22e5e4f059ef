"""Fixtures shared by all tests: one embedded PostgreSQL for the session, an installation on real servers for each."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from hypothesis import settings
from sqlalchemy import create_engine, text

from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving as platform_serving
from demo.sftp_server import serving as sftp_serving
from local_digital.aggregate import aggregate
from local_digital.embedded import EmbeddedServer
from local_digital.extract import Extracted, Wait, extract
from local_digital.load import load
from local_digital.migrations import migrate
from local_digital.settings import ROOT, Connection, Settings
from local_digital.validate import DeliveryReport, validate
from local_digital.workspace import Workspace
from tests.signing import sign_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

_numbers = itertools.count(1)
# How long an example takes says something of the machine, and nothing of the promise.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# It runs as root in CI, draws to no screen, and must not look for anything beyond this machine.
_BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres", help="folder of an embedded server that runs already; its databases are ours to fill"
    )


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[EmbeddedServer]:
    """A running PostgreSQL server that ends with the tests."""
    if there := request.config.getoption("postgres"):
        yield EmbeddedServer(Path(there))
        return
    # Not below pytest's own folder: the server may run as another account than the tests, and every new session of
    # pytest makes that folder private again, under the feet of the others.
    with tempfile.TemporaryDirectory(prefix="local-digital-tests-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedServer(Path(folder) / "postgres")
        server.start(durable=False)
        yield server
        server.stop()


@pytest.fixture
def database_url(postgres: EmbeddedServer) -> str:
    """The SQLAlchemy URL of an empty database, its own for each test."""
    name = f"test_{next(_numbers)}"
    postgres.ensure_database(name)
    return postgres.url(name)


@pytest.fixture(scope="session")
def migrated(postgres: EmbeddedServer) -> str:
    """The name of an empty warehouse that others are copied from: so much quicker than migrating each."""
    postgres.ensure_database("migrated")
    migrate(postgres.url("migrated"))
    return "migrated"


@pytest.fixture
def warehouse_url(postgres: EmbeddedServer, migrated: str) -> str:
    """The SQLAlchemy URL of an empty warehouse, its own for each test."""
    name = f"test_{next(_numbers)}"
    engine = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(text(f"create database {name} template {migrated}"))
    engine.dispose()
    return postgres.url(name)


@dataclass
class Installation:
    """A whole installation on real servers: Solihull's SFTP folder, a warehouse, a landing store, the platform."""

    settings: Settings
    folder: Path
    platform_url: str
    tokens: dict[str, str]

    def put(self, name: str, content: bytes | str, *, age: float = 3600) -> Path:
        """Place a finished file in the council's folder, last written `age` seconds ago."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("windows-1252"))
        moment = time.time() - age
        os.utime(path, (moment, moment))
        return path

    def take(self, workspace: Workspace, run_id: str = "run", **when: Any) -> Extracted:
        """Run extract to its end, looking twice as a caller does."""
        feed = workspace.feed("solihull", "report-missed-bin")
        step = extract(workspace, feed, run_id=run_id, **when)
        while isinstance(step, Wait):
            time.sleep(step.seconds)
            step = extract(workspace, feed, run_id=run_id, looked=step.looked, **when)
        return step

    def ingest(self, workspace: Workspace) -> list[DeliveryReport]:
        """extract, validate, load and aggregate everything outstanding."""
        feed = workspace.feed("solihull", "report-missed-bin")
        self.take(workspace)
        reports = validate(workspace, feed)
        load(workspace, feed)
        aggregate(workspace, "solihull")
        return reports

    def ask(self, data_set: str, **query: str) -> Any:
        """Ask the platform as a dashboard does; return `data`."""
        url = f"{self.platform_url}/data/solihull-local-authority/{data_set}"
        answer = requests.get(url, params=query, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture
def installation(postgres: EmbeddedServer, warehouse_url: str, tmp_path: Path) -> Iterator[Installation]:
    """Everything up and empty; the warehouse is migrated, the source looks twice within a fifth of a second."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "include" / "transactions", config / "transactions")
    # As in phase 1: one council with one feed.
    facts = yaml.safe_load((ROOT / "include" / "councils" / "solihull.yaml").read_text("utf-8"))
    facts["feeds"] = {name: feed for name, feed in facts["feeds"].items() if name == "report-missed-bin"}
    facts["feeds"]["report-missed-bin"]["source"]["settle_seconds"] = 0.2
    (config / "councils").mkdir()
    (config / "councils" / "solihull.yaml").write_text(yaml.safe_dump(facts, allow_unicode=True), "utf-8")
    folder = tmp_path / "sftp" / "outgoing" / "missed-bins"
    folder.mkdir(parents=True)
    platform_database = f"platform_{next(_numbers)}"
    postgres.ensure_database(platform_database)
    tokens = {name: f"token-of-{name}" for name in ("transactions-by-channel", "missed-bin-by-ward", "digital-takeup")}
    data_sets = [
        DataSet(data_group="solihull-local-authority", data_type=name, token=token) for name, token in tokens.items()
    ]
    engine = create_engine(postgres.url(platform_database))
    with (
        sftp_serving(tmp_path / "sftp", "solihull", "let-me-in") as sftp,
        platform_serving(create_app(engine, data_sets)) as platform_url,
    ):
        connections = {
            "solihull_sftp": Connection(
                "solihull_sftp", sftp.host, sftp.port, sftp.user, sftp.password, {"host_key": sftp.host_key}
            ),
            "solihull_privacy": Connection("solihull_privacy", password="secret-of-the-tests"),
            "solihull_platform": Connection("solihull_platform", host=platform_url, extra={"tokens": tokens}),
        }
        settings = Settings(
            connection=connections.__getitem__,
            config=config,
            warehouse=warehouse_url,
            landing=str(tmp_path / "landing"),
            spool=tmp_path / "spool",
            site=str(tmp_path / "site"),
        )
        with Workspace.open(settings) as workspace:
            sign_off(workspace, "solihull")
        yield Installation(settings, folder, platform_url, tokens)
    engine.dispose()


@pytest.fixture
def workspace(installation: Installation) -> Iterator[Workspace]:
    with Workspace.open(installation.settings) as opened:
        yield opened


HEADER = "Case Ref,Date Reported,Date Closed,Channel,Status,Bin Type,Ward,UPRN,Customer Name,Address,Email,Notes"


def export(*rows: str) -> str:
    """A Solihull export of the given rows; a row may stop after the UPRN."""
    return (
        "\r\n".join(
            [HEADER, *(row if row.count(",") > 7 else f"{row},Ann Other,1 Oak Road,a@example.org," for row in rows)]
        )
        + "\r\n"
    )


def row(ref: str, reported: str = "03/11/2025 10:15", closed: str = "", **cells: str) -> str:
    """A row of an export with everything but the reference at its ordinary value."""
    values = {
        "channel": "Online",
        "status": "Open",
        "stream": "Black (Refuse)",
        "ward": "Blythe",
        "uprn": "100070000001",
    }
    values.update(cells)
    return ",".join([ref, reported, closed, *values.values()])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser; tests that need one are skipped where none is installed."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only tests of pages need it

    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        pytest.skip(f"none of the browsers {', '.join(_BROWSERS)} is installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=_BROWSER_FLAGS)
        yield started
        started.close()
