"""The command line. Exit codes: 0 done, 1 a data or remote fault, 2 wrong use or configuration."""

from __future__ import annotations

import logging
import sys

# Importing them is what makes their commands known.
from local_digital.cli import alerting, availability, comparing, onboarding, operating, repair, sign_off, site  # noqa: F401
from local_digital.cli.app import app
from local_digital.cli.printing import err, print_json
from local_digital.errors import LocalDigitalError, defect


def main() -> None:
    """Run the command line and turn the pipeline's errors into a message and an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        app()
    except LocalDigitalError as error:
        if "--json" in sys.argv:
            print_json({"error": str(error), "kind": error.kind, "retry": error.retry})
        err.print(f"[red]{type(error).__name__}[/red]", highlight=False)
        err.print(str(error), markup=False, highlight=False)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - no fault's text may show a row
        err.print(defect(error), style="red", markup=False, highlight=False)
        sys.exit(1)
