"""Where the nights are run: the sources' servers, and the state before each night, which every trial begins from."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import shutil
import tempfile
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2

from demo import https_server, sftp_server
from demo.authority import Authority
from demo.platform.serving import serving
from demo.sample import RemoteEnds
from faults.lane import TRIAL, Lane, lane
from faults.patience import be_impatient
from faults.world import NIGHTS, Unit, World
from local_digital import expectations
from local_digital.embedded import EmbeddedServer
from local_digital.migrations import migrate

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterator
    from multiprocessing.connection import Connection

_SECRET = "of-the-faults"  # noqa: S105 - of servers that live as long as this run
_EMPTY = "empty"


@dataclass
class Place:
    """worlds: by night. ends: the sources' servers. before: the last day before the night, by unit."""

    folder: Path
    worlds: dict[str, World]
    ends: RemoteEnds
    before: dict[Unit, dt.date] = field(default_factory=dict)

    @property
    def postgres(self) -> Path:
        """The folder of a stopped server with a database for each night, as it was before."""
        return self.folder / "prepared" / "postgres"

    def landing(self, night: str) -> Path:
        """Return the landing store as it was before a night."""
        return self.folder / "prepared" / "landing" / night

    @contextlib.contextmanager
    def lane(self, number: int) -> Iterator[Lane]:
        """Set up a lane until the end of the block; only one of a number at a time."""
        folder = self.folder / f"lane-{number}"
        try:
            with lane(number, folder, self.postgres, self.ends, self._data_sets) as made:
                yield made
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def restore(self, own: Lane, unit: Unit) -> None:
        """Bring a lane to the state before a unit's night."""
        own.restore(template(unit.night), self.landing(unit.night))

    def prepare(self, say: Callable[[str], None]) -> None:
        """Make the state before each night: everything but each feed's newest delivery is loaded and published."""
        self.postgres.parent.mkdir(parents=True)
        for path in (self.folder, self.postgres.parent):
            # The server may run under another account.
            path.chmod(0o711)
        server = EmbeddedServer(self.postgres)
        server.start(durable=False)
        server.ensure_database(_EMPTY)
        migrate(server.url(_EMPTY))
        # What was committed must outlive a server that is killed; nothing here must outlive the machine.
        _administer(server, "alter role postgres set synchronous_commit = on")
        for night in self.worlds:
            _administer(server, f"create database {template(night)} template {_EMPTY}")
        server.stop()
        for night, world in self.worlds.items():
            say(f"the state before the night: {night}")
            self.landing(night).mkdir(parents=True)
            self.before |= world.units
            with self.lane(0) as own:
                own.restore(template(night), self.landing(night))
                for unit, last in world.units.items():
                    own.run(unit, last, own.settings(world))
                shutil.rmtree(self.landing(night))
                shutil.copytree(own.landing, self.landing(night))
                _administer(own.server, f"drop database {template(night)}")
                _administer(own.server, f"create database {template(night)} template {TRIAL}")
                own.server.stop()
                shutil.rmtree(self.postgres)
                shutil.move(own.server.folder, self.postgres)

    @property
    def _data_sets(self) -> list[dict[str, str]]:
        listed = [facts for world in self.worlds.values() for facts in world.sample.data_sets()]
        return list({tuple(facts.items()): facts for facts in listed}.values())


def template(night: str) -> str:
    """Return the name of the database that holds the state before a night."""
    return f"before_{night}"


@contextlib.contextmanager
def place(nights: Collection[str] = tuple(NIGHTS), councils: Collection[str] = ()) -> Iterator[Place]:
    """Yield a place whose sources are up; all of it is removed afterwards. councils: all where none is named."""
    be_impatient()
    _pay_for_libraries()
    with tempfile.TemporaryDirectory(prefix="local-digital-faults-") as name:
        folder = Path(name)
        worlds = {}
        for night in nights:
            worlds[night] = World(night, folder / "worlds" / night, _SECRET, frozenset(councils))
            worlds[night].folder.mkdir(parents=True)
            worlds[night].lay_out()
        with _sources(folder, list(worlds.values())) as ends:
            yield Place(folder, worlds, ends)


def _pay_for_libraries() -> None:
    """Import now what a step imports when it needs it, so that no process that is begun from here pays for it again."""
    # As the pipeline does.
    for name in ("great_expectations.render.renderer", "great_expectations.render.view.view"):
        importlib.import_module(name)
    expectations.warm_up()
    gc.collect()
    # What is here now is not searched again, and not copied for that, in every process.
    gc.freeze()


@contextlib.contextmanager
def _sources(folder: Path, worlds: list[World]) -> Iterator[RemoteEnds]:
    here, there = get_context("fork").Pipe()
    process = get_context("fork").Process(target=_serve, args=(there, folder, worlds), daemon=True)
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        process.kill()
        process.join()


def _serve(control: Connection, folder: Path, worlds: list[World]) -> None:
    """Serve the councils' SFTP folders and APIs; every night has an account of its own on the one server."""
    authority = Authority.make(folder)
    secrets = {facts["connection"]: facts["password"] for world in worlds for facts in world.sample.api_secrets()}
    apis = {
        slug: [https_server.served(world.councils[slug], each, secrets) for each in feeds]
        for world in worlds[:1] for slug, feeds in world.apis().items()
    }  # fmt: skip
    key = sftp_server.host_key(folder / "host_key")
    offers = [offer for world in worlds for offer in world.accounts]

    async def until_killed(https_url: str) -> None:
        async with sftp_server.listening(offers, key) as port:
            control.send(
                RemoteEnds(port, sftp_server.host_key_line(key), https_url, authority.ca, "http://127.0.0.1:1")
            )
            await asyncio.Event().wait()

    with serving(https_server.create_app(apis), authority.server) as https_url:
        asyncio.run(until_killed(https_url))


def _administer(server: EmbeddedServer, statement: str) -> None:
    with contextlib.closing(psycopg2.connect(server.url("postgres").replace("+psycopg2", ""))) as db:
        db.autocommit = True
        with db.cursor() as cursor:
            cursor.execute(statement)
