"""The commands that mend what is in already: forget, replay, republish."""

from __future__ import annotations

import datetime as dt
import getpass
from typing import Annotated

import typer

from local_digital.cli.app import CouncilName, Json, TransactionName, a_day, app, open_workspace
from local_digital.cli.printing import out, print_json, same, say, table
from local_digital.errors import ConfigurationError
from local_digital.plurals import counted

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count; nothing is changed.")]


@app.command(rich_help_panel="Repairing")
def forget(  # noqa: PLR0913, PLR0917 - what is to be forgotten, and what the record of it says
    council: CouncilName,
    transaction: TransactionName,
    record_ref: Annotated[
        str | None, typer.Option("--record-ref", metavar="REF", help="The case's reference; `-` asks for it.")
    ] = None,
    premises: Annotated[
        str | None, typer.Option("--premises", metavar="ID", help="The council's identifier; `-` asks for it.")
    ] = None,
    dry_run: DryRun = False,
    by: Annotated[str | None, typer.Option(help="Who does it; the name you are logged in with, if left out.")] = None,
    reason: Annotated[str, typer.Option(help="Why, for the record. No personal data.")] = "",
    as_json: Json = False,
) -> None:
    """Remove every trace of a case, or of all cases of some premises, and keep it out of later deliveries.

    With `-` the identifier is read from a prompt or from standard input, so that it is in no shell's history. Exit 1
    when deliveries that still have to be validated hold something back: run it again after them.
    """
    from local_digital.forgetting import forget as remove  # noqa: PLC0415

    with open_workspace() as workspace:
        feed = workspace.feed(council, transaction)
        report = remove(
            workspace,
            feed,
            record_ref=_asked(record_ref, "Reference of the case"),
            premises=_asked(premises, "Identifier of the premises"),
            by=by or getpass.getuser(),
            reason=reason,
            dry_run=dry_run,
        )
    found = (
        f"{counted(report.cases, 'case')}: {counted(report.records, 'record')}, {counted(report.events, 'event')} and "
        f"{counted(report.quarantined, 'quarantined row')}, in {counted(report.deliveries, 'delivery', 'deliveries')}; "
        f"{counted(report.raw_files, 'raw file')}"
    )
    say(
        as_json,
        report.as_json(),
        f"Would go: {found}." if dry_run
        else f"On record as demand {report.forgotten_id}. Gone: {found}. `local-digital aggregate {council}` and the "
        "next publish follow.",
    )  # fmt: skip
    if report.left:
        if not as_json:
            out.print(
                f"Deliveries {', '.join(map(str, report.left))} still have to be validated and may hold it: "
                "ingest them, then forget again.", markup=False, highlight=False,
            )  # fmt: skip
        if not dry_run:
            raise typer.Exit(1)


@app.command(rich_help_panel="Repairing")
def replay(
    council: CouncilName,
    transaction: TransactionName,
    delivery: Annotated[int | None, typer.Option(metavar="ID", help="One delivery, by its number.")] = None,
    since: Annotated[
        dt.datetime | None, typer.Option(parser=a_day, metavar="DATE", help="All that reach to this day or beyond.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Read landed deliveries again with the council's file as it is now; the council is not asked for anything.

    All whose raw bytes are there, or those chosen. Exit 1 when one is turned down: what it said before stays then.
    """
    from local_digital.replay import replay as read_anew  # noqa: PLC0415

    if delivery is not None and since is not None:
        raise ConfigurationError(
            "replay", expected="--delivery or --since", found="both", action="One delivery has but one day."
        )
    with open_workspace() as workspace:
        found = read_anew(
            workspace,
            workspace.feed(council, transaction),
            run_id=f"cli-replay-{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}",
            delivery_id=delivery,
            since=since.date() if since else None,
            dry_run=dry_run,
        )
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        rows = [
            {"delivery": one.delivery_id, "name": one.name, "accepted_before": (one.before or {}).get("accepted"),
             "accepted": (one.after or {}).get("accepted"), "quarantined": (one.after or {}).get("quarantined"),
             "appeared": one.appeared, "changed": one.changed, "gone": one.gone} for one in found
        ]  # fmt: skip
        table(
            "Would become" if dry_run else "Read anew",
            same("delivery", "name", "accepted_before", "accepted", "quarantined", "appeared", "changed", "gone"), rows,
        )  # fmt: skip
        for one in found:
            if one.rejected_because:
                out.print(one.rejected_because, style="red", markup=False, highlight=False)
    if any(one.rejected_because for one in found):
        raise typer.Exit(1)


@app.command(rich_help_panel="Repairing")
def republish(
    council: CouncilName,
    data_set: Annotated[str, typer.Argument(metavar="DATASET", help="Data type, such as missed-bin-by-ward.")],
    first: Annotated[dt.datetime, typer.Option("--from", parser=a_day, metavar="DATE", help="First day.")],
    last: Annotated[dt.datetime, typer.Option("--to", parser=a_day, metavar="DATE", help="Last day.")],
    transaction: Annotated[str | None, typer.Option(help="Where several feeds publish one of this name.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Have the next publish send the records of all periods that share a day with the range again."""
    from local_digital.publishing.republish import republish as doubt  # noqa: PLC0415

    if first > last:
        raise ConfigurationError(
            "republish", expected="--from before --to", found="the other way round", action="Exchange them."
        )
    with open_workspace() as workspace:
        report = doubt(
            workspace,
            council,
            data_set,
            first=first.date(),
            last=last.date(),
            run_id=f"cli-republish-{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}",
            transaction=transaction,
            dry_run=dry_run,
        )
    would = "would be" if dry_run else "will be"
    say(
        as_json,
        report.as_json(),
        f"{counted(report.records, 'record')} {would} sent again by `local-digital publish {council}`, "
        f"{report.new} for the first time.",
    )


def _asked(given: str | None, words: str) -> str | None:
    return str(typer.prompt(words, err=True)) if given == "-" else given
