"""`python -m faults`: inject faults into the councils' nights; exit code 0 only where all of them were survived."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from demo.__main__ import stop_on_signals
from faults.place import place
from faults.report import as_json, rounds_as_json, show, show_rounds, write
from faults.session import session
from faults.trial import Calm, Result
from faults.world import NIGHTS
from local_digital.settings import LOCAL

if TYPE_CHECKING:
    from faults.session import Outcome


# Where nobody sees the progress, it is told now and then.
_TOLD_EVERY = 25
# And what is told there has the width that the tables are made for.
_WIDTH = 120


class Part(StrEnum):
    """Where faults are injected."""

    CORE = "core"
    AIRFLOW = "airflow"


app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def main(
    parts: Annotated[list[Part] | None, typer.Argument(help="What is tried; both where nothing is named.")] = None,
    points: Annotated[int, typer.Option(help="How many points are tried in the core.", min=1)] = 330,
    seed: Annotated[int, typer.Option(help="Picks the points; the same seed picks the same.")] = 2026,
    lanes: Annotated[int, typer.Option(help="How many trials run side by side.", min=1, max=16)] = 2,
    councils: Annotated[list[str] | None, typer.Option("--council", help="Only these in the core.")] = None,
    nights: Annotated[list[str] | None, typer.Option("--night", help=f"Only these: {', '.join(NIGHTS)}.")] = None,
    output: Annotated[Path, typer.Option(help="Where the results go as JSON.")] = LOCAL / "faults.json",
) -> None:
    """Kill, cut, fill and mislead the pipeline at points of the councils' nights, run again, and compare all of it."""
    stop_on_signals()
    unknown = sorted(set(nights or ()) - NIGHTS.keys())
    if unknown:
        raise typer.BadParameter(f"expected some of {', '.join(NIGHTS)}; found {', '.join(unknown)}")
    out = Console(width=None if sys.stdout.isatty() else _WIDTH)
    facts: dict[str, Any] = {}
    well = []
    if Part.CORE in (parts or Part):
        outcome, seconds = _core(out, nights or list(NIGHTS), councils or [], points, seed, lanes)
        show(out, outcome, seconds)
        facts["core"] = {"seed": seed, "lanes": lanes, **as_json(outcome, seconds)}
        well.append(outcome.all_well)
        write(output, facts)
    if Part.AIRFLOW in (parts or Part):
        from faults.airflow import rounds  # noqa: PLC0415 - the core needs none of it

        found = list(rounds(lambda line: out.print(line, markup=False, highlight=False), seed))
        show_rounds(out, found)
        facts["airflow"] = rounds_as_json(found)
        dealt = {blow.victim for each in found for blow in each.dealt}
        well.append(
            all(each.survived for each in found) and dealt == {blow.victim for each in found for blow in each.blows}
        )
        write(output, facts)
    out.print(f"written to {output}")
    raise typer.Exit(0 if all(well) else 1)


def _core(
    out: Console, nights: list[str], councils: list[str], points: int, seed: int, lanes: int
) -> tuple[Outcome, float]:
    """Return what became of the core's trials, and how many seconds those took."""
    with _progress(out) as progress, place(nights, councils) as here:
        preparing = progress.add_task("the state before the nights", total=None)
        here.prepare(lambda said: progress.update(preparing, description=said))
        progress.update(preparing, description="the state before the nights", total=1, completed=1)
        calming = progress.add_task("nights without a fault", total=len(here.before))
        trying = progress.add_task("points", total=None, start=False)
        begun = time.monotonic()
        tried = lost = 0

        def planned(count: int) -> None:
            nonlocal begun
            begun = time.monotonic()
            progress.update(trying, total=count)
            progress.start_task(trying)

        def told(ended: Calm | Result) -> None:
            nonlocal tried, lost
            if isinstance(ended, Calm):
                progress.advance(calming)
                return
            tried += 1
            lost += not ended.survived
            if not out.is_terminal and tried % _TOLD_EVERY == 0:
                out.print(f"{tried} points tried, {lost} not survived, {time.monotonic() - begun:.0f} s")
            progress.update(trying, advance=ended.met, description=f"points, {lost} not survived")

        outcome = session(here, points=points, seed=seed, lanes=lanes, told=told, planned=planned)
        return outcome, time.monotonic() - begun


def _progress(out: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), console=out,
    )  # fmt: skip


if __name__ == "__main__":
    app()
