"""How the demo's HTTP servers are served, and the same inside a test, on a port of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextmanager
def serving(app: Starlette, certificate: Path | None = None) -> Iterator[str]:
    """Serve an application on a free loopback port in a thread; yield its base URL, without a final slash.

    certificate: as in `configuration`. Raises RuntimeError when it does not come up.
    """
    server = _Server(configuration(app, certificate=certificate))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.up.wait(timeout=0.1):
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def configuration(
    app: Starlette, port: int = 0, certificate: Path | None = None, host: str = "127.0.0.1"
) -> uvicorn.Config:
    """Return how an application is served: quiet, without a log of requests (they carry tokens).

    certificate: a PEM file with the server's certificate and its key, for TLS. host: the address that is listened on,
    loopback unless somebody says otherwise.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        ssl_certfile=certificate,
        timeout_graceful_shutdown=5,
    )
