"""What a step finds when the warehouse is not as it should be."""

from __future__ import annotations

import errno
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from local_digital.embedded import EmbeddedServer
from local_digital.errors import ConfigurationError, TransportError
from local_digital.settings import Settings
from local_digital.workspace import WAREHOUSE, Workspace, lock

if TYPE_CHECKING:
    from tests.conftest import Installation


def test_step_gives_up_waiting_for_a_lock_that_another_session_keeps(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_digital.workspace._LONGEST_LOCK_WAIT", "100ms")
    forgotten = create_engine(installation.settings.warehouse or "")
    with forgotten.connect() as terminal:
        lock(terminal, "feed", 1)
        with (
            pytest.raises(TransportError, match="one that another session holds"),
            Workspace.open(installation.settings) as workspace,
            workspace.engine.begin() as db,
        ):
            lock(db, "feed", 1)
    forgotten.dispose()


def test_time_limit_on_waiting_survives_a_rolled_back_transaction(workspace: Workspace) -> None:
    with workspace.engine.connect() as db:
        db.execute(text("select 1"))
        db.rollback()
        assert db.scalar(text("show lock_timeout")) == "30min"
    with workspace.engine.connect() as db:
        assert db.scalar(text("show lock_timeout")) == "30min"


def test_killed_session_lets_the_waiting_step_go_on(workspace: Workspace) -> None:
    with workspace.engine.connect() as holder, workspace.engine.connect() as other:
        lock(holder, "feed", 1)
        number = holder.scalar(text("select pg_backend_pid()"))
        assert other.scalar(text("select pg_terminate_backend(:pid, 5000)"), {"pid": number})
        lock(other, "feed", 1)
        holder.invalidate()


def test_session_that_ends_within_a_copy_is_worth_another_try(installation: Installation) -> None:
    def end_before_a_copy(workspace: Workspace) -> None:
        with workspace.engine.connect() as other, workspace.engine.begin() as db:
            number = db.scalar(text("select pg_backend_pid()"))
            assert other.scalar(text("select pg_terminate_backend(:pid, 5000)"), {"pid": number})
            db.connection.cursor().copy_expert("copy core.label (field, label) from stdin", io.StringIO("ward\tx\n"))

    with (
        pytest.raises(TransportError, match="PostgreSQL to answer"),
        Workspace.open(installation.settings) as workspace,
    ):
        end_before_a_copy(workspace)


def test_warehouse_without_the_newest_schema_is_told_so_and_a_defect_of_ours_is_not_taken_for_that(
    database_url: str, tmp_path: Path
) -> None:
    settings = Settings({}.__getitem__, tmp_path, database_url, str(tmp_path / "landing"))
    with (
        pytest.raises(ConfigurationError, match="the newest schema; found an older one or none"),
        Workspace.open(settings) as workspace,
        workspace.engine.connect() as db,
    ):
        db.execute(text("select * from ledger.delivery"))
    with pytest.raises(ProgrammingError), Workspace.open(settings) as workspace, workspace.engine.connect() as db:
        db.execute(text("selekt 1"))


def test_feed_that_a_council_does_not_have_is_refused_with_those_it_has(workspace: Workspace) -> None:
    with pytest.raises(ConfigurationError, match=r"a feed for `pay-tax`; found feeds for report-missed-bin"):
        workspace.feed("solihull", "pay-tax")


def test_installation_without_a_warehouse_has_one_of_its_own_while_it_is_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory(prefix="local-digital-own-") as folder:
        # The server may run as another account than we.
        Path(folder).chmod(0o711)
        monkeypatch.setattr("local_digital.workspace.LOCAL", Path(folder))
        with (
            Workspace.open(Settings({}.__getitem__, tmp_path, None, str(tmp_path / "landing"))) as workspace,
            workspace.engine.connect() as db,
        ):
            assert db.scalar(text("select current_database()")) == WAREHOUSE
        assert not EmbeddedServer(Path(folder) / "postgres").is_running()


def test_disk_without_room_for_temporary_files_is_worth_another_try(installation: Installation) -> None:
    with pytest.raises(TransportError, match="room for temporary files"), Workspace.open(installation.settings):
        raise OSError(errno.ENOSPC, "No space left on device")
    # What is wrong with a file is no matter of the disk.
    with pytest.raises(IsADirectoryError), Workspace.open(installation.settings):
        raise IsADirectoryError(errno.EISDIR, "Is a directory")
