"""Everything that the open data and the pages are made from: the released figures, and what must be known with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import text

from local_digital.config.loading import council_files, load_councils, load_transactions
from local_digital.offers import forget_councils, record_offers
from local_digital.sql import statement

if TYPE_CHECKING:
    from sqlalchemy import Connection as Database

    from local_digital.config.models import Transaction
    from local_digital.workspace import Workspace


@dataclass(frozen=True)
class Figures:
    """The released figures of all councils, as data frames. Dates are the first days of periods on the London calendar.

    contracts: by slug of the transaction. councils: council, name, gss_code, tier, nation, region (None where not
    known), population (nullable Int64), ordered by name. offers: council, transaction, state, reason, not_supplied
    (list of KPIs that the feed cannot give), one row for each council and transaction. state: `shown` (its figures are
    public), `not-published` (provided, and the council has not released it), `awaited` (provided, no feed yet) or
    `not-provided` (reason says why). groups: owner, name, member (slugs).

    feeds: council, transaction, first_released_at, released_at (UTC). kpis: council, transaction, period_kind (`week`,
    `month`, `quarter`), period_start, kpi, version, label (a channel, for `channel-mix`), numerator, denominator, value
    (None: nothing to divide, or too little known), basis (`full` or `estimated`), caveats (list of keys of
    `kpis.CAVEATS`). volumes: council, transaction, data_set, period_kind, period_start, label, across_label, reports
    (nullable Int64), state (`shown`, or `withheld` without a count). periods: council, transaction, period_kind (`week`
    or `month`), period_start, reports, working_days, bank_holidays (list), cycle_week, same_point (the newest earlier
    week at the same point of the round). changes: changed_at (UTC), council, transaction, what (`added`, `revised`,
    `withdrawn`), data_set (`kpis` or a data set of counts), figures, first_period, last_period, newest first.
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


_FRAMES = ("councils", "offers", "groups", "feeds", "kpis", "volumes", "periods", "changes")
_WHOLE_NUMBERS = {"population", "reports", "working_days", "cycle_week", "figures"}
_FRACTIONS = {"numerator", "denominator", "value"}


def read(workspace: Workspace) -> Figures:
    """Read all released figures at one moment. Raises ConfigurationError where no contract can be read."""
    contracts, _ = load_transactions(workspace.settings.config)
    councils, _ = load_councils(workspace.settings.config)
    with workspace.engine.begin() as db:
        for council in councils.values():
            record_offers(db, council, contracts)
        # A council whose file cannot be read for the moment still takes part.
        forget_councils(db, council_files(workspace.settings.config))
    with workspace.engine.begin() as db:
        # One moment for all: a council that releases meanwhile is in the next site whole.
        db.execute(text("set transaction isolation level repeatable read"))
        return Figures(contracts, **{name: _frame(db, name) for name in _FRAMES})


def _frame(db: Database, name: str) -> pd.DataFrame:
    rows = db.execute(statement(f"site/{name}"))
    frame = pd.DataFrame.from_records(rows.fetchall(), columns=list(rows.keys()))
    kinds = {column: "Int64" for column in frame.columns if column in _WHOLE_NUMBERS}
    kinds |= {column: "float64" for column in frame.columns if column in _FRACTIONS}
    return frame.astype(kinds)
