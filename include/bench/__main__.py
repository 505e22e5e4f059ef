"""`python -m bench`: measure, print the table, write the figures as JSON."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bench import bulk
from bench.board import board
from bench.dags import dags
from bench.fleet import fleet
from bench.history import history
from bench.imports import imports
from bench.publishing import publish
from bench.report import show, write
from bench.site import site
from local_digital.settings import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.report import Line


class Part(StrEnum):
    """What there is to measure."""

    BULK = "bulk"
    NIGHTS = "nights"
    DAGS = "dags"
    FLEET = "fleet"
    IMPORTS = "imports"
    PUBLISH = "publish"
    SITE = "site"
    BOARD = "board"
    HISTORY = "history"


# The rollout, when all of it is there.
_ALL_COUNCILS = 400
_DELIVERIES = 500_000
_RECORDS = 100_000
_PAST = 5_000_000

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def main(
    parts: Annotated[
        list[Part] | None, typer.Argument(help="What to measure; everything where nothing is named.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Rows of the large file.", min=1000)] = bulk.MILLION,
    councils: Annotated[
        int, typer.Option(help="Councils of the nightly fleet; 400 take more than an hour.", min=1)
    ] = 10,
    markers: Annotated[bool, typer.Option(help="Whether the fleet's exports have markers.")] = True,
    past: Annotated[int, typer.Option("--history", help="Records that are there before a delivery.", min=1)] = _PAST,
    published: Annotated[
        int, typer.Option("--site-councils", help="Councils of the site; 400 take minutes and 10 GB.", min=1)
    ] = 10,
    output: Annotated[Path, typer.Option(help="Where the figures go as JSON.")] = LOCAL / "bench.json",
) -> None:
    """Measure how fast the pipeline is, as ratios to a floor that is measured in the same run."""
    lines: list[Line] = []
    for part in parts or list(Part):
        Console().print(f"measuring {part} ...")
        for line in _lines(part, rows, councils, past, published, markers=markers):
            lines.append(line)
            show([line])
    show(lines)
    write(lines, output)


def _lines(part: Part, rows: int, councils: int, past: int, published: int, *, markers: bool) -> Iterator[Line]:
    match part:
        case Part.BULK:
            yield from bulk.bulk(rows, with_dlt=rows <= bulk.MILLION)
        case Part.NIGHTS:
            yield from bulk.nights()
        case Part.DAGS:
            yield from dags(_ALL_COUNCILS)
        case Part.FLEET:
            yield from fleet(councils, markers=markers)
        case Part.IMPORTS:
            yield from imports()
        case Part.PUBLISH:
            yield from publish(_RECORDS)
        case Part.SITE:
            yield from site(published)
        case Part.BOARD:
            yield from board(_ALL_COUNCILS, _DELIVERIES)
        case Part.HISTORY:
            yield from history(past)


if __name__ == "__main__":
    app()
