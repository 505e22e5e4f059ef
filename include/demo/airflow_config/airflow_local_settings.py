"""Lets what forks the tasks import once what all of them need: LocalExecutor's scheduler, or each Celery worker.

Great Expectations alone costs 2.5 s of CPU, and the rest of the core almost a second, in each of some 170 tasks.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys

_NEEDED = (
    "great_expectations",
    "local_digital.aggregate",
    "local_digital.data_docs",
    "local_digital.error_report",
    "local_digital.extract",
    "local_digital.load",
    "local_digital.publishing.publish",
    "local_digital.publishing.reconcile",
    "local_digital.sources.folder",
    "local_digital.sources.sftp",
    "local_digital.validate",
    "local_digital.windows",
)
_STORE = ("s3fs",) if os.environ.get("LOCAL_DIGITAL_LANDING", "").startswith("s3://") else ()
_EXECUTOR = os.environ.get("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")

if ("worker" if _EXECUTOR == "CeleryExecutor" else "scheduler") in sys.argv[1:]:
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    for name in (*_NEEDED, *_STORE):
        importlib.import_module(name)
