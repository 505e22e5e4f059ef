"""Brings a warehouse to the newest schema: Alembic decides which migrations are missing, SQL files do the work."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import holidays
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from local_digital.authorities import authority_code_columns, authority_columns
from local_digital.errors import ConfigurationError
from local_digital.settings import ROOT
from local_digital.sql import statement

_FOLDER = ROOT / "sql" / "migrations"
_SUBDIVISIONS = {"england-and-wales": "ENG", "scotland": "SCT", "northern-ireland": "NIR"}
_FIRST_DAY = dt.date(2010, 1, 1)
_YEARS_AHEAD = 2
_SATURDAY = 5
# Two runs that migrate at once must queue; any number does as long as nothing else uses it.
_MIGRATION_LOCK = 7_203_001


def migrate(url: str) -> str:
    """Bring the warehouse at a SQLAlchemy URL to head and refresh its reference tables; return the version.

    One transaction: a crash leaves the warehouse as it was. Safe to run at any time and by several at once. Raises
    ConfigurationError when the warehouse is newer than this code: there is no way back but a backup.
    """
    engine = create_engine(url)
    try:
        return migrate_engine(engine)
    finally:
        engine.dispose()


def migrate_engine(engine: Engine) -> str:
    """As `migrate`, on an engine that is there already."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        command.upgrade(config, "head")
        # Each time: an administrator may have made the roles since, and new tables need their grants.
        for name in ("roles", "analyze_records", "loader", "publisher"):
            _run(connection, _FOLDER.parent / "roles" / f"{name}.sql")
        this_year = dt.datetime.now(dt.UTC).year
        connection.execute(
            statement("reference/working_day"),
            _working_days(_FIRST_DAY, dt.date(this_year + _YEARS_AHEAD, 12, 31)),
        )
        connection.execute(statement("reference/authority"), authority_columns())
        connection.execute(statement("reference/authority_code"), authority_code_columns())
        return str(_version(connection))


def run_folder(name: str) -> None:
    """Run the SQL files of one migration in the order of their names, on Alembic's connection."""
    for path in sorted(Path(_FOLDER / name).glob("*.sql")):
        _run(op.get_bind(), path)


def _run(connection: Connection, path: Path) -> None:
    connection.execute(text(path.read_text(encoding="utf-8").replace(":", r"\:")))


def _version(connection: Connection) -> str | None:
    names = {"version_table_schema": "public", "version_table": "schema_version"}
    return MigrationContext.configure(connection, opts=names).get_current_revision()


def _refuse_newer(connection: Connection, migrations: ScriptDirectory) -> None:
    version = _version(connection)
    if version is not None and version not in {migration.revision for migration in migrations.walk_revisions()}:
        raise ConfigurationError(
            "warehouse",
            expected=f"a version up to {migrations.get_current_head()}, the newest that this code knows",
            found=f"version {version}: newer code has migrated it",
            action="Nothing was changed. Run that newer code, or restore a backup from before the migration.",
        )


def _working_days(first: dt.date, last: dt.date) -> dict[str, list[object]]:
    names = ("divisions", "days", "next_working_days", "working", "holidays")
    columns: dict[str, list[object]] = {name: [] for name in names}
    for division, subdivision in _SUBDIVISIONS.items():
        closed = holidays.country_holidays("GB", subdiv=subdivision, years=range(first.year, last.year + 2))
        # Walk backwards from beyond the end, remembering the nearest working day seen so far.
        following = day = last + dt.timedelta(days=15)
        while day >= first:
            working = day.weekday() < _SATURDAY and day not in closed
            if day <= last:
                for name, value in zip(names, (division, day, following, working, closed.get(day)), strict=True):
                    columns[name].append(value)
            if working:
                following = day
            day -= dt.timedelta(days=1)
    return columns
