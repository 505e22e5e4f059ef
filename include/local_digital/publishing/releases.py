"""Releases: counts by breakdown after disclosure control, every version remembered before it leaves the house."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_digital.disclosure import Cell, Released, release
from local_digital.sql import statement
from local_digital.workspace import lock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection as Database

    from local_digital.config.models import DataSet
    from local_digital.workspace import FeedHandle


@dataclass(frozen=True)
class Release:
    """One period as it may be shown. counts: every cell that any period has, zeros included; withheld: those of them
    that must not be shown.
    """

    counts: dict[Cell, int]
    withheld: frozenset[Cell]

    def shown(self, breakdowns: tuple[str, ...], spelt: Mapping[str, Mapping[str, str]]) -> dict[Cell, int]:
        """Return what may be shown of one table, in the platform's spelling.

        spelt: by breakdown, the contract's value (or the council's word) to the platform's. Where several values have
        one spelling, a withheld one withholds their sum.
        """
        counts: Counter[Cell] = Counter()
        withheld: set[Cell] = set()
        for cell, count in self.counts.items():
            if tuple(name for name, _ in cell) == breakdowns:
                as_spelt = tuple((name, spelt.get(name, {}).get(label, label)) for name, label in cell)
                counts[as_spelt] += count
                if cell in self.withheld:
                    withheld.add(as_spelt)
        return {cell: count for cell, count in counts.items() if cell not in withheld}


def breakdowns_of(data_set: DataSet) -> tuple[str, ...]:
    """Return the one or two breakdowns of a data set of counts."""
    return tuple(name for name in (data_set.breakdown, data_set.across) if name)


def releases(db: Database, feed: FeedHandle, period_kind: str, *, run_id: str | None) -> dict[dt.date, Release]:
    """Return every whole, finished period of a feed with the counts of all its controlled data sets of that period.

    All controlled tables of the contract are decided on together, whether the feed publishes them by now or not, and by
    the contract's values rather than the platform's spelling: neither a data set that is added or dropped later nor a
    new spelling can then tell what was withheld.

    run_id: the run that is about to publish them. What is new is remembered in `ledger.release` first, within the
    transaction of `db`, since it decides what later versions may show; None only looks, and remembers nothing.
    """
    tables = {
        breakdowns_of(data_set): data_set
        for data_set in feed.contract.data_sets.values()
        if data_set.breakdown and data_set.threshold and data_set.period == period_kind
    }
    if not tables:
        return {}
    if run_id is not None:
        lock(db, "release", feed.feed_id)
    totals, counts = _counts(db, feed, period_kind, tables)
    thresholds = _thresholds(feed, tables, {cell for period in counts.values() for cell in period})
    usual: Counter[Cell] = Counter()
    for period in counts.values():
        usual.update(period)
    names = {"feed_id": feed.feed_id, "period_kind": period_kind}
    before = {row.period_start: row for row in db.execute(statement("publish/latest_releases"), names)}
    found = {}
    for start, total in totals.items():
        cells = {cell: counts[start][cell] for cell in thresholds}
        last = before.get(start)
        decided = release(
            cells,
            total,
            thresholds,
            Released(frozenset(map(_cell, last.withheld)), last.whole) if last else None,
            # How large a cell usually is, by the other periods.
            {cell: usual[cell] - cells[cell] for cell in cells},
        )
        found[start] = Release(cells, decided.withheld)
        if run_id is not None:
            _remember(db, {**names, "period_start": start, "run_id": run_id, "total": total}, found[start], decided)
    return found


def _counts(
    db: Database, feed: FeedHandle, period_kind: str, tables: Iterable[tuple[str, ...]]
) -> tuple[dict[dt.date, int], dict[dt.date, Counter[Cell]]]:
    """Return the total of each finished period, and its counts by cell."""
    facts = {"council": feed.council.council, "transaction": feed.contract.transaction, "period_kind": period_kind}
    totals = {row.period_start: row.reports for row in db.execute(statement("publish/finished_periods"), facts)}
    counts: dict[dt.date, Counter[Cell]] = defaultdict(Counter)
    for names in tables:
        asked = {**facts, "breakdown": names[0], "across": names[1] if len(names) > 1 else ""}
        for row in db.execute(statement("publish/volume"), asked):
            counts[row.period_start][tuple(zip(names, (row.label, row.across_label), strict=False))] += row.reports
    return totals, counts


def _thresholds(feed: FeedHandle, tables: Mapping[tuple[str, ...], DataSet], cells: Iterable[Cell]) -> dict[Cell, int]:
    """Return the threshold of each cell: the higher one where a label of it tells something of people's health."""
    sensitive = {
        (name, label)
        for names in tables
        for name in names
        for label, facts in feed.contract.fields[name].values.items()
        if facts.sensitive
    }
    found = {}
    for cell in cells:
        data_set = tables[tuple(name for name, _ in cell)]
        found[cell] = data_set.sensitive_threshold if sensitive & set(cell) else data_set.threshold
    return found


def _remember(db: Database, names: dict[str, object], made: Release, decided: Released) -> None:
    shown = [[*map(list, cell), made.counts[cell]] for cell in sorted(made.counts.keys() - made.withheld)]
    db.execute(
        statement("publish/remember_release"),
        {
            **names,
            "shown": json.dumps(shown),
            "withheld": json.dumps([[*map(list, cell)] for cell in sorted(decided.withheld)]),
            "whole": decided.whole,
        },
    )


def _cell(pairs: list[list[str]]) -> Cell:
    return tuple((name, label) for name, label in pairs)
