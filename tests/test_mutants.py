"""Mutants change one thing that decides, and no outcome is said that was not seen."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from local_digital.settings import ROOT
from mutants.lanes import Reaching
from mutants.statements import mutants_of

if TYPE_CHECKING:
    from pathlib import Path

_QUICK = "tests/test_mutants.py::test_tests_that_noticed_before_come_first_and_those_of_a_file_stand_together"
_CORRECTED = "tests/test_load.py::test_corrected_file_leaves_no_trace_of_the_first_version"


def changes(text: str) -> list[tuple[str, str]]:
    return [(mutant.was, mutant.becomes) for mutant in mutants_of("some/thing", text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "select a from t where a < 3",
            [("a < 3", "true"), ("<", "<="), ("<", ">="), ("3", "4")],
        ),
        (
            "select count(*), sum(a * b), t.* from t",
            [("sum", "max"), ("*", "/")],
        ),
        (
            "select distinct a from t left join u on t.a = u.a and u.b is null",
            [
                ("distinct", ""), ("left", "inner"), ("t.a = u.a", "true"), ("=", "<>"), ("and", "or"),
                ("u.b is null", "true"), ("is", "is not"),
            ],
        ),
        ("update t set a = :a, b = 0", [("0", "1")]),
        (
            "select a from t where a between 1 and 5 or not b",
            [("a between 1 and 5", "true"), ("1", "2"), ("5", "6"), ("or", "and"), ("not", ""), ("not b", "true")],
        ),
        (
            "select (a.x, a.y) is distinct from (b.x, coalesce(b.y, 0)) as differs from a, b",
            [
                ("a.x", "b.x"), ("a.y", "coalesce(b.y, 0)"), ("is", "is not"), ("coalesce", "nullif"), ("0", "1"),
            ],
        ),
        (
            "insert into core.t (a) values (:a) on conflict (a) do update set a = excluded.a",
            [("excluded", "t")],
        ),
        (
            "insert into s.t as known (a) values (:a) on conflict (a) do update set a = excluded.a",
            [("excluded", "known")],
        ),
        (
            "select a at time zone 'Europe/London', interval '1 day', 'total' from t where exists (select 1 from u)",
            [
                ("'Europe/London'", "'UTC'"), ("'1 day'", "'2 day'"), ("'total'", "'XXtotalXX'"),
                ("exists", "not exists"), ("exists (select 1 from u)", "true"),
            ],
        ),
        ("select a from t union all select max(a) from u", [("union all", "union"), ("max", "min")]),
    ],
)  # fmt: skip
def test_what_decides_is_changed_and_nothing_else(text: str, expected: list[tuple[str, str]]) -> None:
    assert changes(text) == expected


def test_every_mutant_of_the_project_s_sql_says_something_else_below_its_grain() -> None:
    seen = 0
    for path in sorted((ROOT / "sql").glob("*/*.sql")):
        text = path.read_text("utf-8")
        for mutant in mutants_of(path.stem, text):
            changed = mutant.applied(text)
            assert changed.split() != text.split(), mutant.name
            assert changed.partition("\n")[0] == text.partition("\n")[0], mutant.name
            seen += 1
    assert seen > 2_000


def test_tests_that_noticed_before_come_first_and_those_of_a_file_stand_together() -> None:
    seconds = {"a.py::1": 1.0, "a.py::2": 2.0, "b.py::1": 5.0, "b.py::2": 9.0, "c.py::1": 3.0}
    tests = Reaching(seconds, {"x": list(seconds), "y": ["a.py::1"]}, budget=12)
    assert tests.chosen("x") == ["a.py::1", "a.py::2", "c.py::1", "b.py::1"]
    tests.noticed("x", "b.py::2")
    assert tests.chosen("x") == ["b.py::2", "a.py::1", "a.py::2"]
    tests.leave_out("b.py::2")
    assert tests.chosen("x") == ["a.py::1", "a.py::2", "c.py::1", "b.py::1"]
    assert tests.chosen("y") == ["a.py::1"]
    assert tests.chosen("z") == []


def told(folder: Path, reached: dict[str, Any], names: list[str], budget: float = 60) -> dict[str, str]:
    (folder / "reached.json").write_text(json.dumps(reached), "utf-8")
    (folder / "asked.json").write_text(json.dumps({"names": names, "lanes": 2, "budget": budget}), "utf-8")
    subprocess.run([sys.executable, "-m", "mutants.lanes", folder], cwd=ROOT, check=True)
    outcomes: dict[str, str] = json.loads((folder / "told.json").read_text("utf-8"))
    return outcomes


def mutant(statement: str, becomes: str = "") -> str:
    """The name of the first mutant of a statement, or of the first that puts these words into it."""
    found = mutants_of(statement, (ROOT / "sql" / f"{statement}.sql").read_text("utf-8"))
    return next(each.name for each in found if becomes in {"", each.becomes})


def test_outcomes_are_what_the_tests_said(tmp_path: Path) -> None:
    other_names, elsewhere, unreached = mutant("load/supersede", "<>"), mutant("forget/cases"), mutant("load/label_ids")
    reached = {_CORRECTED: {"seconds": 1.0, "reaches": ["load/supersede", "forget/cases"]}}
    assert told(tmp_path, reached, [other_names, elsewhere, unreached, other_names]) == {
        other_names: "killed",
        elsewhere: "survived",
        unreached: "no test",
    }


def test_of_those_that_go_through_the_other_tests_together_only_the_noticed_one_is_killed(tmp_path: Path) -> None:
    other_names, elsewhere = mutant("load/supersede", "<>"), mutant("forget/cases")
    reaches = ["load/supersede", "forget/cases"]
    reached = {_QUICK: {"seconds": 0.1, "reaches": reaches}, _CORRECTED: {"seconds": 9.0, "reaches": reaches}}
    expected = {other_names: "killed", elsewhere: "survived"}
    assert told(tmp_path, reached, [other_names, elsewhere], budget=1) == expected
    assert told(tmp_path, reached, [elsewhere, other_names], budget=1) == expected


def test_what_fails_without_a_mutant_kills_none(tmp_path: Path) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text("def test_that_always_fails() -> None:\n    assert False\n", "utf-8")
    facts = {"seconds": 1.0, "reaches": ["load/supersede"]}
    name = mutant("load/supersede")
    # Only with a test of ours is our conftest read, which knows the server.
    assert told(tmp_path, {f"{broken}::test_that_always_fails": facts, _QUICK: facts}, [name]) == {name: "no test"}
