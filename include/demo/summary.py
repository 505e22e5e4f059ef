"""What the demo's runs did, taken from the ledger and the warehouse: a table of councils by transactions, and more."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from sqlalchemy import create_engine, text

from demo.case_system import CaseSystem
from demo.planted import CLOSED_AFTER_THREE_WEEKS, RESENT_INVENTED
from demo.sample import SOLIHULL, UPLOADING
from demo.story import ON_PURPOSE, complaints
from demo.world.dealings import LAST_NIGHT
from local_digital.calendar import LONDON, midnight
from local_digital.config.loading import load_transactions
from local_digital.freshness import feed_states
from local_digital.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from sqlalchemy import Connection as Database

    from demo.runs import Run
    from demo.stack import Stack

_SQL = Path(__file__).parent / "sql"
_COUNTS = {
    "read": "rows_read", "accepted": "accepted", "quarantined": "quarantined", "duplicates": "duplicates",
    "filtered": "filtered",
}  # fmt: skip
_SIGN_OFF = {
    "released": "decisions to release figures, by the demo as `admin`",
    "held": "figures held back as unusual until then",
    "still_held": "of those still held back",
    "public_feeds": "feeds whose figures are public",
    "withheld": "counts withheld to protect privacy",
}
# The morning after the sample's last night: by then all that is on time has come.
AS_OF = midnight(LAST_NIGHT + dt.timedelta(days=1))


def summary(stack: Stack, runs: Sequence[Run]) -> dict[str, Any]:
    """Return counts, states, places and seconds as plain JSON; `complaints` holds what did not go as it should.

    What is not below `councils` is about Solihull's report of a missed bin.
    """
    engine = create_engine(stack.warehouse)
    try:
        with engine.connect() as db:
            councils = _councils(db, stack, runs)
            turned_down = {
                (row["council"], row["transaction"]): row["rejected_because"] for row in _rows(db, "turned_down")
            }
            sign_off = _rows(db, "sign_off")[0]
            solihull = _solihull(db, [run for run in runs if run.council == SOLIHULL])
    finally:
        engine.dispose()
    return {
        "complaints": [
            *complaints(runs, turned_down, stack.sample.councils),
            *(
                f"{slug}: platform and marts differ in {facts['differing']} records"
                for slug, facts in councils.items() if facts["differing"]
            ),
        ],
        "as_of": AS_OF.date().isoformat(),
        "transactions": {name: contract.name for name, contract in load_transactions(ROOT / "include")[0].items()},
        "councils": councils,
        "on_purpose": [
            {**asdict(each), "message": _message(each.council, each.task_id, runs) or turned_down.get(
                (each.council, each.transaction), "")}
            for each in ON_PURPOSE
        ],
        "sign_off": sign_off,
        **solihull,
        "seconds": {
            "stages": stack.seconds,
            "steps": _by_step(runs),
            "tasks": {
                run.run_id: {name: task.seconds for name, task in run.tasks.items()}
                for run in runs if run.council == SOLIHULL
            },
        },
        "where": {
            "Airflow": stack.airflow.base_url,
            "login": "admin",
            "password in": f"`{stack.folder / 'demo' / 'secrets.json'}`, key `airflow`",
            "rollout board": f"{stack.airflow.base_url}/board/?as_of={AS_OF.date()}",
            "open data and pages": stack.site_url,
            "their files": stack.site,
            "platform stand-in": stack.platform_url,
            "Data Docs": f"{stack.landing}/data-docs",
            "logs": str(stack.folder / "logs"),
        },
    }  # fmt: skip


def _by_step(runs: Sequence[Run]) -> dict[str, float]:
    """Return the seconds of all tasks of a kind together, the longest first."""
    found: dict[str, float] = defaultdict(float)
    for run in runs:
        for task_id, task in run.tasks.items():
            found[task_id.rpartition(".")[2]] += task.seconds
    return {name: round(seconds, 1) for name, seconds in sorted(found.items(), key=lambda each: -each[1])}


def _message(council: str, task_id: str, runs: Sequence[Run]) -> str:
    return next((run.faults[task_id] for run in runs if run.council == council and task_id in run.faults), "")


def _councils(db: Database, stack: Stack, runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """Return, for each council, its runs, its rows, what the platform holds of it, and its transactions."""
    states = {
        (row["council"], row["transaction"]): row for row in feed_states(db, stack.sample.councils.values(), AS_OF)
    }
    published = {row["council"]: row for row in _rows(db, "published")}
    figures: dict[str, dict[str, dict[str, Any]]] = {}
    for row in _rows(db, "figures"):
        if row["council"] not in stack.sample.councils:
            continue
        feed = stack.sample.councils[row["council"]].feeds.get(row["transaction"])
        figures.setdefault(row["council"], {})[row["transaction"]] = _transaction(
            row, states.get((row["council"], row["transaction"])), counts=bool(feed and feed.aggregate)
        )
    found = {}
    for slug, council in stack.sample.councils.items():
        own = [state for (owner, _), state in states.items() if owner == slug]
        held = published.get(slug, {"records": 0, "differing": 0})
        found[slug] = {
            "name": council.name,
            "runs": [run.as_json() for run in runs if run.council == slug],
            "rows": {name: sum(int(state[key]) for state in own) for name, key in _COUNTS.items()},
            "published": held["records"],
            "differing": held["differing"],
            "transactions": figures.get(slug, {}),
        }
    return found


def _transaction(row: Mapping[str, Any], state: Mapping[str, Any] | None, *, counts: bool) -> dict[str, Any]:
    if row["offered"] != "provided" or state is None:
        return {"state": "not provided here" if row["reason"] else "no feed yet", "reason": row["reason"]}
    until = state["loaded_until"]
    return {
        "state": state["state"],
        "cadence": state["cadence"],
        "newest_delivery": state["last_delivery"],
        "complete_until": until.astimezone(LONDON).date().isoformat() if until else None,
        "records": row["records"],
        "holds": "counts" if counts else "records",
        "period_kind": row["period_kind"],
        "period_start": row["period_start"].isoformat() if row["period_start"] else None,
        "volume": row["volume"],
        "digital_takeup": None if row["digital_takeup"] is None else round(float(row["digital_takeup"]), 4),
    }


def _solihull(db: Database, runs: Sequence[Run]) -> dict[str, Any]:
    """Return what became of Solihull's files in these runs, and of every problem planted in them."""
    planted = CaseSystem().truth.planted
    facts: dict[str, object] = {
        "council": SOLIHULL,
        "uploading": UPLOADING,
        "run_ids": [run.run_id for run in runs],
        "three_weeks": list(planted[CLOSED_AFTER_THREE_WEEKS].refs),
        "invented": list(planted[RESENT_INVENTED].refs),
    }
    rows = _rows(db, "deliveries", facts)[0]
    kept = _rows(db, "records", facts)[0]
    return {
        "runs": {run.run_id: run.state for run in runs},
        "rows": {name: rows[name] for name in ("read", "accepted", "quarantined", "duplicates")},
        "deliveries": {name: rows[name] for name in ("deliveries", "rejected", "superseded")},
        "published": _rows(db, "sent", facts),
        "reconciliation": "agrees" if all(run.state == "success" for run in runs) else "see the runs",
        "planted": {
            "impossible dates: rows in quarantine": _rows(db, "quarantine", facts),
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
    }


def _rows(db: Database, name: str, facts: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
    statement = text((_SQL / f"{name}.sql").read_text(encoding="utf-8").replace("::", r"\:\:"))
    return [dict(row) for row in db.execute(statement, facts).mappings()]


def show(console: Console, facts: dict[str, Any]) -> None:
    """Print the summary as tables."""
    console.print(_by_transaction(facts))
    console.print(_by_council(facts))
    _plain(console, "What was planted in Solihull's files", {
        name: _shown(value) for name, value in facts["planted"].items()
    })  # fmt: skip
    _plain(console, "Signed off", {said: facts["sign_off"][name] for name, said in _SIGN_OFF.items()})
    steps = {f"all tasks `{name}` together": spent for name, spent in facts["seconds"]["steps"].items()}
    _plain(console, "Seconds", {**facts["seconds"]["stages"], **steps})
    if "distributed" in facts:
        _plain(console, "Distributed", facts["distributed"])
    _plain(console, "Where", facts["where"])
    _verdict(console, facts)


def _by_transaction(facts: Mapping[str, Any]) -> Table:
    table = Table(title=f"Figures, as of the morning of {AS_OF:%-d %B %Y}", title_justify="left", show_lines=True)
    table.add_column("Council")
    for name in facts["transactions"].values():
        table.add_column(name, ratio=1)
    on_purpose = {(each["council"], each["transaction"]): each["briefly"] for each in facts["on_purpose"]}
    for slug, council in facts["councils"].items():
        cells = [
            _cell(council["transactions"].get(name), on_purpose.get((slug, name))) for name in facts["transactions"]
        ]
        table.add_row(council["name"], *cells)
    return table


def _cell(facts: Mapping[str, Any] | None, on_purpose: str | None) -> str:
    if facts is None:
        return "nothing yet"
    if facts["state"] == "no feed yet":
        return "no feed yet"
    if facts["state"] == "not provided here":
        return f"not provided here: {facts['reason']}"
    lines = []
    if facts["state"] == "late":
        newest = dt.date.fromisoformat(facts["complete_until"])
        lines.append(f"late (newest delivery of {newest:%-d %b %Y})")
    elif facts["state"] != "on time":
        lines.append(facts["state"])
    if on_purpose:
        lines.append(f"failing on purpose: {on_purpose}")
    if facts["period_start"]:
        start = dt.date.fromisoformat(facts["period_start"])
        period = f"week of {start:%-d %b}" if facts["period_kind"] == "week" else f"{start:%B %Y}"
        lines.append(f"{period}: {facts['volume']:,}")
    if facts["digital_takeup"] is not None:
        lines.append(f"digital: {facts['digital_takeup']:.0%}")
    return "\n".join([*lines, f"{facts['records']:,} {facts['holds']} loaded"])


def _by_council(facts: Mapping[str, Any]) -> Table:
    table = Table(
        title="Rows read = accepted + quarantined + exact duplicates + rows of other services", title_justify="left"
    )
    table.add_column("Council", no_wrap=True)
    for heading in ("Read", "Accepted", "Quarantined", "Duplicates", "Others", "Published"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Runs")
    on_purpose = {each["council"] for each in facts["on_purpose"]}
    for slug, council in facts["councils"].items():
        counts = council["rows"]
        agrees = counts["read"] == sum(count for name, count in counts.items() if name != "read")
        states = ["failed on purpose" if run["state"] == "failed" and slug in on_purpose else run["state"]
                  for run in council["runs"]]  # fmt: skip
        table.add_row(
            slug,
            *(f"{counts[name]:,}" for name in _COUNTS),
            f"{council['differing']:,} differ" if council["differing"] else f"{council['published']:,} agree",
            ", ".join(states) + ("" if agrees else "; the rows do not add up"),
        )
    return table


def _plain(console: Console, title: str, facts: Mapping[str, object]) -> None:
    table = Table(title=title, title_justify="left", show_header=False, min_width=70)
    for name, value in facts.items():
        table.add_row(name, str(value))
    console.print(table)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(f"{row['rule']} ({row['column_name']}): {row['row_count']}" for row in value) or "none"
    return str(value)


def _verdict(console: Console, facts: Mapping[str, Any]) -> None:
    console.print("Two things fail in this sample, on purpose, to show what that looks like:", style="bold")
    for each in facts["on_purpose"]:
        console.print(
            f"- {each['council']}, {each['transaction']}, `{each['task']}`: {each['because']}.\n"
            f"  Its message: {each['message']}",
            markup=False,
            highlight=False,
        )
    if facts["complaints"]:
        console.print("What went otherwise than it should:", style="bold red")
        for complaint in facts["complaints"]:
            console.print(f"- {complaint}", style="red", markup=False, highlight=False)
    else:
        console.print("Everything else went through, and the platform shows what the marts hold.", style="bold green")
