"""Exit 0 when a part of Airflow is healthy, as its API server sees it: python health.py PART

PART: metadatabase, scheduler, dag_processor or triggerer. `airflow jobs check` would say the same for three seconds of
CPU, this for a tenth of one, and each service asks every half a minute.
"""

from __future__ import annotations

import json
import os
import sys
from urllib.parse import urljoin
from urllib.request import ProxyHandler, build_opener

_SECONDS = 10


def main() -> int:
    """Ask the API server that tasks report to; tell on stdout what is wrong."""
    (part,) = sys.argv[1:]
    url = urljoin(os.environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"], "/api/v2/monitor/health")
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=_SECONDS) as answer:
            status = json.load(answer)[part]["status"]
    except (OSError, ValueError, KeyError) as error:
        status = f"unknown: {type(error).__name__}"
    sys.stdout.write(f"{part} is {status}\n")
    return 0 if status == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main())
