"""`python -m fuzz`: fuzz what parses the councils' exports; exit code 0 only where nothing was found."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from fuzz.session import fuzz
from fuzz.targets import TARGETS
from local_digital.settings import LOCAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuzz.session import Outcome

# Where nobody watches, the table has the width that it is made for.
_WIDTH = 120

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def main(
    targets: Annotated[
        list[str] | None, typer.Argument(help=f"Some of {', '.join(TARGETS)}; all where nothing is named.")
    ] = None,
    seconds: Annotated[int, typer.Option(help="How long each target is fuzzed.", min=1)] = 60,
    lanes: Annotated[int, typer.Option(help="How many run side by side.", min=1, max=64)] = 2,
    again: Annotated[
        Path | None, typer.Option("--again", help="An input of one target, to be put through once more.", exists=True)
    ] = None,
    output: Annotated[Path, typer.Option(help="Where inputs, finds and figures are kept.")] = LOCAL / "fuzz",
) -> None:
    """Put made-up, broken and hostile exports through everything that parses them, and hold it to its promises."""
    unknown = sorted(set(targets or ()) - TARGETS.keys())
    if unknown:
        raise typer.BadParameter(f"expected some of {', '.join(TARGETS)}; found {', '.join(unknown)}")
    wanted = [target for name, target in TARGETS.items() if not targets or name in targets]
    if again is not None:
        for target in wanted:
            target.check(again.read_bytes())
        return
    if importlib.util.find_spec("atheris") is None:
        raise typer.BadParameter("the fuzzer (atheris) comes for Linux on x86-64 only, and is not installed here")
    out = Console(width=None if sys.stdout.isatty() else _WIDTH)
    outcomes = []
    with ThreadPoolExecutor(lanes) as pool:
        for outcome in pool.map(lambda target: fuzz(target, seconds, output), wanted):
            out.print(f"{outcome.target}: {outcome.inputs:,} inputs", "" if outcome.well else "[red]and a find[/red]")
            outcomes.append(outcome)
    _show(out, outcomes)
    _write(output / "figures.json", outcomes)
    out.print(f"written to {output / 'figures.json'}")
    raise typer.Exit(0 if all(outcome.well for outcome in outcomes) else 1)


def _show(out: Console, outcomes: Sequence[Outcome]) -> None:
    table = Table(title="Fuzzing", title_justify="left")
    for name in ("target", "inputs", "edges", "s", "slowest, ms", "peak, MiB", "finds"):
        table.add_column(name, justify="left" if name == "target" else "right")
    for one in outcomes:
        table.add_row(
            one.target, f"{one.inputs:,}", f"{one.edges:,}", f"{one.seconds:.0f}", f"{one.slowest * 1000:,.0f}",
            f"{one.peak_mib:,}", "0" if one.well else "[red]1[/red]",
        )  # fmt: skip
    out.print(table)
    for one in outcomes:
        if one.find is not None:
            out.print(f"FOUND {one.find}", style="red", highlight=False, markup=False)
            out.print(f"    python -m fuzz {one.target} --again {one.find}", highlight=False, markup=False)


def _write(path: Path, outcomes: Sequence[Outcome]) -> None:
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {"machine": machine, "targets": [asdict(outcome) for outcome in outcomes]}
    path.write_text(json.dumps(facts, indent=1, default=str) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
