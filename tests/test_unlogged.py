"""Secrets that libraries would tell a log or a process list are kept from it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import s3fs

from demo.object_store import access, serving
from local_digital.cli import app
from local_digital.landing import LandingStore
from tests.canary.hunting import Hunt
from tests.canary.nights import everything_logged
from tests.canary.planted import PERSONAL, SECRETS, as_csv, weeks

if TYPE_CHECKING:
    from collections.abc import Callable

_SAYS = """
import importlib, logging, sys
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(message)s")
importlib.import_module(sys.argv[1])
for name in ("urllib3", "urllib3.connectionpool"):
    logging.getLogger(name).setLevel(logging.DEBUG)
import requests
try:
    requests.get("http://127.0.0.1:9/services/a-secret?key=a-secret", timeout=5)
except requests.ConnectionError:
    pass
logging.getLogger("urllib3.connectionpool").debug('"GET /services/a-secret"')
logging.getLogger("urllib3.connectionpool").warning("still heard")
"""


@pytest.mark.parametrize("module", ["local_digital.sources.http", "local_digital.alerts.channels"])
def test_addresses_of_requests_are_logged_at_no_level(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", _SAYS, module], capture_output=True, text=True, check=True)
    assert "a-secret" not in done.stdout + done.stderr
    assert "still heard" in done.stderr


def test_an_object_store_s_own_log_holds_no_row_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(["councils"]) as endpoint:
        for name, value in access(endpoint, "key", SECRETS["store-key"]).items():
            monkeypatch.setenv(name, value)
        # A client that an earlier test left looks where its store was.
        s3fs.S3FileSystem.clear_instance_cache()
        raw = tmp_path / "export.csv"
        raw.write_text(as_csv(weeks("A", "store")), "utf-8")
        with everything_logged() as logged:
            store = LandingStore("s3://councils/landing")
            sha256 = store.put_raw(raw)
            store.put_accepted(1, pa.table({"record_ref": ["A-1"], "line": [2]}))
            store.put_text("reports/a.csv", "a report")
            assert store.has_raw(sha256)
            store.accepted(1)
            store.remove_raw(sha256)
    assert any(line.startswith(("botocore", "s3fs")) for line in logged)
    hunt = Hunt({**PERSONAL, **SECRETS})
    assert {line[:200]: hunt.found(line) for line in logged if hunt.found(line)} == {}


def test_no_command_takes_a_secret() -> None:
    """A process list shows every argument to everybody on the machine."""
    functions: list[Callable[..., object]] = [one.callback for one in app.registered_commands if one.callback]
    names = {name for function in functions for name in inspect.signature(function).parameters}
    assert {"council", "as_json"} <= names
    assert [
        name for name in names if any(word in name for word in ("password", "token", "secret", "passphrase", "url"))
    ] == []
