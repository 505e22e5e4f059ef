"""Airflow reads its settings when it is first imported: they are set here, before any test imports it."""

from __future__ import annotations

import os
import sys
import tempfile

from local_digital.settings import ROOT

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="local-digital-airflow-"))
os.environ.update(
    AIRFLOW__API_AUTH__JWT_SECRET="a-secret-of-the-tests-" * 4,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
)
sys.path.insert(0, str(ROOT / "plugins"))
