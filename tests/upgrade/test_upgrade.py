"""A warehouse as phase 1 left it comes to the newest schema with all it has, and the present code goes on with it.

What it holds was written by the code of that time (phase_one/README.md).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection as Database
from sqlalchemy import Engine, TextClause, create_engine, text

from local_digital.aggregate import aggregate
from local_digital.errors import ConfigurationError
from local_digital.extract import take_files
from local_digital.load import load
from local_digital.migrations import migrate
from local_digital.publishing.data_sets import client
from local_digital.publishing.publish import Plan, publish
from local_digital.publishing.reconcile import reconcile
from local_digital.settings import ROOT
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.commands import local_digital
from tests.conftest import Installation, export, row
from tests.signing import sign_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_digital.embedded import EmbeddedServer

_LEFT = Path(__file__).parent / "phase_one"
_ROWS: dict[str, list[dict[str, Any]]] = json.loads((_LEFT / "warehouse.json").read_text("utf-8"))
_AT_THE_PLATFORM: dict[str, list[dict[str, Any]]] = json.loads((_LEFT / "platform.json").read_text("utf-8"))
_VERSIONS = sorted(path.name[:4] for path in (ROOT / "sql" / "migrations" / "versions").glob("*.py"))[1:]
# Parents before the tables that refer to them.
_TABLES = ("ledger.feed", "core.label", *sorted(_ROWS.keys() - {"ledger.feed", "core.label"}))
_SCHEMAS = {"schemas": ["ledger", "core", "marts", "reference", "open_data", "public"]}
_CATALOGUE = {
    "columns": """
        select table_schema, table_name, column_name, data_type, udt_name, is_nullable, column_default, collation_name,
            numeric_precision, numeric_scale, is_identity, identity_generation
        from information_schema.columns where table_schema = any(:schemas)""",
    "constraints": """
        select conrelid::regclass::text, conname, contype::text, convalidated, pg_get_constraintdef(oid)
        from pg_constraint where connamespace::regnamespace::text = any(:schemas)""",
    "comments": """
        select objoid::regclass::text, objsubid, description from pg_description
        where classoid = 'pg_class'::regclass
        and objoid in (select oid from pg_class where relnamespace::regnamespace::text = any(:schemas))""",
    "indexes": "select schemaname, tablename, indexname, indexdef from pg_indexes where schemaname = any(:schemas)",
    "views": "select schemaname, viewname, viewowner, definition from pg_views where schemaname = any(:schemas)",
    "sequences": """
        select schemaname, sequencename, data_type::text, start_value, increment_by, cycle
        from pg_sequences where schemaname = any(:schemas)""",
    "grants": """
        select table_schema, table_name, grantee, privilege_type, is_grantable
        from information_schema.role_table_grants where table_schema = any(:schemas)""",
    "schemas": "select nspname, nspowner::regrole::text, nspacl::text from pg_namespace where nspname = any(:schemas)",
    "default grants": """
        select defaclnamespace::regnamespace::text, defaclobjtype::text, defaclacl::text from pg_default_acl""",
    "routines and triggers": """
        select proname::text from pg_proc where pronamespace::regnamespace::text = any(:schemas)
        union all select tgname::text from pg_trigger where not tgisinternal""",
}


def _of_schemas(query: str) -> TextClause:
    # text() takes no name that touches another colon for one to bind, so casts by `::` may stand.
    statement = text(query)
    return statement.bindparams(**_SCHEMAS) if "(:schemas)" in query else statement


def _bring_to(engine: Engine, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "sql" / "migrations"))
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, version)


def _rows(db: Database, table: str) -> list[dict[str, Any]]:
    """The rows of a table as `_ROWS` has them: only the columns that it had in phase 1."""
    carried = sorted(_ROWS[table][0])
    found = db.scalars(text(f"select to_jsonb(t) from {table} as t"))  # noqa: S608 - the tables of the fixture
    return sorted(({name: each[name] for name in carried} for each in found), key=json.dumps)


def _version(db: Database) -> str:
    return str(db.scalar(text("select version_num from public.schema_version")))


def _as_left(table: str) -> list[dict[str, Any]]:
    return sorted(({name: each[name] for name in sorted(each)} for each in _ROWS[table]), key=json.dumps)


@pytest.fixture
def phase_one(postgres: EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database at 0001 with all that the code of that time left."""
    name = f"phase_one_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**9}"
    postgres.ensure_database(name)
    engine = create_engine(postgres.url(name))
    _bring_to(engine, "0001")
    with engine.begin() as db:
        # A delivery may refer to a later one.
        db.execute(text("set session_replication_role = replica"))
        for table in _TABLES:
            db.execute(
                text(
                    f"insert into {table} overriding system value "  # noqa: S608 - the tables of the fixture
                    f"select * from jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))"
                ),
                {"rows": json.dumps(_ROWS[table])},
            )
        db.execute(text("set session_replication_role = origin"))
        for table, key in (("ledger.feed", "feed_id"), ("ledger.delivery", "delivery_id"), ("ledger.send", "send_id"),
                           ("core.label", "label_id")):  # fmt: skip
            db.execute(text(f"select setval(pg_get_serial_sequence('{table}', '{key}'), max({key})) from {table}"))  # noqa: S608
        assert {table: _rows(db, table) for table in _TABLES} == {table: _as_left(table) for table in _TABLES}
    yield engine
    engine.dispose()


@pytest.fixture
def upgraded(phase_one: Engine, installation: Installation, tmp_path: Path) -> Installation:
    """That warehouse at head, with its landing store, the council's folder and the platform as phase 1 left them."""
    migrate(_url(phase_one))
    landing = tmp_path / "landing-of-phase-one"
    shutil.copytree(_LEFT / "accepted", landing / "accepted")
    for delivery in _ROWS["ledger.delivery"]:
        if delivery["raw_removed_at"] is None:
            raw = landing / "raw" / delivery["sha256"][:2] / delivery["sha256"]
            raw.parent.mkdir(parents=True, exist_ok=True)
            first = _LEFT / "exports" / f"{delivery['name']}.first"
            is_first = delivery["superseded_by"] is not None
            shutil.copyfile(first if is_first else _LEFT / "exports" / delivery["name"], raw)
    for sighting in _ROWS["ledger.sighting"]:
        shutil.copyfile(_LEFT / "exports" / sighting["name"], installation.folder / sighting["name"])
        moment = dt.datetime.fromisoformat(sighting["modified_at"]).timestamp()
        os.utime(installation.folder / sighting["name"], (moment, moment))
    for data_set, token in installation.tokens.items():
        answer = requests.post(
            f"{installation.platform_url}/data/solihull-local-authority/{data_set}",
            json=_AT_THE_PLATFORM[data_set],
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
    settings = replace(installation.settings, warehouse=_url(phase_one), landing=str(landing))
    return replace(installation, settings=settings)


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@pytest.mark.parametrize("steps", [[], _VERSIONS], ids=["at once", "step by step"])
def test_every_row_of_phase_one_is_there_after_the_upgrade_with_its_meaning(
    phase_one: Engine, steps: list[str]
) -> None:
    for version in steps:
        _bring_to(phase_one, version)
        with phase_one.connect() as db:
            assert _version(db) == version
    migrate(_url(phase_one))

    with phase_one.connect() as db:
        assert _version(db) == _VERSIONS[-1]
        for table in _TABLES:
            if table == "ledger.stale_day":
                continue
            assert _rows(db, table) == _as_left(table), table
        # Days that waited still do, with every other one that has records: there are more figures now.
        stale = _rows(db, "ledger.stale_day")
        assert [day for day in _as_left("ledger.stale_day") if day not in stale] == []
        with_records = set(
            db.scalars(text("select distinct cast(reported_at at time zone 'Europe/London' as date) from core.record"))
        )
        assert with_records <= {dt.date.fromisoformat(day["day"]) for day in stale}

        loaded = db.execute(text("select status, complete_until = as_of as whole from ledger.delivery")).all()
        assert {(status, whole) for status, whole in loaded} == {
            ("loaded", True), ("validated", True), ("rejected", None), ("landed", None),
        }  # fmt: skip
        assert db.scalar(text("select sum(resent) from ledger.delivery")) == 0
        assert list(db.scalars(text("select distinct count from core.record"))) == [1]
        for table in ("ledger.publication", "ledger.send"):
            whose = db.execute(text(f"select distinct transaction, sink from {table}")).all()  # noqa: S608
            assert whose == [("report-missed-bin", "live")]
        for table, column in (("marts.kpi", "label"), ("marts.volume", "across"), ("marts.volume", "across_label")):
            assert list(db.scalars(text(f"select distinct {column} from {table}"))) == [""]  # noqa: S608
        # Nobody had decided anything, and the public figures of the open data are still to be released.
        for table in ("ledger.approval", "ledger.release", "ledger.hold", "open_data.feed", "open_data.kpi"):
            assert db.scalar(text(f"select count(*) from {table}")) == 0  # noqa: S608


def test_an_upgraded_warehouse_has_the_schema_of_a_fresh_one(phase_one: Engine, database_url: str) -> None:
    for version in _VERSIONS:
        _bring_to(phase_one, version)
    migrate(_url(phase_one))
    migrate(database_url)
    fresh = create_engine(database_url)
    with phase_one.connect() as upgraded_db, fresh.connect() as fresh_db:
        for what, query in _CATALOGUE.items():
            had, fresh_has = (sorted(map(str, db.execute(_of_schemas(query)))) for db in (upgraded_db, fresh_db))
            assert had == fresh_has, what
            assert had or what == "routines and triggers", what
        for table in ("reference.authority", "reference.authority_code", "reference.working_day"):
            count = text(f"select md5(string_agg(t::text, '' order by t::text)) from {table} as t")  # noqa: S608
            assert upgraded_db.scalar(count) == fresh_db.scalar(count), table
    fresh.dispose()


def test_migrating_an_upgraded_warehouse_again_changes_no_row(phase_one: Engine) -> None:
    def everything() -> dict[str, object]:
        with phase_one.connect() as db:
            tables = db.scalars(_of_schemas("""
                select table_schema || '.' || table_name from information_schema.tables
                where table_schema = any(:schemas) and table_type = 'BASE TABLE'""")).all()  # fmt: skip
            digest = "select md5(string_agg(t::text, '' order by t::text)) from {} as t"
            return {table: db.scalar(text(digest.format(table))) for table in tables}

    migrate(_url(phase_one))
    once = everything()
    migrate(_url(phase_one))
    assert everything() == once


def test_an_upgrade_killed_in_the_middle_leaves_the_old_version_whole(phase_one: Engine) -> None:
    with phase_one.connect() as db:
        # The upgrade comes to a halt at a table that migration 0003 changes, when it has done all of 0002.
        db.execute(text("lock table ledger.send in access share mode"))
        program = "import sys; from local_digital.migrations import migrate; migrate(sys.argv[1])"
        upgrade = subprocess.Popen([sys.executable, "-c", program, _url(phase_one)])
        waiting = text(
            "select exists (select 1 from pg_locks where not granted and relation = 'ledger.send'::regclass "
            "and database = (select oid from pg_database where datname = current_database()))"
        )
        while not db.scalar(waiting):
            assert upgrade.poll() is None
            time.sleep(0.05)
        upgrade.send_signal(signal.SIGKILL)
        assert upgrade.wait() == -signal.SIGKILL
    with phase_one.begin() as db:
        # The server notices that nobody is there any more once it gets the lock.
        db.execute(text("lock table ledger.send in access exclusive mode"))
    with phase_one.connect() as db:
        assert _version(db) == "0001"
        assert {table: _rows(db, table) for table in _TABLES} == {table: _as_left(table) for table in _TABLES}
        columns = set(db.scalars(text("select column_name from information_schema.columns where table_name = 'send'")))
        assert columns == set(_ROWS["ledger.send"][0])
    assert migrate(_url(phase_one)) == _VERSIONS[-1]


def test_a_warehouse_newer_than_the_code_is_refused_and_not_touched(phase_one: Engine) -> None:
    migrate(_url(phase_one))
    with phase_one.begin() as db:
        db.execute(text("update public.schema_version set version_num = '9001'"))
    with pytest.raises(ConfigurationError, match=rf"up to {_VERSIONS[-1]}.*version 9001.*backup"):
        migrate(_url(phase_one))
    told = _command(phase_one, "migrate")
    assert told.returncode == 2
    assert "version 9001: newer code has migrated it" in " ".join(told.stderr.split())
    assert "Traceback" not in told.stderr
    with phase_one.connect() as db:
        assert _version(db) == "9001"


def test_the_next_night_goes_on_where_phase_one_stopped(upgraded: Installation) -> None:
    feed_name = ("solihull", "report-missed-bin")
    with Workspace.open(upgraded.settings) as workspace:
        sent = [each for each in _ROWS["ledger.publication"] if each["payload_hash"] is not None]
        (state,) = json.loads(_command(workspace.engine, "status", "--json", config=upgraded.settings.config).stdout)
        assert (state["deliveries"], state["rejected"], state["published"]) == (8, 1, len(sent))
        assert state["loaded_until"].startswith("2025-11-25 00:00:00")

        new = [row(f"MB1127-{number}", f"27/11/2025 1{number}:00", ward="Olton") for number in range(5)]
        upgraded.put("missed_bins_20251128.csv", export(*new))
        taken = upgraded.take(workspace, run_id="new-night")
        assert len(taken.delivery_ids) == 1
        assert len(taken.unchanged) == len(_ROWS["ledger.sighting"])
        feed = workspace.feed(*feed_name)
        # What was landed and what was validated when phase 1 stopped goes on from there.
        assert [report.status for report in validate(workspace, feed)] == ["validated", "validated"]
        assert load(workspace, feed).delivery_ids == [7, 8, *taken.delivery_ids]
        assert aggregate(workspace, "solihull").periods["report-missed-bin"] > 0

        # What is public stays as it is until somebody has decided.
        waiting = publish(workspace, "solihull", run_id="new-night")
        assert [each.reasons[0] for each in waiting.waiting] == ["going-live"]
        assert _shown(upgraded, workspace) == _AT_THE_PLATFORM

        sign_off(workspace, "solihull")
        plans = {plan.data_set: plan for plan in publish(workspace, "solihull", run_id="decided").plans}
        _sends_only_the_difference(plans)
        reconcile(workspace, "solihull", run_id="decided")
        for plan in publish(workspace, "solihull", run_id="once-more").plans:
            assert (plan.new, plan.changed, plan.withdrawn) == ([], [], [])


def _sends_only_the_difference(plans: dict[str, Plan]) -> None:
    before = {name: {str(record["_id"]) for record in records} for name, records in _AT_THE_PLATFORM.items()}
    channels = plans["transactions-by-channel"]
    assert channels.unchanged == len(before["transactions-by-channel"])
    assert (channels.changed, channels.withdrawn) == ([], [])
    assert channels.new
    assert before["transactions-by-channel"].isdisjoint(channels.new)
    # The record in doubt goes out again, and no other.
    doubted = [each["record_id"] for each in _ROWS["ledger.publication"] if each["payload_hash"] is None]
    assert plans["digital-takeup"].changed == doubted
    assert plans["digital-takeup"].withdrawn == []
    assert plans["digital-takeup"].unchanged == len(before["digital-takeup"] - set(doubted))
    # Phase 1 did not withhold small counts: those go.
    wards = plans["missed-bin-by-ward"]
    assert wards.changed == []
    assert before["missed-bin-by-ward"].isdisjoint(wards.new)
    assert set(wards.withdrawn) < before["missed-bin-by-ward"]
    assert wards.unchanged == len(before["missed-bin-by-ward"]) - len(wards.withdrawn)


def test_an_upgraded_warehouse_ends_with_the_figures_of_one_that_never_was_of_phase_one(
    upgraded: Installation, installation: Installation
) -> None:
    # One of phase 1's deliveries comes again, corrected: a case of it is gone, another one is closed.
    lines = (_LEFT / "exports" / "missed_bins_20251118.csv").read_bytes().decode("windows-1252").splitlines()
    gone, closed, *others = lines[1:]
    cells = closed.split(",")
    cells[2], cells[4] = "17/11/2025 12:00", "Closed"
    upgraded.put("missed_bins_20251118.csv", "\r\n".join([lines[0], ",".join(cells), *others]) + "\r\n")
    found = []
    for each in (upgraded, installation):
        with Workspace.open(each.settings) as workspace:
            each.ingest(workspace)
            with workspace.engine.connect() as db:
                found.append({name: db.execute(text(query)).all() for name, query in _FIGURES.items()})
    upgraded_figures, fresh_figures = found
    for name in _FIGURES:
        assert upgraded_figures[name] == fresh_figures[name], name
    assert gone.split(",")[0] not in {record.record_ref for record in upgraded_figures["records"]}
    assert len(upgraded_figures["kpis"]) > len(_ROWS["marts.kpi"])


# By the words, for numbers of labels and deliveries differ between warehouses.
_RECORDS = """
    select
        record_ref, reported_at, closed_at, encode(premises_key, 'hex'), count,
        (select jsonb_object_agg(field, label) from core.label
         where label_id in (channel, status, ward, stream, reason, outcome)) as words
    from core.record order by record_ref"""
_FIGURES = {
    "records": _RECORDS,
    "volumes": "select * from marts.volume order by 1, 2, 3, 4, 5, 6, 7, 8",
    "kpis": "select * from marts.kpi order by 1, 2, 3, 4, 5, 6, label",
    "periods": "select * from marts.period order by 1, 2, 3, 4",
    "left to do": "select * from ledger.stale_day",
}


def test_bytes_that_phase_one_took_are_no_news_under_a_new_time(upgraded: Installation) -> None:
    with Workspace.open(upgraded.settings) as workspace:
        feed = workspace.feed("solihull", "report-missed-bin")
        names = [sighting["name"] for sighting in _ROWS["ledger.sighting"]]
        for name in names:
            # The council copies its folder anew: other times, the same bytes.
            os.utime(upgraded.folder / name, (time.time() - 900, time.time() - 900))
        taken = upgraded.take(workspace)
        # The one that was turned down is taken up once more, as such files are.
        assert taken.delivery_ids == [4]
        assert len(taken.unchanged) == len(names) - 1
        assert take_files(workspace, feed, [upgraded.folder / names[0]], run_id="by hand").delivery_ids == []
        with workspace.engine.connect() as db:
            assert db.scalar(text("select count(*) from ledger.delivery")) == len(_ROWS["ledger.delivery"])


def _shown(installation: Installation, workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    shown = {}
    for data_set in installation.tokens:
        council = workspace.council("solihull")
        with client(workspace, council, "report-missed-bin", data_set, "live") as platform:
            shown[data_set] = sorted(platform.read_all(), key=lambda record: str(record["_id"]))
    return shown


def _command(engine: Engine, *arguments: str, config: Path = ROOT / "include") -> subprocess.CompletedProcess[str]:
    return local_digital(*arguments, LOCAL_DIGITAL_CONFIG=str(config), LOCAL_DIGITAL_WAREHOUSE=_url(engine))
