"""What the demo's runs did, taken from the ledger and the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from sqlalchemy import create_engine, text

from demo.case_system import CaseSystem
from demo.planted import CLOSED_AFTER_THREE_WEEKS, RESENT_INVENTED
from demo.stack import COUNCIL, UPLOADING, Stack

if TYPE_CHECKING:
    from rich.console import Console

_SQL = Path(__file__).parent / "sql"


def summary(stack: Stack, runs: dict[str, str], tasks: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Return counts, states, places and seconds as plain JSON. runs: state by run id; tasks: seconds by run id."""
    planted = CaseSystem().truth.planted
    facts: dict[str, object] = {
        "council": COUNCIL,
        "uploading": UPLOADING,
        "run_ids": list(runs),
        "three_weeks": list(planted[CLOSED_AFTER_THREE_WEEKS].refs),
        "invented": list(planted[RESENT_INVENTED].refs),
    }
    engine = create_engine(stack.warehouse)
    try:
        with engine.connect() as db:
            found = {
                name: [dict(row) for row in db.execute(_statement(name), facts).mappings()]
                for name in ("deliveries", "quarantine", "records", "sent")
            }
    finally:
        engine.dispose()
    rows = found["deliveries"][0]
    kept = found["records"][0]
    return {
        "runs": runs,
        "rows": {name: rows[name] for name in ("read", "accepted", "quarantined", "duplicates")},
        "deliveries": {name: rows[name] for name in ("deliveries", "rejected", "superseded")},
        "published": found["sent"],
        "reconciliation": "agrees" if all(state == "success" for state in runs.values()) else "see the runs",
        "planted": {
            "impossible dates: rows in quarantine": found["quarantine"],
            "unknown channel word: records counted as unmapped": kept["unmapped_channel"],
            "deliveries with a warning": rows["with_warnings"],
            "exact duplicate rows dropped": rows["duplicates_of_all"],
            "ward named NULL: records that kept it": kept["ward_null"],
            "closed three weeks later: records now closed": kept["closed_after_three_weeks"],
            "re-sent file: deliveries superseded": rows["superseded"],
            "re-sent file: records withdrawn": rows["withdrawn"],
            "re-sent file: invented records still there": kept["invented_left"],
            "file still uploading: times taken": rows["taken_while_uploading"],
            "left-over .part file: times taken": rows["part_files_taken"],
        },
        "seconds": {"stages": stack.seconds, "tasks": tasks},
        "where": {
            "Airflow": stack.airflow.base_url,
            "login": "admin",
            "password in": "`.local/demo/secrets.json`, key `airflow`",
            "platform stand-in": stack.platform_url,
            "Data Docs": str(stack.folder / "landing" / "data-docs"),
            "logs": str(stack.folder / "logs"),
        },
    }


def show(console: Console, facts: dict[str, Any]) -> None:
    """Print the summary as tables."""
    for title, part in facts.items():
        if title == "seconds":
            part = part["stages"]  # noqa: PLW2901 - the seconds of each task are in the file
        if not isinstance(part, dict):
            part = (  # noqa: PLW2901 - one shape for all tables
                {row["data_set"]: f"{row['new']} new, {row['changed']} changed, {row['withdrawn']} withdrawn"
                 for row in part} if isinstance(part, list) else {title: part}
            )  # fmt: skip
        table = Table(title=title.capitalize(), title_justify="left", show_header=False, min_width=70)
        for name, value in part.items():
            table.add_row(name, _shown(value))
        console.print(table)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(f"{row['rule']} ({row['column_name']}): {row['row_count']}" for row in value) or "none"
    return str(value)


def _statement(name: str) -> Any:
    return text((_SQL / f"{name}.sql").read_text(encoding="utf-8").replace("::", r"\:\:"))
