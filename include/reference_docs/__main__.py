"""`python -m reference_docs [--check]`: write the generated pages under docs/, or only say which are out of date."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import create_engine

from local_digital.embedded import EmbeddedServer
from local_digital.errors import LocalDigitalError
from local_digital.migrations import migrate
from local_digital.settings import ROOT

_NOT_OURS = ("AIRFLOW_", "LOCAL_DIGITAL_")


def main() -> int:
    """Run the command; return its exit code: 1 when a page is out of date, 2 when the files of facts are wrong."""
    arguments = argparse.ArgumentParser(prog="python -m reference_docs", description=__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing, fail when a page is out of date")
    only_check = arguments.parse_args().check
    with tempfile.TemporaryDirectory(prefix="local-digital-docs-") as folder:
        # The server may run as another account.
        Path(folder).chmod(0o711)
        _forget_this_installation(folder)
        try:
            wanted = _pages(Path(folder))
        except LocalDigitalError as error:
            typer.echo(str(error), err=True)
            return error.exit_code
    from reference_docs.pages import out_of_date  # noqa: PLC0415 - see _pages

    stale = out_of_date(wanted)
    for path in stale:
        name = path.relative_to(ROOT)
        if only_check:
            typer.echo(f"{name} is out of date: run `make docs` and commit it.", err=True)
        else:
            path.write_text(wanted[path], encoding="utf-8")
            typer.echo(f"{name} written")
    if not stale:
        typer.echo("The generated pages are as they should be.")
    return 1 if stale and only_check else 0


def _pages(folder: Path) -> dict[Path, str]:
    from reference_docs.pages import pages  # noqa: PLC0415 - the environment has been put in order by now

    server = EmbeddedServer(folder / "postgres")
    try:
        with ThreadPoolExecutor(1) as pool:
            # Airflow takes its time to be imported, and the server to start. Airflow wants the main thread.
            migrated = pool.submit(_warehouse, server)
            dags = _dags()
        engine = create_engine(migrated.result())
        found = pages(dags, engine)
        engine.dispose()
    finally:
        server.stop()
    return found


def _dags() -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - as above

    bag = DagBag(ROOT / "dags")
    if bag.import_errors:
        raise RuntimeError(f"not every DAG can be read: {bag.import_errors}")
    return dict(bag.dags)


def _warehouse(server: EmbeddedServer) -> str:
    """Start the server with a migrated warehouse; return its URL."""
    server.start(durable=False)
    server.ensure_database("docs")
    migrate(server.url("docs"))
    return server.url("docs")


def _forget_this_installation(folder: str) -> None:
    """Let no setting of whoever runs this into the pages."""
    for name in [name for name in os.environ if name.startswith(_NOT_OURS)]:
        del os.environ[name]
    os.environ.update(
        AIRFLOW_HOME=folder,
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
        AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
        AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
        # The pages lie beside it.
        LOCAL_DIGITAL_RUNBOOK_URL="runbook.md",
    )
    sys.path.insert(0, str(ROOT / "plugins"))


if __name__ == "__main__":
    sys.exit(main())
