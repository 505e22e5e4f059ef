"""The rings hold: the core stands without Airflow, and every SQL file says its grain."""

from __future__ import annotations

import subprocess
import sys

import pytest
from local_digital.settings import ROOT

_CORE = ROOT / "include" / "local_digital"


def test_core_imports_no_airflow() -> None:
    modules = [
        ".".join(path.relative_to(_CORE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in _CORE.rglob("*.py")
        if path.name != "__main__.py"
    ]
    assert "local_digital.validate" in modules
    script = f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n" + (
        "print([name for name in sys.modules if name.split('.')[0] == 'airflow'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("path", sorted((ROOT / "sql").rglob("*.sql")), ids=lambda path: path.stem)
def test_sql_file_begins_with_its_grain(path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("-- ")
    if path.name not in {"01_schemas.sql", "15_reader.sql"}:
        assert first.startswith("-- grain: ")
