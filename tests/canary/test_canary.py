"""Nothing of a person and no secret is left anywhere, whatever happens; and the search would find it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import logging
import re
import zipfile
from email.message import EmailMessage
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from sqlalchemy import text

from tests.canary.happenings import everything
from tests.canary.hunting import Hunt, in_folder
from tests.canary.nights import COUNCILS, Nights, installation
from tests.canary.planted import FAMILY, FORGOTTEN, PERSONAL, SECRETS, UPRN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer


# All that happens does so before the first test, on a machine that may have other work.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def nights(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        installation(postgres, tmp_path_factory.mktemp("canary"), monkeypatch) as running,
    ):
        everything(running)
        yield running


@pytest.fixture(scope="module")
def found(nights: Nights) -> dict[str, set[str]]:
    """What was found of everything that was planted, by place."""
    return nights.look(Hunt({**PERSONAL, **SECRETS, **_key(nights), "forgotten reference": FORGOTTEN}))


def _key(nights: Nights) -> dict[str, str]:
    lines = str(nights.connections["sftp"].extra["private_key"]).splitlines()
    return {f"line {number} of the private key": lines[number] for number in (3, 7)}


def test_nothing_of_a_person_is_left_anywhere(found: dict[str, set[str]]) -> None:
    assert {place: hits & PERSONAL.keys() for place, hits in found.items() if hits & PERSONAL.keys()} == {}


def test_no_secret_is_anywhere(nights: Nights, found: dict[str, set[str]]) -> None:
    secrets = SECRETS.keys() | _key(nights).keys()
    assert {place: hits & secrets for place, hits in found.items() if hits & secrets} == {}


def test_of_somebody_who_was_forgotten_not_even_the_reference_is_left(found: dict[str, set[str]]) -> None:
    assert [place for place, hits in found.items() if "forgotten reference" in hits] == []


def test_everything_that_was_to_happen_did(nights: Nights) -> None:
    """Else there would be nothing to be found, however much leaked."""
    planted = set(re.findall(rf"{FAMILY}([a-z0-9]+)", "\n".join(nights.raw).casefold(), re.IGNORECASE))
    assert planted >= {
        "sftp", "sftpcell", "forgotten", "broken", "ragged", "fault", "defect", "constraint", "xlsx", "xlsxcell",
        "othersheet", "author", "zip", "zipcell", "member", "sealed", "xml", "xmlcell", "entity", "norecords",
        "brokenxml",
        "json", "jsoncell", "open311", "photo",
    }  # fmt: skip
    kinds = {failed.split(": ")[1] for failures in nights.failed.values() for failed in failures}
    assert kinds >= {
        "TransportError", "RefusedError", "ConfigurationError", "DataError", "ReconciliationError", "ValueError",
        "IntegrityError",
    }  # fmt: skip
    with nights.workspace.engine.connect() as db:
        counted = {
            table: db.scalar(text(f"select count(*) from {table}"))  # noqa: S608 - these very tables
            for table in ("core.record", "ledger.quarantine", "ledger.fault", "ledger.message", "ledger.publication",
                          "ledger.forgotten", "ledger.suppressed", "open_data.volume", "marts.kpi")
        }  # fmt: skip
        rejected = db.scalar(text("select count(*) from ledger.delivery where status = 'rejected'"))
        waiting = db.scalar(text("select count(*) from ledger.delivery where raw_removed_at is null"))
        councils = db.scalar(text("select count(distinct feed_id) from core.record"))
    assert [table for table, rows in counted.items() if not rows] == []
    assert (rejected or 0) > 15
    assert (waiting, councils) == (0, len(COUNCILS))
    assert len(nights.mail.mails) >= len(COUNCILS)
    assert {path.split("?")[0] for path, _, _ in nights.hooks.taken} == {"/program", f"/{SECRETS['webhook-address']}"}
    said = {place for place, texts in nights.texts.items() if "".join(texts)}
    assert said == {"lineage", "xcom", "tracebacks", "terminal", "metrics", "faults of channels"}
    speakers = {line.partition(" ")[0].partition(".")[0] for line in nights.logged}
    assert speakers >= {"asyncssh", "sqlalchemy", "local_digital", "task"}
    for place in (
        "landing/data-docs",
        "landing/reports",
        "landing/accepted",
        "site",
        "reports",
        "sftp/outgoing/returned",
    ):
        assert list((nights.folder / place).rglob("*.*")), place


def test_what_is_put_into_a_place_is_found_there(nights: Nights) -> None:
    def words(place: str) -> str:
        return f"told by leakqx{place}{place} of it"

    for place, engine in (("warehouse", nights.workspace.engine), ("platform", nights.platform)):
        with engine.begin() as db:
            db.execute(text("create schema leak"))
            db.execute(text("create table leak.it as select convert_to(:it, 'UTF8') as packed"), {"it": words(place)})
    folders = {
        "landing": "landing/raw/ab", "spool": "spool", "site": "site", "reports": "reports",
        "returned": "sftp/outgoing/returned",
    }  # fmt: skip
    for place, folder in folders.items():
        (nights.folder / folder / "left.gz").write_bytes(gzip.compress(words(place).encode()))
    logging.getLogger("asyncssh").debug("%s", words("log"))
    mail = EmailMessage()
    mail.set_content(words("mail"), cte="base64")
    nights.mail.mails.append((["somebody@example.org"], mail))
    requests.post(f"{nights.hooks.url}/program", json={"problems": [{"found": words("webhook")}]}, timeout=30)
    nights.command("report", words("terminal"), "report-missed-bin")
    file = nights.settings.config / "councils" / f"{COUNCILS[0]}.yaml"
    file.write_text(file.read_text("utf-8").replace("name: Brimham", f"name: {words('board')}"), "utf-8")
    places = ["warehouse", "platform", *folders, "log", "mail", "webhook", "terminal", "board"]

    found = nights.look(Hunt({place: f"leakqx{place}{place}" for place in places}))

    assert sorted(set().union(*found.values())) == sorted(places)
    assert {"warehouse leak.it", "platform leak.it", "landing/raw/ab/left.gz", "site/left.gz"} <= found.keys()


def _parquet(words: bytes) -> bytes:
    packed = io.BytesIO()
    pq.write_table(pa.table({"cells": [words]}), packed, compression="zstd")
    return packed.getvalue()


def _zipped(words: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b", gzip.compress(words))
    return packed.getvalue()


_WAYS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "upper case": bytes.upper,
    "lower case": bytes.lower,
    "gzip": gzip.compress,
    "gzip in a zip": _zipped,
    "Parquet": _parquet,
    "base64": base64.b64encode,
    "base64, a letter on": lambda words: base64.b64encode(b"a" + words),
    "base64, two letters on": lambda words: base64.b64encode(b"ab" + words + b"c"),
    "base64 for addresses": base64.urlsafe_b64encode,
    "base64 in lines": base64.encodebytes,
    "hexadecimal": lambda words: words.hex().encode(),
    "in an address": lambda words: quote(words).encode(),
    "in a form": lambda words: quote_plus(words).encode(),
    "JSON escapes": lambda words: "".join(f"\\u{letter:04x}" for letter in words).encode(),
    "HTML escapes": lambda words: "".join(f"&#{letter};" for letter in words).encode(),
    "UTF-16": lambda words: words.decode().encode("utf-16"),
    "letter by letter": lambda words: b" ".join(bytes([letter]) for letter in words),
    "over lines": lambda words: words.replace(b" ", b"\n  "),
    "as a name of a file": lambda words: words.replace(b" ", b"_"),
}


@pytest.mark.parametrize("way", _WAYS)
def test_a_canary_is_found_however_it_is_written(way: str) -> None:
    for canary in (*PERSONAL.values(), *SECRETS.values(), FORGOTTEN):
        hunt = Hunt({"it": canary})
        assert hunt.found(_WAYS[way](f"before {canary} after".encode())) == {"it"}, canary
        assert hunt.found(_WAYS[way](b"before and after, and nobody in between")) == set()


def test_a_digest_without_a_key_is_found_and_a_name_of_a_file_is_searched(tmp_path: Path) -> None:
    hunt = Hunt(PERSONAL)
    assert hunt.found(hashlib.sha256(UPRN.encode()).hexdigest()) == {"premises"}
    (tmp_path / f"of {FAMILY}.txt").write_text("nothing")
    assert set(in_folder(hunt, tmp_path)) == {f"of {FAMILY}.txt"}
