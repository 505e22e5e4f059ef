"""Silences: for a while nobody is told about a council or one of its feeds. Each has a reason, a name and an end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_digital.alerts.message import day
from local_digital.calendar import local_day, midnight
from local_digital.config.loading import council_files
from local_digital.errors import ConfigurationError
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection as Database

    from local_digital.workspace import Workspace

# What is wrong for longer is wrong in the council's file.
_LONGEST_DAYS = 92


@dataclass(frozen=True)
class Silence:
    """transaction: empty for all of the council. until: the moment (aware) from which it silences nothing."""

    silence_id: int
    council: str
    transaction: str
    until: dt.datetime
    reason: str
    by: str
    at: dt.datetime

    @property
    def last_day(self) -> dt.date:
        return local_day(self.until - dt.timedelta(microseconds=1))

    @property
    def told(self) -> str:
        what = self.transaction or "everything"
        return f"Silenced by {self.by} until {day(self.until - dt.timedelta(microseconds=1))}: {what} ({self.reason})."

    def as_json(self) -> dict[str, object]:
        return {
            "silence_id": self.silence_id,
            "council": self.council,
            "transaction": self.transaction or None,
            "until": self.last_day,
            "reason": self.reason,
            "by": self.by,
            "at": self.at,
        }


def silences(db: Database, council: str | None, now: dt.datetime) -> list[Silence]:
    """Return what is silenced at a moment (aware), of one council or of all."""
    rows = db.execute(statement("alerts/silences"), {"council": council, "now": now})
    return [
        Silence(row.silence_id, row.council, row.transaction, row.until, row.reason, row.silenced_by, row.silenced_at)
        for row in rows
    ]


def silence_of(held: Sequence[Silence], transaction: str) -> Silence | None:
    """Return what silences a feed of the council that `held` is of; an empty transaction: its shared steps."""
    return next((one for one in held if one.transaction in {"", transaction}), None)


@acting_as(LOADER)
def silence(
    workspace: Workspace,
    council: str,
    transaction: str = "",
    *,
    until: dt.date,
    reason: str,
    by: str,
    now: dt.datetime | None = None,
) -> Silence:
    """Silence a council, or one of its feeds, up to and with a London day; return the silence.

    Raises ConfigurationError without a reason, for a day that is past or more than 92 days ahead, and for a council or
    feed that does not exist.
    """
    now = now or dt.datetime.now(dt.UTC)
    _exists(workspace, council, transaction)
    reason, by = reason.strip(), by.strip()
    if not reason or not by:
        raise _wrong("--reason" if not reason else "--by", "a reason and a name", "none", "Say why, and who says so.")
    ahead = (until - local_day(now)).days
    if not 0 <= ahead <= _LONGEST_DAYS:
        raise _wrong(
            "--until", f"a day from today on, at most {_LONGEST_DAYS} days ahead", str(until), "Name another day."
        )
    ends = midnight(until + dt.timedelta(days=1))
    names = {"council": council, "transaction": transaction, "until": ends, "reason": reason, "by": by, "now": now}
    with workspace.engine.begin() as db:
        number = db.scalar(statement("alerts/add_silence"), names)
    return Silence(int(number), council, transaction, ends, reason, by, now)


@acting_as(LOADER)
def lift(workspace: Workspace, council: str, transaction: str = "", *, now: dt.datetime | None = None) -> int:
    """End the silences of a council, or of one of its feeds, before their time; return how many there were."""
    _exists(workspace, council, transaction)
    names = {"council": council, "transaction": transaction, "now": now or dt.datetime.now(dt.UTC)}
    with workspace.engine.begin() as db:
        return len(db.execute(statement("alerts/lift_silences"), names).all())


def _exists(workspace: Workspace, council: str, transaction: str) -> None:
    if not transaction and council in council_files(workspace.settings.config):
        # A broken file is a good reason for a silence.
        return
    feeds = workspace.council(council).feeds
    if transaction and transaction not in feeds:
        raise _wrong(
            f"council {council}", f"a feed of it ({', '.join(feeds)})", f"`{transaction}`", "Check the spelling."
        )


def _wrong(where: str, expected: str, found: str, action: str) -> ConfigurationError:
    return ConfigurationError(where, expected=expected, found=found, action=action)
