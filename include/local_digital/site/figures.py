"""Everything that the open data and the pages are made from: the released figures, and what must be known with them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv
from sqlalchemy import text

from local_digital.config.loading import council_files, load_councils, load_transactions
from local_digital.kpis import KPIS
from local_digital.offers import forget_councils, record_offers
from local_digital.site.rows import Rows
from local_digital.sql import statement
from local_digital.workspace import lock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from sqlalchemy import Connection as Database

    from local_digital.config.models import Transaction
    from local_digital.workspace import Workspace

# More of the log than this is in the open data only.
MOST_CHANGES = 400


@dataclass(frozen=True)
class Figures:
    """Released figures as data frames. Dates are the first days of periods on the London calendar.

    contracts: by slug of the transaction. councils: council, name, gss_code, tier, nation, region (None where not
    known), population (nullable Int64), ordered by name. offers: council, transaction, state, reason, not_supplied
    (list of KPIs that the feed cannot give), one row for each council and transaction. state: `shown` (its figures are
    public), `not-published` (provided, and the council has not released it), `awaited` (provided, no feed yet) or
    `not-provided` (reason says why). groups: owner, name, member (slugs).

    feeds: council, transaction, first_released_at, released_at (UTC), version (another one whenever a figure is).
    kpis: council, transaction, period_kind (`week`, `month`, `quarter`), period_start, kpi, version, label (a channel,
    for `channel-mix`), numerator, denominator, value (None: nothing to divide, or too little known), basis (`full` or
    `estimated`), caveats (list of keys of `kpis.CAVEATS`). volumes: council, transaction, data_set, period_kind,
    period_start, label, across_label, reports (nullable Int64), state (`shown`, or `withheld` without a count).
    periods: council, transaction, period_kind (`week` or `month`), period_start, reports, working_days, bank_holidays
    (list), cycle_week, same_point (the newest earlier week at the same point of the round). changes: changed_at (UTC),
    council, transaction, what (`added`, `revised`, `withdrawn`), data_set (`kpis` or a data set of counts), figures,
    first_period, last_period, newest first.
    """

    contracts: dict[str, Transaction]
    councils: pd.DataFrame
    offers: pd.DataFrame
    groups: pd.DataFrame
    feeds: pd.DataFrame
    kpis: pd.DataFrame
    volumes: pd.DataFrame
    periods: pd.DataFrame
    changes: pd.DataFrame


class FeedFigures(NamedTuple):
    """The released figures of one council's transaction: the columns of `Figures` without those two."""

    kpis: Rows
    volumes: Rows
    periods: Rows


class Dates(NamedTuple):
    """When figures were first released and last changed (UTC)."""

    issued: dt.datetime
    modified: dt.datetime


_OVERVIEW = ("councils", "offers", "groups", "feeds", "newest")
_WHOLE_NUMBERS = {"population", "reports", "working_days", "cycle_week", "figures"}
_FRACTIONS = {"numerator", "denominator", "value", "lower_quartile", "median", "upper_quartile"}
_DAYS = {"period_start", "same_point", "first_period", "last_period"}
_LISTS = {"caveats", "bank_holidays"}


@contextlib.contextmanager
def one_moment(workspace: Workspace) -> Iterator[Database]:
    """Yield a connection that sees the warehouse as it is now: who releases meanwhile is in the next site whole."""
    with workspace.engine.begin() as db:
        see_moment(db)
        yield db


def see_moment(db: Database, snapshot: str | None = None) -> None:
    """Let a connection see the warehouse as it is now until its transaction ends, or as another one sees it.

    snapshot: as `snapshot_of` that other one, which is still open.
    """
    db.execute(text("set transaction isolation level repeatable read"))
    if snapshot:
        db.execute(text("set transaction snapshot :name"), {"name": snapshot})


def snapshot_of(db: Database) -> str:
    """Return a name by which other connections see what this one sees, until it ends."""
    return str(db.scalar(text("select pg_export_snapshot()")))


def keep_offers(workspace: Workspace, program: str) -> dict[str, Transaction]:
    """Bring councils and offers in the warehouse up to their files; return the contracts.

    Nothing is done where neither files, program nor what they gave is new: hundreds of files take seconds to read.
    program: a digest of what reads them. Raises ConfigurationError where no contract can be read.
    """
    config = workspace.settings.config
    contracts, _ = load_transactions(config)
    files = hashlib.sha256(program.encode())
    for path in sorted([*(config / "councils").glob("*.y*ml"), *(config / "transactions").glob("*.y*ml")]):
        files.update(f"{path.name}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    with workspace.engine.begin() as db:
        lock(db, "site", "offers")
        if _recorded(db, files.hexdigest()):
            return contracts
        councils, _ = load_councils(config)
        for council in councils.values():
            record_offers(db, council, contracts)
        # A council whose file cannot be read for the moment still takes part.
        forget_councils(db, council_files(config))
        facts = db.execute(statement("site/recorded")).one().facts
        db.execute(statement("site/record"), {"made_from": f"{files.hexdigest()} {facts}"})
    return contracts


def _recorded(db: Database, files: str) -> bool:
    known = db.execute(statement("site/recorded")).one()
    return bool(known.made_from == f"{files} {known.facts}")


class Released:
    """What councils have released, read piece by piece, so that it need not be held all at once.

    overview: without figures; of the periods the newest week and month of each feed, of the changes the newest 400.
    dates: by transaction. changes: how many entries the change log has, and the number of the newest.
    """

    def __init__(self, db: Database, contracts: dict[str, Transaction]) -> None:
        self._db = db
        frames = {name: _frame(db, name) for name in _OVERVIEW}
        frames["periods"] = frames.pop("newest")
        frames["changes"] = _frame(db, "changes", most=MOST_CHANGES)
        nothing = pd.DataFrame()
        self.overview = Figures(contracts, kpis=nothing, volumes=nothing, **frames)
        dates = list(db.execute(statement("site/release_dates")))
        self.dates = {row.transaction: Dates(row.issued, row.modified) for row in dates}
        self.changes = (sum(row.changes for row in dates), max((row.newest for row in dates), default=0))

    def feed(self, council: str, transaction: str) -> FeedFigures:
        """Return the figures of a council's transaction."""
        return feed_figures(self._db, council, transaction)

    def side_by_side(self, transaction: str) -> pd.DataFrame:
        """Return the figures by which councils are compared, in the columns of `Figures.kpis`: those of whole councils
        by month and quarter, and by week where a council has none of the newest version by month or quarter.
        """
        asked = [(name, KPIS[name].versions[-1]) for name in self.overview.contracts[transaction].kpis]
        names, versions = zip(*asked, strict=True) if asked else ((), ())
        rows = _rows(self._db, "side_by_side", transaction=transaction, kpis=list(names), versions=list(versions))
        return pd.DataFrame({name: rows.listed(name) for name in rows.names})

    def benchmarks(self, transaction: str) -> Rows:
        """Return the benchmarks of a transaction, in the columns of `benchmarks.benchmarks`."""
        return benchmark_rows(self._db, transaction)

    def change_log(self) -> pd.DataFrame:
        """Return all changes, in the columns of `Figures.changes`."""
        return _frame(self._db, "changes", most=None)


def feed_figures(db: Database, council: str, transaction: str) -> FeedFigures:
    """Return the figures of a council's transaction."""
    of = {"council": council, "transaction": transaction}
    return FeedFigures(*(_rows(db, f"feed_{name}", **of) for name in FeedFigures._fields))


def benchmark_rows(db: Database, transaction: str) -> Rows:
    """Return the benchmarks of a transaction, in the columns of `benchmarks.benchmarks`."""
    return _rows(db, "benchmarks", transaction=transaction)


def compared_groups(db: Database) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return `councils`, `groups` and `feeds` of `Figures`."""
    return _frame(db, "councils"), _frame(db, "groups"), _frame(db, "feeds")


def compared(db: Database, transaction: str) -> Rows:
    """Return the figures that benchmarks are taken of."""
    return _rows(db, "compared", transaction=transaction)


def _frame(db: Database, name: str, **of: object) -> pd.DataFrame:
    rows = db.execute(statement(f"site/{name}"), of)
    frame = pd.DataFrame.from_records(rows.fetchall(), columns=list(rows.keys()))
    kinds = {column: "Int64" for column in frame.columns if column in _WHOLE_NUMBERS}
    kinds |= {column: "float64" for column in frame.columns if column in _FRACTIONS}
    return frame.astype(kinds)


def _rows(db: Database, name: str, **of: object) -> Rows:
    """Return rows in columns, by COPY: a row of thousands is no object of Python on the way."""
    asked = str(statement(f"site/{name}").compile(dialect=db.dialect))
    written = io.BytesIO()
    connection: Any = db.connection
    with connection.cursor() as cursor:
        cursor.copy_expert(b"copy (" + cursor.mogrify(asked, of) + b") to stdout (format csv, header)", written)
    names = written.getvalue().partition(b"\n")[0].decode().split(",")
    options = arrow_csv.ConvertOptions(
        column_types={column: _type(column) for column in names}, strings_can_be_null=True, null_values=[""],
        quoted_strings_can_be_null=False,
    )  # fmt: skip
    parsing = arrow_csv.ParseOptions(newlines_in_values=True)
    table = arrow_csv.read_csv(pa.BufferReader(written.getbuffer()), parse_options=parsing, convert_options=options)
    rows = Rows.of(table)
    return rows.also(**{column: rows.cells(column).mapped(json.loads) for column in names if column in _LISTS})


def _type(column: str) -> pa.DataType:
    if column in _FRACTIONS:
        return pa.float64()
    if column in _WHOLE_NUMBERS | {"councils"}:
        return pa.int64()
    return pa.date32() if column in _DAYS else pa.dictionary(pa.int32(), pa.string())
