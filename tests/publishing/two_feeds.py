"""A council with two feeds of weekly counts, a platform and a sink for trials.

The sinks are shared; every test has data sets of its own there, and its own copy of a warehouse that is filled once.
Next door lives a council with the same feeds and weeks and other figures, that has published, been held back and
decided: it changes nothing for this one, and nothing changes for it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import requests
import yaml
from sqlalchemy import create_engine, text

from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving
from local_digital.aggregate import aggregate
from local_digital.extract import take_files
from local_digital.load import load
from local_digital.publishing.publish import PublishReport, publish
from local_digital.publishing.reconcile import ReconcileReport, reconcile
from local_digital.publishing.records import as_stored
from local_digital.publishing.sign_off import Approval, Gate, Verdict, decide, gate
from local_digital.settings import Connection, Settings
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.anywhere import settings_for
from tests.kpis.exports import counts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer
    from local_digital.publishing.data_sets import Sink
    from local_digital.workspace import FeedHandle

BINS, BOOKS = "report-missed-bin", "renew-library-book"
CHANNELS, WARDS, TAKEUP, MONITORING = "transactions-by-channel", "missed-bin-by-ward", "digital-takeup", "monitoring"
WEEKS = tuple(dt.date(2025, 10, 6) + dt.timedelta(weeks=number) for number in range(8))
LAST = WEEKS[-1]
# The day of the first export, which all of these weeks are finished on.
MORNING = dt.date(2025, 12, 1)
CONNECTIONS: dict[str, Sink] = {"platform": "live", "trial": "trial"}
_TESTS = 80
_GSS_CODES = {"anywhere": "E06000001", "neighbour": "E06000002"}
_ALL = (CHANNELS, WARDS, TAKEUP, MONITORING)
_FIELDS: dict[str, tuple[str, ...]] = {BINS: ("ward",), BOOKS: ()}
_PUBLISH: dict[str, tuple[str, ...]] = {BINS: (CHANNELS, WARDS, TAKEUP), BOOKS: (CHANNELS, TAKEUP)}

# (week, channel, ward) to how many.
Counts = dict[tuple[dt.date, str, str], int]


def usual(*, times: int = 1) -> Counts:
    """200 a week, six in ten of them digital, in four wards of which none is small."""
    by_channel = {"online": 30, "phone": 20}
    return {
        (week, channel, ward): count * times
        for week in WEEKS for ward in ("A", "B", "C", "D") for channel, count in by_channel.items()
    }  # fmt: skip


def busy(week: dt.date = LAST, times: int = 10) -> Counts:
    """As usual, but for one week with so many times as many."""
    return {key: count * times if key[0] == week else count for key, count in usual().items()}


def online(week: dt.date = LAST) -> Counts:
    """As usual, but for one week in which nobody has telephoned."""
    moved = {(week, "online", ward): 50 for ward in ("A", "B", "C", "D")}
    return {key: count for key, count in usual().items() if key[0] != week} | moved


def in_small_wards(week: dt.date = LAST) -> Counts:
    """As usual, but for one week in which as many are of so many wards that none can be shown."""
    small = {(week, channel, f"W{number}"): 2 for number in range(50) for channel in ("online", "phone")}
    small |= {(week, "online", f"V{number}"): 1 for number in range(20)}
    return {key: count for key, count in usual().items() if key[0] != week} | small


@dataclass
class Council:
    """The council. sinks: base URLs. asked: the connections that were looked up, by id. publishing: the data sets of
    its feeds. trial: the connection of the sink for trials. mornings: of the exports to come. slug: its name in files.
    """

    data_group: str
    workspace: Workspace
    folder: Path
    sinks: dict[Sink, str]
    asked: list[str]
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    publishing: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(_PUBLISH))
    trial: str | None = "trial"
    mornings: Iterator[dt.date] = field(
        default_factory=lambda: (MORNING + dt.timedelta(days=number) for number in itertools.count())
    )
    slug: str = "anywhere"

    def configure(self, transaction: str = BINS, **facts: Any) -> FeedHandle:
        """Write the council's file, with these facts of a feed changed; None takes a fact away."""
        changed = {**self.facts.get(transaction, {}), **facts}
        self.facts[transaction] = {name: value for name, value in changed.items() if value is not None}
        written = {
            "council": self.slug, "name": self.slug.title(), "gss_code": _GSS_CODES[self.slug], "tier": "unitary",
            "bank_holidays": "england-and-wales", "phase": 3, "schedule": "0 5 * * *",
            "privacy": {"connection": "privacy"},
            "platform": {"connection": "platform", "data_group": self.group(BINS)} | self._trial,
            "feeds": {
                name: {
                    **counts_of(name, "week", _FIELDS[name]), "data_group": self.group(name),
                    "publish": {each: {} for each in self.publishing[name]}, **own,
                }
                for name, own in self.facts.items()
            },
        }  # fmt: skip
        self.file.write_text(yaml.safe_dump(written, sort_keys=False), "utf-8")
        return self.feed(transaction)

    @property
    def file(self) -> Path:
        """The council's file of facts."""
        return self.workspace.settings.config / "councils" / f"{self.slug}.yaml"

    @property
    def _trial(self) -> dict[str, str]:
        return {"trial": self.trial} if self.trial else {}

    def group(self, transaction: str) -> str:
        return self.data_group if transaction == BINS else f"{self.data_group}-books"

    def feed(self, transaction: str = BINS) -> FeedHandle:
        return self.workspace.feed(self.slug, transaction)

    def arrive(self, counts: Counts, transaction: str = BINS, day: dt.date | None = None) -> None:
        """Take an export of these counts through to the marts; each is a day newer than the one before."""
        day = day or next(self.mornings)
        with_ward = "ward" in _FIELDS[transaction]
        rows = [
            f"{week},{channel},{f'{ward},' if with_ward else ''}{count}"
            for (week, channel, ward), count in counts.items() if with_ward or ward == "A"
        ]  # fmt: skip
        path = self.folder / f"{day:%Y%m%d}.csv"
        path.write_text("\n".join([f"period,channel,{'ward,' if with_ward else ''}count", *rows]) + "\n", "utf-8")
        feed = self.feed(transaction)
        take_files(self.workspace, feed, [path], run_id="test")
        (report,) = validate(self.workspace, feed)
        assert (report.rejected_because, report.quarantined) == (None, 0), report
        load(self.workspace, feed)
        aggregate(self.workspace, self.slug)

    def lose(self, week: dt.date, transaction: str = BINS) -> None:
        """Take a week out of the marts."""
        with self.workspace.engine.begin() as db:
            db.execute(
                text(
                    "delete from marts.volume "
                    "where council = :council and transaction = :transaction and period_start = :start"
                ),
                {"council": self.slug, "transaction": transaction, "start": week},
            )

    def publish(self, run_id: str = "night", **how: bool) -> PublishReport:
        return publish(self.workspace, self.slug, run_id=run_id, **how)

    def reconcile(self, *, hourly: bool = False) -> ReconcileReport:
        return reconcile(self.workspace, self.slug, run_id="night", hourly=hourly)

    def gate(self, transaction: str = BINS, today: dt.date | None = None) -> Gate:
        """What may be published, without a trace in the ledger."""
        with self.workspace.engine.begin() as db:
            return gate(db, self.feed(transaction), run_id=None, today=today)

    def decide(self, decision: Any = "released", transaction: str = BINS, **verdict: Any) -> Approval:
        return decide(
            self.workspace,
            self.feed(transaction),
            Verdict(decision, **{"by": "Ada Approver", "through": "terminal", **verdict}),
        )

    def shown(
        self, data_set: str = CHANNELS, transaction: str = BINS, sink: Sink = "live"
    ) -> dict[str, dict[str, Any]]:
        """What a sink shows, by record id."""
        url = f"{self.sinks[sink]}/data/{self.group(transaction)}/{data_set}"
        answer = requests.get(url, timeout=30)
        assert answer.status_code == 200, answer.text
        return {record["_id"]: as_stored(record) for record in answer.json()["data"]}

    def everything(self, sink: Sink = "live", transaction: str = BINS) -> dict[str, dict[str, Any]]:
        """What a sink shows of a feed, by data set."""
        return {name: self.shown(name, transaction, sink) for name in _ALL}

    def nothing(self, sink: Sink = "live", transaction: str = BINS) -> bool:
        return not any(self.everything(sink, transaction).values())

    def totals(self, transaction: str = BINS, sink: Sink = "live") -> dict[dt.date, int]:
        """The week's totals by the records by channel."""
        found: dict[dt.date, int] = {}
        for record in self.shown(CHANNELS, transaction, sink).values():
            week = dt.date.fromisoformat(record["_timestamp"][:10])
            found[week] = found.get(week, 0) + record["count"]
        return found

    def public(self, transaction: str = BINS) -> dict[str, list[str]]:
        """Everything the public may see of a feed, row by row, by table."""
        names = {"council": self.slug, "transaction": transaction}
        of_feed = "where council = :council and transaction = :transaction"
        found = {}
        with self.workspace.engine.connect() as db:
            for table in ("feed", "period", "kpi", "volume"):
                rows = db.execute(text(f"select * from open_data.{table} {of_feed}"), names)  # noqa: S608
                found[table] = sorted(str(tuple(row)) for row in rows)
        return found

    def ask(self, query: str, **names: object) -> list[Any]:
        """Ask the warehouse; `:council` is this one."""
        with self.workspace.engine.connect() as db:
            return list(db.execute(text(query), {"council": self.slug, **names}))

    def changes(self) -> list[Any]:
        """The change log, from first to last."""
        return self.ask(
            "select run_id, transaction, what, data_set, figures, first_period, last_period from open_data.change "
            "where council = :council order by change_id"
        )

    def holds(self) -> list[Any]:
        """The figures that were held back, with what became of them."""
        return self.ask(
            "select check_name, period_start, found, approval_id is not null as accepted, "
            "lifted_at is not null as lifted from ledger.hold "
            "inner join ledger.feed using (feed_id) where council = :council order by hold_id"
        )

    def decisions(self) -> list[Any]:
        """The record of decisions, from first to last."""
        return self.ask(
            "select approval.* from ledger.approval inner join ledger.feed using (feed_id) "
            "where council = :council order by approval_id"
        )


@dataclass
class Houses:
    """Two sinks, and a warehouse with eight usual weeks of both feeds, of which every test has a copy.

    neighbour: the file of facts of the council next door.
    """

    postgres: EmbeddedServer
    settings: Settings
    name: str
    sinks: dict[Sink, str]
    neighbour: str
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @contextlib.contextmanager
    def council(self, folder: Path) -> Iterator[Council]:
        """Yield the council in a warehouse of its own, with data sets of its own; both feeds are to go live."""
        number = next(self._numbers)
        admin = create_engine(self.postgres.url("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as db:
            db.execute(text(f"create database {self.name}_{number} template {self.name}"))
        admin.dispose()
        settings = replace(self.settings, warehouse=self.postgres.url(f"{self.name}_{number}"))
        with _opened(settings, folder, self.sinks, f"anywhere-{number}") as council:
            neighbour = _neighbour(council)
            neighbour.file.write_text(self.neighbour, "utf-8")
            before = _told(neighbour)
            # The export of the first morning is in already.
            next(council.mornings)
            yield council
            assert _told(neighbour) == before


@contextlib.contextmanager
def _opened(settings: Settings, folder: Path, sinks: dict[Sink, str], data_group: str) -> Iterator[Council]:
    asked: list[str] = []
    config = folder / "config-of-council"
    (config / "councils").mkdir(parents=True)
    (config / "transactions").symlink_to(settings.config / "transactions")
    given = folder / "given"
    given.mkdir()

    def looked_up(connection_id: str) -> Connection:
        asked.append(connection_id)
        return settings.connection(connection_id)

    with Workspace.open(replace(settings, config=config, connection=looked_up)) as workspace:
        council = Council(data_group, workspace, given, sinks, asked)
        for transaction in (BINS, BOOKS):
            council.configure(transaction, stage="live")
        yield council


@contextlib.contextmanager
def houses(postgres: EmbeddedServer, folder: Path, name: str) -> Iterator[Houses]:
    """Serve two sinks and fill a warehouse. name: of the databases."""
    names = ["neighbour", *(f"anywhere-{number}" for number in range(1, _TESTS))]
    groups = [f"{name}{more}" for name in names for more in ("", "-books")]
    data_sets = [DataSet(data_group=group, data_type=each, token=f"to-{each}") for group in groups for each in _ALL]
    postgres.ensure_database(name)
    with contextlib.ExitStack() as stack:
        sinks: dict[Sink, str] = {}
        for sink in CONNECTIONS.values():
            postgres.ensure_database(f"{name}_{sink}")
            engine = create_engine(postgres.url(f"{name}_{sink}"))
            stack.callback(engine.dispose)
            sinks[sink] = stack.enter_context(serving(create_app(engine, data_sets)))
        tokens = {each: f"to-{each}" for each in _ALL}
        connections = {
            connection: Connection(connection, host=sinks[sink], extra={"tokens": tokens})
            for connection, sink in CONNECTIONS.items()
        }
        settings = settings_for(postgres.url(name), folder, **connections)
        with _opened(settings, folder, sinks, "anywhere-0") as council:
            counts = usual()
            for transaction in (BINS, BOOKS):
                council.arrive(counts, transaction, MORNING)
            neighbour = _neighbour(council)
            _live_next_door(neighbour)
            facts = neighbour.file.read_text("utf-8")
        yield Houses(postgres, settings, name, sinks, facts)


def _neighbour(council: Council) -> Council:
    return Council("neighbour", council.workspace, council.folder, council.sinks, council.asked, slug="neighbour")


def _live_next_door(neighbour: Council) -> None:
    """Everything that may happen to a feed: gone live, held back, lost a period, released, held back again."""
    for transaction in (BINS, BOOKS):
        neighbour.configure(transaction, stage="live")
    for transaction in (BINS, BOOKS):
        neighbour.arrive(usual(times=3), transaction)
        neighbour.decide(transaction=transaction)
    neighbour.publish("first next door")
    neighbour.lose(WEEKS[1], BOOKS)
    neighbour.publish("second next door")
    neighbour.decide(transaction=BOOKS)
    neighbour.arrive(busy(times=40))
    neighbour.publish("third next door")
    neighbour.lose(WEEKS[2])
    assert [hold.lifted for hold in neighbour.holds()].count(False) > 0


def _told(council: Council) -> list[Any]:
    """Everything that is kept or shown of a council."""
    feeds = [(council.public(each), council.everything(transaction=each)) for each in (BINS, BOOKS)]
    marts = council.ask("select * from marts.volume where council = :council order by volume::text")
    return [*feeds, council.changes(), council.holds(), council.decisions(), marts]
