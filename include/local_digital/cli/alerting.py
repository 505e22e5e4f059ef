"""The commands about who is told what: watch, silences, a test message, and gauges for a scraper."""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from local_digital.cli.app import CouncilName, Json, OneCouncil, a_day, app, open_workspace
from local_digital.cli.printing import err, out, print_json, same, say, table
from local_digital.errors import ConfigurationError
from local_digital.plurals import counted


@app.command(rich_help_panel="Watching")
def watch(as_json: Json = False) -> None:
    """Tell of feeds that have become late and of those that have come; send messages that could not be sent before.

    Outside production (LOCAL_DIGITAL_ENVIRONMENT) it only says what it would tell. Exit 1 when a channel failed.
    """
    from local_digital.alerts.watch import watch as look  # noqa: PLC0415 - keeps --help quick

    with open_workspace() as workspace:
        report = look(workspace)
        production = workspace.settings.is_production
    if as_json:
        print_json({**report.as_json(), "production": production})
    else:
        for what in ("late", "came", "silenced", "unrouted"):
            found = ", ".join(getattr(report, what)) or "none"
            out.print(f"{what}: {found}", markup=False, highlight=False)
        if not production:
            out.print("Nobody was told: LOCAL_DIGITAL_ENVIRONMENT is not production.", highlight=False)
        for error in report.unsent:
            err.print(str(error), style="yellow", markup=False, highlight=False)
    if report.unsent:
        raise typer.Exit(1)


@app.command(rich_help_panel="Watching")
def silence(
    council: CouncilName,
    transaction: Annotated[
        str | None, typer.Argument(metavar="TRANSACTION", help="One feed; all of the council when left out.")
    ] = None,
    until: Annotated[
        dt.datetime | None, typer.Option(parser=a_day, metavar="DATE", help="The last day of the silence.")
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record. No personal data.")] = "",
    by: Annotated[str | None, typer.Option(help="Who says so; the name you are logged in with, if left out.")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="End the silence before its time.")] = False,
    as_json: Json = False,
) -> None:
    """Tell nobody about a council, or one of its feeds, for a while. It needs a reason and an end."""
    from local_digital.alerts import silences  # noqa: PLC0415

    if lift == (until is not None):
        raise ConfigurationError(
            "silence", expected="--until with --reason, or --lift", found="both" if lift else "neither",
            action="Say until when, or that it ends now.",
        )  # fmt: skip
    with open_workspace() as workspace:
        if until is None:
            ended = silences.lift(workspace, council, transaction or "")
            say(as_json, {"lifted": ended}, f"{counted(ended, 'silence')} ended.")
            return
        held = silences.silence(
            workspace, council, transaction or "", until=until.date(), reason=reason, by=by or getpass.getuser()
        )
    say(as_json, held.as_json(), held.told)


@app.command("silences", rich_help_panel="Watching")
def show_silences(council: OneCouncil = None, as_json: Json = False) -> None:
    """Show who is not to be told about what, until when, and why."""
    from local_digital.alerts.silences import silences  # noqa: PLC0415

    with open_workspace() as workspace, workspace.engine.connect() as db:
        rows = [held.as_json() for held in silences(db, council, dt.datetime.now(dt.UTC))]
    if as_json:
        print_json(rows)
    else:
        table("Silences", same("council", "transaction", "until", "reason", "by", "at"), rows)


@app.command("alert-test", rich_help_panel="Watching")
def alert_test(council: OneCouncil = None, as_json: Json = False) -> None:
    """Send a test message on every channel of a council, or of the installation. Exit 1 when one does not take it.

    In production only, as every message. It says on standard error which channel failed, and why.
    """
    from local_digital.alerts.trial_message import send_test  # noqa: PLC0415

    with open_workspace() as workspace:
        report = send_test(workspace.settings, council or "")
    if as_json:
        print_json(report.as_json())
    else:
        out.print(f"{report.taken} of {report.channels} channels took the message.", highlight=False)
        for error in report.faults:
            err.print(str(error), style="yellow", markup=False, highlight=False)
    if report.faults:
        raise typer.Exit(1)


@app.command(rich_help_panel="Watching")
def metrics(
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there, whole or not at all, in place of printing it.")
    ] = None,
) -> None:
    """Print gauges of every feed as Prometheus text: age, rows, publish lag, waiting decisions (docs/operating.md)."""
    from local_digital.metrics import metrics as gauges  # noqa: PLC0415
    from local_digital.metrics import write  # noqa: PLC0415

    with open_workspace() as workspace:
        text = gauges(workspace)
    if output:
        write(text, output)
    else:
        sys.stdout.write(text)
