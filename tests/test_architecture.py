"""The rings hold: the core stands without Airflow, and every SQL file says its grain."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local_digital.settings import ROOT

_CORE = ROOT / "include" / "local_digital"
_IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(sorted(name for name in sys.modules if name.split(".")[0] == "airflow"))
"""


def test_core_imports_no_airflow() -> None:
    modules = [
        ".".join(path.relative_to(_CORE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in _CORE.rglob("*.py")
        if path.name != "__main__.py"
    ]
    assert "local_digital.validate" in modules
    done = subprocess.run([sys.executable, "-c", _IMPORT_ALL, *modules], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("path", sorted((ROOT / "sql").rglob("*.sql")), ids=lambda path: path.stem)
def test_sql_file_begins_with_its_grain(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    about_no_table = path.name in {"01_schemas.sql", "15_reader.sql"}
    assert first.startswith("-- " if about_no_table else "-- grain: ")
