"""compare: all councils' figures of one KPI side by side, with median and quartiles, and why a figure is not there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from local_digital.calendar import period_start
from local_digital.config.loading import council_files, load_councils, load_transactions
from local_digital.errors import ConfigurationError
from local_digital.kpis import CAVEATS, KPIS
from local_digital.offers import forget_councils, offered, record_offers
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement

if TYPE_CHECKING:
    import datetime as dt

    from local_digital.config.models import Feed
    from local_digital.kpis import PeriodKind
    from local_digital.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """Which figure: the newest version and the newest whole period where none is given. label: a channel, for
    `channel-mix`.
    """

    transaction: str
    kpi: str
    version: str
    period_kind: PeriodKind
    label: str = ""
    period_start: dt.date | None = None


@dataclass(frozen=True)
class Comparison:
    """asked: with its period. councils: rows of `status/compare`, each with its `state`. benchmarks: rows of
    `status/benchmarks`. caveats: sentences by key, those that some council's figure has.

    state: `figure`, `partial` (not the whole period yet: in no benchmark), `nothing to divide`, `too little is known`
    (its caveats say of what), `not provided here`, `no feed yet`, `not supplied` (the export does not tell it),
    `counted by week` (or month: it has no others), `channel not offered` or `no data yet`.
    """

    asked: Asked
    councils: list[dict[str, Any]]
    benchmarks: list[dict[str, Any]]
    caveats: dict[str, str]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@acting_as(LOADER)
def asked(
    workspace: Workspace,
    transaction: str,
    kpi: str,
    *,
    version: str | None = None,
    period_kind: PeriodKind | None = None,
    label: str = "",
) -> Asked:
    """Return what is asked for, filled in; raise ConfigurationError where no contract or definition has it."""
    contracts = load_transactions(workspace.settings.config)[0]
    if transaction not in contracts:
        raise _unknown("transaction", contracts, transaction)
    contract = contracts[transaction]
    if kpi not in contract.kpis:
        raise _unknown(f"--kpi of {transaction}", contract.kpis, kpi)
    definition = KPIS[kpi]
    if version is not None and version not in definition.versions:
        raise _unknown(f"--version of {kpi}", definition.versions, version)
    if period_kind is not None and period_kind not in definition.periods:
        raise _unknown(f"--period of {kpi}", definition.periods, period_kind)
    channels = contract.fields["channel"].values
    if label and not definition.labelled:
        raise ConfigurationError(
            "--label", expected=f"none with {kpi}", found=f"`{label}`", action="It is for channel-mix."
        )
    if definition.labelled and label not in channels:
        raise _unknown(f"--label of {kpi}", channels, label or "none")
    # Months where there are any: weeks move with the round of collections.
    kind = period_kind or definition.periods[-1]
    return Asked(transaction, kpi, version or definition.versions[-1], kind, label if definition.labelled else "")


@acting_as(LOADER)
def compare(workspace: Workspace, wanted: Asked) -> Comparison:
    """Compare all councils that the configuration knows. Raises ConfigurationError where no council has any figure."""
    if wanted.period_start and wanted.period_start != period_start(wanted.period_kind, wanted.period_start):
        raise ConfigurationError(
            "--start",
            expected=f"the first day of a {wanted.period_kind}, such as "
            f"{period_start(wanted.period_kind, wanted.period_start)}",
            found=str(wanted.period_start), action="Weeks begin on Mondays.",
        )  # fmt: skip
    with workspace.engine.begin() as db:
        councils = load_councils(workspace.settings.config)[0]
        contracts = load_transactions(workspace.settings.config)[0]
        for council in councils.values():
            record_offers(db, council, contracts)
        # A council whose file cannot be read for the moment still takes part.
        forget_councils(db, council_files(workspace.settings.config))
        facts = asdict(wanted)
        start = wanted.period_start or db.scalar(statement("status/newest_whole_period"), facts)
        if start is None:
            raise ConfigurationError(
                f"{wanted.transaction} {wanted.kpi}",
                expected=f"a whole {wanted.period_kind} of at least one council",
                found="none yet",
                action="Run the councils' DAGs, or `ingest` and `aggregate`, or ask for another --period.",
            )
        facts["period_start"] = start
        rows = [dict(row) for row in db.execute(statement("status/compare"), facts).mappings()]
        benchmarks = [dict(row) for row in db.execute(statement("status/benchmarks"), facts).mappings()]
    for row in rows:
        taking_part = councils.get(row["council"])
        row["state"] = _state(row, taking_part.feeds.get(wanted.transaction) if taking_part else None, wanted)
    keys = sorted({key for row in rows for key in row["caveats"]})
    return Comparison(Asked(**facts), rows, benchmarks, {key: CAVEATS[key] for key in keys})


def _state(row: dict[str, Any], feed: Feed | None, wanted: Asked) -> str:
    if row["state"] != "provided":
        return "not provided here" if row["state"] == "not-provided" else "no feed yet"
    if row["basis"] is None:
        return _why_missing(row, feed, wanted)
    if row["value"] is None:
        return "too little is known" if row["denominator"] else "nothing to divide"
    return "partial" if row["basis"] == "partial" else "figure"


def _why_missing(row: dict[str, Any], feed: Feed | None, wanted: Asked) -> str:
    if row["not_supplied"]:
        return "not supplied"
    counted_by = feed.aggregate.period if feed and feed.aggregate else "day"
    if counted_by != "day" and (counted_by == "week") != (wanted.period_kind == "week"):
        return f"counted by {counted_by}"
    if feed and wanted.label and wanted.label not in offered(feed, "channel"):
        return "channel not offered"
    return "no data yet"


def _unknown(where: str, known: Any, found: str) -> ConfigurationError:
    return ConfigurationError(
        where, expected=f"one of {', '.join(known)}", found=f"`{found}`", action="Check the spelling."
    )
