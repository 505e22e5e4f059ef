"""The command that looks at the councils' public pages."""

from __future__ import annotations

from local_digital.cli.app import Json, OneCouncil, app, councils_of, open_workspace
from local_digital.cli.printing import out, print_json, table


@app.command(rich_help_panel="Watching")
def availability(council: OneCouncil = None, as_json: Json = False) -> None:
    """Look at the councils' pages that are due, one look a page and hour, and show how available they are.

    A page is *up*, *down*, or *unmonitored* where it does not let us look, or redirects to where we do not go
    (docs/runbook.md has the reasons). Uptime is the share of the monitored hours of the last 30 days.
    """
    from local_digital.availability import check, pages  # noqa: PLC0415 - keeps --help quick

    with open_workspace() as workspace:
        wanted = list(councils_of(workspace, council))
        looked = {(done.council, done.transaction) for done in check(workspace, councils=wanted)}
        rows = pages(workspace, councils=wanted)
    for row in rows:
        row["checked_now"] = (row["council"], row["transaction"]) in looked
    if as_json:
        print_json(rows)
    elif rows:
        headings = {
            "Council": "council", "Transaction": "transaction", "Hour": "hour", "State": "state", "ms": "response_ms",
            "Reason": "reason", "Uptime, 30 days": "uptime",
        }  # fmt: skip
        table("Pages", headings, rows)
    else:
        out.print("No feed has a `page` (docs/adding-a-council.md).", markup=False, highlight=False)
