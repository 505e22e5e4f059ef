"""The SQL files under `bench/sql/`: they fill tables with made-up facts, or look what came of it; values are bound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import TextClause, create_engine, text

if TYPE_CHECKING:
    from bench.place import Place

_SQL = Path(__file__).parent / "sql"


def fill(here: Place, *names: str, **facts: object) -> None:
    """Execute `sql/<name>.sql` for each name in one database transaction, and let PostgreSQL count what there is."""
    engine = create_engine(here.url)
    with engine.begin() as db:
        for name in names:
            db.execute(_statement(name), facts)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        # As autovacuum does on a night without a bench.
        db.execute(text("vacuum analyze"))
    engine.dispose()


def rows(url: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of the query in `sql/<name>.sql`. url: of the database, as SQLAlchemy takes it."""
    engine = create_engine(url)
    with engine.connect() as db:
        found = [dict(row) for row in db.execute(_statement(name)).mappings()]
    engine.dispose()
    return found


def _statement(name: str) -> TextClause:
    return text((_SQL / f"{name}.sql").read_text(encoding="utf-8"))
