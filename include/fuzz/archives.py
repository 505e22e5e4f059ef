"""Wrappings: zip and gzip as they come, archives of hostile names, and OpenPGP messages."""

from __future__ import annotations

import gzip
import io
import warnings
import zipfile
from functools import cache
from typing import Any
from unittest import mock

from pysequoia import Tsk, encrypt

from demo.world.writing import csv_file, gzipped, zipped
from fuzz.feeds import NAMES, ROWS
from fuzz.target import Target, hold, refusing
from local_digital.config.formats import CsvFormat
from local_digital.parsing.documents import unwrap
from local_digital.settings import Connection

_MOST_BYTES = 1 << 20
_MOST_MEMBERS = 20
_FORMAT = CsvFormat(max_bytes=_MOST_BYTES, max_members=_MOST_MEMBERS, pgp="pgp")
_BETWEEN = b"\xff"
_CSV = csv_file(NAMES, ROWS)
_ZIP = zipped({"a/bins.csv": _CSV, "read me.txt": b"x"})
_TOKENS = (
    b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08", b"\x01\x00\x10\x00",
    b"\xff\xff\xff\xff", b"\xff" * 8, b"\0" * 8, b"\x1f\x8b\x08", b"\x1f\x8b\x08\x1f", b"../", b"..\\", b"/", b"C:",
    b"\n", b"\r", b"\x1b[2J", b"\xe2\x80\xae", b".csv", b".csv.gz", b"__MACOSX/", b"[Content_Types].xml", b"\x01",
    b"\x0c\x00", b"\x0e\x00", b"-----BEGIN PGP MESSAGE-----\n\n", b"-----END PGP MESSAGE-----\n", b"\x84\x5e\x03",
    b"\xc1\xc0\x4c\x03", b"\xd2", b"\xc8",
)  # fmt: skip


@cache
def _key() -> Any:
    return Tsk.generate("Anywhere <exports@example.org>")


def _connection(name: str) -> Connection:
    return Connection(name, extra={"private_key": str(_key())})


def _check_bytes(data: bytes) -> None:
    with refusing():
        documents = unwrap(data, _FORMAT, _connection, "here")
        hold("what is unpacked keeps to its limit", kept=sum(len(one.content) for one in documents) <= _MOST_BYTES)
        for one in documents:
            hold("no name leads out of an archive", kept=".." not in one.name.split("/") and one.name[:1] != "/")
            hold(
                "no name of a file steers a terminal",
                kept=not any(ch < " " or "\x7f" <= ch < "\xa0" for ch in one.name),
            )


def _check_names(data: bytes) -> None:
    """An input is names and contents in turn."""
    parts = data.split(_BETWEEN)[: 2 * _MOST_MEMBERS]
    archive = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(archive, "w") as file:
        for name, content in zip(parts[::2], parts[1::2], strict=False):
            member = zipfile.ZipInfo("x")
            # Past the constructor, which mends a name.
            member.filename = name.decode("utf-8", "replace")
            file.writestr(member, content)
    _check_bytes(archive.getvalue())


def _zip64() -> bytes:
    with mock.patch.object(zipfile, "ZIP64_LIMIT", 0):
        return zipped({"a.csv": _CSV})


def _sealed() -> tuple[bytes, ...]:
    return tuple(
        encrypt(recipients=[_key().extract_certificate()], bytes=content, armor=armor)
        for content in (_CSV, _ZIP) for armor in (True, False)
    )  # fmt: skip


TARGETS = (
    Target(
        "archive", "zip and gzip", _check_bytes,
        (_ZIP, gzipped(_CSV), gzip.compress(_ZIP), zipped({"b.csv.gz": gzipped(_CSV)}), _zip64()), _TOKENS,
    ),
    Target(
        "archive-names", "zip archives of hostile names", _check_names,
        (b"a.csv\xffx\xffb/c.csv\xffy\xff../d.csv\xffz", b"a.csv\xff" + gzipped(b"x")), _TOKENS,
    ),
    Target("openpgp", "OpenPGP messages", _check_bytes, _sealed(), _TOKENS),
)  # fmt: skip
