"""What forks the demo's tasks pays once for what every task needs, and Airflow's other programs do not pay at all."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from local_digital.settings import ROOT

_PROGRAM = """
import sys
import airflow_local_settings
print("great_expectations" in sys.modules, "s3fs" in sys.modules)
"""


@pytest.mark.parametrize(
    ("executor", "landing", "command", "found"),
    [
        ("LocalExecutor", ".local/landing", "scheduler", "True False"),
        ("LocalExecutor", ".local/landing", "api-server", "False False"),
        ("CeleryExecutor", "s3://bucket/landing", "celery worker", "True True"),
        ("CeleryExecutor", "s3://bucket/landing", "scheduler", "False False"),
    ],
)
def test_only_what_forks_the_tasks_imports_ahead_of_them(executor: str, landing: str, command: str, found: str) -> None:
    folders = (ROOT / "include", ROOT / "include" / "demo" / "airflow_config")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *command.split()],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, folders)),
            "AIRFLOW__CORE__EXECUTOR": executor,
            "LOCAL_DIGITAL_LANDING": landing,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == found
