"""The performance platform's stand-in as a process of its own, for councils of the made-up fleet."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from bench.councils import data_group, data_sets
from demo.airflow_api import wait_until
from demo.airflow_processes import Processes
from demo.private_files import write_private
from demo.stack import own_environment
from local_digital.config.loading import load_transactions
from local_digital.embedded import free_port, port_is_free

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.place import Place

_DATABASE = "platform"


@contextlib.contextmanager
def platform(here: Place, councils: list[str]) -> Iterator[dict[str, Any]]:
    """Serve the stand-in with the data sets of these councils; yield its connection as JSON has it.

    Its own database is beside the warehouse.
    """
    contracts = load_transactions(here.config)[0]
    names = {name for contract in contracts.values() for name in data_sets(contract)}
    tokens = {name: f"token-of-{name}" for name in names}
    listed = [
        {"data_group": data_group(council, slug), "data_type": name, "token": tokens[name]}
        for council in councils for slug, contract in contracts.items() for name in data_sets(contract)
    ]  # fmt: skip
    file = here.folder / "data_sets.json"
    write_private(file, listed)
    with here.database() as db:
        db.autocommit = True
        with db.cursor() as cursor:
            cursor.execute(f"create database {_DATABASE}")
    url = here.url.rpartition("/")[0] + f"/{_DATABASE}"
    port = free_port()
    processes = Processes(here.folder / "platform.processes.json", here.folder / "logs")
    processes.begin()
    try:
        command = [sys.executable, "-m", "demo.platform", "--port", str(port)]
        more = ["--database-url-env", "BENCH_PLATFORM_DATABASE", "--data-sets", str(file)]
        processes.start("platform", command + more, {**own_environment(), "BENCH_PLATFORM_DATABASE": url})
        wait_until(lambda: not port_is_free(port), 60, "the platform stand-in", processes.check)
        yield {"conn_type": "http", "host": f"http://127.0.0.1:{port}", "extra": {"tokens": tokens}}
    finally:
        processes.stop()
