"""The search: which canaries stand in some content, whatever it is packed in and however they are written."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import io
import re
import string
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Fewer letters than these could stand in something random by chance.
_LONG_ENOUGH = 8
_ESCAPED = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_SPACE = string.whitespace.encode()
# All but letters and figures: however words are cut up and joined, these stay.
_BETWEEN = bytes(code for code in range(128) if not chr(code).isalnum())


class Hunt:
    """A search for canaries, given as name to text."""

    def __init__(self, canaries: Mapping[str, str]) -> None:
        self._folded = {name: _forms_that_fold(canary) for name, canary in canaries.items()}
        self._exact = {name: _base64_forms(canary) for name, canary in canaries.items()}

    def found(self, content: bytes | str) -> set[str]:
        """Return the names of the canaries in some content, what is packed in it included."""
        raw = content.encode(errors="surrogateescape") if isinstance(content, str) else content
        return {name for piece in unpacked(raw) for name in self._in(piece)}

    def _in(self, raw: bytes) -> Iterator[str]:
        # A text in UTF-16 is its letters with zeros between.
        plain = raw.replace(b"\0", b"").decode("utf-8", errors="replace")
        tight = plain.encode("ascii", "ignore").translate(None, _SPACE)
        texts = {plain, unquote_plus(plain), html.unescape(plain), _ESCAPED.sub(_character, plain)}
        folded = [_fold(each) for each in texts]
        for name, forms in self._folded.items():
            if any(form in each for form in forms for each in folded) or any(one in tight for one in self._exact[name]):
                yield name


def in_folder(hunt: Hunt, folder: Path) -> dict[str, set[str]]:
    """Search every file below a folder, its path included; return what was found by path."""
    found = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        if hits := hunt.found(path.read_bytes()) | hunt.found(name):
            found[name] = hits
    return found


def in_database(hunt: Hunt, engine: Engine) -> dict[str, set[str]]:
    """Search every row and the definition of every table and view of a database; return what was found by table."""
    found = {}
    with engine.connect() as db:
        for schema, table in tables(db):
            # The catalogue's own names.
            rows = db.scalars(text(f'select cast(one as text) from "{schema}"."{table}" as one')).all()  # noqa: S608
            if hits := hunt.found("\n".join([schema, table, *map(str, rows)])):
                found[f"{schema}.{table}"] = hits
    return found


def tables(db: Any) -> list[tuple[str, str]]:
    """Every table, view and materialised view that is not PostgreSQL's own."""
    rows = db.execute(
        text(
            "select nspname, relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
            "where relkind in ('r', 'p', 'v', 'm', 'f') and nspname not like 'pg!_%' escape '!' "
            "and nspname <> 'information_schema' order by 1, 2"
        )
    )
    return [(row.nspname, row.relname) for row in rows]


def _forms_that_fold(canary: str) -> list[bytes]:
    spellings = {canary, canary.lower(), canary.upper()}
    digests = [
        digest(each.encode()).hexdigest()
        for each in spellings
        for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5)
    ]
    return list(map(_fold, [canary, *(each.encode().hex() for each in spellings), *digests]))


def _base64_forms(canary: str) -> set[bytes]:
    if len(canary) < _LONG_ENOUGH:
        return set()
    found = set()
    for spelling in (canary, canary.lower(), canary.upper()):
        for before in range(3):
            coded = base64.b64encode(b"\0" * before + spelling.encode()).rstrip(b"=")
            # What stands before and after it has a share in the first and the last letters.
            inside = coded[-(-before * 4 // 3) : -1]
            found |= {inside, inside.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def _fold(words: str) -> bytes:
    return words.encode("ascii", "ignore").lower().translate(None, _BETWEEN)


def _character(match: re.Match[str]) -> str:
    return chr(int(match.group(1) or match.group(2), 16))


def unpacked(raw: bytes) -> Iterator[bytes]:
    """Yield some bytes, and whatever gzip, zip and Parquet hold within them."""
    yield raw
    if raw[:2] == b"\x1f\x8b":
        try:
            yield from unpacked(gzip.decompress(raw))
        except (OSError, EOFError, zlib.error):
            return
    elif raw[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                for member in archive.namelist():
                    yield member.encode()
                    yield from unpacked(archive.read(member))
        except zipfile.BadZipFile:
            return
    elif raw[:4] == b"PAR1":
        table = pq.read_table(pa.BufferReader(raw))
        yield str(table.schema).encode()
        for column in table.columns:
            yield "\n".join(each.hex() if isinstance(each, bytes) else str(each) for each in column.to_pylist()).encode(
                errors="surrogateescape"
            )
