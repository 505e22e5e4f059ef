"""The lines of the bench: a figure beside its goal, as a table for people and as JSON for whoever keeps them."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Line:
    """One measured figure. goal: the most it may be (or the least, with `at_least`), None where there is none.

    unit: `x` for a ratio to the floor measured in the same run. facts: what it was made of.
    """

    what: str
    figure: float
    unit: str
    goal: float | None
    at_least: bool = False
    facts: dict[str, float | int | str] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.figure >= self.goal if self.at_least else self.figure <= self.goal


def show(lines: Sequence[Line]) -> None:
    """Print the table."""
    table = Table(title=f"{os.cpu_count()} cores, Python {platform.python_version()}", title_justify="left")
    for name in ("what", "figure", "goal", "met", "of what"):
        table.add_column(name, justify="right" if name in {"figure", "goal"} else "left")
    for line in lines:
        goal = "" if line.goal is None else f"{'at least' if line.at_least else 'at most'} {line.goal:g} {line.unit}"
        met = {None: "", True: "[green]yes[/green]", False: "[red]no[/red]"}[line.met]
        facts = ", ".join(f"{name} {fact:g}" if isinstance(fact, float) else f"{name} {fact}"
                          for name, fact in line.facts.items())  # fmt: skip
        table.add_row(line.what, f"{line.figure:.3g} {line.unit}", goal, met, facts)
    Console().print(table)


def write(lines: Sequence[Line], path: Path) -> None:
    """Write the lines as JSON, with what they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    content = {"machine": machine, "lines": [{**asdict(line), "met": line.met} for line in lines]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
