"""watch: tells of feeds that have become late and of those that have come, once each, from the ledger."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from local_digital.alerts.message import Message, Problem, day
from local_digital.alerts.outbox import post, routes, send_pending
from local_digital.alerts.run import dag_url
from local_digital.alerts.silences import silence_of, silences
from local_digital.config.loading import load_councils
from local_digital.freshness import feed_states, is_late
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement
from local_digital.workspace import lock

if TYPE_CHECKING:
    from sqlalchemy import Connection as Database

    from local_digital.config.models import Council
    from local_digital.errors import LocalDigitalError
    from local_digital.workspace import Workspace


@dataclass
class WatchReport:
    """Feeds as `council transaction`. late, came: told with this look (or that would be, outside production).

    silenced: late and not told. unrouted: councils about which nobody is told, since no channel is set up. unsent:
    channels that did not take a message now; the next look tries again.
    """

    late: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    silenced: list[str] = field(default_factory=list)
    unrouted: list[str] = field(default_factory=list)
    unsent: list[LocalDigitalError] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "unsent": [str(error) for error in self.unsent]}


@acting_as(LOADER)
def watch(workspace: Workspace, *, airflow: str | None = None, now: dt.datetime | None = None) -> WatchReport:
    """Look at all feeds: one message a council for those that have become late since the last look, and one for those
    that have come. Sends what earlier looks and runs could not.

    airflow: its address, for links. now: aware. Outside production nothing is noted and nothing sent.
    """
    now = now or dt.datetime.now(dt.UTC)
    report = WatchReport()
    councils, _ = load_councils(workspace.settings.config)
    for _, council in sorted(councils.items()):
        _look(workspace, council, now, airflow, report)
    report.unsent = send_pending(workspace)
    return report


def _look(workspace: Workspace, council: Council, now: dt.datetime, airflow: str | None, report: WatchReport) -> None:
    slug, production = council.council, workspace.settings.is_production
    with workspace.engine.begin() as db:
        lock(db, "watch", slug)
        rows = {row["transaction"]: row for row in feed_states(db, [council], now)}
        late = {
            transaction: row
            for transaction, row in rows.items()
            if is_late(council.feeds[transaction], row["loaded_until"], now)
        }
        noticed = {
            row.transaction: row.late_from for row in db.execute(statement("alerts/open_notices"), {"council": slug})
        }
        held = silences(db, slug, now)
        new = {name: row for name, row in late.items() if name not in noticed}
        silent = [name for name in new if silence_of(held, name)]
        told = {name: row for name, row in new.items() if name not in silent}
        over = [name for name in noticed if name not in late]
        came = [name for name in over if name in rows and not silence_of(held, name)]
        report.late += [f"{slug} {name}" for name in told]
        report.came += [f"{slug} {name}" for name in came]
        report.silenced += [f"{slug} {name}" for name in silent]
        if not production:
            return
        if told and not routes(workspace.settings, slug):
            # Nothing is noted, so that it is told once there is a channel.
            report.unrouted.append(slug)
            return
        _note(db, slug, told, over)
        link = dag_url(airflow, f"council_{slug}")
        if told:
            post(db, _late(council, told, link))
        if came:
            post(db, _came(council, {name: rows[name] for name in came}, link))


def _note(db: Database, council: str, told: dict[str, dict[str, Any]], over: list[str]) -> None:
    if told:
        late_from = [row["late_from"] for row in told.values()]
        db.execute(
            statement("alerts/add_notices"), {"council": council, "transactions": list(told), "late_from": late_from}
        )
    if over:
        db.execute(statement("alerts/end_notices"), {"council": council, "transactions": over})


def _late(council: Council, late: dict[str, dict[str, Any]], link: str | None) -> Message:
    problems = tuple(
        Problem(
            transaction,
            "delivery",
            "LateFeed",
            "data",
            f"{council.council} {transaction}",
            f"a {council.feeds[transaction].cadence} delivery, overdue from {day(row['late_from'])} on",
            f"none; the newest that is loaded, of {row['deliveries']} in all, is complete until "
            f"{day(row['loaded_until'])}",
            "Ask the council whether its export runs. What it sends is taken by the next run.",
        )
        for transaction, row in late.items()
    )
    names = ", ".join(late)
    lead = f"{council.name}: nothing has arrived of {names}."
    return Message(
        "late", council.council, council.name, f"[Local Digital] {council.name}: {names} late (data)", lead, problems,
        link=link,
    )  # fmt: skip


def _came(council: Council, came: dict[str, dict[str, Any]], link: str | None) -> Message:
    names = ", ".join(came)
    remarks = tuple(
        f"{transaction}: loaded, complete until {day(row['loaded_until'])}."
        if row["loaded_until"]
        else f"{transaction}: no longer awaited."
        for transaction, row in came.items()
    )
    lead = f"{council.name}: what was late has come ({names})."
    return Message(
        "came", council.council, council.name, f"[Local Digital] {council.name}: {names} has come", lead,
        remarks=remarks, link=link,
    )  # fmt: skip
