"""Lets the scheduler import once what every task needs: LocalExecutor's workers, and their tasks, are forks of it.

Great Expectations alone costs 2.5 s of CPU, and the rest of the core almost a second, in each of some 170 tasks.
"""

from __future__ import annotations

import importlib
import logging
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

if "scheduler" in sys.argv[1:]:
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    for name in _NEEDED:
        importlib.import_module(name)
