"""The commands for the person who brings in a council."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from local_digital import settings as installation
from local_digital.cli.app import CouncilName, Json, TransactionName, app, open_workspace
from local_digital.cli.printing import (
    checks_left_over,
    err,
    figures,
    out,
    print_json,
    same,
    say,
    show_deliveries,
    table,
)
from local_digital.config.loading import checks_left
from local_digital.config.sources import FileFacts, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_digital.error_report import ErrorReport

_PANEL = "Bring in a council"


@app.command(rich_help_panel=_PANEL)
def profile(  # noqa: PLR0913, PLR0917 - each is an option of the command
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Sample exports of one feed; several nights tell more.")
    ],
    transaction: Annotated[str, typer.Option("--transaction", help="Slug of the contract that they are for.")],
    council: Annotated[
        str | None, typer.Option("--council", help="Slug of the council; writes SLUG.yaml here.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Where to write the draft; `-` prints it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    gss: Annotated[str | None, typer.Option("--gss", help="The council's GSS code.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The council's full name.")] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="county, district, unitary, metropolitan, ...")] = None,
    pgp: Annotated[str | None, typer.Option("--pgp", help="Connection with the key of encrypted samples.")] = None,
    as_json: Json = False,
) -> None:
    """Show what sample files of an unknown system hold, and draft the council's file that reads them.

    Cells of columns that are probably personal are never shown.
    """
    from local_digital.profiling.command import Request, run  # noqa: PLC0415 - keeps --help quick

    run(
        Request(files, transaction, council, output, force, gss, name, tier, pgp, as_json),
        installation.from_environment(),
    )


@app.command(rich_help_panel=_PANEL)
def scaffold(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="What the council is to be called, such as east-riding.")],
    transaction: Annotated[str, typer.Option(help="The transaction that it offers first.")] = "report-missed-bin",
    folder: Annotated[Path, typer.Option(help="A checkout of this project.")] = installation.ROOT,
    sample: Annotated[
        Path | None, typer.Option(help="An export of the council's to draft its file from; no row is copied.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the file of a new council and a made-up sample with its test, all to be filled in."""
    from local_digital.scaffold import scaffold as write  # noqa: PLC0415 - keeps --help quick

    files = [str(path) for path in write(slug, transaction, folder, sample)]
    say(
        as_json,
        {"files": files},
        "\n".join(
            [
                *files,
                "Work through every CHECK in them; `local-digital check` counts what is left, `make test` names it.",
            ]
        ),
    )


@app.command("try", rich_help_panel=_PANEL)
def try_files(
    council: CouncilName,
    transaction: TransactionName,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Exports as the council sends them.")],
    output: Annotated[Path | None, typer.Option(help="A folder to write the error reports into.")] = None,
    as_json: Json = False,
) -> None:
    """Show what files would become: errors, figures and what would be published. No warehouse is touched."""
    from local_digital import error_report  # noqa: PLC0415 - keeps --help quick
    from local_digital.trial import trial  # noqa: PLC0415

    with (
        err.status("try") as progress,
        trial(installation.from_environment(), council, transaction, files, say=progress.update) as tried,
    ):
        reports = [error_report.build(tried.workspace, tried.feed, done.delivery_id) for done in tried.reports]
        passed_over = _passed_over(tried.feed.feed.source, files)
    written = [str(path) for made in reports for path in error_report.save(made, output)] if output else []
    unsettled = checks_left(installation.from_environment().config).get(council, 0)
    if as_json:
        print_json(
            {
                "unsettled": unsettled,
                "passed_over": passed_over,
                "deliveries": [done.as_json() for done in tried.reports],
                "found": {made.file: made.detected for made in reports},
                "problems": {made.file: _problems(made) for made in reports},
                "figures": tried.figures,
                "words": tried.words,
                "breakdowns": tried.breakdowns,
                "would_publish": {wanted.name: list(wanted.records.values()) for wanted in tried.would_publish},
                "files": written,
            }
        )
    else:
        show_deliveries(
            f"{council} {transaction}: what became of the files", [done.as_json() for done in tried.reports]
        )
        for made in reports:
            found = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in made.detected.items())
            if found:
                out.print(f"{made.file}: {found}", markup=False, highlight=False)
            if made.groups:
                table(
                    f"{made.file}: rows set aside",
                    same("rule", "column", "rows", "expected", "first"),
                    _problems(made),
                )
        for name in passed_over:
            out.print(
                f"{name} does not fit `files` in the council's file: from the source it would never be taken.",
                style="yellow", markup=False, highlight=False,
            )  # fmt: skip
        kind = "week" if any(row["period"] == "week" for row in tried.figures) else "month"
        # Of files that were turned down there is nothing.
        if tried.figures:
            figures([row for row in tried.figures if row["period"] == kind], kind)
        if tried.words:
            told = "What the records say; demand is what is counted"
            table(told, same("field", "label", "records", "demand"), tried.words)
        rows = [
            {"data_set": wanted.name, "records": len(wanted.records), "from": min(days)[:10], "to": max(days)[:10]}
            for wanted in tried.would_publish
            if (days := [str(record["_timestamp"]) for record in wanted.records.values()])
        ]
        table("What would be published (whole, finished periods)", same("data_set", "records", "from", "to"), rows)
        for path in written:
            out.print(path, markup=False, highlight=False, soft_wrap=True)
        if unsettled:
            out.print(f"{checks_left_over(unsettled)} in the council's file.", style="yellow")
    if any(done.status == "rejected" for done in tried.reports):
        raise typer.Exit(1)


def _passed_over(source: Source, files: Sequence[Path]) -> list[str]:
    """Return which names the feed's pattern would pass over; folders of the source are not told by a local path."""
    if not isinstance(source, FileFacts) or source.pattern.depth != 0:
        return []
    return [file.name for file in files if not source.pattern.matches(file.name)]


def _problems(made: ErrorReport) -> list[dict[str, Any]]:
    return [
        {
            "rule": group.example.rule,
            "column": group.example.column,
            "rows": group.rows,
            "expected": group.example.expected,
            "first": group.first,
        }
        for group in made.groups
    ]


@app.command(rich_help_panel=_PANEL)
def report(
    council: CouncilName,
    transaction: TransactionName,
    delivery: Annotated[int | None, typer.Option(help="Its number; the newest when left out.")] = None,
    output: Annotated[Path | None, typer.Option(help="A folder to write CSV and page into as well.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Put both into the council's report folder.")] = False,
    as_json: Json = False,
) -> None:
    """Write the error report of a delivery for its council: CSV and page, without a value of any row."""
    from local_digital import error_report  # noqa: PLC0415 - keeps --help quick

    with open_workspace() as workspace:
        feed = workspace.feed(council, transaction)
        number = delivery if delivery is not None else error_report.newest(workspace, feed)
        made = error_report.write(workspace, feed, number)
        sent = error_report.send(workspace, feed, number) if send else []
        files = [workspace.landing.where(error_report.path(feed, number, ending)) for ending in ("csv", "html")]
    files += [str(path) for path in error_report.save(made, output)] if output else []
    problems = _problems(made)
    if as_json:
        print_json({"delivery": number, "name": made.file, "rejected_because": made.rejected_because,
                     "counts": made.counts, "problems": problems, "warnings": made.warnings, "files": files,
                     "sent": sent})  # fmt: skip
        return
    counts = ", ".join(f"{count} {words}" for words, count in made.counts.items())
    told = f"{made.file}: {made.rejected_because or counts}"
    if problems:
        table(told, same("rule", "column", "rows", "expected", "first"), problems)
    else:
        out.print(told, markup=False, highlight=False)
    for line in [*made.warnings, *files, *(f"sent: {name}" for name in sent)]:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
