"""The sample for servers in containers: all of it is laid out once, and what runs with it is never pulled away."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from demo import containers
from demo.platform.data_sets import read_data_sets
from demo.sftp_server import read_offers
from local_digital.config.loading import load_councils
from local_digital.settings import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("demo")
    assert containers.main(["--folder", str(found)]) == 0
    return found


def test_every_connection_of_every_council_leads_to_a_service_of_the_demo(folder: Path) -> None:
    found = json.loads((folder / "connections.json").read_text("utf-8"))
    councils, broken = load_councils(ROOT / "include")
    assert not broken
    for council in councils.values():
        assert council.privacy.connection in found
        assert council.platform.connection in found
        assert {feed.source.connection for feed in council.feeds.values() if feed.source.connection} <= found.keys()
    for name, facts in found.items():
        host = urlsplit(facts.get("host", "")).hostname or facts.get("host", "")
        if facts["conn_type"] != "generic":
            assert host in containers.PORTS, name
        elif host:
            assert (folder / "folder").as_posix() in host


def test_the_servers_find_their_files(folder: Path) -> None:
    offers = read_offers(folder / "accounts.json")
    assert {"solihull", "kirklees"} <= {offer.user for offer in offers}
    assert all(any(offer.root.rglob("*.*")) for offer in offers)
    assert len(read_data_sets(folder / "data_sets.json")) > 13
    for name in ("server.pem", "accounts.json", "connections.json", "secret.json", "host_key"):
        assert (folder / name).stat().st_mode & 0o077 == 0, name


@pytest.mark.parametrize("name", [containers.API, containers.PLATFORM])
def test_the_certificate_is_the_services_by_name(folder: Path, name: str) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem")
    ours, theirs = socket.socketpair()
    answering = threading.Thread(target=lambda: server.wrap_socket(theirs, server_side=True).close())
    answering.start()
    client = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    with client.wrap_socket(ours, server_hostname=name) as greeted:
        assert greeted.version()
    answering.join()


def test_laying_out_again_changes_no_key_and_no_secret(folder: Path) -> None:
    def kept() -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    before = kept()
    containers.lay_out(folder)
    assert kept() == before
