"""`python -m bench`: measure, print the table, write the figures as JSON."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bench import bulk
from bench.report import show, write
from local_digital.settings import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.report import Line


class Part(StrEnum):
    """What there is to measure."""

    BULK = "bulk"
    NIGHTS = "nights"


app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def main(
    parts: Annotated[
        list[Part] | None, typer.Argument(help="What to measure; everything where nothing is named.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Rows of the large file.", min=1000)] = bulk.MILLION,
    output: Annotated[Path, typer.Option(help="Where the figures go as JSON.")] = LOCAL / "bench.json",
) -> None:
    """Measure how fast the pipeline is, as ratios to a floor that is measured in the same run."""
    lines: list[Line] = []
    for part in parts or list(Part):
        Console().print(f"measuring {part} ...")
        for line in _lines(part, rows):
            lines.append(line)
            show([line])
    show(lines)
    write(lines, output)


def _lines(part: Part, rows: int) -> Iterator[Line]:
    match part:
        case Part.BULK:
            yield from bulk.bulk(rows, with_dlt=rows <= bulk.MILLION)
        case Part.NIGHTS:
            yield from bulk.nights()


if __name__ == "__main__":
    app()
