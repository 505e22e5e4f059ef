"""What a session came to: a table for people, JSON for whoever keeps it."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.table import Table

from faults.session import by_fault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from faults.airflow import Round
    from faults.session import Outcome
    from faults.trial import Result

_SHOWN = 20


def show(out: Console, outcome: Outcome, seconds: float) -> None:
    """Print the table, then every point that was not survived: tables and counts, never a value."""
    table = Table(title="Faults", title_justify="left")
    for name in ("fault", "injected", "survived", "run again", "rows compared"):
        table.add_column(name, justify="left" if name == "fault" else "right")
    met = [result for result in outcome.results if result.met]
    for fault, results in by_fault(met).items():
        survived = sum(result.survived for result in results)
        table.add_row(
            fault,
            str(len(results)),
            str(survived) if survived == len(results) else f"[red]{survived}[/red]",
            str(sum(len(result.tries) for result in results)),
            f"{sum(result.rows for result in results):,}",
        )
    table.add_section()
    table.add_row(
        "all", str(outcome.injected), str(outcome.survived),
        str(sum(len(result.tries) for result in met)), f"{sum(result.rows for result in met):,}",
    )  # fmt: skip
    out.print(table)
    for each in outcome.calms:
        if each.differs:
            out.print(f"{each.unit} differs from itself without any fault: {_told(each.differs)}", style="red")
    lost = outcome.lost
    for result in lost[:_SHOWN]:
        out.print(f"NOT SURVIVED {result.point}", style="red", highlight=False, markup=False)
        for line in _reasons(result):
            out.print(f"    {line}", highlight=False, markup=False)
    if len(lost) > _SHOWN:
        out.print(f"and {len(lost) - _SHOWN} more, in the JSON file")
    for line in outcome.broken:
        out.print(f"the harness itself failed at {line}", style="red", highlight=False, markup=False)
    out.print(
        f"{outcome.injected} faults injected at points that all differ, {outcome.survived} survived, "
        f"{outcome.rows:,} rows compared, in {seconds:.0f} s."
    )
    if none := len(outcome.results) - outcome.injected:
        out.print(f"{none} more befell nobody, such as a disk with room enough, and do not count.")


def _reasons(result: Result) -> list[str]:
    lines = [] if result.met else ["the fault befell nobody"]
    lines += [f"ended with {each}" for each in result.wrong]
    if result.differs:
        lines.append(f"differs: {_told(result.differs)}")
    return lines + [f"run again after {each}" for each in result.tries]


def _told(differs: dict[str, tuple[int, int]]) -> str:
    return "; ".join(f"{name}: {missing} rows missing, {extra} too many" for name, (missing, extra) in differs.items())


def as_json(outcome: Outcome, seconds: float) -> dict[str, Any]:
    """Return everything about the trials in the core."""
    met = [result for result in outcome.results if result.met]
    return {
        "seconds": round(seconds, 1),
        "nights": len(outcome.calms),
        "injected": outcome.injected,
        "distinct": len({result.point for result in met}),
        "survived": outcome.survived,
        "rows_compared": outcome.rows,
        "by_fault": {
            fault: {"injected": len(results), "survived": sum(result.survived for result in results)}
            for fault, results in by_fault(met).items()
        },
        "differs_without_fault": {str(each.unit): each.differs for each in outcome.calms if each.differs},
        "points": [_as_json(result) for result in outcome.results],
        "broken": outcome.broken,
    }


def show_rounds(out: Console, rounds: Sequence[Round]) -> None:
    """Print what became of the nights in Airflow."""
    table = Table(title="Faults in Airflow", title_justify="left")
    for name in ("fault", "dealt", "survived", "rows compared", "s"):
        table.add_column(name, justify="left" if name == "fault" else "right")
    for each in rounds:
        counts = Counter(blow.victim for blow in each.dealt)
        for victim, count in counts.items():
            survived = count if each.survived else 0
            table.add_row(str(victim), str(count), str(survived), f"{each.rows:,}", f"{each.seconds:.0f}")
    out.print(table)
    for each in rounds:
        for blow in set(each.blows) - set(each.dealt):
            out.print(f"the task was over too soon for: {blow}", highlight=False, markup=False)
        for council, state in each.states.items():
            out.print(f"NOT SURVIVED the run of {council} ended as {state}", style="red", highlight=False, markup=False)
        if each.differs:
            out.print(f"NOT SURVIVED differs: {_told(each.differs)}", style="red", highlight=False, markup=False)


def rounds_as_json(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """Return everything about the nights in Airflow."""
    return [
        {
            "blows": [str(blow) for blow in each.blows],
            "dealt": [str(blow) for blow in each.dealt],
            "survived": each.survived,
            "differs": each.differs,
            "states": each.states,
            "rows_compared": each.rows,
            "seconds": round(each.seconds, 1),
        }
        for each in rounds
    ]


def write(path: Path, facts: dict[str, Any]) -> None:
    """Write facts as JSON, with what they were found on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    path.write_text(json.dumps({"machine": machine, **facts}, indent=1) + "\n", encoding="utf-8")


def _as_json(result: Result) -> dict[str, Any]:
    point = result.point
    return {
        "fault": point.fault, "night": point.unit.night, "council": point.unit.council,
        "transaction": point.unit.transaction, "step": point.step, "call": point.call, "number": point.number,
        "what": point.what, "trouble": point.trouble, "amount": point.amount, "seed": point.seed,
        "met": result.met, "survived": result.survived, "tries": result.tries, "wrong": result.wrong,
        "differs": result.differs, "rows": result.rows, "seconds": round(result.seconds, 2),
    }  # fmt: skip
