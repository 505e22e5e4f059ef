"""Reading the DAG file of 400 councils, as Airflow's DAG processor does every few minutes."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from bench.councils import write_councils
from bench.measure import in_own_process
from bench.place import place
from bench.report import Line
from local_digital.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.place import Place


def dags(councils: int) -> Iterator[Line]:
    """Measure how long it takes to make the DAGs of so many councils, four feeds each.

    Raises AssertionError when some are missing, or when reading the files twice does not give the same DAGs.
    """
    with place() as here:
        slugs = write_councils(here.config, councils)
        parsed = in_own_process(_parse, here)
        again = in_own_process(_parse, here)
    if parsed.result["dags"] != councils or len(slugs) != councils:
        raise AssertionError(f"{parsed.result['dags']} DAGs were made of {councils} councils")
    if parsed.result["serialised"] != again.result["serialised"]:
        raise AssertionError("reading the same files twice gave DAGs that differ when serialised")
    yield Line(f"dags: {councils} councils' DAGs made", parsed.result["seconds"], "s", 3.0, facts={
        "tasks": parsed.result["tasks"], "CPU s": round(parsed.result["cpu"], 2),
        "serialised s": round(parsed.result["serialising"], 2), "MiB": parsed.peak_mib,
    })  # fmt: skip


def _parse(here: Place) -> Iterator[Any]:
    os.environ |= {
        "AIRFLOW_HOME": str(here.folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": here.url,
        "LOCAL_DIGITAL_CONFIG": str(here.config),
    }
    sys.path.insert(0, str(ROOT / "plugins"))
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - in the measured process, with its settings
    from airflow.serialization.serialized_objects import DagSerialization  # noqa: PLC0415

    yield None
    # As the DAG processor does before it forks: what is imported is not searched for garbage again.
    gc.freeze()
    started, cpu = time.perf_counter(), time.process_time()
    bag = DagBag(ROOT / "dags" / "councils.py")
    seconds, used = time.perf_counter() - started, time.process_time() - cpu
    if bag.import_errors:
        raise AssertionError(f"the DAG file has import errors: {bag.import_errors}")
    started = time.perf_counter()
    serialised = {name: json.dumps(DagSerialization.to_dict(dag), sort_keys=True) for name, dag in bag.dags.items()}
    yield {
        "seconds": seconds,
        "cpu": used,
        "serialising": time.perf_counter() - started,
        "dags": len(bag.dags),
        "tasks": sum(len(dag.tasks) for dag in bag.dags.values()),
        "serialised": serialised,
    }
