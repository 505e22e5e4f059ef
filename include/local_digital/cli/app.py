"""The application, and the arguments that several commands share."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from local_digital import settings as installation
from local_digital.cli.printing import err
from local_digital.config.loading import load_councils

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.workspace import Workspace

app = typer.Typer(
    name="local-digital",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Council transactions, from nightly exports to the performance platform.\n\n"
    "Exit codes: **0** done, **1** a data or remote fault, **2** wrong use or configuration.\n\n"
    "Environment (what each means is in README.md): `LOCAL_DIGITAL_CONFIG`, `LOCAL_DIGITAL_WAREHOUSE`, "
    "`LOCAL_DIGITAL_WAREHOUSE_FILE`, `LOCAL_DIGITAL_LANDING`, `LOCAL_DIGITAL_SPOOL`, `LOCAL_DIGITAL_SITE`, "
    "`LOCAL_DIGITAL_SITE_URL`, `LOCAL_DIGITAL_PUBLISHER`, `LOCAL_DIGITAL_BENCHMARK_HOURS`, `LOCAL_DIGITAL_CONTACT`, "
    "`LOCAL_DIGITAL_ENVIRONMENT`, `LOCAL_DIGITAL_ALERTS`, `LOCAL_DIGITAL_RUNBOOK_URL`, `LOCAL_DIGITAL_PAGES_KEPT`, "
    "`LOCAL_DIGITAL_CONN_<ID>` (a connection as JSON), `LOCAL_DIGITAL_CONNECTIONS_FILE` (a file of them).",
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
CouncilName = Annotated[str, typer.Argument(metavar="COUNCIL", help="Slug of the council, as its file is called.")]
OneCouncil = Annotated[str | None, typer.Argument(metavar="COUNCIL", help="One council; all when left out.")]
TransactionName = Annotated[str, typer.Argument(metavar="TRANSACTION", help="Slug of the transaction.")]


def a_day(text: str) -> dt.datetime:
    """Return the beginning of a day given as an option, without a time zone; what is none is a wrong use."""
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a calendar day
    except ValueError:
        raise typer.BadParameter(f"expected a day as YYYY-MM-DD, such as 2026-12-24; found {text}") from None


def a_day_or_moment(text: str) -> dt.datetime:
    """Return a moment, or the beginning of a day, given as an option, without a time zone; else as `a_day`."""
    try:
        return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - on the clock of the place
    except ValueError:
        pass
    try:
        return a_day(text)
    except typer.BadParameter:
        raise typer.BadParameter(
            "expected a day as YYYY-MM-DD or a time as YYYY-MM-DDTHH:MM, such as 2026-12-24 or 2026-12-24T09:00; "
            f"found {text}"
        ) from None


def open_workspace() -> Any:
    from local_digital.workspace import Workspace  # noqa: PLC0415

    return Workspace.open(installation.from_environment())


def councils_of(workspace: Workspace, only: str | None) -> Iterable[str]:
    if only:
        return [workspace.council(only).council]
    councils, errors = load_councils(workspace.settings.config)
    for error in errors:
        err.print(str(error), style="yellow", markup=False, highlight=False)
    return sorted(councils)
