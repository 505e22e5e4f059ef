"""A web server for a look at the site on this machine. It is no server for the public."""

from __future__ import annotations

import contextlib
import threading
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_digital.site.file import media_type

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

HOST = "127.0.0.1"
# What the library serves for a folder.
_INDEX_PAGES = ("index.html", "index.htm")


@contextlib.contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve a folder on loopback while the block runs; yield its address, with a slash at the end.

    port 0 takes a free one. Every request looks anew where the folder is, so a new version of the site shows at once.
    Nothing outside of the folder is served, whatever path is asked or link is in it; no folder is listed. Raises
    OSError where the port is taken.
    """

    class Handler(_Handler):
        root = folder

    with ThreadingHTTPServer((HOST, port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    root: Path

    def __init__(self, *args: Any) -> None:
        # The version of now, for the whole of this request.
        super().__init__(*args, directory=str(self.root.resolve()))

    def send_head(self) -> Any:
        path = Path(self.translate_path(self.path))
        asked = (path, *(path / name for name in _INDEX_PAGES))
        if not all(one.resolve().is_relative_to(self.directory) for one in asked):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> io.BytesIO | None:  # noqa: ARG002 - the signature is the library's
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def guess_type(self, path: Any) -> str:
        return media_type(str(path))

    def end_headers(self) -> None:
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature is the library's
        pass
