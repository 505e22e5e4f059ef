"""The sample councils: what they deliver lies where their servers look, and every connection leads to one of them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from demo.sample import SOLIHULL, RemoteEnds, Sample
from demo.sftp_server import serving
from demo.world.dealings import Delivery
from demo.world.feeds import FEEDS
from local_digital.config.sources import Folder, Sftp
from local_digital.settings import Connection, connection_from_json
from local_digital.sources.folder import FolderSource
from local_digital.sources.sftp import SftpSource
from tests.demo.worlds import MISSED_BIN, World, cases, council

if TYPE_CHECKING:
    from pathlib import Path

MADE = dt.datetime(2026, 4, 6, 1, 15, tzinfo=dt.UTC)
ENDS = RemoteEnds(2222, "ssh-ed25519 AAAA", "https://127.0.0.1:8443", "-----BEGIN", "http://127.0.0.1:8091")
FILES = {"files": "bins_{date:%Y%m%d}.csv", "folder": "outgoing/bins"}


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """A council with an SFTP account, one with a drop folder, and one with an API."""
    councils = {
        "north": council("north", report_missed_bin={"source": {"kind": "sftp", "connection": "north_sftp", **FILES}}),
        "south": council("south", report_missed_bin={
            "source": {"kind": "folder", "connection": "south_folder", **FILES},
        }),
        "west": council("west", report_missed_bin={
            "source": {"kind": "api", "connection": "west_api", "auth": "bearer"},
            "format": {"kind": "json"}, "publish": {"transactions-by-channel": {}, "digital-takeup": {}},
        }),
    }  # fmt: skip
    files = [Delivery("outgoing/bins/bins_20260406.csv", b"id,at\r\n1,2026-04-05\r\n", MADE)]
    worlds = {
        ("north", MISSED_BIN): World("north", MISSED_BIN, "sftp", files),
        ("south", MISSED_BIN): World("south", MISSED_BIN, "folder", files),
        ("west", MISSED_BIN): World("west", MISSED_BIN, "api", records=cases(3)),
        ("elsewhere", MISSED_BIN): World("elsewhere", MISSED_BIN, "sftp", files),
    }
    return Sample(councils, worlds, tmp_path, "a secret of this installation")  # type: ignore[arg-type]


def state(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        str(file.relative_to(folder)): (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_ino)
        for file in folder.rglob("*")
        if file.is_file()
    }


def connections(sample: Sample) -> dict[str, Connection]:
    prefix = "AIRFLOW_CONN_"
    return {
        name.removeprefix(prefix).lower(): connection_from_json(name.removeprefix(prefix).lower(), facts)
        for name, facts in sample.connections(ENDS).items()
    }


def test_each_councils_files_lie_in_its_own_folder_with_the_time_of_their_delivery(sample: Sample) -> None:
    sample.lay_out()
    found = state(sample.folder)
    assert found.keys() == {
        "sftp/north/outgoing/bins/bins_20260406.csv", "folder/south/outgoing/bins/bins_20260406.csv",
    }  # fmt: skip
    assert {modified for _, modified, _ in found.values()} == {int(MADE.timestamp()) * 10**9}


def test_laying_out_again_touches_nothing_and_mends_what_is_damaged(sample: Sample) -> None:
    sample.lay_out()
    before = state(sample.folder)
    sample.lay_out()
    assert state(sample.folder) == before
    (sample.folder / "folder/south/outgoing/bins/bins_20260406.csv").write_bytes(b"not an export")
    sample.lay_out()
    assert {name: facts[:2] for name, facts in state(sample.folder).items()} == {
        name: facts[:2] for name, facts in before.items()
    }


def test_a_drop_folder_is_there_before_its_first_file(sample: Sample) -> None:
    sample.worlds["south", MISSED_BIN].files = []  # type: ignore[attr-defined]
    sample.lay_out()
    assert (sample.folder / "folder/south/outgoing/bins").is_dir()


def test_the_connection_of_a_drop_folder_leads_the_pipeline_to_its_files(sample: Sample) -> None:
    sample.lay_out()
    source = sample.councils["south"].feeds[MISSED_BIN].source
    assert isinstance(source, Folder)
    listed = FolderSource(source, connections(sample)["south_folder"]).list_files()
    assert [file.name for file in listed] == ["bins_20260406.csv"]


def test_the_account_of_an_sftp_council_leads_the_pipeline_to_its_files(sample: Sample) -> None:
    sample.lay_out()
    source = sample.councils["north"].feeds[MISSED_BIN].source
    assert isinstance(source, Sftp)
    (account,) = sample.accounts()
    told = connections(sample)["north_sftp"]
    with serving(account.root, account.user, account.password) as address:
        connection = Connection(
            "north_sftp", told.host, address.port, told.login, told.password, {"host_key": address.host_key}
        )
        assert [file.name for file in SftpSource(source, connection).list_files()] == ["bins_20260406.csv"]


def test_the_tokens_of_a_council_are_those_that_the_platform_lets_in(sample: Sample) -> None:
    tokens: Any = connections(sample)["west_platform"].extra["tokens"]
    assert {f"{each['data_group']}/{each['data_type']}": each["token"] for each in sample.data_sets()} == tokens
    assert tokens.keys() == {
        "west-local-authority/transactions-by-channel", "west-local-authority/digital-takeup",
    }  # fmt: skip


def test_no_two_secrets_are_the_same_and_another_installation_has_others(sample: Sample, tmp_path: Path) -> None:
    def secrets(of: Sample) -> list[str]:
        return [
            *(account.password for account in of.accounts()),
            *(secret["password"] for secret in of.api_secrets()),
            *(data_set["token"] for data_set in of.data_sets()),
            *(end.password for name, end in connections(of).items() if name.endswith("_privacy")),
        ]

    other = Sample(sample.councils, sample.worlds, tmp_path, "of another installation")
    assert len({*secrets(sample), *secrets(other)}) == 2 * len(secrets(sample)) == 2 * 7


def test_the_whole_sample_has_a_connection_for_every_name_in_its_councils_files(tmp_path: Path) -> None:
    sample = Sample.of_the_world(tmp_path, "a secret")
    named = set()
    for facts in sample.councils.values():
        named |= {facts.privacy.connection, facts.platform.connection}
        named |= {feed.source.connection for feed in facts.feeds.values() if feed.source.connection}
    assert named == connections(sample).keys()
    assert len(sample.councils) == 13


def test_the_whole_sample_offers_every_feed_that_its_councils_files_tell_of(tmp_path: Path) -> None:
    sample = Sample.of_the_world(tmp_path, "a secret")
    for slug, facts in sample.councils.items():
        for transaction, feed in facts.feeds.items():
            if (slug, transaction) != (SOLIHULL, MISSED_BIN):
                assert FEEDS[slug, transaction].source == feed.source.kind, (slug, transaction)
