"""Gauges of the feeds, and the same as Prometheus text. Labels are slugs; no value of a row."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from local_digital.board.rollout import feeds
from local_digital.board.states import states_of
from local_digital.config.loading import load_councils
from local_digital.errors import ConfigurationError
from local_digital.freshness import is_late
from local_digital.roles import BOARD, acting_as
from local_digital.sql import statement

if TYPE_CHECKING:
    from local_digital.workspace import Workspace

_READABLE = 0o644
_FEED = ("council", "transaction")


@dataclass
class Gauge:
    """A gauge with its values. Each has labels: council and transaction, or none where it is about the installation."""

    name: str
    means: str
    values: list[tuple[dict[str, str], float]] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        shown = [f"# HELP {self.name} {self.means}", f"# TYPE {self.name} gauge"]
        for labels, value in self.values:
            told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            shown.append(f"{self.name}{{{told}}} {value:.10g}" if told else f"{self.name} {value:.10g}")
        return shown


def metrics(workspace: Workspace, *, now: dt.datetime | None = None) -> str:
    """Return the gauges in Prometheus' text format. now: aware."""
    return "\n".join(line for gauge in gauges(workspace, now=now) for line in gauge.lines) + "\n"


@acting_as(BOARD)
def gauges(workspace: Workspace, *, now: dt.datetime | None = None) -> list[Gauge]:
    """Return the gauges of all councils whose files are right. now: aware."""
    now = now or dt.datetime.now(dt.UTC)
    councils, errors = load_councils(workspace.settings.config)
    age = Gauge(
        "local_digital_feed_age_seconds", "Time since the moment up to which the loaded deliveries are complete."
    )
    late = Gauge("local_digital_feed_late", "1 when the next delivery is overdue by the feed's cadence.")
    accepted = Gauge("local_digital_delivery_rows_accepted", "Rows of the newest validated delivery that are used.")
    quarantined = Gauge("local_digital_delivery_rows_quarantined", "Rows of the newest validated delivery set aside.")
    lag = Gauge("local_digital_publish_lag_seconds",
                 "How long the oldest delivery loaded since the last finished push has waited, or 0.")  # fmt: skip
    waiting = Gauge("local_digital_waiting_decisions", "Figures, or the feed's going live, that wait for somebody.")
    broken = Gauge(
        "local_digital_broken_files", "Council and transaction files that cannot be read.", [({}, len(errors))]
    )
    unsent = Gauge("local_digital_messages_unsent", "Messages about faults that some channel has not taken.")
    with workspace.engine.connect() as db:
        rows = db.execute(statement("alerts/gauges"), {"councils": list(councils)}).mappings().all()
        on_board = feeds(db, councils)
        unsent.values.append(({}, db.scalar(statement("alerts/unsent")) or 0))
    for row in rows:
        feed = councils[row["council"]].feeds.get(row["transaction"])
        if feed is None:
            continue
        labels = {name: row[name] for name in _FEED}
        if row["loaded_until"] is not None:
            age.values.append((labels, (now - row["loaded_until"]).total_seconds()))
            late.values.append((labels, is_late(feed, row["loaded_until"], now)))
        if row["accepted"] is not None:
            accepted.values.append((labels, row["accepted"]))
            quarantined.values.append((labels, row["quarantined"]))
        if feed.stage == "live":
            since = row["unpublished_since"]
            lag.values.append((labels, (now - since).total_seconds() if since else 0))
        known = on_board.get((row["council"], row["transaction"]))
        states = set(states_of(feed, known, now))
        asked = known is not None and known["decision"] != "kept-back"
        figures = known["held_figures"] if known and "held" in states else 0
        waiting.values.append((labels, (figures + ("waiting" in states)) if asked else 0))
    return [age, late, accepted, quarantined, lag, waiting, broken, unsent]


def write(text: str, output: Path) -> None:
    """Put the text where a scraper reads it, whole or not at all. Raises ConfigurationError when that cannot be."""
    try:
        number, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(_READABLE)
            Path(name).replace(output)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigurationError(
            str(output), expected="a file that can be written", found=type(error).__name__,
            action="Name a file in a folder that exists and that this account may write to.",
        ) from None  # fmt: skip


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
