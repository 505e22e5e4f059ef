"""Sends one message over one channel: e-mail by SMTP, or a webhook. No fault says more than the connection's name."""

from __future__ import annotations

import hashlib
import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, BinaryIO

import requests

from local_digital.addresses import is_safe_address
from local_digital.alerts.message import called, moment, row_url
from local_digital.config.alerts import Email
from local_digital.errors import ConfigurationError, LocalDigitalError, RefusedError, TransportError
from local_digital.patience import may_pass
from local_digital.sources.http import BareSession, within
from local_digital.unlogged import drop_debug_of

if TYPE_CHECKING:
    from local_digital.alerts.message import Message
    from local_digital.config.alerts import Channel, Webhook
    from local_digital.settings import Connection, Settings

# It notes every URL, and that of a webhook is a secret.
drop_debug_of("urllib3.connectionpool")
_log = logging.getLogger(__name__)

# The DAG processor, in which most messages are sent, ends a process after 50 s.
_SECONDS = 8.0
# For a whole conversation, however slowly bytes trickle in, and for what a mail server says in it.
_LONGEST = 25.0
_MOST_SAID = 1 << 18
_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_LAST_OK = 299
_AGAIN = "The next look (DAG `watch`, or `local-digital watch`) tries again."


def digest(channel: Channel) -> str:
    """Tell one channel from another without keeping an address."""
    return hashlib.sha256(channel.model_dump_json().encode()).hexdigest()


def send(settings: Settings, channel: Channel, message: Message, number: str) -> None:
    """Send a message. number: tells it from all others, also where it comes twice.

    Raises ConfigurationError (the connection cannot be right), RefusedError, TransportError.
    """
    connection = settings.connection(channel.connection)
    if isinstance(channel, Email):
        _send_mail(connection, channel, _mail(connection, channel, message, number, settings.runbook_url))
    else:
        _post(connection, _shaped(channel, message, number, settings.runbook_url))


def _mail(
    connection: Connection, channel: Email, message: Message, number: str, runbook_url: str | None
) -> EmailMessage:
    sender = connection.extra.get("from")
    if not isinstance(sender, str) or "@" not in sender:
        raise _unusable(connection, "`from` in its extra, an e-mail address")
    mail = EmailMessage()
    try:
        mail["From"] = sender
        mail["To"] = ", ".join(channel.to)
        mail["Subject"] = message.subject
        mail["Date"] = formatdate(localtime=False)
        mail["Message-ID"] = f"<{number}@{sender.rpartition('@')[2].rstrip('>')}>"
        # So that nobody's absence note answers.
        mail["Auto-Submitted"] = "auto-generated"
    except ValueError:
        raise _unusable(connection, "`from` in its extra, an e-mail address") from None
    mail.set_content(message.text(runbook_url))
    return mail


def _send_mail(connection: Connection, channel: Email, mail: EmailMessage) -> None:
    connection.require("host")
    tls = str(connection.extra.get("tls") or "starttls")
    if tls not in _PORTS:
        raise _unusable(connection, f"`tls` in its extra to be one of {', '.join(_PORTS)}")
    if tls == "none" and not is_safe_address(f"http://{connection.host}"):
        raise _unusable(connection, "TLS (`starttls` or `implicit`); none is for a server on this machine only")
    port = connection.port or _PORTS[tls]
    refused: dict[str, Any] = {}
    # A mail server's words are in its errors, so ours is raised where none of those is handled.
    fault: LocalDigitalError | None = None
    try:
        trusted = _trusted(connection)

        def converse() -> dict[str, Any]:
            server: smtplib.SMTP
            if tls == "implicit":
                server = _TlsServer(connection.host, port, timeout=_SECONDS, context=trusted)
            else:
                server = _Server(connection.host, port, timeout=_SECONDS)
            with server:
                if tls == "starttls":
                    server.starttls(context=trusted)
                if connection.login:
                    server.login(connection.login, connection.password)
                return server.send_message(mail)

        refused = within(_LONGEST, converse)
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError) as error:
        fault = _fault(connection, type(error).__name__, passing=True)
    except ssl.SSLError as error:
        fault = _fault(connection, f"no trust in its certificate, or no TLS ({type(error).__name__})")
    except smtplib.SMTPRecipientsRefused as error:
        fault = _fault(connection, f"{len(error.recipients)} of {len(channel.to)} addresses refused")
    except smtplib.SMTPResponseException as error:
        # Its text may quote an address, and after a login worse.
        passing = 400 <= error.smtp_code < 500  # noqa: PLR2004 - RFC 5321: it may pass
        fault = _fault(connection, f"{type(error).__name__}, code {error.smtp_code}", passing=passing)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # Python counts what a server says in SMTP among the faults of the system, and it is none.
        passing = not isinstance(error, smtplib.SMTPException | ValueError)
        fault = _fault(connection, type(error).__name__, passing=passing)
    if fault:
        raise fault
    if refused:
        # To send it again for their sake would be to send it again to everybody.
        _log.warning(
            "connection %s: %d of %d addresses refused; the others have it",
            connection.connection_id, len(refused), len(channel.to),
        )  # fmt: skip


class _Heard:
    """What a mail server says, a line at a time; a reply may have any number of them, and this ends it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MOST_SAID

    def readline(self, most: int) -> bytes:
        line = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise smtplib.SMTPServerDisconnected("no end of a reply")
        return line

    def close(self) -> None:
        self._file.close()


class _Server(smtplib.SMTP):
    file: Any

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Heard(self.sock.makefile("rb"))
        return super().getreply()


class _TlsServer(_Server, smtplib.SMTP_SSL):
    pass


def _trusted(connection: Connection) -> ssl.SSLContext:
    authority = connection.extra.get("ca")
    file = connection.extra.get("ca_file")
    try:
        return ssl.create_default_context(
            cafile=str(file) if file else None, cadata=str(authority) if authority else None
        )
    except (OSError, ValueError):
        raise _unusable(connection, "`ca` or `ca_file` in its extra to be certificates in PEM") from None


def _post(connection: Connection, payload: dict[str, Any]) -> None:
    url = connection.host or connection.password
    base, _, query = url.partition("?")
    if not is_safe_address(base) or not query.isprintable() or "#" in query:
        raise _unusable(connection, "its password (or host) to be an https URL; http on this machine only")
    headers = {"User-Agent": "LocalDigital"}
    if connection.host and connection.password:
        headers["Authorization"] = f"Bearer {connection.password}"
    file = connection.extra.get("ca_file")

    def send_it() -> int:
        with (
            BareSession() as session,
            session.post(
                url,
                json=payload,
                headers=headers,
                timeout=_SECONDS,
                allow_redirects=False,
                verify=str(file) if file else True,
                stream=True,
            ) as answer,
        ):
            return answer.status_code

    fault: LocalDigitalError | None = None
    status = 0
    try:
        status = within(_LONGEST, send_it)
    except (requests.RequestException, OSError, ValueError) as error:
        passing = isinstance(error, TimeoutError) or (isinstance(error, requests.RequestException) and may_pass(error))
        fault = _fault(connection, type(error).__name__, passing=passing)
    if fault:
        raise fault
    if not 200 <= status <= _LAST_OK:  # noqa: PLR2004 - HTTP's own
        passing = status == 429 or status >= 500  # noqa: PLR2004
        raise _fault(connection, f"status {status}", passing=passing)


def _shaped(channel: Webhook, message: Message, number: str, runbook_url: str | None) -> dict[str, Any]:
    text = message.text(runbook_url)
    match channel.shape:
        case "json":
            problems = [{**problem.as_json(), "runbook": row_url(problem, runbook_url)} for problem in message.problems]
            return {"id": number, **message.as_json(), "problems": problems, "text": text}
        case "slack":
            # Names of files come from outside: no mention and no link is made of them.
            escaped = f"{message.subject}\n\n{text}".replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            return {"text": escaped, "mrkdwn": False}
        case "teams":
            return _card(message, runbook_url)


def _card(message: Message, runbook_url: str | None) -> dict[str, Any]:
    """Return an Adaptive Card. Its rich text, unlike its plain one, makes no links and no formatting of names."""

    def words(text: str, **style: Any) -> dict[str, Any]:
        return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}

    body = [words(message.subject, weight="Bolder", size="Medium"), words(message.lead)]
    actions = [{"type": "Action.OpenUrl", "title": "Open Airflow", "url": message.link}] if message.link else []
    for problem in message.problems:
        still = f", still: since {moment(problem.since)}" if problem.since else ""
        body += [
            words(f"{called(problem)} ({problem.kind}){still}", weight="Bolder"),
            words(f"Where: {problem.place}"),
            words(f"Expected: {problem.expected}"),
            words(f"Found: {problem.found}"),
            words(f"What to do: {problem.action}"),
            words(f"Runbook: {row_url(problem, runbook_url)}"),
        ]
    body += [words(remark) for remark in message.remarks]
    if runbook_url:
        rows = dict.fromkeys(row_url(problem, runbook_url) for problem in message.problems)
        actions += [{"type": "Action.OpenUrl", "title": "Runbook", "url": row} for row in list(rows)[:3]]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def _unusable(connection: Connection, expected: str) -> ConfigurationError:
    return ConfigurationError(
        f"connection {connection.connection_id}",
        expected=expected,
        found="something else",
        action="Mend the connection (docs/operating.md#channels).",
    )


def _fault(connection: Connection, found: str, *, passing: bool = False) -> LocalDigitalError:
    kind = TransportError if passing else RefusedError
    return kind(f"connection {connection.connection_id}", expected="a message to be taken", found=found, action=_AGAIN)
