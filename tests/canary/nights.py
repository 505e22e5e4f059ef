"""An installation whose every remote end, file and secret is a canary, and nights in which everything goes wrong."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import logging
import shutil
import sys
import time
import traceback
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncssh
import yaml
from sqlalchemy import Engine, create_engine, text

from demo.authority import Authority
from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving as platform_serving
from local_digital import error_report, lineage
from local_digital.aggregate import aggregate
from local_digital.alerts.faults import Step, note
from local_digital.board.council import council_page
from local_digital.board.delivery import delivery_page, find_delivery
from local_digital.board.pages import Addresses, board_page, page
from local_digital.board.plan import planned
from local_digital.board.reading import Board
from local_digital.board.rollout import Wanted, rollout
from local_digital.cli import main
from local_digital.errors import LocalDigitalError, defect
from local_digital.extract import Wait, extract, take_files
from local_digital.load import load
from local_digital.migrations import migrate
from local_digital.settings import ROOT, Connection, Settings
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.alerts.servers import Hooks, MailServer, hooks_serving, mail_serving
from tests.canary.hunting import Hunt, in_database, in_folder
from tests.canary.planted import FIRST_DAY, SECRETS, person
from tests.sources import http_server, sftp_server
from tests.sources.http_server import CouncilApi, Open311Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from local_digital.embedded import EmbeddedServer
    from local_digital.workspace import FeedHandle

FEED = "report-missed-bin"
AIRFLOW = "https://airflow.example.org"
RUN = "scheduled__2025-11-05T04:20:00+00:00"
SFTP, SHEETS, ARCHIVES, TREES, API, OPEN = "brimham", "sheetham", "zipham", "treeham", "apiham", "openham"
COUNCILS = (SFTP, SHEETS, ARCHIVES, TREES, API, OPEN)
DATA_SETS = ("transactions-by-channel", "missed-bin-by-ward")
# Whatever of these speaks in the process of a task is made to say all that it can.
_LOGGERS = (
    "", "asyncio", "asyncssh", "asyncssh.sftp", "paramiko", "urllib3", "urllib3.connectionpool", "requests", "botocore",
    "s3fs", "fsspec", "fsspec.local", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.engine.Engine", "sqlalchemy.pool",
    "great_expectations", "local_digital",
)  # fmt: skip
COLUMNS: dict[str, Any] = {
    "record_ref": {"from": "Ref"},
    "reported_at": {"from": "Reported", "formats": ["iso"]},
    "channel": {"from": "How", "map": {"Web": "online", "Phone": "phone"}},
    "status": {"from": "State", "map": {"Open": "open", "Closed": "closed"}},
    "ward": {"from": "Ward"},
    "premises_key": {"from": "UPRN"},
}
IGNORED = ["Customer", "Address", "Email", "Telephone", "NI", "Notes"]
_EXTRACT_DAY = dt.date(2025, 11, 4)


class _Collecting(logging.Handler):
    """Keeps every line, with the traceback that a log would show beside it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextlib.contextmanager
def everything_logged() -> Iterator[list[str]]:
    """Switch on debug logging of everything; yield the lines."""
    collecting = _Collecting()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(collecting)
    try:
        yield collecting.lines
    finally:
        logging.getLogger().removeHandler(collecting)
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)


@dataclass
class Nights:
    """What a test works with, and everything that was said: log lines, messages, what the terminal showed.

    failed: the errors of steps by council, in the order in which they came. raw: what the landing store held of the
    councils' own bytes before its retention was over, which is where all that was planted has to be.
    """

    settings: Settings
    workspace: Workspace
    folder: Path
    platform: Engine
    mail: MailServer
    hooks: Hooks
    connections: dict[str, Connection]
    sftp: sftp_server.SftpServer
    api: CouncilApi
    open311: Open311Server
    logged: list[str]
    failed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    raw: list[str] = field(default_factory=list)

    def configure(self, slug: str, **feed: Any) -> FeedHandle:
        """Write a council's file with its one feed."""
        facts = {
            "council": slug, "name": slug.title(), "gss_code": "E00000000", "tier": "unitary",
            "bank_holidays": "england-and-wales", "phase": 1, "schedule": "0 5 * * *",
            "privacy": {"connection": "privacy"},
            "platform": {"connection": "platform", "data_group": slug},
            "alerts": [
                {"kind": "email", "to": ["bins@example.org"]},
                *({"kind": "webhook", "connection": "chat", "shape": shape} for shape in ("slack", "teams")),
                {"kind": "webhook", "connection": "program"},
            ],
            "feeds": {
                FEED: {
                    "stage": "live", "delivery": "rolling", "covers_from": str(FIRST_DAY), "quiet_days": 3000,
                    "columns": COLUMNS, "publish": {name: {} for name in DATA_SETS}, **feed,
                }
            },
        }  # fmt: skip
        file = self.settings.config / "councils" / f"{slug}.yaml"
        file.write_text(yaml.safe_dump(facts, allow_unicode=True), "utf-8")
        return self.workspace.feed(slug, FEED)

    def attempt(self, slug: str, step: str, work: Callable[[], Any], *, noted: bool = True) -> Any:
        """Do a step as a task does: what goes wrong is logged, noted in the ledger and told at the end."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - as the Airflow edge does
            told = str(error) if isinstance(error, LocalDigitalError) else defect(error)
            logging.getLogger("task").warning("%s", told)
            if isinstance(error, LocalDigitalError):
                self.texts["tracebacks"] += traceback.format_exception(error)
            if noted:
                note(self.workspace, Step.of(f"council_{slug}", RUN, f"{FEED}.{step}"), error)
            self.failed[slug].append(f"{step}: {type(error).__name__}: {told}")
            return None

    def night(self, feed: FeedHandle, *, extracts: bool = True, until: dt.date = _EXTRACT_DAY) -> None:
        """extract to reconcile, whatever becomes of each."""
        slug = feed.council.council
        if extracts:
            taken = self.attempt(slug, "extract", lambda: self._extracted(feed, until))
            self.texts["lineage"].append(str(lineage.extracted(self.workspace, feed, taken or [])))
        done = self.attempt(slug, "validate", lambda: validate(self.workspace, feed))
        ids = [report.delivery_id for report in done or []]
        self.texts["lineage"].append(str(lineage.validated(self.workspace, feed, ids)))
        self.texts["xcom"].append(str([report.as_json() for report in done or []]))
        self.attempt(slug, "load", lambda: load(self.workspace, feed))
        self.attempt(slug, "aggregate", lambda: aggregate(self.workspace, slug))
        self.attempt(slug, "report", lambda: error_report.write_missing(self.workspace, feed))
        self.attempt(slug, "report", lambda: error_report.send_if_wanted(self.workspace, feed))

    def give(self, feed: FeedHandle, **files: bytes | str) -> None:
        """Take files of the given nights (by the last two figures of their day in November) in place of a source."""
        for day, content in files.items():
            path = self.folder / "given" / f"202511{day.removeprefix('n')}.dat"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            self.attempt(
                feed.council.council, "extract", lambda path=path: take_files(self.workspace, feed, [path], run_id=RUN)
            )
        self.night(feed, extracts=False)

    def command(self, *arguments: str, typed: str = "") -> int:
        """Run a command as somebody at a terminal does; return its exit code."""
        said = io.StringIO()
        with (
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            given(sys, "argv", ["local-digital", *arguments]),
            given(sys, "stdin", io.StringIO(typed)),
        ):
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
        self.texts["terminal"] += [" ".join(arguments[:1]), said.getvalue()]
        return code

    def messages(self) -> list[str]:
        """Everything that was sent to people and programs, but for what let us in."""
        mails = [f"{to} {mail.as_string()} {mail.get_content()}" for to, mail in self.mail.mails]
        return [*mails, *(str(body) for _, _, body in self.hooks.taken)]

    def look(self, hunt: Hunt) -> dict[str, set[str]]:
        """Search everything that anybody could read; return what was found by place."""
        found = {f"warehouse {name}": hits for name, hits in in_database(hunt, self.workspace.engine).items()}
        found |= {f"platform {name}": hits for name, hits in in_database(hunt, self.platform).items()}
        for place in ("landing", "spool", "site", "reports"):
            found |= {f"{place}/{name}": hits for name, hits in in_folder(hunt, self.folder / place).items()}
        returned = self.folder / "sftp" / "outgoing" / "returned"
        found |= {f"returned/{name}": hits for name, hits in in_folder(hunt, returned).items()}
        said = {**self.texts, "messages": self.messages(), "log": self.logged, "boards": self._boards()}
        for place, texts in said.items():
            # All of it at once, and only where there is something line by line.
            if hits := hunt.found("\n".join(texts)):
                lines = {f"{place}: {line[:200]}": hunt.found(line) for line in texts}
                found |= {line: some for line, some in lines.items() if some} or {place: hits}
        return found

    def _extracted(self, feed: FeedHandle, until: dt.date) -> list[int]:
        step = extract(self.workspace, feed, run_id=RUN, until=until)
        while isinstance(step, Wait):
            self.texts["xcom"].append(f"{step.looked} {step}")
            time.sleep(step.seconds)
            step = extract(self.workspace, feed, run_id=RUN, until=until, looked=step.looked)
        self.texts["xcom"].append(str(step))
        return step.delivery_ids

    def _boards(self) -> list[str]:
        at, now = Addresses("/board/", "/", None), dt.datetime.now(dt.UTC)
        board = Board(lambda: self.settings)
        try:
            configuration, workspace = board.configuration, board.workspace
            with workspace.engine.connect() as db:
                pages = [board_page(at, rollout(db, configuration, Wanted(), now)).content]
                for slug, council in configuration.councils.items():
                    found = council_page(db, workspace.landing, configuration, council, now)
                    plan = planned(workspace, configuration, council)
                    pages.append(page("council.html", at, title=council.name, page=found, plan=plan).content)
                    assert slug in pages[-1]
                for number in db.scalars(text("select delivery_id from ledger.delivery")).all():
                    shown = find_delivery(db, number)
                    names = {"council": "A council", "contract": "Bins"}
                    pages.append(
                        page(
                            "delivery.html", at, title="One", page=delivery_page(db, workspace.landing, shown), **names
                        ).content
                    )
        finally:
            board.close()
        return pages


@contextlib.contextmanager
def given(owner: Any, name: str, value: object) -> Iterator[None]:
    """Let an attribute be another for the length of the block."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextlib.contextmanager
def installation(postgres: EmbeddedServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    """Everything up, every secret a canary; the warehouse's login too."""
    for name in ("canary", "canary_platform"):
        postgres.ensure_database(name)
    admin = create_engine(postgres.url("canary"))
    with admin.begin() as db:
        db.exec_driver_sql(f"create role canary login superuser password '{SECRETS['database-password']}'")
    url = postgres.url("canary", user="canary", password=SECRETS["database-password"])
    migrate(url)
    shutil.copytree(ROOT / "include" / "transactions", folder / "config" / "transactions")
    for part in ("config/councils", "sftp/outgoing/bins", "spool", "site", "reports"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "spool").chmod(0o700)
    monkeypatch.setattr(sftp_server, "PASSWORD", SECRETS["sftp-password"])
    monkeypatch.setattr(http_server, "PASSWORD", SECRETS["api-password"])
    # How long is waited between attempts says nothing of what is told of them.
    monkeypatch.setattr("local_digital.patience._LONGEST_BACKOFF", 0.05)
    monkeypatch.setattr(http_server, "TOKEN", SECRETS["issued-token"])
    monkeypatch.setattr(http_server, "PERSON", " ".join(person("answer").values()))
    authority = Authority.make(folder)
    key = asyncssh.generate_private_key("ssh-rsa")
    api, open311 = CouncilApi(), Open311Server(key=SECRETS["open311-key"])
    data_sets = [
        DataSet(data_group=slug, data_type=name, token=SECRETS["platform-token"])
        for slug in COUNCILS
        for name in DATA_SETS
    ]
    platform = create_engine(postgres.url("canary_platform"))
    with contextlib.ExitStack() as stack:
        sftp = stack.enter_context(sftp_server.sftp_serving(folder / "sftp"))
        sftp.banner = " ".join(person("banner").values())
        api_url = stack.enter_context(serving(api.app, authority))
        open_url = stack.enter_context(serving(open311.app, authority))
        platform_url = stack.enter_context(platform_serving(create_app(platform, data_sets)))
        mail = stack.enter_context(mail_serving(MailServer("robot", SECRETS["smtp-password"])))
        hooks = stack.enter_context(hooks_serving(Hooks()))
        extra = {
            "host_key": sftp.host_key,
            "private_key": key.export_private_key("pkcs8-pem", SECRETS["sftp-passphrase"]).decode(),
            "passphrase": SECRETS["sftp-passphrase"],
        }
        sender = {"tls": "none", "from": "local-digital@example.org"}
        tokens = dict.fromkeys(DATA_SETS, SECRETS["platform-token"])
        connections = {
            "sftp": sftp.connection(password=SECRETS["sftp-password"], extra=extra),
            "api": Connection(
                "api", api_url, login=http_server.LOGIN, password=SECRETS["api-password"], extra={"ca": authority.ca}
            ),
            "open311": Connection(
                "open311", f"{open_url}/open311/v2", password=SECRETS["open311-key"], extra={"ca": authority.ca}
            ),
            "pgp": Connection(
                "pgp", password=SECRETS["pgp-passphrase"], extra={"private_key": SECRETS["pgp-passphrase"]}
            ),
            "privacy": Connection("privacy", password=SECRETS["privacy-secret"]),
            "platform": Connection("platform", platform_url, extra={"tokens": tokens}),
            "alerts_smtp": Connection("alerts_smtp", "127.0.0.1", mail.port, "robot", SECRETS["smtp-password"], sender),
            "chat": Connection(
                "chat", password=f"{hooks.url}/{SECRETS['webhook-address']}?sig={SECRETS['webhook-address']}"
            ),
            "program": Connection("program", f"{hooks.url}/program", password=SECRETS["webhook-token"]),
        }
        settings = Settings(
            connection=connections.__getitem__,
            config=folder / "config",
            warehouse=url,
            landing=str(folder / "landing"),
            spool=folder / "spool",
            site=str(folder / "site"),
            environment="production",
        )
        monkeypatch.setattr("local_digital.settings.from_environment", lambda: settings)
        logged = stack.enter_context(everything_logged())
        workspace = stack.enter_context(Workspace.open(settings))
        yield Nights(settings, workspace, folder, platform, mail, hooks, connections, sftp, api, open311, logged)
    platform.dispose()
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("reassign owned by canary to postgres")
        db.exec_driver_sql("drop owned by canary")
        db.exec_driver_sql("drop role canary")
    admin.dispose()
