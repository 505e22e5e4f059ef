"""`python -m mutants`: change the code that decides, a little at a time, and see whether a test notices.

mutmut does the changing and the running. It knows only code that lies in `src`, so it works on a copy of the checkout
with `include` under that name; `[tool.mutmut]` in pyproject.toml says which modules and which tests.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from local_digital.settings import LOCAL, ROOT

_COPIED = ("sql", "expectations", "plugins", "dags", "tests", "docs", "pyproject.toml", "README.md", "Makefile")
# mutmut makes all mutants before it runs any; these are the fewest.
_FIRST = "local_digital.partition.*"
# Where nobody sees it, the table has the width that it is made for.
_WIDTH = 120
# What the tests of a mutant ended with, as mutmut keeps it: pytest's own exit codes, a signal, or a number of its own.
_OUTCOMES = {0: "survived", 1: "killed", 3: "killed", 33: "no test", 34: "left out", 36: "too slow", -24: "too slow"}

app = typer.Typer(add_completion=False)


@app.command()
def main(
    names: Annotated[list[str] | None, typer.Argument(help="Such as `disclosure` or `parsing.*`; all if none.")] = None,
    share: Annotated[float, typer.Option(help="Which part of the mutants, drawn by chance.", min=0.001, max=1)] = 1.0,
    seed: Annotated[int, typer.Option(help="What the draw begins with.")] = 1,
    jobs: Annotated[int, typer.Option(help="How many at once.", min=1)] = os.cpu_count() or 1,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with the copy and what is known from before.")] = False,
) -> None:
    """Say for each module how many mutants the tests kill; list the survivors in .local/mutants/survivors.txt."""
    out = Console(width=None if sys.stdout.isatty() else _WIDTH)
    copy = LOCAL / "mutants"
    if not keep:
        _lay_out(copy)
    _mutmut(copy, jobs, [_FIRST])
    wanted = [f"local_digital.{name}" for name in names or ["*"]]
    drawn = _draw([name for name in _outcomes(copy) if _is_wanted(name, wanted)], share, seed)
    if not drawn:
        raise typer.BadParameter("no module that is mutated has such a name")
    _mutmut(copy, jobs, drawn)
    _report(out, {name: code for name, code in _outcomes(copy).items() if name in set(drawn)}, copy)


def _is_wanted(name: str, wanted: list[str]) -> bool:
    module = name.rpartition(".")[0]
    return any(fnmatch(module, pattern) for pattern in wanted)


def _draw(names: list[str], share: float, seed: int) -> list[str]:
    return sorted(random.Random(seed).sample(sorted(names), round(len(names) * share)))  # noqa: S311 - not a secret


def _lay_out(copy: Path) -> None:
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    shutil.copytree(ROOT / "include", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, copy / name)
    # The code looks for its files in `include`.
    for place in (copy, copy / "mutants"):
        # Python forgets a folder of its path that is not there when it starts.
        (place / "src").mkdir(parents=True, exist_ok=True)
        (place / "include").symlink_to("src")


def _mutmut(copy: Path, jobs: int, names: list[str]) -> None:
    paths = os.pathsep.join(str(copy / part) for part in ("mutants/src", "mutants/plugins"))
    # The command line's own words; no shell reads them.
    subprocess.run(  # noqa: S603
        [Path(sys.executable).parent / "mutmut", "run", "--max-children", str(jobs), *names],
        cwd=copy, check=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip


def _outcomes(copy: Path) -> dict[str, int | None]:
    """What the tests of each mutant ended with, None where they were not run."""
    found: dict[str, int | None] = {}
    for path in sorted((copy / "mutants/src").rglob("*.py.meta")):
        found |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    return found


def _report(out: Console, codes: dict[str, int | None], copy: Path) -> None:
    counted: dict[str, Counter[str]] = {}
    survivors = []
    for name, code in sorted(codes.items()):
        outcome = "not run" if code is None else _OUTCOMES.get(code, "killed")
        counted.setdefault(name.rpartition(".")[0].removeprefix("local_digital."), Counter())[outcome] += 1
        if outcome in {"survived", "no test"}:
            survivors.append(f"{name}: {outcome}")
    (copy / "survivors.txt").write_text("".join(f"{line}\n" for line in survivors), "utf-8")
    columns = ("mutants", "killed", "too slow", "survived", "no test", "share")
    table = Table("module", *(Column(name, justify="right") for name in columns))
    rows = [*sorted(counted.items()), ("all", sum(counted.values(), Counter()))]
    for module, counts in rows:
        total = counts.total() - counts["left out"] - counts["not run"]
        dead = counts["killed"] + counts["too slow"]
        kinds = (counts[kind] for kind in ("killed", "too slow", "survived", "no test"))
        table.add_row(module, *(f"{number:,}" for number in (total, *kinds)), f"{dead / total:.0%}" if total else "")
    out.print(table)
    out.print(f"survivors: {copy / 'survivors.txt'}; read one with `mutmut show NAME` in {copy}")


if __name__ == "__main__":
    app()
