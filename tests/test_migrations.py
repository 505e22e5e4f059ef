"""The schema comes up from nothing, stays as it is when asked again, and shows readers what they may see."""

from __future__ import annotations

import datetime as dt

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from local_digital.embedded import EmbeddedServer
from local_digital.migrations import migrate
from local_digital.settings import ROOT


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    assert migrate(database_url) == migrate(database_url) == "0009"


def test_reader_sees_marts_and_nothing_else(postgres: EmbeddedServer, database_url: str) -> None:
    migrate(database_url)
    owner = create_engine(database_url)
    with owner.begin() as db:
        db.execute(text("drop role if exists a_person"))
        db.execute(text("create role a_person login password 'a-word' in role local_digital_reader"))
    owner.dispose()
    person = create_engine(postgres.url(database_url.rpartition("/")[2], user="a_person", password="a-word"))
    with person.connect() as db:
        assert db.scalar(text("select count(*) from marts.kpi")) == 0
    for table in ("core.record", "ledger.delivery", "ledger.quarantine", "core.label"):
        with person.connect() as db, pytest.raises(ProgrammingError, match="permission denied"):
            db.execute(text(f"select * from {table}"))  # noqa: S608 - the names just above
    with person.connect() as db, pytest.raises(ProgrammingError, match="permission denied"):
        db.execute(text("delete from marts.kpi"))
    person.dispose()


def test_working_days_know_each_division_s_bank_holidays(database_url: str) -> None:
    migrate(database_url)
    engine = create_engine(database_url)
    with engine.connect() as db:
        following = {
            found.division: found.next_working_day
            for found in db.execute(
                text("select division, next_working_day from reference.working_day where day = '2025-12-31'")
            )
        }
        friday = db.scalar(
            text(
                "select next_working_day from reference.working_day "
                "where day = '2026-04-02' and division = 'england-and-wales'"
            )
        )
    engine.dispose()
    assert following["england-and-wales"] == following["northern-ireland"] == dt.date(2026, 1, 2)
    assert following["scotland"] == dt.date(2026, 1, 5)
    assert friday == dt.date(2026, 4, 7)


def test_unbalanced_row_counts_are_refused_by_the_database_itself(database_url: str) -> None:
    migrate(database_url)
    engine = create_engine(database_url)
    unbalanced = text(
        "insert into ledger.delivery (feed_id, name, sha256, size_bytes, as_of, run_id, rows_read, accepted, "
        "quarantined, duplicates) select feed_id, 'n', 's', 1, now(), 'r', 5, 1, 1, 1 from ledger.feed"
    )
    with engine.begin() as db:
        db.execute(text("insert into ledger.feed (council, transaction) values ('a', 'b')"))
    with engine.connect() as db, pytest.raises(IntegrityError, match="every_row_is_accounted_for"):
        db.execute(unbalanced)
    engine.dispose()


def test_warehouse_of_phase_one_keeps_what_it_has_and_gets_the_new_figures(database_url: str) -> None:
    engine = create_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "sql" / "migrations"))
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0002")
        for statement in (
            "insert into ledger.feed (council, transaction) values ('solihull', 'report-missed-bin')",
            (
                "insert into ledger.delivery (feed_id, name, sha256, size_bytes, as_of, run_id, status, rows_read, "
                "accepted, quarantined, duplicates, complete_until) values (1, 'a.csv', 'aa', 1, '2025-11-11', 'r', "
                "'loaded', 1, 1, 0, 0, '2025-11-11')"
            ),
            "insert into core.label (field, label) values ('channel', 'online')",
            (
                "insert into core.record (feed_id, record_ref, reported_at, channel, delivery_id, line) "
                "values (1, 'MB1', '2025-11-04 10:00Z', 1, 1, 2)"
            ),
            (
                "insert into ledger.publication (council, data_set, record_id, payload_hash, run_id) "
                "values ('solihull', 'transactions-by-channel', 'id', 'hash', 'r')"
            ),
        ):
            db.execute(text(statement))
    migrate(database_url)
    with engine.connect() as db:
        assert list(db.scalars(text("select transaction from ledger.publication"))) == ["report-missed-bin"]
        assert list(db.scalars(text("select day from ledger.stale_day"))) == [dt.date(2025, 11, 4)]
        assert db.scalar(text("select count(*) from core.record where rating is null")) == 1
    engine.dispose()


def test_everything_that_readers_see_says_what_it_means(database_url: str) -> None:
    migrate(database_url)
    engine = create_engine(database_url)
    silent = text("""
        select relation.oid::regclass::text || '.' || attribute.attname
        from pg_class as relation
        inner join pg_attribute as attribute on attribute.attrelid = relation.oid and attribute.attnum > 0
        where
            relation.relkind in ('r', 'v')
            and relation.relnamespace::regnamespace::text in ('marts', 'open_data', 'reference')
            and has_table_privilege('local_digital_reader', relation.oid, 'select')
            and not attribute.attisdropped
            and (
                col_description(relation.oid, attribute.attnum) is null
                or obj_description(relation.oid, 'pg_class') is null
            )
    """)
    with engine.connect() as db:
        assert list(db.scalars(silent)) == []
    engine.dispose()
