"""The answers of an API: how many records one holds, whether it may have been cut, and the zip that they land in."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Self

import defusedxml.ElementTree

from local_digital.errors import RefusedError
from local_digital.parsing import trees

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.config.formats import TreeFormat

# Where a server cuts its answers without saying so, it does at a round number.
_ROUND = 50
_PAGE_STARTS = (b"<!doctype html", b"<html")
_LONGEST_PREAMBLE = 1000
_ERROR_NAMES = ("error", "fault", "exception")


class AnswerZip:
    """Members `00001.json`, `00002.json` and so on: each a whole answer, byte for byte. Nothing in it tells of the time
    or the machine, so the same answers give the same zip; stored, since compressed bytes differ between zlib's builds.
    """

    def __init__(self, path: Path, extension: str) -> None:
        self._zip = zipfile.ZipFile(path, "w")
        self._extension = extension
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, answer: bytes) -> None:
        self._number += 1
        member = zipfile.ZipInfo(f"{self._number:05d}.{self._extension}", date_time=(1980, 1, 1, 0, 0, 0))
        member.create_system = 3
        member.external_attr = 0o644 << 16
        self._zip.writestr(member, answer)


def is_round(count: int) -> bool:
    """Say whether a server may have cut an answer at this many records without anyone having said so."""
    return count >= _ROUND and count % _ROUND == 0


def refuse_web_page(body: bytes, kind: str, where: str) -> None:
    """Raise RefusedError when a web page came where data of a format was expected, as logins and proxies send them."""
    start = body[:_LONGEST_PREAMBLE].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_page = start.startswith(_PAGE_STARTS) or b"<html" in start if kind == "xml" else start.startswith(b"<")
    if is_page:
        raise RefusedError(
            where,
            expected=f"an answer of format {kind}",
            found="a web page",
            action="Check base URL, `path` and `auth`: this is how a login page or a proxy's notice comes.",
        )


def refuse_error(body: bytes, facts: TreeFormat, where: str) -> None:
    """Raise RefusedError when a JSON or XML document without records tells of an error: that is no honest zero."""
    if facts.kind == "xml":
        names = [str(element.tag) for element in defusedxml.ElementTree.fromstring(body).iter()]
    else:
        document = trees.parsed(body, facts, where)
        names = [name for name, value in document.items() if value] if isinstance(document, dict) else []
    if any(word in name.lower() for name in names for word in _ERROR_NAMES):
        raise RefusedError(
            where,
            expected="records",
            found="an error with status 200",
            action="Compare `source` in the council's file with the API's documentation, and ask the council.",
        )
