"""How the command line speaks: tables for people, JSON for programs."""

from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local_digital.calendar import LONDON
from local_digital.kpis import CAVEATS

_PERIODS_SHOWN = 26
_LONGEST_WORD = 30
out = Console()
err = Console(stderr=True)


def same(*names: str) -> dict[str, str]:
    """Return headings for a table whose columns are called like its rows' keys."""
    return {name.replace("_", " ").replace("-", " ").capitalize(): name for name in names}


def table(title: str, columns: dict[str, str], rows: list[dict[str, Any]], to: Console = out) -> None:
    """Print rows as a table, or a block of lines a row where the terminal is too narrow for it.

    columns: heading to key. Numbers stand to the right, and no word, date or number is broken but the longest.
    """
    cells = [[shown(row[name]) for name in columns.values()] for row in rows]
    texts = [[heading, *column] for heading, column in zip(columns, zip(*cells, strict=True), strict=True)] if rows \
        else [[heading] for heading in columns]  # fmt: skip
    widths = [
        min(_LONGEST_WORD, max(len(word) for text in column for word in text.split() or [""])) for column in texts
    ]
    left = to.width - 1 - sum(width + 3 for width in widths)
    if left < 0:
        to.print(title, style="italic", markup=False, highlight=False)
        for row in cells:
            for heading, cell in zip(columns, row, strict=True):
                to.print(f"  {heading}: {cell}", markup=False, highlight=False)
            to.print()
        return
    printed = Table(title=title, title_justify="left")
    for (heading, name), column, width in zip(columns.items(), texts, widths, strict=True):
        more = min(left, max(map(len, column)) - width)
        left -= more
        values = [row[name] for row in rows if row[name] is not None]
        numbers = bool(values) and all(isinstance(value, int | float | Decimal) for value in values)
        printed.add_column(heading, width=width + more, overflow="fold", justify="right" if numbers else "left")
    for row in cells:
        # What looks like markup is somebody's words.
        printed.add_row(*map(escape, row))
    to.print(printed)


def figures(rows: list[dict[str, Any]], kind: str) -> None:
    """Print figures, one line a period and one column a figure, and what their reader must know.

    rows: of `status/kpis`. kind: of period. Figures with one row for each channel are left to `--by channel` and JSON.
    """
    rows = [row for row in rows if not row["label"]]
    names = dict.fromkeys(_figure(row) for row in rows)
    by_period: dict[dt.date, dict[str, Any]] = {}
    for row in rows:
        line = by_period.setdefault(
            row["period_start"], {kind: row["period_start"], "basis": row["basis"], **dict.fromkeys(names)}
        )
        line[_figure(row)] = row["value"]
    table(f"Figures by {kind}", same(kind, "basis", *names), list(by_period.values())[-_PERIODS_SHOWN:])
    if len(by_period) > _PERIODS_SHOWN:
        out.print(f"The last {_PERIODS_SHOWN} of {len(by_period)}; --json has all.", highlight=False)
    for key in sorted({key for row in rows for key in row["caveats"]}):
        told = ", ".join(sorted({row["kpi"] for row in rows if key in row["caveats"]}))
        out.print(f"{CAVEATS[key]} ({told})", markup=False, highlight=False)


def _figure(row: dict[str, Any]) -> str:
    return row["kpi"] if row["version"] == "1" else f"{row['kpi']} ({row['version']})"


def shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case dt.datetime():
            # In local time: a London midnight in summer reads as the day before in UTC.
            return value.astimezone(LONDON).strftime("%Y-%m-%d %H:%M")
        case Decimal():
            return f"{value.normalize():f}" if value == value.to_integral() else f"{value:.4f}"
        case _:
            return str(value)


def checks_left_over(count: int) -> str:
    """Say how many doubts of a drafted file are left."""
    return "1 thing to CHECK is left" if count == 1 else f"{count} things to CHECK are left"


def say(as_json: bool, facts: object, words: str) -> None:
    if as_json:
        print_json(facts)
    else:
        out.print(words, markup=False, highlight=False)


def print_json(facts: object) -> None:
    sys.stdout.write(json.dumps(facts, default=plain, indent=2) + "\n")


def plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral() else float(value)
    return str(value)


def show_deliveries(title: str, results: list[dict[str, Any]]) -> None:
    columns = ["name", "status", "read", "accepted", "quarantined", "duplicates"]
    if any(result["filtered"] for result in results):
        columns.append("filtered")
    table(title, same(*columns), results)
    for result in results:
        for warning in result["warnings"]:
            out.print(f"{result['name']}: {warning}", style="yellow", markup=False, highlight=False)
        if result["rejected_because"]:
            out.print(result["rejected_because"], style="red", markup=False, highlight=False)
