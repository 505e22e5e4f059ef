"""The commands for those who decide what goes out."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from local_digital.cli.app import CouncilName, Json, OneCouncil, TransactionName, app, open_workspace
from local_digital.cli.printing import err, out, print_json, same, say, table
from local_digital.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from local_digital.publishing.sign_off import Waiting


@app.command(rich_help_panel="Releasing figures")
def approve(
    council: CouncilName,
    transaction: TransactionName,
    keep_back: Annotated[bool, typer.Option("--keep-back", help="Decide not to release, and not to be asked.")] = False,
    by: Annotated[str | None, typer.Option(help="Who decides; the name you are logged in with, if left out.")] = None,
    note: Annotated[str, typer.Option(help="Why, for the record. No personal data.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Release what waits for a decision: a feed that goes live, or figures that were held back as unusual.

    Shows the figures, asks, and records who decided what, when, on which figures. The next publish sends them.
    """
    from local_digital.publishing.sign_off import Verdict, decide, gate  # noqa: PLC0415

    with open_workspace() as workspace:
        feed = workspace.feed(council, transaction)
        with workspace.engine.begin() as db:
            found = gate(db, feed, run_id=None)
        if found.waiting is None:
            raise ConfigurationError(
                feed.name,
                expected="figures that wait for a decision",
                found={"open": "nothing that waits", "draft": "a draft"}.get(found.state, "a feed under embargo"),
                action="Set `stage: live` in the council's file first (docs/adding-a-council.md#going-live)."
                if found.state == "draft"
                else "`local-digital publish --dry-run` shows what would go out.",
            )
        if not (as_json and yes):
            # Whoever is asked sees on what; what a program reads stays JSON alone.
            _show(found.waiting, err if as_json else out)
        question = "Keep these figures back?" if keep_back else "Release these figures?"
        if not yes and not typer.confirm(question, err=as_json):
            raise typer.Exit(1)
        verdict = Verdict(
            "kept-back" if keep_back else "released",
            by=by or getpass.getuser(),
            through="terminal",
            seen=found.waiting.digest,
            note=note,
        )
        approval = decide(workspace, feed, verdict)
    what = "kept back" if keep_back else "released; the next publish sends them"
    facts = {
        "approval_id": approval.approval_id,
        "decided_by": verdict.by,
        "decided_at": approval.decided_at,
        "decision": verdict.decision,
        **approval.waiting.as_json(),
    }
    say(as_json, facts, f"Decision {approval.approval_id} by {verdict.by}: {what}.")


@app.command(rich_help_panel="Releasing figures")
def approvals(council: OneCouncil = None, as_json: Json = False) -> None:
    """Show the record of decisions, newest first: who released or kept back what, when, through what."""
    from local_digital.publishing.sign_off import briefly  # noqa: PLC0415
    from local_digital.sql import statement  # noqa: PLC0415

    with open_workspace() as workspace, workspace.engine.connect() as db:
        if council:
            workspace.council(council)
        rows: list[dict[str, Any]] = [
            dict(row) for row in db.execute(statement("sign_off/approvals"), {"council": council or ""}).mappings()
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        row["why"] = briefly(row["reasons"])
    columns = same("decided_at", "decided_by", "through", "council", "transaction", "decision", "why", "note")
    table("Decisions", columns, rows)


def _show(waiting: Waiting, to: Console) -> None:
    from local_digital.publishing.sign_off import briefly  # noqa: PLC0415

    to.print(f"{waiting.council} {waiting.transaction} waits: {briefly(waiting.reasons)}.", highlight=False)
    if waiting.kept_back:
        to.print(f"{waiting.kept_back.decided_by} kept it back on {waiting.kept_back.decided_at:%-d %B %Y}.",
                 markup=False, highlight=False)  # fmt: skip
    kind = waiting.figures.period_kind
    table(
        f"The newest of {waiting.figures.periods} whole {kind}s",
        {kind.capitalize(): "period_start", "Transactions": "transactions", "Released before": "released_before",
         "Digital take-up": "digital_takeup"},
        [newest.as_json() for newest in waiting.figures.newest],
        to,
    )  # fmt: skip
    to.print(waiting.figures.going_out, markup=False, highlight=False)
    for doubt in waiting.figures.doubts:
        to.print(f"Unusual: {doubt.told}", markup=False, highlight=False)
