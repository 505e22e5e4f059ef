"""Lay out the sample for servers that run in containers of their own (docker-compose.yaml, profile `demo`).

python -m demo.containers --folder DIR

Writes what the councils deliver, the keys and secrets of the servers, and `connections.json`, as `airflow connections
import` reads it. What is there stays: running servers and a pipeline that knows them go on.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from demo.authority import Authority
from demo.private_files import write_private
from demo.sample import RemoteEnds, Sample
from demo.sftp_server import host_key, host_key_line

if TYPE_CHECKING:
    from collections.abc import Sequence

# The services of docker-compose.yaml.
SFTP, API, PLATFORM = "demo-sftp", "demo-api", "demo-platform"
PORTS = {SFTP: 2222, API: 8443, PLATFORM: 8444}
_DAYS = 365
_PREFIX = "AIRFLOW_CONN_"


def lay_out(folder: Path) -> None:
    """Write everything the servers and the pipeline need below a folder."""
    sample = Sample.of_the_world(folder, _secret(folder / "secret.json"))
    sample.lay_out()
    connections = folder / "connections.json"
    # Written last: a run that was cut short begins anew, and a finished one is never undone under running servers.
    if connections.exists():
        return
    authority = Authority.make(folder, _DAYS, [API, PLATFORM])
    certificate = folder / "ca.pem"
    certificate.write_text(authority.ca, encoding="utf-8")
    for name, facts in (
        ("accounts", [asdict(account) for account in sample.accounts()]),
        ("api_secrets", sample.api_secrets()),
        ("data_sets", sample.data_sets()),
    ):
        write_private(folder / f"{name}.json", facts)
    ends = RemoteEnds(
        sftp_host=SFTP,
        sftp_port=PORTS[SFTP],
        host_key=host_key_line(host_key(folder / "host_key")),
        https_url=f"https://{API}:{PORTS[API]}",
        ca=authority.ca,
        platform_url=f"https://{PLATFORM}:{PORTS[PLATFORM]}",
        platform_ca_file=str(certificate.absolute()),
    )
    found = sample.connections(ends)
    write_private(connections, {name.removeprefix(_PREFIX).lower(): json.loads(found[name]) for name in sorted(found)})


def main(arguments: Sequence[str] | None = None) -> int:
    """Lay the sample out; return the exit code. arguments: those of the command line when None."""
    parser = argparse.ArgumentParser(prog="python -m demo.containers")
    parser.add_argument("--folder", type=Path, required=True, help="kept by all containers of the demo")
    lay_out(parser.parse_args(arguments).folder)
    return 0


def _secret(file: Path) -> str:
    if not file.exists():
        write_private(file, secrets.token_urlsafe(64))
    return str(json.loads(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
