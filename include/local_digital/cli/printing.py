"""How the command line speaks: tables for people, JSON for programs."""

from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

out = Console()
err = Console(stderr=True)


def same(*names: str) -> dict[str, str]:
    """Return headings for a table whose columns are called like its rows' keys."""
    return {name.replace("_", " ").replace("-", " ").capitalize(): name for name in names}


def table(title: str, columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """Print rows as a table. columns: heading to key. Numbers stand to the right, and no date or number is broken."""
    printed = Table(title=title, title_justify="left")
    for heading, name in columns.items():
        values = [row[name] for row in rows if row[name] is not None]
        numbers = bool(values) and all(isinstance(value, int | float | Decimal) for value in values)
        whole = numbers or (bool(values) and all(isinstance(value, dt.date) for value in values))
        width = max(len(shown(value)) for value in values) if whole else None
        printed.add_column(heading, overflow="fold", min_width=width, justify="right" if numbers else "left")
    for row in rows:
        printed.add_row(*(shown(row[name]) for name in columns.values()))
    out.print(printed)


def shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case dt.datetime():
            return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
        case Decimal():
            return f"{value.normalize():f}" if value == value.to_integral() else f"{value:.4f}"
        case _:
            return str(value)


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
