"""`python -m mutants`: change the code that decides, a little at a time, and see whether a test notices.

mutmut changes the Python and runs the tests that need no server. It knows only code that lies in `src`, so it works on
a copy of the checkout with `include` under that name; `[tool.mutmut]` in pyproject.toml says which modules and tests.
What shows only against a server, and the SQL, is tried by `mutants.lanes`.
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
from mutants.reached import FILE
from mutants.statements import mutants_of

_COPIED = ("sql", "expectations", "plugins", "dags", "tests", "docs", "pyproject.toml", "README.md", "Makefile")
# mutmut makes all mutants before it runs any; these are the fewest.
_FIRST = "local_digital.partition.*"
# Where nobody sees it, the table has the width that it is made for.
_WIDTH = 120
# What the tests of a mutant ended with, as mutmut keeps it: pytest's own exit codes, a signal, or a number of its own.
_OUTCOMES = {0: "survived", 1: "killed", 3: "killed", 33: "no test", 34: "left out", 36: "too slow", -24: "too slow"}
_CODE = ("disclosure", "partition", "parsing.*", "publishing.records", "publishing.holds")
_SERVED = (
    "load", "validate", "landing", "aggregate", "suppression", "publishing.data_sets", "publishing.open_figures",
    "publishing.publish", "publishing.reconcile", "publishing.releases", "publishing.sign_off",
)  # fmt: skip
_STATEMENTS = ("load/*", "ledger/*", "marts/*", "open_data/*", "publish/*", "sign_off/*")
_SERVED_TESTS = (
    "tests/kpis", "tests/publishing", "tests/test_chain.py", "tests/test_delivery_kinds.py", "tests/test_disclosure.py",
    "tests/test_every_field.py", "tests/test_extract.py", "tests/test_forgetting.py", "tests/test_landing.py",
    "tests/test_load.py", "tests/test_neighbours.py", "tests/test_other_systems.py", "tests/test_replay.py",
    "tests/test_republish.py", "tests/test_retention.py", "tests/test_unlogged.py", "tests/test_validate.py",
    "tests/test_volume_band.py",
)  # fmt: skip
_CPUS = os.cpu_count() or 1
_PLACE = LOCAL / "mutants"

Names = Annotated[list[str] | None, typer.Argument(help="Such as `disclosure` or `parsing.*`; all if none.")]
Share = Annotated[float, typer.Option(help="Which part of the mutants, drawn by chance.", min=0.001, max=1)]
Seed = Annotated[int, typer.Option(help="What the draw begins with.")]
Jobs = Annotated[int, typer.Option(help="How many at once.", min=1)]
Keep = Annotated[bool, typer.Option("--keep", help="Go on with the copy and what is known from before.")]
Budget = Annotated[
    float,
    typer.Option(help="Seconds of tests that each gets by itself; who survives gets the others among others.", min=1),
]

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Change what decides; see whether a test notices.")


@app.command()
def code(names: Names = None, share: Share = 1.0, seed: Seed = 1, jobs: Jobs = _CPUS, keep: Keep = False) -> None:
    """Python that decides by itself, against the tests that need no server."""
    copy = _made(jobs, keep)
    drawn = _draw(_wanted(copy, names or _CODE), share, seed)
    _mutmut(copy, jobs, drawn)
    codes = {name: code for name, code in _codes(copy).items() if code is not None}
    _report({name: _OUTCOMES.get(codes[name], "killed") if name in codes else "not run" for name in drawn})


@app.command()
def served(
    names: Names = None, share: Share = 1.0, seed: Seed = 1, jobs: Jobs = _CPUS, keep: Keep = False, budget: Budget = 20
) -> None:
    """Python that decides by what a server says, against the tests on a real PostgreSQL."""
    copy = _made(jobs, keep)
    drawn = _draw(_wanted(copy, names or _SERVED), share, seed)
    _try(drawn, copy / "mutants", "functions", jobs, budget, keep=keep)


@app.command()
def statements(
    names: Names = None, share: Share = 1.0, seed: Seed = 1, jobs: Jobs = _CPUS, keep: Keep = False, budget: Budget = 20
) -> None:
    """The SQL, such as `marts/*`, against the tests on a real PostgreSQL."""
    found = [
        mutant.name
        for path in sorted((ROOT / "sql").glob("*/*.sql"))
        if any(fnmatch(f"{path.parent.name}/{path.stem}", wanted) for wanted in names or _STATEMENTS)
        for mutant in mutants_of(f"{path.parent.name}/{path.stem}", path.read_text("utf-8"))
    ]
    _try(_draw(found, share, seed), ROOT, "statements", jobs, budget, keep=keep)


def _draw(names: list[str], share: float, seed: int) -> list[str]:
    drawn = random.Random(seed).sample(sorted(names), round(len(names) * share))  # noqa: S311 - not a secret
    if not drawn:
        raise typer.BadParameter("nothing that is mutated has such a name, or the share is too small for one mutant")
    return drawn


def _wanted(copy: Path, names: list[str] | tuple[str, ...]) -> list[str]:
    modules = [f"local_digital.{name}" for name in names]
    return [name for name in _codes(copy) if any(fnmatch(name.rpartition(".")[0], module) for module in modules)]


def _made(jobs: int, keep: bool) -> Path:
    """Have mutmut make the mutants of all modules; return where."""
    copy = _PLACE / "copy"
    if not keep or not copy.exists():
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
        _mutmut(copy, jobs, [_FIRST])
    return copy


def _mutmut(copy: Path, jobs: int, names: list[str]) -> None:
    paths = os.pathsep.join(str(copy / part) for part in ("mutants/src", "mutants/plugins"))
    # The command line's own words; no shell reads them.
    subprocess.run(  # noqa: S603
        [Path(sys.executable).parent / "mutmut", "run", "--max-children", str(jobs), *names],
        cwd=copy, check=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip


def _codes(copy: Path) -> dict[str, int | None]:
    """What the tests of each mutant ended with, None where they were not run."""
    found: dict[str, int | None] = {}
    for path in sorted((copy / "mutants/src").rglob("*.py.meta")):
        found |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    return found


def _try(drawn: list[str], place: Path, kind: str, jobs: int, budget: float, *, keep: bool) -> None:
    """Find out which tests reach what, then try the mutants. place: the checkout whose modules and tests are run."""
    folder = _PLACE / kind
    folder.mkdir(parents=True, exist_ok=True)
    reached, asked, told = (folder / f"{name}.json" for name in ("reached", "asked", "told"))
    include = "include" if place == ROOT else "src"
    # A failing example of a mutant is no example for anybody else.
    env = {
        **os.environ, "PYTHONPATH": os.pathsep.join([str(place / include), str(place / "plugins"), str(place)]),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"), FILE: str(reached),
    }  # fmt: skip
    if not keep or not reached.exists():
        tests = [sys.executable, "-m", "pytest", "-q", "-p", "mutants.reached", *_SERVED_TESTS]
        # Our own programs and the names of our own tests; no shell reads them.
        subprocess.run(  # noqa: S603
            tests, cwd=place, check=True, env={**env, **({} if place == ROOT else {"MUTANT_UNDER_TEST": "stats"})}
        )
    asked.write_text(json.dumps({"names": drawn, "lanes": jobs, "budget": budget}), "utf-8")
    subprocess.run([sys.executable, "-m", "mutants.lanes", folder], cwd=place, check=True, env=env)  # noqa: S603
    _report(json.loads(told.read_text("utf-8")))


def _report(outcomes: dict[str, str]) -> None:
    counted: dict[str, Counter[str]] = {}
    survivors = []
    for name, outcome in sorted(outcomes.items()):
        module = name.partition(".sql:")[0] if ".sql:" in name else name.rpartition(".")[0]
        counted.setdefault(module.removeprefix("local_digital."), Counter())[outcome] += 1
        if outcome in {"survived", "no test"}:
            survivors.append(f"{name}: {outcome}")
    listed = _PLACE / "survivors.txt"
    listed.write_text("".join(f"{line}\n" for line in survivors), "utf-8")
    columns = ("mutants", "killed", "too slow", "survived", "no test", "not run", "share")
    table = Table("what", *(Column(name, justify="right") for name in columns))
    for module, counts in [*sorted(counted.items()), ("all", sum(counted.values(), Counter()))]:
        total = counts.total() - counts["left out"] - counts["no statement"] - counts["not run"]
        dead = counts["killed"] + counts["too slow"]
        kinds = (counts[kind] for kind in ("killed", "too slow", "survived", "no test", "not run"))
        table.add_row(module, *(f"{number:,}" for number in (total, *kinds)), f"{dead / total:.0%}" if total else "")
    out = Console(width=None if sys.stdout.isatty() else _WIDTH)
    out.print(table)
    out.print(f"survivors: {listed}; `mutmut show NAME` in {_PLACE / 'copy'} shows one of Python")


if __name__ == "__main__":
    app()
