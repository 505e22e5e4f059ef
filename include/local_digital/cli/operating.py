"""The commands that run the pipeline."""

from __future__ import annotations

import csv
import datetime as dt
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from local_digital import settings as installation
from local_digital.calendar import LONDON
from local_digital.cli.app import (
    CouncilName,
    Json,
    OneCouncil,
    TransactionName,
    a_day_or_moment,
    app,
    councils_of,
    open_workspace,
)
from local_digital.cli.printing import (
    checks_left_over,
    err,
    figures,
    out,
    print_json,
    same,
    say,
    show_deliveries,
    shown,
    table,
)
from local_digital.config.loading import checks_left, load_alerts, load_councils
from local_digital.errors import ConfigurationError
from local_digital.formulas import harmless
from local_digital.plurals import counted

if TYPE_CHECKING:
    from local_digital.workspace import FeedHandle, Workspace


@app.command(rich_help_panel="Running the pipeline")
def check(as_json: Json = False) -> None:
    """Read every council and transaction file and say what is wrong with them."""
    facts = installation.from_environment()
    councils, errors = load_councils(facts.config)
    if not councils and not errors:
        raise ConfigurationError(
            str(facts.config), expected="at least one file in councils/", found="none",
            action="Point LOCAL_DIGITAL_CONFIG to a directory with councils/ and transactions/.",
        )  # fmt: skip
    try:
        load_alerts(facts.alerts)
    except ConfigurationError as fault:
        errors.append(fault)
    unsettled = checks_left(facts.config)
    if as_json:
        print_json({"councils": sorted(councils), "errors": [str(error) for error in errors], "unsettled": unsettled})
    else:
        for error in errors:
            # What looks like markup is somebody's words.
            out.print(f"[red]wrong[/red] {escape(str(error))}", highlight=False)
        for slug, count in unsettled.items():
            out.print(f"[yellow]unsettled[/yellow] {escape(slug)}: {checks_left_over(count)}", highlight=False)
        out.print(f"{counted(len(councils), 'council')} read, {counted(len(errors), 'file')} wrong", highlight=False)
    if errors:
        raise typer.Exit(ConfigurationError.exit_code)


@app.command(rich_help_panel="Running the pipeline")
def migrate(as_json: Json = False) -> None:
    """Bring the warehouse to the newest schema. Safe to repeat."""
    from local_digital.migrations import migrate_engine  # noqa: PLC0415 - keeps --help quick

    with open_workspace() as workspace:
        version = migrate_engine(workspace.engine)
    say(as_json, {"version": version}, f"The warehouse is at version {version}.")


@app.command(rich_help_panel="Running the pipeline")
def status(
    council: OneCouncil = None,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(
            parser=a_day_or_moment,
            metavar="TIME",
            help="Say what was late at this London time, a day's beginning when only a day is given; now otherwise.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show every feed: whether it is on time, its last delivery, how far its facts reach, and what is public of it."""
    from local_digital.board.rollout import feeds as on_the_board  # noqa: PLC0415
    from local_digital.board.states import publication_of  # noqa: PLC0415
    from local_digital.freshness import feed_states  # noqa: PLC0415

    moment = as_of.replace(tzinfo=LONDON) if as_of else dt.datetime.now(dt.UTC)
    with open_workspace() as workspace, workspace.engine.connect() as db:
        wanted = [workspace.council(slug) for slug in councils_of(workspace, council)]
        rows = feed_states(db, wanted, moment)
        released = on_the_board(db, [facts.council for facts in wanted])
    feeds = {(facts.council, name): feed for facts in wanted for name, feed in facts.feeds.items()}
    for row in rows:
        key = row["council"], row["transaction"]
        row["publishing"] = next(iter(publication_of(feeds[key], released.get(key), moment)), None)
        until = row["loaded_until"]
        row["age_days"] = (moment - until).days if until else None
    if as_json:
        print_json(rows)
        return
    table(
        "Feeds",
        {
            "Council": "council", "Transaction": "transaction", "State": "state", "Last delivery": "last_delivery",
            "Complete until": "loaded_until", "Age (days)": "age_days",
            "Read": "rows_read", "Accepted": "accepted", "Quarantined": "quarantined",
            "Duplicates": "duplicates", "Publishing": "publishing", "Last publish": "last_published_at",
        },
        rows,
    )  # fmt: skip


@app.command(rich_help_panel="Running the pipeline")
def ingest(
    council: CouncilName,
    transaction: TransactionName,
    file: Annotated[list[Path] | None, typer.Option("--file", help="A local file in place of the source.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Take up again what was turned down: the council's file has been mended.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Extract, validate and load one feed. Exit 1 when a delivery was rejected."""
    with open_workspace() as workspace:
        feed = workspace.feed(council, transaction)
        if again:
            from local_digital.deliveries import take_up_again  # noqa: PLC0415

            take_up_again(workspace, feed)
        results = _ingest(workspace, feed, file or [], as_json=as_json)
    if as_json:
        print_json(results)
    else:
        show_deliveries(f"{council} {transaction}", results)
    if any(result["status"] == "rejected" for result in results):
        raise typer.Exit(1)


def _ingest(workspace: Workspace, feed: FeedHandle, files: list[Path], *, as_json: bool) -> list[dict[str, Any]]:
    from local_digital.extract import Wait, extract, take_files  # noqa: PLC0415
    from local_digital.load import load  # noqa: PLC0415
    from local_digital.validate import DeliveryReport, validate  # noqa: PLC0415

    run_id = _run_id("ingest")
    with err.status("extract") as progress:
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
        err.print(f"left for the next run, still being written: {', '.join(taken.unfinished)}", markup=False)
    done = [
        {**report.as_json(), "status": "loaded" if report.delivery_id in loaded else report.status}
        for report in reports
    ]
    named = {report.name for report in reports}
    unchanged = [DeliveryReport(0, name, "unchanged").as_json() for name in taken.unchanged if name not in named]
    return done + unchanged


@app.command(rich_help_panel="Running the pipeline")
def aggregate(council: OneCouncil = None, as_json: Json = False) -> None:
    """Recompute the weekly and monthly figures of the periods that deliveries have touched."""
    from local_digital.aggregate import aggregate as recompute  # noqa: PLC0415

    with open_workspace() as workspace:
        results = {slug: recompute(workspace, slug).periods for slug in councils_of(workspace, council)}
    lines = [
        f"{slug} {name}: {counted(count, 'period')}" for slug, feeds in results.items() for name, count in feeds.items()
    ]
    say(as_json, results, "\n".join(lines))


@app.command(rich_help_panel="Running the pipeline")
def publish(
    council: OneCouncil = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the plan.")] = False,
    as_json: Json = False,
) -> None:
    """Send what changed since the last successful send, and withdraw what is gone; only what is signed off leaves."""
    from local_digital.publishing.publish import publish as push  # noqa: PLC0415
    from local_digital.publishing.sign_off import briefly  # noqa: PLC0415

    run_id = _run_id("publish")
    with open_workspace() as workspace:
        reports = {slug: push(workspace, slug, run_id=run_id, dry_run=dry_run)
                   for slug in councils_of(workspace, council)}  # fmt: skip
    if as_json:
        print_json({slug: report.as_json() for slug, report in reports.items()})
        return
    rows = [{"council": slug, **plan.as_json()} for slug, report in reports.items() for plan in report.plans]
    moving = [row for row in rows if row["new"] or row["changed"] or row["withdrawn"]]
    if moving:
        columns = same("council", "transaction", "data_set", "sink", "new", "changed", "withdrawn", "unchanged")
        table("Would be sent" if dry_run else "Sent", columns, moving)
    still = len(rows) - len(moving)
    out.print(f"{still} of {len(rows)} data sets are as they should be.", highlight=False)
    for slug, report in reports.items():
        for waiting in report.waiting:
            out.print(f"{slug} {waiting.transaction} waits for a decision ({briefly(waiting.reasons)}): "
                      f"`local-digital approve {slug} {waiting.transaction}`.", highlight=False)  # fmt: skip
        for why, transactions in (("a draft", report.drafts), ("under embargo", report.embargoed)):
            for transaction in transactions:
                out.print(f"{slug} {transaction} is {why}: nothing more of it is published.", highlight=False)


@app.command(rich_help_panel="Running the pipeline")
def reconcile(council: OneCouncil = None, as_json: Json = False) -> None:
    """Read back what the platform shows and compare it with the marts. Exit 1 when they differ."""
    from local_digital.publishing.reconcile import reconcile as compare  # noqa: PLC0415

    run_id = _run_id("reconcile")
    rows: list[dict[str, Any]] = []
    with open_workspace() as workspace:
        for slug in councils_of(workspace, council):
            report = compare(workspace, slug, run_id=run_id)
            rows += [{"council": slug, **comparison.as_json()} for comparison in report.comparisons]
    if as_json:
        print_json(rows)
    else:
        table("The platform agrees", same("council", "data_set", "equal"), rows)


@app.command(rich_help_panel="Running the pipeline")
def rebuild(
    council: CouncilName,
    data_set: Annotated[str, typer.Argument(metavar="DATASET", help="Data type, such as missed-bin-by-ward.")],
    transaction: Annotated[str | None, typer.Option(help="Where several feeds publish one of this name.")] = None,
    as_json: Json = False,
) -> None:
    """Send every record of a data set again and remove what else is there, without an empty moment for readers."""
    from local_digital.publishing.rebuild import rebuild as send_anew  # noqa: PLC0415

    with open_workspace() as workspace:
        report = send_anew(workspace, council, data_set, run_id=_run_id("rebuild"), transaction=transaction)
    done = f"{counted(report.sent, 'record')} sent, {report.removed} that should not be there removed."
    say(as_json, report.as_json(), done)


@app.command(rich_help_panel="Figures")
def kpis(
    council: CouncilName,
    transaction: TransactionName,
    period: Annotated[
        Literal["week", "month", "quarter"], typer.Option(help="Weeks from Monday, months, or quarters (costs).")
    ] = "month",
    by: Annotated[str | None, typer.Option("--by", help="Counts by channel, ward or another breakdown.")] = None,
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How to print.")] = "table",
    as_json: Json = False,
) -> None:
    """Print the figures of one council's transaction."""
    from local_digital.sql import statement  # noqa: PLC0415

    with open_workspace() as workspace:
        feed = workspace.feed(council, transaction)
        offered = ("channel", *feed.contract.breakdowns)
        if by is not None and by not in offered:
            raise ConfigurationError(
                "--by", expected=f"one of {', '.join(offered)}", found=f"`{by}`", action="Check the spelling."
            )
        if by is not None and period == "quarter":
            raise ConfigurationError(
                "--period", expected="week or month with --by", found="`quarter`", action="Only costs are by quarter."
            )
        names = {"council": council, "transaction": transaction, "period_kind": period, "breakdown": by}
        with workspace.engine.connect() as db:
            found = db.execute(statement("status/breakdown" if by else "status/kpis"), names).mappings()
            rows = [dict(row) for row in found]
    columns = ["period_start", "kpi", "version", "label", "numerator", "denominator", "value", "basis", "caveats"]
    if by:
        columns = ["period_start", "label", "reports", "basis"]
    if as_json or form == "json":
        print_json(rows)
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, columns)
        writer.writeheader()
        writer.writerows({name: _cell(row[name]) for name in columns} for row in rows)
    elif by:
        table(f"{council} {transaction} by {period} and {by}", same(*columns), rows)
    else:
        figures(rows, period)


@app.command(rich_help_panel="Running the pipeline")
def expire(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which deliveries.")] = False,
    as_json: Json = False,
) -> None:
    """Remove raw files past retention, old error reports and leftovers (docs/operating.md#retention)."""
    from local_digital.retention import expire as remove  # noqa: PLC0415
    from local_digital.retention import expire_reports  # noqa: PLC0415

    with open_workspace() as workspace:
        gone = remove(workspace, dry_run=dry_run)
        reports = expire_reports(workspace, dry_run=dry_run)
    say(
        as_json,
        {"removed": gone, "reports": reports, "dry_run": dry_run},
        f"{'To remove' if dry_run else 'Removed'}: raw bytes of {counted(len(gone), 'delivery', 'deliveries')} past "
        f"retention, error reports of {counted(len(reports), 'older delivery', 'older deliveries')}.",
    )


@app.command("data-docs", rich_help_panel="Running the pipeline")
def data_docs(
    council: OneCouncil = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which pages.")] = False,
    as_json: Json = False,
) -> None:
    """Build the Data Docs pages that are missing of each feed's newest deliveries, and remove those of older ones."""
    from local_digital.data_docs import PAGES, build  # noqa: PLC0415

    with open_workspace() as workspace:
        if council:
            workspace.council(council)
        built = build(workspace, council=council, dry_run=dry_run)
        where = workspace.landing.where(f"{PAGES}/index.html")
    say(
        as_json,
        {**built.as_json(), "dry_run": dry_run, "where": where},
        f"{counted(len(built.written), 'page')} {'to build' if dry_run else 'built'}, {len(built.removed)} "
        f"{'to remove' if dry_run else 'removed'}: {where}",
    )


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(value)
    # A ward is the council's own word.
    return harmless(value) if isinstance(value, str) else "" if value is None else shown(value)


def _run_id(command: str) -> str:
    return f"cli-{command}-{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}"
