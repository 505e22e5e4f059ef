"""The SQL files under `sql/`, as statements with bound parameters."""

from __future__ import annotations

from functools import cache

from sqlalchemy import TextClause, text

from local_digital.settings import ROOT


@cache
def statement(name: str) -> TextClause:
    """Return the statement in `sql/<name>.sql`; its `:names` are bound when it is executed."""
    return text((ROOT / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
