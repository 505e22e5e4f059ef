"""What every step works with: the configuration, the warehouse and the landing store of one installation."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import psycopg2
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from local_digital.config.loading import load_council, load_transactions
from local_digital.embedded import running
from local_digital.errors import ConfigurationError, TransportError
from local_digital.landing import LandingStore
from local_digital.roles import BOARD, engine_of
from local_digital.settings import LOCAL, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection as Database

    from local_digital.config.models import Council, Feed, Transaction

WAREHOUSE = "warehouse"

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# How a lost connection shows. COPY asks the driver itself, past SQLAlchemy, which then stumbles over its own rollback.
_LOST = (OperationalError, InterfaceError, psycopg2.OperationalError, psycopg2.InterfaceError)

# A task's time-out is a signal, and Python hears none while it waits for the server. So the server ends the wait, well
# within the hour that a step may take.
_LONGEST_LOCK_WAIT = "30min"


@dataclass(frozen=True)
class FeedHandle:
    """A feed with its council, its contract and its number in the ledger."""

    council: Council
    contract: Transaction
    feed: Feed
    feed_id: int

    @property
    def name(self) -> str:
        return f"{self.council.council} {self.contract.transaction}"


@dataclass(frozen=True)
class Workspace:
    """engine: the warehouse. landing: the landing store. Open it with `Workspace.open`.

    role: whose rights the engine has, empty for its login's own.
    """

    settings: Settings
    engine: Engine
    landing: LandingStore
    role: str = ""
    _engines: dict[str, Engine] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    @contextlib.contextmanager
    def open(cls, settings: Settings) -> Iterator[Workspace]:
        """Yield a workspace; connections are closed afterwards.

        Without a warehouse URL the embedded server under `.local/` is used, started for the time if need be.
        Raises TransportError when the warehouse does not answer, or another session holds what is needed for too long.
        """
        with _warehouse_url(settings) as url:
            # Data moves by COPY and set-wise SQL; one connection a step is all there is to pool.
            engine = create_engine(
                url,
                pool_size=2,
                pool_pre_ping=True,
                # A database fault must not carry rows into a log.
                hide_parameters=True,
                connect_args={"connect_timeout": 15},
            )
            event.listen(engine, "connect", _limit_waiting)
            try:
                yield cls(settings, engine, LandingStore(settings.landing))
            except _LOST as error:
                found = type(getattr(error, "orig", error)).__name__
                if found == "LockNotAvailable":
                    raise TransportError(
                        "warehouse",
                        expected=f"every lock within {_LONGEST_LOCK_WAIT}",
                        found="one that another session holds",
                        action="It is tried again; if it lasts, find that session (docs/runbook.md#a-held-lock).",
                    ) from error
                raise TransportError(
                    "warehouse",
                    expected="PostgreSQL to answer",
                    found=found,
                    action="Check that the server runs and that LOCAL_DIGITAL_WAREHOUSE points to it, then run again.",
                ) from error
            except ProgrammingError as error:
                if type(error.orig).__name__ not in {"UndefinedTable", "InvalidSchemaName", "UndefinedColumn"}:
                    raise
                raise ConfigurationError(
                    "warehouse",
                    expected="the newest schema",
                    found="an older one or none",
                    action="Run `local-digital migrate`.",
                ) from error
            except OSError as error:
                # What writes for others has its own words for it; this is about temporary files, wherever they are.
                if error.errno not in _NO_ROOM:
                    raise
                raise TransportError(
                    "disk",
                    expected="room for temporary files",
                    found=os.strerror(error.errno),
                    action="It is tried again; if it lasts, those who run this pipeline should make room.",
                ) from error
            finally:
                engine.dispose()

    def acting_as(self, role: str) -> Workspace:
        """Return the same with the rights of a role of `roles`, wherever the login may step down to it.

        What only reads for the board goes on doing so.
        """
        if self.role in {role, BOARD}:
            return self
        own = self._engines.setdefault("", self.engine)
        if role not in self._engines:
            self._engines[role] = engine_of(own, role)
        return replace(self, engine=self._engines[role], role=role)

    def council(self, slug: str) -> Council:
        return load_council(self.settings.config, slug)

    def feed(self, council: str, transaction: str) -> FeedHandle:
        """Return the handle of a feed, giving it a number in the ledger when it has none; unknown is an error."""
        facts = self.council(council)
        if transaction not in facts.feeds:
            raise ConfigurationError(
                f"council {council}",
                expected=f"a feed for `{transaction}`",
                found=f"feeds for {', '.join(facts.feeds)}",
                action="Check the spelling, or add the feed to the council's file.",
            )
        return self.handle(facts, load_transactions(self.settings.config)[0][transaction])

    def handle(self, council: Council, contract: Transaction) -> FeedHandle:
        """As `feed`, of a council that is read already and has a feed for this contract."""
        with self.engine.begin() as db:
            feed_id = _feed_id(db, council.council, contract.transaction)
        return FeedHandle(council, contract, council.feeds[contract.transaction], feed_id)

    def feeds(self, council: str) -> list[FeedHandle]:
        """Return the handles of all feeds of a council, each file read once."""
        facts = self.council(council)
        contracts = load_transactions(self.settings.config)[0]
        return [self.handle(facts, contracts[transaction]) for transaction in facts.feeds]


def _feed_id(db: Database, council: str, transaction: str) -> int:
    names = {"council": council, "transaction": transaction}
    find = text("select feed_id from ledger.feed where council = :council and transaction = :transaction")
    found = db.scalar(find, names)
    if found is None:
        db.execute(
            text(
                "insert into ledger.feed (council, transaction) values (:council, :transaction) on conflict do nothing"
            ),
            names,
        )
        found = db.scalar(find, names)
    return int(found)


def lock(db: Database, *names: object) -> None:
    """Hold everyone else off these names (a feed, a data set) until the transaction ends."""
    digest = hashlib.sha256("|".join(map(str, names)).encode()).digest()
    db.execute(text("select pg_advisory_xact_lock(:key)"), {"key": int.from_bytes(digest[:8], "big", signed=True)})


def _limit_waiting(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"set lock_timeout = '{_LONGEST_LOCK_WAIT}'")
    # Else the pool's rollback takes it back.
    connection.commit()


@contextlib.contextmanager
def _warehouse_url(settings: Settings) -> Iterator[str]:
    if settings.warehouse:
        yield settings.warehouse
        return
    with running(LOCAL / "postgres") as server:
        server.ensure_database(WAREHOUSE)
        yield server.url(WAREHOUSE)
