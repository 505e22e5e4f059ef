"""The warehouse and the configuration as the board sees them: to be read, and cheap to look at again."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError

from local_digital.config.loading import council_files, load_councils, load_transactions
from local_digital.roles import BOARD
from local_digital.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from sqlalchemy import Connection as Database
    from sqlalchemy import Engine

    from local_digital.config.models import Council, Transaction
    from local_digital.settings import Settings


class Board:
    """One installation, opened when it is first asked for and kept open, as a server does. settings: says which."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._opened: Workspace | None = None
        self._open = contextlib.ExitStack()
        self._lock = threading.Lock()

    @property
    def workspace(self) -> Workspace:
        """The workspace, of which every transaction is read-only."""
        with self._lock:
            if self._opened is None:
                workspace = self._open.enter_context(Workspace.open(self._settings()))
                only_read(workspace.engine)
                self._opened = replace(workspace, role=BOARD)
            return self._opened

    @property
    def configuration(self) -> Configuration:
        """The councils' files as they are now; they are read again when one of them has changed."""
        return read_configuration(self.workspace.settings.config)

    def close(self) -> None:
        """Close the connections; the next question opens them again."""
        with self._lock:
            self._opened = None
            self._open.close()


def only_read(engine: Engine) -> None:
    """See that all transactions of an engine are read-only, with the board's role wherever its login may take it."""
    steps_down = _may_take_the_role(engine)

    def begin(db: Database) -> None:
        db.exec_driver_sql("set transaction read only")
        if steps_down:
            db.exec_driver_sql(f"set local role {BOARD}")

    event.listen(engine, "begin", begin)


def _may_take_the_role(engine: Engine) -> bool:
    try:
        with engine.begin() as db:
            db.exec_driver_sql(f"set local role {BOARD}")
    except OperationalError:
        raise
    except DBAPIError:
        # There is no such role, or nobody granted it to this login.
        return False
    return True


@dataclass(frozen=True)
class Configuration:
    """The councils whose files are right, by slug; the contracts; and the slugs of councils whose files are wrong."""

    councils: dict[str, Council]
    contracts: dict[str, Transaction]
    broken: tuple[str, ...]

    def only(self, may_see: Collection[str]) -> Configuration:
        """Return what is left for somebody who may see some councils (slugs) only."""
        return Configuration(
            {slug: council for slug, council in self.councils.items() if slug in may_see},
            self.contracts,
            tuple(slug for slug in self.broken if slug in may_see),
        )


def read_configuration(config: Path) -> Configuration:
    """Read the configuration's folder, or return what was read of it when no file has changed since."""
    files = (config / "councils").glob("*.yaml"), (config / "transactions").glob("*.yaml")
    facts = [(path, path.stat()) for found in files for path in found]
    return _read(config, tuple(sorted((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in facts)))


@lru_cache(maxsize=2)
def _read(config: Path, files: tuple[tuple[str, int, int], ...]) -> Configuration:
    del files
    councils, _ = load_councils(config)
    contracts, _ = load_transactions(config)
    return Configuration(councils, contracts, tuple(sorted(set(council_files(config)) - councils.keys())))
