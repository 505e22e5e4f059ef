"""Run the stand-in: `python -m demo.platform --port 8091 --database-url-env NAME --data-sets FILE`.

NAME is the environment variable with the SQLAlchemy URL of a PostgreSQL database; FILE lists the data sets as JSON:
`[{"data_group": "...", "data_type": "...", "token": "..."}]`. Serves on 127.0.0.1, or the address of `--host`, until
SIGTERM or SIGINT; over TLS with `--certificate`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import uvicorn
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from demo.platform.app import create_app
from demo.platform.data_sets import read_data_sets
from demo.platform.serving import configuration
from local_digital.errors import ConfigurationError, LocalDigitalError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop. Return the exit code; a wrong setting is told on stderr."""
    parser = argparse.ArgumentParser(prog="demo.platform", description="A stand-in for the performance platform.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database-url-env", metavar="NAME", required=True)
    parser.add_argument("--data-sets", metavar="FILE", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1", help="another address to listen on, such as a container's")
    parser.add_argument("--certificate", type=Path, help="PEM with the certificate and its key, for TLS")
    options = parser.parse_args(arguments)
    try:
        _serve(options)
    except LocalDigitalError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _serve(options: argparse.Namespace) -> None:
    data_sets, variable = read_data_sets(options.data_sets), options.database_url_env
    try:
        engine = create_engine(os.environ.get(variable, ""), hide_parameters=True, pool_pre_ping=True)
        app = create_app(engine, data_sets)
    except (SQLAlchemyError, ImportError) as error:
        raise ConfigurationError(
            f"environment variable {variable}",
            expected="the SQLAlchemy URL of a PostgreSQL database that answers",
            found=f"one that fails with {type(error).__name__}" if variable in os.environ else "no such variable",
            action="Set it and start again.",
        ) from None
    with suppress(KeyboardInterrupt):
        uvicorn.Server(configuration(app, options.port, options.certificate, options.host)).run()


if __name__ == "__main__":
    sys.exit(main())
