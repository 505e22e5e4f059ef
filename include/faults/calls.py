"""The calls at which a fault can be injected: those to the database, the stores, the sources and the platform.

They are watched by standing between the pipeline and its libraries. Who watches decides what becomes of a call.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg2
import psycopg2.extensions
import requests
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

from local_digital.publishing.client import DataSetClient
from local_digital.settings import ROOT
from local_digital.sources import folder, sftp, spool
from local_digital.sources.http import HttpSession
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Dialect

_T = TypeVar("_T")
_WORDS = 4


class Kind(StrEnum):
    """What a call is made to, and what for."""

    CONNECT = "database connect"
    STATEMENT = "database statement"
    COPY = "database copy"
    COMMIT = "database commit"
    STORE_WRITE = "store write"
    STORE_MOVE = "store rename"
    STORE_REMOVE = "store removal"
    SPOOL_WRITE = "spool write"
    SPOOL_REMOVE = "spool removal"
    SOURCE = "source file operation"
    REQUEST = "source request"
    CHUNK = "source answer chunk"
    PLATFORM = "platform request"


@dataclass(frozen=True)
class Call:
    """One call of a step. number: among those of its kind, from 1. what: the statement's file, or the operation.

    connection: the database's, where it is a call to it.
    """

    kind: Kind
    number: int
    what: str
    connection: psycopg2.extensions.connection | None = field(default=None, repr=False, compare=False)


class Watch:
    """Sees every call and numbers it; this one lets all of them pass."""

    def __init__(self) -> None:
        self._numbers: Counter[Kind] = Counter()
        self._turn = threading.Lock()

    def pass_on(self, kind: Kind, what: str, go: Callable[[], _T], connection: Any = None) -> _T:
        """Do a call that the pipeline makes; return what it returns, raise what it raises."""
        with self._turn:
            self._numbers[kind] += 1
            call = Call(kind, self._numbers[kind], what, connection)
        return self.around(call, go)

    def around(self, call: Call, go: Callable[[], _T]) -> _T:
        """Do what becomes of a call; to be overridden."""
        del call
        return go()


class Recorder(Watch):
    """Remembers every call."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Call] = []

    def around(self, call: Call, go: Callable[[], _T]) -> _T:
        self.seen.append(call)
        return go()


_watching: list[Watch] = []


def watch(by: Watch) -> None:
    """Have every call of this process seen from now on; only one can watch."""
    if not _watching:
        _stand_between()
    _watching[:] = [by]


def _pass(kind: Kind, what: str, go: Callable[[], _T], connection: Any = None) -> _T:
    return _watching[0].pass_on(kind, what, go, connection)


class _Cursor(psycopg2.extensions.cursor):  # type: ignore[misc] # its stubs say Any
    def execute(self, query: Any, variables: Any = None) -> None:
        _pass(Kind.STATEMENT, _named(query), lambda: super(_Cursor, self).execute(query, variables), self.connection)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        _pass(Kind.COPY, _named(sql), lambda: super(_Cursor, self).copy_expert(sql, file, size), self.connection)


class _Connection(psycopg2.extensions.connection):  # type: ignore[misc] # as above
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.cursor_factory = _Cursor

    def commit(self) -> None:
        _pass(Kind.COMMIT, "commit", super().commit, self)


def _named(query: Any) -> str:
    text = query.decode() if isinstance(query, bytes) else str(query)
    return _statements().get(text) or " ".join(text.split()[:_WORDS])


@functools.cache
def _statements() -> dict[str, str]:
    """Return the project's statements by the text in which they reach the driver."""
    dialect: Dialect = PGDialect_psycopg2()  # type: ignore[no-untyped-call]
    found = {}
    for path in (ROOT / "sql").rglob("*.sql"):
        name = path.relative_to(ROOT / "sql").with_suffix("").as_posix()
        if not name.startswith("migrations/"):
            found[str(statement(name).compile(dialect=dialect))] = name
    return found


def _stand_between() -> None:
    """Put ourselves before every library that reaches out of the process."""
    connect = psycopg2.connect

    def connected(*arguments: Any, **named: Any) -> Any:
        return _pass(
            Kind.CONNECT, "connect", lambda: connect(*arguments, **{"connection_factory": _Connection, **named})
        )

    psycopg2.connect = connected
    for kind, names in (
        (Kind.STORE_WRITE, ("put_file", "pipe_file")), (Kind.STORE_MOVE, ("mv",)), (Kind.STORE_REMOVE, ("rm_file",)),
    ):  # fmt: skip
        for name in names:
            _between(LocalFileSystem, name, kind)
    _between(spool._Partial, "write", Kind.SPOOL_WRITE)  # noqa: SLF001 - the place where downloads are written
    _between(spool.Spool, "remove", Kind.SPOOL_REMOVE)
    for source in (sftp._OpenSftp, folder._OpenStore):  # noqa: SLF001 - what sources do with a folder
        for name in ("entries", "look", "copy"):
            _between(source, name, Kind.SOURCE)
    _between(sftp.SftpSource, "_connect", Kind.SOURCE)
    _between(HttpSession, "_ask", Kind.REQUEST)
    _between(DataSetClient, "_ask", Kind.PLATFORM)
    chunks = requests.Response.iter_content

    def seen(self: requests.Response, *arguments: Any, **named: Any) -> Iterator[Any]:
        for chunk in chunks(self, *arguments, **named):
            yield _pass(Kind.CHUNK, "chunk", functools.partial(_given, chunk))

    requests.Response.iter_content = seen  # type: ignore[method-assign]


def _given(chunk: _T) -> _T:
    return chunk


def _between(owner: type, name: str, kind: Kind) -> None:
    real = getattr(owner, name)

    @functools.wraps(real)
    def watched(self: Any, *arguments: Any, **named: Any) -> Any:
        return _pass(kind, name.strip("_"), lambda: real(self, *arguments, **named))

    setattr(owner, name, watched)
