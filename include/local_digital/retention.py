"""Retention: raw landing files hold personal data, and go after the number of days that the council's file says.

With them go looks at councils' pages that are too old to be published, faults that were mended long ago, what killed
runs left half written in the landing store, half downloaded in the spool or among the temporary files, and error
reports but for the newest.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from local_digital.availability import forget_checks
from local_digital.config.loading import council_files, load_councils, load_transactions
from local_digital.config.models import RETENTION_DAYS
from local_digital.error_report import remove_old
from local_digital.errors import DataError
from local_digital.private_folders import remove_left_behind
from local_digital.roles import LOADER, acting_as
from local_digital.sources.spool import Spool
from local_digital.sql import statement
from local_digital.workspace import Workspace, lock

if TYPE_CHECKING:
    from sqlalchemy import Row

# A write into the landing store that has not gone on for so long was killed.
DEAD_AFTER = dt.timedelta(hours=1)
FAULTS_KEPT_DAYS = 400


@acting_as(LOADER)
def expire(workspace: Workspace, *, dry_run: bool = False) -> list[int]:
    """Remove raw files past their council's retention; return the ids of the deliveries whose bytes went.

    The accepted records and the ledger stay. A delivery that nobody could read in all that time is turned down: nobody
    ever will, and what the council was promised holds for it too. The ledger is marked after the bytes are gone, so a
    crash between the two only makes the next call mark what is gone already. Bytes that somebody lands again meanwhile
    stay. Those of a council whose file is gone go when they would without a word in it; where the file is broken they
    wait until it is mended.
    """
    gone: list[int] = []
    for slug, days in _retention(workspace).items():
        facts = {"council": slug, "days": days, "delivery_id": None}
        with workspace.engine.connect() as db:
            due = db.execute(statement("ledger/expired_raw"), facts).all()
        gone.extend(delivery.delivery_id for delivery in due if dry_run or _remove(workspace, delivery, facts))
    if not dry_run:
        workspace.landing.remove_unfinished(dt.datetime.now(dt.UTC) - DEAD_AFTER)
        remove_left_behind()
        with workspace.engine.begin() as db:
            forget_checks(db)
            db.execute(statement("alerts/forget_faults"), {"days": FAULTS_KEPT_DAYS})
        # To open it is to remove what nobody came back for; other workers do so with their next extract.
        with Spool(workspace.settings.spool):
            pass
    return gone


@acting_as(LOADER)
def expire_reports(workspace: Workspace, *, dry_run: bool = False) -> list[int]:
    """Remove error reports but for those of each feed's newest deliveries; return of which deliveries they were."""
    councils, _ = load_councils(workspace.settings.config)
    contracts, _ = load_transactions(workspace.settings.config)
    return [
        delivery_id
        for council in councils.values() for transaction in council.feeds
        for delivery_id in remove_old(workspace, workspace.handle(council, contracts[transaction]), dry_run=dry_run)
    ]  # fmt: skip


def _retention(workspace: Workspace) -> dict[str, int]:
    """Return for how many days the raw files of each council are kept."""
    config = workspace.settings.config
    councils, _ = load_councils(config)
    with_file = council_files(config)
    with workspace.engine.connect() as db:
        known = db.scalars(text("select distinct council from ledger.feed order by council")).all()
    # Without any file somebody has named another folder: nobody has taken all councils out at once.
    left = [slug for slug in known if slug not in with_file] if with_file else []
    days = {slug: council.privacy.retention_days for slug, council in councils.items()}
    return days | dict.fromkeys(left, RETENTION_DAYS)


def _remove(workspace: Workspace, delivery: Row[Any], facts: dict[str, object]) -> bool:
    """Remove a delivery's bytes; return False where they are wanted again since it was found past its retention."""
    with workspace.engine.begin() as db:
        lock(db, "raw", delivery.sha256)
        if not db.execute(statement("ledger/expired_raw"), {**facts, "delivery_id": delivery.delivery_id}).all():
            return False
        workspace.landing.remove_raw(delivery.sha256)
        if delivery.status == "landed":
            reason = _unread(delivery, int(str(facts["days"])))
            db.execute(
                statement("ledger/mark_rejected"), {"delivery_id": delivery.delivery_id, "rejected_because": reason}
            )
        db.execute(statement("ledger/mark_raw_removed"), {"delivery_id": delivery.delivery_id})
    return True


def _unread(delivery: Row[Any], days: int) -> str:
    return str(
        DataError(
            f"{delivery.council} {delivery.transaction}: {delivery.name}",
            expected=f"to be read within the {days} days for which the council's files are kept",
            found="nobody who could read it, until its time was over",
            action="Mend what kept it from being read, then ask the council to send the file again.",
        )
    )
