"""What is forgotten stays out: its rows are left out of every later delivery, and it is known by keyed hashes only.

A hash is HMAC-SHA256 under the council's privacy secret: without that nobody can tell from it which case it means.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.errors import ConfigurationError
from local_digital.parsing.values import decoded
from local_digital.sql import statement
from local_digital.workspace import lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Connection as Database

    from local_digital.parsing.candidates import Candidates
    from local_digital.parsing.instants import Mask
    from local_digital.workspace import FeedHandle, Workspace

Kind: TypeAlias = Literal["case", "premises"]


def privacy_secret(workspace: Workspace, feed: FeedHandle) -> str:
    """Return the secret of a feed's council; raise ConfigurationError when there is none."""
    connection = workspace.settings.connection(feed.council.privacy.connection)
    connection.require("password")
    return connection.password


def case_hash(secret: str, record_ref: str) -> bytes:
    return _keyed(secret, b"case", record_ref.encode(errors="surrogatepass"))


def premises_hash(secret: str, premises_key: bytes) -> bytes:
    """Return the hash of premises by their key in the warehouse, so that neither gives the other away."""
    return _keyed(secret, b"premises", premises_key)


def secret_mark(secret: str) -> bytes:
    """Return what tells whether a secret is still the same, without telling it."""
    return _keyed(secret, b"secret", b"")


def _keyed(secret: str, purpose: bytes, value: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"forgotten " + purpose + b"\x1f" + value, hashlib.sha256)


@dataclass(frozen=True)
class LeftOut:
    """candidates: without the rows that are to be forgotten. rows: how many those were. cases: the references among
    them that came to light by their premises, each with the demand that it belongs to.
    """

    candidates: Candidates
    rows: int = 0
    cases: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Suppressed:
    """The hashes of one feed, each with the demand (`ledger.forgotten`) that it belongs to."""

    feed_id: int
    secret: str = field(repr=False)
    cases: Mapping[bytes, int]
    premises: Mapping[bytes, int]

    @classmethod
    def of(cls, workspace: Workspace, feed: FeedHandle) -> Suppressed:
        """Read a feed's hashes.

        Raises ConfigurationError where the council's secret is missing, or is another one than they were made with:
        what is forgotten could not be told any more, and would come back.
        """
        with workspace.engine.connect() as db:
            rows = db.execute(statement("forget/suppressed"), {"feed_id": feed.feed_id}).all()
        if not rows:
            return cls(feed.feed_id, "", {}, {})
        secret = privacy_secret(workspace, feed)
        mark = secret_mark(secret)
        if any(bytes(row.secret_mark) != mark for row in rows):
            raise ConfigurationError(
                f"connection {feed.council.privacy.connection}",
                expected="the secret under which people were forgotten",
                found="another one",
                action="Put the former secret back: with another one nobody can tell whose rows must stay out.",
            )
        cases, premises = (
            {bytes(row.key_hash): int(row.forgotten_id) for row in rows if row.kind == kind}
            for kind in ("case", "premises")
        )
        return cls(feed.feed_id, secret, cases, premises)

    def is_current(self, db: Database) -> bool:
        """Say whether nothing has been added since, and hold additions off until the transaction ends."""
        lock(db, "suppressed", self.feed_id)
        rows = db.execute(statement("forget/suppressed"), {"feed_id": self.feed_id})
        return {bytes(row.key_hash) for row in rows} == self.cases.keys() | self.premises.keys()

    def leave_out(self, candidates: Candidates) -> LeftOut:
        """Take the rows of what is forgotten out of a delivery; they count as filtered.

        A case that comes to light by its premises goes with all its rows, those without premises too.
        """
        if not self.cases and not self.premises:
            return LeftOut(candidates)
        refs, keys = candidates.table.column("record_ref"), decoded(candidates.table.column("premises_key"))
        there = _matching(keys, self.premises, lambda key: premises_hash(self.secret, key))
        known = _matching(refs, self.cases, lambda ref: case_hash(self.secret, ref))
        found = {
            ref: self.premises[premises_hash(self.secret, key)]
            for ref, key in zip(
                refs.filter(pa.array(there)).to_pylist(), keys.filter(pa.array(there)).to_pylist(), strict=True
            )
            if ref is not None
        }
        gone = there | known | rows_of(refs, found)
        lines = set(candidates.table.column("line").filter(pa.array(gone)).to_pylist())
        left = replace(
            candidates,
            table=candidates.table.filter(pa.array(~gone)),
            filtered=candidates.filtered + len(lines),
            faults=[fault for fault in candidates.faults if fault.line not in lines],
        )
        return LeftOut(left, len(lines), {ref: number for ref, number in found.items()
                                          if case_hash(self.secret, ref) not in self.cases})  # fmt: skip

    def add_cases(self, db: Database, cases: Mapping[str, int]) -> None:
        """Keep these cases out from now on, whether or not their premises are told again."""
        for ref, forgotten_id in cases.items():
            suppress(db, self.feed_id, "case", [case_hash(self.secret, ref)], forgotten_id)


def suppress(db: Database, feed_id: int, kind: Kind, hashes: Iterable[bytes], forgotten_id: int) -> None:
    """Add hashes to a feed's; what is there already stays as it is."""
    lock(db, "suppressed", feed_id)
    facts = {"feed_id": feed_id, "kind": kind, "key_hashes": sorted(hashes), "forgotten_id": forgotten_id}
    db.execute(statement("forget/suppress"), facts)


def rows_of(refs: pa.ChunkedArray, wanted: Iterable[str]) -> Mask:
    """Return the mask of the rows with one of these references."""
    return np.asarray(pc.is_in(refs, pa.array(sorted(wanted), pa.string())).to_numpy(), dtype=bool)


def _matching(column: pa.ChunkedArray, hashes: Mapping[bytes, int], hashed: Callable[[Any], bytes]) -> Mask:
    if not hashes:
        return np.zeros(len(column), dtype=bool)
    wanted = [value for value in pc.unique(column).to_pylist() if value is not None and hashed(value) in hashes]
    return np.asarray(pc.is_in(column, pa.array(wanted, column.type)).to_numpy(), dtype=bool)
