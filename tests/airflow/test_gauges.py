"""The feeds' gauges arrive where Airflow sends its own metrics, by Airflow's own settings."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.observability import stats
from airflow.serialization.serialized_objects import DagSerialization
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from local_digital.metrics import Gauge
from local_digital.settings import ROOT
from local_digital_gauges import send
from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.workspace import Workspace

FEED = {"council": "solihull", "transaction": "report-missed-bin"}
MEASURE = """
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.db import initdb
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils

initdb()
dag = DagBag("dags").dags["gauges"]
# As every task process does before it begins.
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
print("MEASURED", dag.test().state)
"""


class Collector:
    """Takes OpenTelemetry's metrics over HTTP, as a collector does."""

    def __init__(self) -> None:
        self.values: dict[str, list[tuple[dict[str, str], float]]] = {}

    def take(self, body: bytes) -> None:
        request = ExportMetricsServiceRequest.FromString(body)
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.gauge.data_points:
                        labels = {each.key: each.value.string_value for each in point.attributes}
                        value = point.as_double or float(point.as_int)
                        self.values.setdefault(metric.name, []).append((labels, value))


@pytest.fixture
def collector() -> Iterator[tuple[Collector, int]]:
    """A collector and its port on this machine."""
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found, server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_run_of_the_dag_sends_every_feed_s_gauges_by_opentelemetry(
    installation: Installation, workspace: Workspace, tmp_path: Path, collector: tuple[Collector, int]
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1"), row("2"), row("3", "31/02/2025 10:00")))
    installation.ingest(workspace)
    taken, port = collector
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "LOCAL_DIGITAL_"))}
    assert installation.settings.warehouse is not None
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240,
        env={
            **kept,
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("include", "plugins")),
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__METRICS__OTEL_ON": "True",
            "AIRFLOW__METRICS__OTEL_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__OTEL_PORT": str(port),
            "LOCAL_DIGITAL_CONFIG": str(installation.settings.config),
            "LOCAL_DIGITAL_WAREHOUSE": installation.settings.warehouse,
            "LOCAL_DIGITAL_LANDING": installation.settings.landing,
        },
    )  # fmt: skip
    assert "MEASURED success" in done.stdout, (done.stdout + done.stderr)[-4000:]
    found = {name.removeprefix("airflow.local_digital_"): values for name, values in taken.values.items()}
    assert found["delivery_rows_accepted"][-1] == (FEED, 2)
    assert found["delivery_rows_quarantined"][-1] == (FEED, 1)
    assert found["broken_files"][-1] == ({}, 0)
    for name in ("feed_age_seconds", "publish_lag_seconds"):
        labels, value = found[name][-1]
        assert (labels, value > 0) == (FEED, True), name


def test_where_metrics_go_nowhere_the_dag_has_no_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__METRICS__OTEL_ON", "False")
    assert schedule_of_gauges() == "None"
    monkeypatch.setenv("AIRFLOW__METRICS__OTEL_ON", "True")
    assert schedule_of_gauges() == "*/5 * * * *"


def schedule_of_gauges() -> str:
    dag = DagBag(ROOT / "dags").dags["gauges"]
    return str(DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable.summary)


@pytest.mark.parametrize(("settings", "names"), [
    ({"OTEL_ON": "True"}, ["age", "age"]),
    ({"STATSD_ON": "True"}, ["age.solihull.report-missed-bin", "age.fife.report-missed-bin"]),
    ({"STATSD_ON": "True", "STATSD_INFLUXDB_ENABLED": "True"}, ["age", "age"]),
])  # fmt: skip
def test_no_two_feeds_share_a_gauge_where_names_have_no_tags(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], names: list[str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"AIRFLOW__METRICS__{name}", value)
    sent: list[tuple[str, float, dict[str, str]]] = []
    monkeypatch.setattr(stats, "gauge", lambda name, value, *, tags: sent.append((name, value, tags)))
    other = {**FEED, "council": "fife"}
    assert send([Gauge("age", "", [(FEED, 1), (other, 2)])]) == 2
    assert sent == [(names[0], 1, FEED), (names[1], 2, other)]
