"""Whom to tell what went wrong, and over which channel: of a council's file, or of the installation."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from local_digital.config.facts import ConnectionId, Facts

# Plain enough that nothing in it can become a header or a second address.
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$")]


class Email(Facts):
    """connection: the SMTP server, with `from` in its extra."""

    kind: Literal["email"]
    to: tuple[EmailAddress, ...] = Field(min_length=1, max_length=20)
    connection: ConnectionId = "alerts_smtp"


class Webhook(Facts):
    """connection: its password is the URL; or its host is, and the password, where there is one, a bearer token.

    shape: of the message. `slack` and `teams` show it to people there, `json` has its facts for a program.
    """

    kind: Literal["webhook"]
    connection: ConnectionId
    shape: Literal["json", "slack", "teams"] = "json"


Channel: TypeAlias = Annotated[Email | Webhook, Field(discriminator="kind")]


class Alerts(Facts):
    """The installation's file: where messages go about councils whose files do not say, and about the installation."""

    alerts: tuple[Channel, ...] = Field(min_length=1)
