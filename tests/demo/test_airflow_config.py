"""The demo's scheduler pays once for what every task needs, and Airflow's other programs do not pay at all."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from local_digital.settings import ROOT

_PROGRAM = (
    "import sys; import airflow_local_settings; print('great_expectations' in sys.modules, len(sys.modules) > 500)"
)


@pytest.mark.parametrize(("command", "found"), [("scheduler", "True True"), ("api-server", "False False")])
def test_only_the_scheduler_imports_ahead_of_its_tasks(command: str, found: str) -> None:
    folders = (ROOT / "include", ROOT / "include" / "demo" / "airflow_config")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, command],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == found
