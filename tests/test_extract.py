"""extract takes finished files only, and each content once."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from local_digital.errors import ConfigurationError, LateError, RefusedError
from local_digital.extract import Wait, extract
from local_digital.settings import Connection
from local_digital.workspace import Workspace
from tests.conftest import Installation, export, row

NIGHT = "missed_bins_20251104.csv"


def deliveries(workspace: Workspace) -> list[tuple[str, str]]:
    with workspace.engine.connect() as db:
        rows = db.execute(text("select name, status from ledger.delivery order by delivery_id"))
        return [(found.name, found.status) for found in rows]


def test_file_still_being_uploaded_is_left_for_the_next_run(installation: Installation, workspace: Workspace) -> None:
    feed = workspace.feed("solihull", "report-missed-bin")
    installation.put(NIGHT, export(row("1")))
    first = extract(workspace, feed, run_id="run")
    assert isinstance(first, Wait)
    installation.put(NIGHT, export(row("1"), row("2")), age=10)
    second = extract(workspace, feed, run_id="run", looked=first.looked)
    assert not isinstance(second, Wait)
    assert (second.delivery_ids, second.unfinished) == ([], [NIGHT])
    assert deliveries(workspace) == []
    assert len(installation.take(workspace).delivery_ids) == 1


@pytest.mark.parametrize("ending", [".part", ".filepart", ".tmp", ".csv-part"])
def test_temporary_names_are_never_taken(installation: Installation, workspace: Workspace, ending: str) -> None:
    installation.put(NIGHT + ending, export(row("1")))
    assert installation.take(workspace).delivery_ids == []


def test_same_bytes_again_do_nothing(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(row("1")))
    installation.take(workspace)
    installation.put(NIGHT, export(row("1")), age=5)
    again = installation.take(workspace)
    assert (again.delivery_ids, again.unchanged) == ([], [NIGHT])
    assert len(deliveries(workspace)) == 1


def test_same_bytes_under_another_name_are_not_delivered_twice(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put(NIGHT, export(row("1")))
    installation.put("missed_bins_20251105.csv", export(row("1")))
    assert len(installation.take(workspace).delivery_ids) == 1


def test_same_name_with_other_bytes_is_a_new_delivery(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(row("1")))
    installation.take(workspace)
    installation.put(NIGHT, export(row("2")), age=5)
    assert len(installation.take(workspace).delivery_ids) == 1
    assert len(deliveries(workspace)) == 2


def test_run_takes_files_up_to_its_own_day(installation: Installation, workspace: Workspace) -> None:
    installation.put(NIGHT, export(row("1")))
    installation.put("missed_bins_20251105.csv", export(row("2")))
    installation.take(workspace, until=dt.date(2025, 11, 4))
    assert deliveries(workspace) == [(NIGHT, "landed")]


def test_export_that_has_not_come_is_waited_for_until_the_deadline(workspace: Workspace) -> None:
    feed = workspace.feed("solihull", "report-missed-bin")
    now = dt.datetime.now(dt.UTC)
    when = {"run_id": "run", "until": dt.date(2025, 11, 4)}
    assert isinstance(extract(workspace, feed, deadline=now + dt.timedelta(hours=1), **when), Wait)
    with pytest.raises(LateError, match="2025-11-04"):
        extract(workspace, feed, deadline=now - dt.timedelta(hours=1), **when)


def test_wrong_host_key_ends_the_connection(installation: Installation, workspace: Workspace) -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9ZzGnvNDZxBBwQVpYGBhk0Tt6cYJm8u4Y1kzKvXb3F"
    _replace(installation, workspace, extra={"host_key": other})
    with pytest.raises(RefusedError, match="another one"):
        installation.take(workspace)


def test_no_connection_without_a_pinned_host_key(installation: Installation, workspace: Workspace) -> None:
    _replace(installation, workspace, extra={})
    with pytest.raises(ConfigurationError, match="host_key"):
        installation.take(workspace)


def test_wrong_password_is_refused_and_never_shown(installation: Installation, workspace: Workspace) -> None:
    _replace(installation, workspace, password="wrong-password")
    with pytest.raises(RefusedError) as refused:
        installation.take(workspace)
    assert "wrong-password" not in str(refused.value)


def _replace(installation: Installation, workspace: Workspace, **facts: object) -> None:
    known = installation.settings.connection("solihull_sftp")
    changed = {
        "host": known.host, "port": known.port, "login": known.login, "password": known.password,
        "extra": known.extra, **facts,
    }  # fmt: skip
    object.__setattr__(workspace.settings, "connection", lambda _: Connection("solihull_sftp", **changed))
