"""An object store that speaks S3, in memory: moto's server; loopback only unless told.

python -m demo.object_store --port N --bucket NAME [--public NAME] [--host ADDRESS]

What it holds lasts as long as the program. It takes whatever keys it is shown; without any, only what lies in a public
bucket can be read.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOPBACK = "127.0.0.1"
# The one region in which a bucket is made without saying where.
REGION = "us-east-1"


def access(endpoint: str, key: str, secret: str) -> dict[str, str]:
    """Return the environment variables by which every S3 client finds an object store. endpoint: its base URL."""
    return {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": REGION,
    }


@contextmanager
def serving(buckets: Sequence[str], public: Sequence[str] = (), port: int = 0, host: str = LOOPBACK) -> Iterator[str]:
    """Serve empty buckets while the context lasts; give the endpoint's URL (`port` 0 takes a free one).

    public: buckets that everybody may read from, as a web server shows them.
    """
    # A line for every request would bury everything else.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(host, port, verbose=False)
    server.start()
    try:
        endpoint = f"http://{host}:{server.get_host_and_port()[1]}"
        for bucket in (*buckets, *public):
            requests.put(f"{endpoint}/{bucket}", timeout=30).raise_for_status()
        for bucket in public:
            everybody = {
                "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
            }  # fmt: skip
            policy = {"Version": "2012-10-17", "Statement": [everybody]}
            requests.put(f"{endpoint}/{bucket}?policy", json=policy, timeout=30).raise_for_status()
        yield endpoint
    finally:
        server.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. arguments: those of the command line when None."""
    parser = argparse.ArgumentParser(prog="python -m demo.object_store")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bucket", action="append", default=[], dest="buckets")
    parser.add_argument("--public", action="append", default=[], help="a bucket that everybody may read from")
    parser.add_argument("--host", default=LOOPBACK, help="another address to listen on, such as a container's")
    options = parser.parse_args(arguments)
    endings = {signal.SIGTERM, signal.SIGINT}
    # Before there is a thread that could take them.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    with serving(options.buckets, options.public, options.port, options.host):
        signal.sigwait(endings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
