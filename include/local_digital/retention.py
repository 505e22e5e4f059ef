"""Retention: raw landing files hold personal data, and go after the number of days that the council's file says.

With them go looks at councils' pages that are too old to be published, and what killed runs left half written in the
landing store.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from local_digital.availability import forget_checks
from local_digital.config.loading import load_councils
from local_digital.sql import statement

if TYPE_CHECKING:
    from local_digital.workspace import Workspace

# A write into the landing store that has not gone on for so long was killed.
DEAD_AFTER = dt.timedelta(hours=1)


def expire(workspace: Workspace, *, dry_run: bool = False) -> list[int]:
    """Remove raw files past their council's retention; return the ids of the deliveries whose bytes went.

    The accepted records and the ledger stay. The ledger is marked after the bytes are gone, so a crash between the two
    only makes the next call mark what is gone already.
    """
    gone: list[int] = []
    councils, _ = load_councils(workspace.settings.config)
    for slug, council in councils.items():
        with workspace.engine.connect() as db:
            due = db.execute(
                statement("ledger/expired_raw"), {"council": slug, "days": council.privacy.retention_days}
            ).all()
        for delivery in due:
            gone.append(delivery.delivery_id)
            if not dry_run:
                workspace.landing.remove_raw(delivery.sha256)
                with workspace.engine.begin() as db:
                    db.execute(statement("ledger/mark_raw_removed"), {"delivery_id": delivery.delivery_id})
    if not dry_run:
        workspace.landing.remove_unfinished(dt.datetime.now(dt.UTC) - DEAD_AFTER)
        with workspace.engine.begin() as db:
            forget_checks(db)
    return gone
