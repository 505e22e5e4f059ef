"""What Airflow calls the host of a program of the distributed demo: the workers share a machine, not an address."""

from __future__ import annotations

import os

VARIABLE = "DEMO_ADDRESS"


def program_address() -> str:
    """Return the address that this program was told; Airflow reads a task's log from the one that ran it."""
    return os.environ.get(VARIABLE, "127.0.0.1")
