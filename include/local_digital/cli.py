"""The command line. Exit codes: 0 done, 1 a data or remote fault, 2 wrong use or configuration."""

from __future__ import annotations

import csv
import datetime as dt
import json
import logging
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from local_digital import settings as installation
from local_digital.config.loading import load_councils
from local_digital.errors import ConfigurationError, LocalDigitalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.error_report import ErrorReport
    from local_digital.workspace import FeedHandle, Workspace

app = typer.Typer(
    name="local-digital",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Council transactions, from nightly exports to the performance platform.\n\n"
    "Exit codes: **0** done, **1** a data or remote fault, **2** wrong use or configuration.\n\n"
    "Environment: `LOCAL_DIGITAL_CONFIG`, `LOCAL_DIGITAL_WAREHOUSE`, `LOCAL_DIGITAL_LANDING`, "
    "`LOCAL_DIGITAL_CONN_<ID>` (a connection as JSON).",
)
_PERIODS_SHOWN = 12
_out = Console()
_err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
CouncilName = Annotated[str, typer.Argument(metavar="COUNCIL", help="Slug of the council, as its file is called.")]
OneCouncil = Annotated[str | None, typer.Argument(metavar="[COUNCIL]", help="One council; all when left out.")]
TransactionName = Annotated[str, typer.Argument(metavar="TRANSACTION", help="Slug of the transaction.")]


def main() -> None:
    """Run the command line and turn the pipeline's errors into a message and an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        app()
    except LocalDigitalError as error:
        if "--json" in sys.argv:
            _print_json({"error": str(error), "kind": error.kind, "retry": error.retry})
        _err.print(f"[red]{type(error).__name__}[/red]", highlight=False)
        _err.print(str(error), markup=False, highlight=False)
        sys.exit(error.exit_code)


@app.command()
def check(as_json: Json = False) -> None:
    """Read every council and transaction file and say what is wrong with them."""
    facts = installation.from_environment()
    councils, errors = load_councils(facts.config)
    if not councils and not errors:
        raise ConfigurationError(
            str(facts.config), expected="at least one file in councils/", found="none",
            action="Point LOCAL_DIGITAL_CONFIG to a directory with councils/ and transactions/.",
        )  # fmt: skip
    if as_json:
        _print_json({"councils": sorted(councils), "errors": [str(error) for error in errors]})
    else:
        for error in errors:
            _out.print(f"[red]wrong[/red] {error}", highlight=False)
        _out.print(f"{len(councils)} councils read, {len(errors)} files wrong")
    if errors:
        raise typer.Exit(ConfigurationError.exit_code)


@app.command()
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


@app.command()
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
    _say(
        as_json,
        {"files": files},
        "\n".join(
            [*files, "Work through every CHECK in them; `make test` and `local-digital check` say what is left."]
        ),
    )


@app.command()
def migrate(as_json: Json = False) -> None:
    """Bring the warehouse to the newest schema. Safe to repeat."""
    from local_digital.migrations import migrate_engine  # noqa: PLC0415 - keeps --help quick

    with _workspace() as workspace:
        version = migrate_engine(workspace.engine)
    _say(as_json, {"version": version}, f"The warehouse is at version {version}.")


@app.command()
def status(council: OneCouncil = None, as_json: Json = False) -> None:
    """Show every feed with its last delivery, how far its facts reach, and its last publish."""
    from local_digital.sql import statement  # noqa: PLC0415

    with _workspace() as workspace, workspace.engine.connect() as db:
        rows = [dict(row) for row in db.execute(statement("status/feeds"), {"council": council}).mappings()]
    now = dt.datetime.now(dt.UTC)
    for row in rows:
        until = row["complete_until"]
        row["age_days"] = (now - until).days if until else None
    if as_json:
        _print_json(rows)
        return
    _table(
        "Feeds",
        {
            "Council": "council", "Transaction": "transaction", "Last delivery": "last_delivery",
            "State": "last_status", "Complete until": "complete_until", "Age (days)": "age_days",
            "Read": "rows_read", "Accepted": "accepted", "Quarantined": "quarantined",
            "Duplicates": "duplicates", "Last publish": "last_published_at",
        },
        rows,
    )  # fmt: skip


@app.command()
def ingest(
    council: CouncilName,
    transaction: TransactionName,
    file: Annotated[list[Path] | None, typer.Option("--file", help="A local file in place of the source.")] = None,
    as_json: Json = False,
) -> None:
    """Extract, validate and load one feed. Exit 1 when a delivery was rejected."""
    with _workspace() as workspace:
        results = _ingest(workspace, workspace.feed(council, transaction), file or [], as_json=as_json)
    if as_json:
        _print_json(results)
    else:
        _show_deliveries(f"{council} {transaction}", results)
    if any(result["status"] == "rejected" for result in results):
        raise typer.Exit(1)


def _ingest(workspace: Workspace, feed: FeedHandle, files: list[Path], *, as_json: bool) -> list[dict[str, Any]]:
    from local_digital.extract import Wait, extract, take_files  # noqa: PLC0415
    from local_digital.load import load  # noqa: PLC0415
    from local_digital.validate import DeliveryReport, validate  # noqa: PLC0415

    run_id = _run_id("ingest")
    with _err.status("extract") as progress:
        if files:
            taken = take_files(workspace, feed, files, run_id=run_id)
        else:
            step = extract(workspace, feed, run_id=run_id)
            while isinstance(step, Wait):
                progress.update(f"extract: {step.reason}")
                time.sleep(step.seconds)
                step = extract(workspace, feed, run_id=run_id, looked=step.looked)
            taken = step
        progress.update("validate")
        reports = validate(workspace, feed)
        progress.update("load")
        loaded = set(load(workspace, feed).delivery_ids)
    if taken.unfinished and not as_json:
        _err.print(f"left for the next run, still being written: {', '.join(taken.unfinished)}")
    done = [
        {**report.as_json(), "status": "loaded" if report.delivery_id in loaded else report.status}
        for report in reports
    ]
    named = {report.name for report in reports}
    unchanged = [DeliveryReport(0, name, "unchanged").as_json() for name in taken.unchanged if name not in named]
    return done + unchanged


@app.command("try")
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
        _err.status("try") as progress,
        trial(installation.from_environment(), council, transaction, files, say=progress.update) as tried,
    ):
        reports = [error_report.build(tried.workspace, tried.feed, done.delivery_id) for done in tried.reports]
    written = [str(path) for made in reports for path in error_report.save(made, output)] if output else []
    if as_json:
        _print_json(
            {
                "deliveries": [done.as_json() for done in tried.reports],
                "found": {made.file: made.detected for made in reports},
                "problems": {made.file: _problems(made) for made in reports},
                "figures": tried.figures,
                "would_publish": {wanted.name: list(wanted.records.values()) for wanted in tried.would_publish},
                "files": written,
            }
        )
    else:
        _show_deliveries(
            f"{council} {transaction}: what became of the files", [done.as_json() for done in tried.reports]
        )
        for made in reports:
            found = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in made.detected.items())
            _out.print(f"{made.file}: {found}", markup=False, highlight=False)
            if made.groups:
                _table(
                    f"{made.file}: rows set aside",
                    _same("rule", "column", "rows", "expected", "first"),
                    _problems(made),
                )
        _show_figures(tried.figures)
        rows = [
            {"data_set": wanted.name, "records": len(wanted.records), "from": min(days)[:10], "to": max(days)[:10]}
            for wanted in tried.would_publish
            if (days := [str(record["_timestamp"]) for record in wanted.records.values()])
        ]
        _table("What would be published (whole, finished periods)", _same("data_set", "records", "from", "to"), rows)
        for path in written:
            _out.print(path, markup=False, highlight=False, soft_wrap=True)
    if any(done.status == "rejected" for done in tried.reports):
        raise typer.Exit(1)


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


def _show_deliveries(title: str, results: list[dict[str, Any]]) -> None:
    columns = ["name", "status", "read", "accepted", "quarantined", "duplicates"]
    if any(result["filtered"] for result in results):
        columns.append("filtered")
    _table(title, _same(*columns), results)
    for result in results:
        for warning in result["warnings"]:
            _out.print(f"{result['name']}: {warning}", style="yellow", markup=False, highlight=False)
        if result["rejected_because"]:
            _out.print(result["rejected_because"], style="red", markup=False, highlight=False)


def _show_figures(figures: list[dict[str, Any]]) -> None:
    """One line a week (a month, where there are no weeks), one column a figure."""
    kind = "week" if any(row["period"] == "week" for row in figures) else "month"
    of_kind = [row for row in figures if row["period"] == kind]
    names = list(
        dict.fromkeys(row["kpi"] if row["version"] == "1" else f"{row['kpi']} ({row['version']})" for row in of_kind)
    )
    by_period: dict[dt.date, dict[str, Any]] = {}
    for row in of_kind:
        line = by_period.setdefault(
            row["period_start"], {kind: row["period_start"], "basis": row["basis"], **dict.fromkeys(names)}
        )
        line[row["kpi"] if row["version"] == "1" else f"{row['kpi']} ({row['version']})"] = row["value"]
    shown = list(by_period.values())[-_PERIODS_SHOWN:]
    _table(f"Figures by {kind}, the last {len(shown)} of {len(by_period)}", _same(kind, "basis", *names), shown)


@app.command()
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

    with _workspace() as workspace:
        feed = workspace.feed(council, transaction)
        number = delivery if delivery is not None else error_report.newest(workspace, feed)
        made = error_report.write(workspace, feed, number)
        sent = error_report.send(workspace, feed, number) if send else []
        files = [workspace.landing.where(error_report.path(feed, number, ending)) for ending in ("csv", "html")]
    files += [str(path) for path in error_report.save(made, output)] if output else []
    problems = _problems(made)
    if as_json:
        _print_json({"delivery": number, "name": made.file, "rejected_because": made.rejected_because,
                     "counts": made.counts, "problems": problems, "warnings": made.warnings, "files": files,
                     "sent": sent})  # fmt: skip
        return
    counts = ", ".join(f"{count} {words}" for words, count in made.counts.items())
    _table(f"{made.file}: {made.rejected_because or counts}", _same("rule", "column", "rows", "expected", "first"),
           problems)  # fmt: skip
    for line in [*made.warnings, *files, *(f"sent: {name}" for name in sent)]:
        _out.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def aggregate(council: OneCouncil = None, as_json: Json = False) -> None:
    """Recompute the weekly and monthly figures of the periods that deliveries have touched."""
    from local_digital.aggregate import aggregate as recompute  # noqa: PLC0415

    with _workspace() as workspace:
        results = {slug: recompute(workspace, slug).periods for slug in _councils(workspace, council)}
    lines = [f"{slug} {name}: {count} periods" for slug, feeds in results.items() for name, count in feeds.items()]
    _say(as_json, results, "\n".join(lines))


@app.command()
def publish(
    council: OneCouncil = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the plan.")] = False,
    as_json: Json = False,
) -> None:
    """Send what changed since the last successful send, and withdraw what is gone."""
    from local_digital.publishing.publish import publish as push  # noqa: PLC0415

    run_id = _run_id("publish")
    rows: list[dict[str, Any]] = []
    with _workspace() as workspace:
        for slug in _councils(workspace, council):
            report = push(workspace, slug, run_id=run_id, dry_run=dry_run)
            rows += [{"council": slug, "sent": report.sent, **plan.as_json()} for plan in report.plans]
    if as_json:
        _print_json(rows)
    else:
        _table("Would be sent" if dry_run else "Sent", _same("council", "data_set", "new", "changed", "withdrawn",
                                                             "unchanged"), rows)  # fmt: skip


@app.command()
def reconcile(council: OneCouncil = None, as_json: Json = False) -> None:
    """Read back what the platform shows and compare it with the marts. Exit 1 when they differ."""
    from local_digital.publishing.reconcile import reconcile as compare  # noqa: PLC0415

    run_id = _run_id("reconcile")
    rows: list[dict[str, Any]] = []
    with _workspace() as workspace:
        for slug in _councils(workspace, council):
            report = compare(workspace, slug, run_id=run_id)
            rows += [{"council": slug, **comparison.as_json()} for comparison in report.comparisons]
    if as_json:
        _print_json(rows)
    else:
        _table("The platform agrees", _same("council", "data_set", "equal"), rows)


@app.command()
def kpis(
    council: CouncilName,
    transaction: TransactionName,
    period: Annotated[Literal["week", "month"], typer.Option(help="Weeks from Monday, or months.")] = "month",
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How to print.")] = "table",
    as_json: Json = False,
) -> None:
    """Print the figures of one council's transaction."""
    from local_digital.sql import statement  # noqa: PLC0415

    with _workspace() as workspace:
        workspace.feed(council, transaction)
        with workspace.engine.connect() as db:
            rows = [
                dict(row)
                for row in db.execute(
                    statement("status/kpis"),
                    {"council": council, "transaction": transaction, "period_kind": period},
                ).mappings()
            ]
    columns = ("period_start", "kpi", "version", "numerator", "denominator", "value", "basis")
    if as_json or form == "json":
        _print_json(rows)
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, columns)
        writer.writeheader()
        writer.writerows(rows)
    else:
        _table(f"{council} {transaction} by {period}", _same(*columns), rows)


@app.command()
def expire(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which deliveries.")] = False,
    as_json: Json = False,
) -> None:
    """Remove raw landing files that are past their council's retention."""
    from local_digital.retention import expire as remove  # noqa: PLC0415

    with _workspace() as workspace:
        gone = remove(workspace, dry_run=dry_run)
    _say(as_json, {"removed": gone, "dry_run": dry_run}, f"Raw bytes of {len(gone)} deliveries past retention.")


def _workspace() -> Any:
    from local_digital.workspace import Workspace  # noqa: PLC0415

    return Workspace.open(installation.from_environment())


def _councils(workspace: Workspace, only: str | None) -> Iterable[str]:
    if only:
        return [workspace.council(only).council]
    councils, errors = load_councils(workspace.settings.config)
    for error in errors:
        _err.print(str(error), style="yellow", markup=False, highlight=False)
    return sorted(councils)


def _run_id(command: str) -> str:
    return f"cli-{command}-{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}"


def _same(*names: str) -> dict[str, str]:
    return {name.replace("_", " ").capitalize(): name for name in names}


def _table(title: str, columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
    table = Table(title=title, title_justify="left")
    for heading in columns:
        table.add_column(heading)
    for row in rows:
        table.add_row(*(_shown(row[name]) for name in columns.values()))
    _out.print(table)


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case dt.datetime():
            return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
        case Decimal():
            return f"{value.normalize():f}" if value == value.to_integral() else f"{value:.4f}"
        case _:
            return str(value)


def _say(as_json: bool, facts: object, words: str) -> None:
    if as_json:
        _print_json(facts)
    else:
        _out.print(words, markup=False, highlight=False)


def _print_json(facts: object) -> None:
    sys.stdout.write(json.dumps(facts, default=_plain, indent=2) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral() else float(value)
    return str(value)
