"""What is compared: everything that the pipeline keeps and shows, put so that equal states are equal byte for byte."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import NullPool, create_engine, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection as Database
    from sqlalchemy import TextClause

# By table (or folder of the landing store), the hash of each row (or file), in order.
Dump: TypeAlias = "dict[str, tuple[bytes, ...]]"

# How often something was tried is told by these alone; and numbers of labels are no fact of their own.
_LEFT_OUT = (
    "ledger.send", "ledger.fault", "ledger.message", "ledger.message_sent", "ledger.feed", "core.label",
)  # fmt: skip
_VOLATILE = (
    "ledger.approval.approval_id", "ledger.approval.decided_at",
    "ledger.delivery.delivery_id", "ledger.delivery.received_at", "ledger.delivery.validated_at",
    "ledger.delivery.loaded_at",
    "ledger.hold.hold_id", "ledger.hold.raised_at", "ledger.hold.lifted_at",
    "ledger.publication.sent_at", "ledger.release.released_at", "ledger.sighting.seen_at", "ledger.stage.seen_at",
    "marts.released_count.released_at",
    "open_data.change.change_id", "open_data.change.changed_at", "open_data.edition.taken_at",
    "open_data.feed.first_released_at", "open_data.feed.released_at", "open_data.feed.version",
)  # fmt: skip
# These tell in which order, and by which run, the deliveries came.
_OF_ORDER = (
    "core.record.delivery_id", "core.record.line", "core.event.delivery_id", "core.event.line",
    "ledger.delivery.run_id", "ledger.delivery.inserted", "ledger.delivery.updated", "ledger.delivery.unchanged",
    "ledger.delivery.withdrawn", "ledger.publication.run_id", "ledger.release.run_id", "open_data.feed.run_id",
)  # fmt: skip
_NUMBERED = re.compile(r"(?P<folder>(.*/)?)(?P<number>\d+)(?P<ending>\.[a-z.]+)")
_UNFINISHED = ".part"
# What the clock tells in files: in results how late a moment may be, which goes by when an API's delivery came (and has
# microseconds, as no other moment there), and in reports when it came and its number.
_CLOCK_TIMES = {
    ".json": re.compile(rb'"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}[^"]*"'),
    ".html": re.compile(rb"Received [^,]*, \d\d:\d\d, delivery \d+\."),
}


def dump(url: str, platform_url: str, landing: Path, *, order_matters: bool = True) -> Dump:
    """Return the state of an installation. url, platform_url: of the warehouse's and of the platform's database.

    landing: the landing store, a folder. order_matters: without it, what tells in which order deliveries came is left
    out.
    """
    found: Dump = {}
    volatile = [*_VOLATILE, *(() if order_matters else _OF_ORDER)]
    with _connected(platform_url) as db:
        found["platform"] = _hashed(row.line.encode() for row in db.execute(_query("platform")))
    with _connected(url) as db:
        for table in db.execute(_query("dump"), {"left_out": list(_LEFT_OUT), "volatile": volatile}).all():
            with contextlib.closing(db.connection.cursor()) as rows:
                rows.execute(table.query)
                found[table.name] = _hashed(line.encode() for (line,) in rows.fetchall())
        deliveries = _deliveries(db)
        for folder in sorted(path for path in landing.iterdir() if path.is_dir()):
            found[f"landing store: {folder.name}"] = _hashed(_files(folder, deliveries))
    return found


def differences(expected: Dump, found: Dump) -> dict[str, tuple[int, int]]:
    """Return, by table, how many rows are missing and how many are there that should not be; nothing where all is
    equal.
    """
    told = {}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            right, wrong = Counter(expected.get(name, ())), Counter(found.get(name, ()))
            told[name] = ((right - wrong).total(), (wrong - right).total())
    return told


def rows(state: Dump) -> int:
    """Return of how many rows and files a state is."""
    return sum(map(len, state.values()))


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Database]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as db:
            yield db
    finally:
        engine.dispose()


def _deliveries(db: Database) -> dict[str, str]:
    """Return what each delivery's number stands for."""
    return {str(row.delivery_id): row.told for row in db.execute(_query("deliveries"))}


def _files(folder: Path, deliveries: Mapping[str, str]) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.suffix == _UNFINISHED or not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        if numbered := _NUMBERED.fullmatch(name):
            told = deliveries.get(numbered["number"], "of no delivery")
            name = f"{numbered['folder']}{told}{numbered['ending']}"
        content = path.read_bytes()
        for ending, clock_time in _CLOCK_TIMES.items():
            if name.endswith(ending):
                content = clock_time.sub(b"", content)
        yield name.encode() + b"\n" + content


def _hashed(lines: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(sorted(hashlib.blake2b(line, digest_size=16).digest() for line in lines))


@cache
def _query(name: str) -> TextClause:
    return text((Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
