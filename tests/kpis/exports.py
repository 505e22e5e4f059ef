"""Dealings as a council's export has them, its file beside it, and what the marts make of both."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from local_digital.config.loading import load_transactions
from local_digital.fields import ALWAYS_REQUIRED, INSTANTS, LABELS
from local_digital.settings import ROOT
from tests.kpis.recomputed import LONDON, UNMAPPED, Figure, Key, recomputed, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from demo.world.dealings import Dealing
    from local_digital.workspace import FeedHandle, Workspace
    from tests.anywhere import Anywhere
    from tests.kpis.recomputed import Figures

CONTRACTS = load_transactions(ROOT / "include")[0]
DATED = {"kind": "folder", "files": "{date:%Y%m%d}.csv"}
COUNTED = ("period", "channel", "count")
# What a dealing calls otherwise.
NAMES = {"record_ref": "ref", "premises_key": "premises"}
ENOUGH_DIGITS = 12

There = dict[Key, tuple[Any, ...]]


def optional(transaction: str) -> list[str]:
    """The fields that a feed may leave out."""
    return [name for name in CONTRACTS[transaction].fields if name not in ALWAYS_REQUIRED]


def mapping(transaction: str, fields: Iterable[str]) -> dict[str, Any]:
    """The columns of a feed whose words are the contract's own."""
    columns: dict[str, Any] = {}
    for name in fields:
        columns[name] = {"from": name}
        if name in (*INSTANTS, "period"):
            columns[name]["formats"] = ["iso"]
        values = CONTRACTS[transaction].fields[name].values if name in LABELS else {}
        if values:
            columns[name]["map"] = {value: value for value in values}
    return columns


def feed_of(transaction: str, fields: Iterable[str], **facts: Any) -> dict[str, Any]:
    """A council's feed of everything there is, by day in the file's name; no silence ends it."""
    return {
        "delivery": "snapshot", "source": DATED, "columns": mapping(transaction, [*ALWAYS_REQUIRED, *fields]),
        "quiet_days": 3000, **facts,
    }  # fmt: skip


def counts_of(transaction: str, period: str, fields: Iterable[str], **facts: Any) -> dict[str, Any]:
    """A council's feed of counts."""
    return {
        **feed_of(transaction, ()), "delivery": "aggregate", "aggregate": {"period": period},
        "columns": mapping(transaction, [*COUNTED, *fields]), **facts,
    }  # fmt: skip


def file(until: dt.date, dealings: Iterable[Dealing], columns: Iterable[str]) -> tuple[str, str]:
    """The export of a day: its name and its rows."""
    rows = io.StringIO()
    names = list(columns)
    writer = csv.writer(rows)
    writer.writerow(names)
    writer.writerows([_cell(dealing, name) for name in names] for dealing in dealings)
    return f"{until:%Y%m%d}.csv", rows.getvalue()


def _cell(dealing: Dealing, name: str) -> object:
    if name == "period":
        return dealing.reported_at.astimezone(LONDON).date().isoformat()
    value = getattr(dealing, NAMES.get(name, name))
    return value.isoformat() if name in INSTANTS and value else value


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), LONDON)


def deliver(anywhere: Anywhere, feed: FeedHandle, until: dt.date, dealings: Iterable[Dealing]) -> There:
    """Ingest the export of a day, all of whose rows must be right; return the marts' figures."""
    name, content = file(until, dealings, feed.feed.columns)
    (report,) = anywhere.ingest(feed, (name, content))
    assert (report.rejected_because, report.quarantined, report.duplicates) == (None, 0, 0), report
    return kept(anywhere.workspace, feed)


def due(
    feed: FeedHandle, complete_until: dt.datetime, dealings: Iterable[Dealing], as_of: dt.datetime | None = None
) -> Figures:
    """What the marts must hold once everything up to a moment is in: of what the feed has columns and words for.

    as_of: when the newest export was made, where that is another moment.
    """
    not_sent: dict[str, Any] = {
        NAMES.get(name, name): None for name in feed.contract.fields.keys() - feed.feed.columns.keys()
    }
    if feed.feed.aggregate:
        not_sent = {name: None for name in not_sent if name not in {"ref", "reported_at"}}
    words = feed.feed.columns["channel"].map
    sent = [
        replace(dealing, channel=words.get(dealing.channel, UNMAPPED), **not_sent) for dealing in dealings
    ]  # fmt: skip
    return recomputed(sent, feed.council, feed.contract, complete_until=complete_until, as_of=as_of)


def kept(workspace: Workspace, feed: FeedHandle) -> There:
    """marts.kpi of a feed."""
    with workspace.engine.connect() as db:
        rows = db.execute(
            text("select * from marts.kpi where council = :council and transaction = :transaction"),
            {"council": feed.council.council, "transaction": feed.contract.transaction},
        )
        return {
            Key(row.period_kind, row.period_start, row.kpi, row.version, row.label): (
                row.numerator, row.denominator, row.value, row.basis, row.caveats,
            )
            for row in rows
        }  # fmt: skip


def differences(there: Mapping[Key, tuple[Any, ...]], expected: Figures) -> list[str]:
    """What is missing, extra or different, in words; nothing when all is the same to the last digit."""
    return [
        *(f"missing: {key} {expected[key]}" for key in sorted(expected.keys() - there.keys())),
        *(f"extra: {key} {there[key]}" for key in sorted(there.keys() - expected.keys())),
        *(
            f"different: {key} {there[key]} where {expected[key]} was due"
            for key in sorted(there.keys() & expected.keys())
            if not _same(there[key], expected[key])
        ),
    ]


def _same(there: tuple[Any, ...], expected: Figure) -> bool:
    *numbers, basis, caveats = there
    return (
        all(_equal(number, exact) for number, exact in zip(numbers, expected[:3], strict=True))
        and basis == expected.basis
        and sorted(caveats) == sorted(expected.caveats)
    )


def _equal(number: Decimal | None, exact: Fraction | None) -> bool:
    """Whether a number is the exact one, or the exact one rounded to as many digits as it has."""
    if number is None or exact is None:
        return number is None and exact is None
    if number == exact:
        return True
    _, digits, exponent = number.as_tuple()
    return (
        isinstance(exponent, int)
        and max(len(digits), -exponent) >= ENOUGH_DIGITS
        and Fraction(number) == rounded(exact, -exponent)
    )
