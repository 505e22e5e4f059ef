"""Each step has the rights of its own role, and no role can do what another is for."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from local_digital.embedded import running
from local_digital.migrations import migrate
from local_digital.roles import BOARD, LOADER, PUBLISHER, acting_as, engine_of
from local_digital.workspace import Workspace
from tests.conftest import Installation, export, row

READER = "local_digital_reader"
# What nobody but the owner may do.
OF_THE_OWNER = [
    "create table public.mine (a integer)",
    "create table core.mine (a integer)",
    "create table marts.mine (a integer)",
    "drop table core.record",
    "alter table ledger.delivery drop column name",
    "truncate core.record",
    "truncate marts.kpi",
    "create role mine",
    "delete from ledger.delivery",
    "delete from ledger.approval",
    "delete from ledger.release",
    "update ledger.approval set decided_by = 'somebody'",
    "update reference.authority set name = 'Nowhere'",
    "delete from public.schema_version",
    "copy core.label to program 'true'",
    "copy core.label to '/tmp/labels'",
]
RELEASES = [
    "insert into ledger.approval default values",
    "insert into ledger.publication default values",
    "update ledger.publication set record_id = 'x'",
    "insert into ledger.send default values",
    "update ledger.hold set lifted_at = now()",
    "select * from open_data.kpi",
    "delete from open_data.volume",
]
RECORDS = [
    "select * from core.record",
    "select * from core.event",
    "select * from core.label",
    "delete from core.record",
    "select * from ledger.quarantine",
    "select * from ledger.suppressed",
    "select * from ledger.message",
]
FIGURES = ["update marts.kpi set value = 1", "delete from marts.volume", "insert into marts.period default values"]
LEDGER = ["select * from ledger.delivery", "update ledger.delivery set status = 'landed'"]


@pytest.mark.parametrize(
    ("role", "forbidden"),
    [
        (LOADER, OF_THE_OWNER + RELEASES),
        (PUBLISHER, OF_THE_OWNER + RECORDS + FIGURES + LEDGER[1:]),
        (BOARD, OF_THE_OWNER + RELEASES[:5] + [*RECORDS[:4], "delete from ledger.quarantine"] + FIGURES + LEDGER[1:]),
        (READER, OF_THE_OWNER + RELEASES[:5] + RECORDS + FIGURES + LEDGER),
    ],
    ids=["loader", "publisher", "board", "reader"],
)
def test_no_role_can_do_what_another_is_for(workspace: Workspace, role: str, forbidden: list[str]) -> None:
    allowed = [query for query in forbidden if _outcome(workspace, role, query) != "InsufficientPrivilege"]
    assert allowed == []


def _outcome(workspace: Workspace, role: str, query: str) -> str:
    with workspace.engine.connect() as db:
        db.execute(text(f"set local role {role}"))
        try:
            db.execute(text(query))
        except ProgrammingError as error:
            return type(error.orig).__name__
        return "done"


def test_statistics_of_records_are_renewed_without_owning_them(
    installation: Installation, workspace: Workspace
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.ingest(workspace)
    with workspace.acting_as(LOADER).engine.begin() as db:
        db.execute(text("select core.analyze_records()"))
    with workspace.engine.begin() as db:
        assert db.scalar(text("select reltuples from pg_class where oid = 'core.record'::regclass")) == 1


def test_a_step_has_its_own_role_for_the_length_of_its_transactions(workspace: Workspace) -> None:
    @acting_as(LOADER)
    def loading(workspace: Workspace) -> list[str]:
        return [who(workspace), *publishing(workspace)]

    @acting_as(PUBLISHER)
    def publishing(workspace: Workspace) -> list[str]:
        return [who(workspace)]

    def who(workspace: Workspace) -> str:
        with workspace.engine.connect() as db:
            found = str(db.scalar(text("select current_user")))
            db.rollback()
            assert str(db.scalar(text("select current_user"))) == found
        return found

    own = who(workspace)
    assert loading(workspace) == [LOADER, PUBLISHER]
    assert who(workspace) == own
    assert publishing(workspace) == [PUBLISHER]


def test_a_login_that_may_not_take_a_role_keeps_the_rights_it_has(workspace: Workspace) -> None:
    with workspace.engine.begin() as db:
        db.execute(text("create role of_an_operator login password 'x'"))
    try:
        url = workspace.engine.url.set(username="of_an_operator", password="x")
        settings = replace(workspace.settings, warehouse=url.render_as_string(hide_password=False))
        with Workspace.open(settings) as other, other.acting_as(LOADER).engine.connect() as db:
            assert db.scalar(text("select current_user")) == "of_an_operator"
    finally:
        with workspace.engine.begin() as db:
            db.execute(text("drop role of_an_operator"))


def test_a_login_that_makes_the_roles_itself_may_take_them() -> None:
    # A server of its own: whoever makes a role first, makes it for all databases of a server.
    with tempfile.TemporaryDirectory(prefix="local-digital-tests-") as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder) / "postgres", durable=False) as server:
            server.ensure_database("warehouse", owner="owner", password="let-me-in")
            url = server.url("warehouse", user="owner", password="let-me-in")
            migrate(url)
            engine = create_engine(url)
            for role in (LOADER, PUBLISHER):
                with engine_of(engine, role).begin() as db:
                    assert db.scalar(text("select current_user")) == role
            engine.dispose()
