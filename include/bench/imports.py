"""What a task pays for importing pandas and Great Expectations, where the program that forks it has them already."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
import time
from typing import TYPE_CHECKING, Any

from bench.measure import in_own_process
from bench.report import Line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

_HEAVY = ("great_expectations", "pandas")


def imports() -> Iterator[Line]:
    """Measure the import in a process forked as LocalExecutor's scheduler and Celery's workers fork tasks, against one
    that begins with nothing.
    """
    alone = in_own_process(_alone)
    forked = in_own_process(_forked)
    yield Line("imports: validate in a forked task", forked.result["cpu"], "s of CPU", 0.1, facts={
        "s of CPU with nothing inherited": round(alone.result["cpu"], 2),
        "inherited": ", ".join(forked.result["inherited"]) or "nothing",
    })  # fmt: skip


def _alone() -> Iterator[Any]:
    yield None
    yield _import()


def _forked() -> Iterator[Any]:
    # As the demo's Airflow does at its start; that module looks at which program it is in.
    sys.argv = ["airflow", "scheduler"]
    importlib.import_module("demo.airflow_config.airflow_local_settings")
    yield None
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_send, args=(sending,))
    child.start()
    found = receiving.recv()
    child.join()
    yield found


def _send(sending: Connection) -> None:
    sending.send(_import())


def _import() -> dict[str, Any]:
    inherited = [name for name in _HEAVY if name in sys.modules]
    cpu = time.process_time()
    # What the task `validate` of dags/councils.py imports, and what that calls.
    for name in ("local_digital.empty_deliveries", "local_digital.error_report", "local_digital.validate", *_HEAVY):
        importlib.import_module(name)
    return {"cpu": time.process_time() - cpu, "inherited": inherited}
