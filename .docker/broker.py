"""Exit 0 once Celery's broker lets us in, 1 when it does not within so many seconds: python broker.py [SECONDS]"""

from __future__ import annotations

import sys
import time

from airflow.providers.common.compat.sdk import conf
from kombu import Connection

_SECONDS = 30


def main() -> int:
    """Ask the broker of `[celery] broker_url` until it answers; tell on stderr why it did not."""
    url = conf.get("celery", "broker_url", fallback="").strip()
    until = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else _SECONDS)
    while True:
        try:
            with Connection(url, connect_timeout=5) as broker:
                broker.connect()
                return 0
        except (*Connection(url).connection_errors, OSError, ValueError) as error:
            if time.monotonic() > until:
                # Its text may hold the URL, and the URL holds the password.
                sys.stderr.write(f"The broker does not let us in: {type(error).__name__}\n")
                return 1
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
