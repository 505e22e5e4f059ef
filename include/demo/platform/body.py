"""The body of a write: its bytes, unpacked, and the JSON in it."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST_UNPACKED = 10 * 1024 * 1024


async def read_body(request: Request) -> bytes:
    """Return the bytes sent. The platform sees only as much as Content-Length announces: a chunked body is empty."""
    body = await request.body()
    return body if "content-length" in request.headers else b""


def unpack(body: bytes, encoding: str) -> bytes:
    """Return the body without its gzip packing, if its Content-Encoding names one.

    Raises HTTPException: 413 when it holds more than 10 MiB, 400 when it is no gzip.
    """
    if "gzip" not in encoding.lower() or not body:
        return body
    try:
        with gzip.open(io.BytesIO(body)) as packed:
            content = packed.read(MOST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Expected a gzip request body but could not unpack it.") from None
    if len(content) > MOST_UNPACKED:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return content


def parse_json(body: bytes) -> object:
    """Return the JSON value of a body. NaN and Infinity are read, as they are there. Raises HTTPException (400)."""
    if not body:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Expected JSON request body but received zero bytes.")
    try:
        # Decoding first: json would otherwise take UTF-16 and a byte order mark.
        return json.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, 'Error parsing JSON: "not UTF-8"') from None
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f'Error parsing JSON: "{error}"') from None
