"""Messages in the ledger until every channel has taken them: killed anywhere, one is sent again rather than lost."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from local_digital.alerts import channels
from local_digital.alerts.message import Message
from local_digital.board.reading import read_configuration
from local_digital.config.loading import load_alerts
from local_digital.errors import LocalDigitalError
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection as Database

    from local_digital.config.alerts import Channel
    from local_digital.settings import Settings
    from local_digital.workspace import Workspace

_log = logging.getLogger(__name__)

# What nobody has taken by then is no news any more.
_TRIED_DAYS = 3
_KEPT_DAYS = 92


def routes(settings: Settings, council: str) -> Sequence[Channel]:
    """Return a council's channels: those of its file, the installation's where that names none or is broken.

    council: empty for the installation. Raises ConfigurationError when the installation's file is broken.
    """
    # Of a council whose file is broken somebody must hear all the same.
    facts = read_configuration(settings.config).councils.get(council)
    return (facts.alerts if facts else None) or load_alerts(settings.alerts)


def post(db: Database, message: Message) -> int:
    """Put a message into the ledger, within the transaction of `db`; return its number."""
    return int(
        db.scalar(
            statement("alerts/add_message"),
            {
                "council": message.council,
                "about": message.about,
                "run_id": message.run_id,
                "facts": json.dumps(message.as_json()),
            },
        )
    )


@acting_as(LOADER)
def send_pending(workspace: Workspace, only: int | None = None) -> list[LocalDigitalError]:
    """Send what some channel has not taken yet; return the faults of channels that do not take it now either.

    only: the number of one message. Nothing is sent outside production. A channel that fails stops no other one.
    """
    if not workspace.settings.is_production:
        return []
    with workspace.engine.begin() as db:
        db.execute(statement("alerts/forget_messages"), {"days": _KEPT_DAYS})
        pending = list(db.scalars(statement("alerts/pending"), {"days": _TRIED_DAYS}))
    faults: list[LocalDigitalError] = []
    for message_id in pending:
        if only in {None, message_id}:
            faults += _send(workspace, message_id)
    return faults


def send_without_ledger(settings: Settings, message: Message, number: str) -> list[LocalDigitalError]:
    """Send a message at once on every channel: for when the warehouse itself is the trouble."""
    if not settings.is_production:
        return []
    faults = []
    for channel in routes(settings, message.council):
        try:
            channels.send(settings, channel, message, number)
        except LocalDigitalError as error:
            _log.warning("%s", error)
            faults.append(error)
    return faults


def _send(workspace: Workspace, message_id: int) -> list[LocalDigitalError]:
    faults: list[LocalDigitalError] = []
    with workspace.engine.begin() as holding:
        row = holding.execute(statement("alerts/claim_message"), {"message_id": message_id}).first()
        if row is None:
            return []
        message = Message.from_json(row.facts)
        done = set(holding.scalars(statement("alerts/channels_done"), {"message_id": message_id}))
        number = f"local-digital-{message_id}-{row.made_at:%Y%m%d%H%M%S%f}"
        for channel in routes(workspace.settings, row.council):
            key = channels.digest(channel)
            if key in done:
                continue
            try:
                channels.send(workspace.settings, channel, message, number)
            except LocalDigitalError as error:
                _log.warning("%s", error)
                faults.append(error)
                continue
            # At once, and not with the rest: what comes after may fail.
            with workspace.engine.begin() as db:
                db.execute(statement("alerts/note_sent"), {"message_id": message_id, "channel": key})
        if not faults:
            holding.execute(statement("alerts/finish_message"), {"message_id": message_id})
    return faults
