"""The sample councils' APIs, behind TLS with a certificate from a private authority; loopback by default.

python -m demo.https_server --port N --certificate FILE --secrets FILE [--host ADDRESS]

Each council has its own base address, `https://127.0.0.1:N/<council>`. The secrets are a JSON list:
`[{"connection": "...", "password": "..."}]`, one for each connection of the councils' files that is served here.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import uvicorn
from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from demo.case_api import CaseApi
from demo.open311_api import Open311Api
from demo.platform.serving import configuration
from demo.private_files import read_private
from local_digital.config.loading import load_councils
from local_digital.config.sources import Api, Open311
from local_digital.errors import ConfigurationError, LocalDigitalError
from local_digital.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from starlette.requests import Request

    from demo.world.dealings import FeedWorld
    from local_digital.config.models import Council

ServedApi = CaseApi | Open311Api


class Secret(BaseModel):
    """What a connection's holder is let in with."""

    # A faulty file's error must not quote a password.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    connection: str
    password: Annotated[str, Field(repr=False)]


def served(council: Council, world: FeedWorld, secrets: Mapping[str, str]) -> ServedApi:
    """Return the API of one feed of the sample world. Raises ConfigurationError when it cannot be served here."""
    feed = council.feeds[world.transaction]
    where = f"{council.council} {world.transaction}"
    if isinstance(feed.source, Open311):
        return Open311Api(where, feed, world.answers(), secrets.get(feed.source.connection, ""))
    if isinstance(feed.source, Api) and feed.source.connection in secrets:
        return CaseApi(where, feed, world.answers(), secrets[feed.source.connection])
    raise ConfigurationError(
        f"{where}: sample API",
        expected="a source that is an API, and a secret for its connection",
        found=f"kind {feed.source.kind}",
        action="Compare the sample world, the council's file and the secrets.",
    )


def create_app(apis: Mapping[str, Sequence[ServedApi]]) -> Starlette:
    """Return the application that serves each council's APIs below its slug."""
    return Starlette(
        routes=[
            Mount(f"/{council}", routes=[Route(path, _answering(list(those))) for path, those in _by_path(each)])
            for council, each in apis.items()
        ],
        exception_handlers={HTTPException: _as_json},
    )


def _by_path(apis: Iterable[ServedApi]) -> Iterable[tuple[str, Iterable[ServedApi]]]:
    return itertools.groupby(sorted(apis, key=lambda api: api.path), key=lambda api: api.path)


def _answering(apis: Sequence[ServedApi]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        asked = next((api for api in apis if api.is_asked(request.query_params)), None)
        if asked is None:
            raise HTTPException(400, "no such service")
        return await run_in_threadpool(asked.answer, request)

    return answer


def _as_json(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "failed"
    return JSONResponse({"error": detail}, status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. arguments: those of the command line when None."""
    parser = argparse.ArgumentParser(prog="python -m demo.https_server")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True, help="PEM with the certificate and its key")
    parser.add_argument("--secrets", type=Path, required=True, help="JSON list of connection and password")
    parser.add_argument("--host", default="127.0.0.1", help="another address to listen on, such as a container's")
    options = parser.parse_args(arguments)
    try:
        app = _sample_world(options.secrets)
        settings = configuration(app, options.port, options.certificate, options.host)
    except LocalDigitalError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    with suppress(KeyboardInterrupt):
        uvicorn.Server(settings).run()
    return 0


def _sample_world(secrets: Path) -> Starlette:
    from demo.world.feeds import FEEDS  # noqa: PLC0415 - wrong secrets are told before a world is made

    known = {secret.connection: secret.password for secret in read_private(secrets, Secret, "secrets")}
    councils, _ = load_councils(ROOT / "include")
    apis: dict[str, list[ServedApi]] = {}
    for (slug, _), world in FEEDS.items():
        if world.source in {"api", "open311"} and slug in councils:
            apis.setdefault(slug, []).append(served(councils[slug], world, known))
    return create_app(apis)


if __name__ == "__main__":
    sys.exit(main())
