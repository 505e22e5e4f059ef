"""A message that says that messages come: for whoever sets up a channel."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_digital.alerts.message import Message
from local_digital.alerts.outbox import routes, send_without_ledger
from local_digital.alerts.run import name_of
from local_digital.config.loading import load_council
from local_digital.errors import ConfigurationError

if TYPE_CHECKING:
    from local_digital.errors import LocalDigitalError
    from local_digital.settings import Settings


@dataclass(frozen=True)
class Tested:
    channels: int
    faults: list[LocalDigitalError]

    @property
    def taken(self) -> int:
        return self.channels - len(self.faults)

    def as_json(self) -> dict[str, object]:
        return {"channels": self.channels, "taken": self.taken, "faults": [str(error) for error in self.faults]}


def send_test(settings: Settings, council: str) -> Tested:
    """Send a test message to a council's people, or (empty) the installation's; return what became of it.

    Raises ConfigurationError outside production, without a channel, and for an unknown council.
    """
    if council:
        load_council(settings.config, council)
    channels = routes(settings, council)
    if not settings.is_production or not channels:
        raise ConfigurationError(
            "alert-test",
            expected="`LOCAL_DIGITAL_ENVIRONMENT=production` and a channel",
            found="no channel" if settings.is_production else f"`{settings.environment}`",
            action="See docs/operating.md#channels.",
        )
    name = name_of(settings, council)
    message = Message(
        "test", council, name, f"[Local Digital] {name}: test message", "This is a test. Nothing is wrong."
    )
    number = f"local-digital-test-{dt.datetime.now(dt.UTC):%Y%m%d%H%M%S%f}"
    return Tested(len(channels), send_without_ledger(settings, message, number))
