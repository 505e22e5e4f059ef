"""The one table behind the stand-in: storing, deleting and reading records."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

from demo.platform.contracts import Record, Scalar
from demo.platform.data_sets import DataSet
from demo.platform.query import Query

# When a record is stamped (aware, in UTC), and the record as a read returns it.
Stored = tuple[dt.datetime, Mapping[str, Scalar]]


class WriteFailedError(Exception):
    """A write failed: for a passing fault, or for good (this write or an earlier one broke all that follow)."""


class Records:
    """The records of all data sets. One write at a time; reads go on whatever becomes of the writes.

    The real platform writes over one connection and never recovers it: after a value that the database refuses
    (NaN, Infinity, NUL, a lone surrogate, a very long id) every write fails until a restart. So does this.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._broken = False

    def create_table(self) -> None:
        """Create the table and its index where they are missing."""
        with self._engine.begin() as connection:
            connection.execute(_statement("create_records"))
            connection.execute(_statement("create_records_by_time"))

    def refuse_if_broken(self) -> None:
        """Raise WriteFailedError when no write can succeed any more."""
        if self._broken:
            raise WriteFailedError

    def store(self, data_set: DataSet, records: Sequence[Record]) -> None:
        """Store the records in order, each in a transaction of its own: a fault leaves the earlier ones stored.

        Raises WriteFailedError.
        """
        with self._writing() as connection:
            for record in records:
                now = dt.datetime.now(dt.UTC)
                values = {
                    "data_set": data_set.name,
                    "id": record.id,
                    "stamped_at": record.stamped_at,
                    "updated_at": now,
                    "record": json.dumps({**record.fields, "_updated_at": now.isoformat()}),
                }
                connection.execute(_statement("store_record"), values)

    def delete(self, data_set: DataSet, id_: str) -> bool:
        """Delete one record and say whether there was one. Raises as `store` does."""
        with self._writing() as connection:
            values = {"data_set": data_set.name, "id": id_}
            return connection.execute(_statement("delete_record"), values).rowcount > 0

    def empty(self, data_set: DataSet) -> None:
        """Delete all records of a data set. Raises as `store` does."""
        with self._writing() as connection:
            connection.execute(_statement("empty_data_set"), {"data_set": data_set.name})

    def read(self, data_set: DataSet, query: Query) -> list[Stored]:
        """Return the records that a query is about, by its order (compared as text) or by time.

        Order and limit belong to the answer, not to the records, when the query groups them.
        """
        order = None if query.is_grouped else query.order
        values = {
            "data_set": data_set.name,
            "start_at": query.start_at,
            "end_at": query.end_at,
            "filter_keys": [key for key, _ in query.filters],
            "filter_values": [value for _, value in query.filters],
            "sort_key": order and order.key,
            "direction": order and order.direction,
            "most": None if query.is_grouped else query.limit,
        }
        with self._engine.connect() as connection:
            rows = connection.execute(_statement("read_records"), values)
            return [(stamped_at.astimezone(dt.UTC), record) for stamped_at, record in rows]

    def summarise(self, data_sets: Sequence[DataSet]) -> Mapping[str, tuple[int, dt.datetime]]:
        """Return, by stored name, how many records a data set holds and its newest `_timestamp`.

        An empty data set is not in it.
        """
        with self._engine.connect() as connection:
            values = {"data_sets": [each.name for each in data_sets]}
            rows = connection.execute(_statement("summarise_data_sets"), values)
            return {name: (count, newest.astimezone(dt.UTC)) for name, count, newest in rows}

    def ping(self) -> None:
        """Raise SQLAlchemyError when the database does not answer."""
        with self._engine.connect() as connection:
            connection.execute(text("select 1"))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._turn:
            self.refuse_if_broken()
            try:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    yield connection
            except (DBAPIError, ValueError) as error:
                # A lost connection is a passing fault; a value that was refused is for good. The driver itself
                # refuses a NUL in an id, with a ValueError.
                self._broken = not (isinstance(error, DBAPIError) and error.connection_invalidated)
                raise WriteFailedError from error


@cache
def _statement(name: str) -> TextClause:
    return text((Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
