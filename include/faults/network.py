"""The network between the pipeline and what it talks to: proxies that cut or drip, in a process of their own.

The platform's stand-in runs there too. What no trouble is meant for passes as it came.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import NullPool, create_engine

from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from multiprocessing.connection import Connection

    from starlette.types import ASGIApp, Receive, Scope, Send

_PIECE = 1 << 16
_DRIP_SECONDS = 0.25
_RESET = struct.pack("ii", 1, 0)
Direction = Literal["to", "from"]


class Link(StrEnum):
    """What the pipeline talks to."""

    SFTP = "SFTP"
    HTTPS = "HTTPS"
    PLATFORM = "platform"
    POSTGRES = "PostgreSQL"


class Trouble(NamedTuple):
    """What befalls a connection once it has passed so many bytes. direction: as seen by the pipeline.

    lasting: every connection, not only the first that gets so far.
    """

    link: Link
    direction: Direction
    after: int
    what: Literal["cut", "drip"] = "cut"
    lasting: bool = False


@dataclass
class _State:
    """troubles: armed. hits: how many connections met one. most: bytes of the longest connection, by link and way."""

    troubles: list[Trouble] = field(default_factory=list)
    hits: int = 0
    most: Counter[tuple[Link, Direction]] = field(default_factory=Counter)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def trouble(self, link: Link, direction: Direction, passed: int, coming: int) -> Trouble | None:
        """Return what befalls a connection within the bytes that are coming, and take note of it."""
        with self.turn:
            self.most[link, direction] = max(self.most[link, direction], passed + coming)
            for trouble in self.troubles:
                if (trouble.link, trouble.direction) == (link, direction) and passed + coming > trouble.after:
                    self.hits += 1
                    if not trouble.lasting:
                        self.troubles.remove(trouble)
                    return trouble
        return None


class _Proxy:
    """Listens on a port of its own and passes every connection on to another."""

    def __init__(self, link: Link, upstream: int, state: _State) -> None:
        self._link = link
        self._upstream = upstream
        self._state = state
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self._upstream), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for here, there, direction in ((near, far, "to"), (far, near, "from")):
                threading.Thread(target=self._pump, args=(here, there, direction), daemon=True).start()

    def _pump(self, here: socket.socket, there: socket.socket, direction: Direction) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := here.recv(_PIECE):
                trouble = self._state.trouble(self._link, direction, passed, len(piece))
                if trouble is None:
                    there.sendall(piece)
                    passed += len(piece)
                    continue
                whole = max(0, trouble.after - passed)
                there.sendall(piece[:whole])
                if trouble.what == "cut":
                    _reset(here, there)
                    return
                for start in range(whole, len(piece)):
                    time.sleep(_DRIP_SECONDS)
                    there.sendall(piece[start : start + 1])
                passed += len(piece)
        with contextlib.suppress(OSError):
            there.shutdown(socket.SHUT_WR)


def _reset(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            # Wakes whoever waits in it, which closing alone does not.
            end.shutdown(socket.SHUT_RD)
        end.close()


@dataclass
class _Platform:
    """The stand-in, which can be begun anew: one whose database went away refuses every write from then on."""

    url: str
    data_sets: list[DataSet]
    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is None:
            raise RuntimeError("the platform has not begun")
        await self.app(scope, receive, send)

    def begin(self) -> None:
        """Begin anew on the database as it is now."""
        self.app = create_app(create_engine(self.url, poolclass=NullPool), self.data_sets)


class Network:
    """The running network of one lane. ports: where the pipeline finds what it talks to."""

    def __init__(self, control: Connection, ports: Mapping[Link, int]) -> None:
        self._control = control
        self.ports = ports

    def arm(self, *troubles: Trouble) -> None:
        """From now on, let these befall the connections that get so far."""
        self._ask("arm", list(troubles))

    def heal(self) -> None:
        """From now on, pass everything on."""
        self._ask("arm", [])

    def begin_platform(self) -> None:
        """Let the platform's stand-in begin anew."""
        self._ask("begin", None)

    def measured(self) -> tuple[int, dict[tuple[Link, Direction], int]]:
        """Return how many connections met a trouble, and the bytes of the longest, since this was asked before."""
        hits, most = self._ask("measure", None)
        return hits, most

    def _ask(self, what: str, facts: Any) -> Any:
        self._control.send((what, facts))
        return self._control.recv()


@contextlib.contextmanager
def network(upstream: Mapping[Link, int], platform_url: str, data_sets: list[dict[str, str]]) -> Iterator[Network]:
    """Run a network until the end of the block. upstream: ports of SFTP, HTTPS and PostgreSQL servers.

    platform_url: the stand-in's database; it begins when it is told so.
    """
    here, there = get_context("fork").Pipe()
    process = get_context("fork").Process(target=_run, args=(there, upstream, platform_url, data_sets), daemon=True)
    process.start()
    there.close()
    try:
        yield Network(here, here.recv())
    finally:
        process.kill()
        process.join()


def _run(control: Connection, upstream: Mapping[Link, int], platform_url: str, data_sets: list[dict[str, str]]) -> None:
    state = _State()
    platform = _Platform(platform_url, [DataSet(**facts) for facts in data_sets])
    with serving(platform) as url:  # type: ignore[arg-type]
        ends = {**upstream, Link.PLATFORM: int(url.rpartition(":")[2])}
        control.send({link: _Proxy(link, port, state).port for link, port in ends.items()})
        while True:
            try:
                what, facts = control.recv()
            except EOFError:
                return
            answer: Any = None
            if what == "arm":
                with state.turn:
                    state.troubles = facts
            elif what == "begin":
                platform.begin()
            else:
                with state.turn:
                    answer = (state.hits, dict(state.most))
                    state.hits, state.most = 0, Counter()
            control.send(answer)
