"""The vocabulary of canonical fields: what a record may hold, in the order of the columns of `core.record`.

A transaction's contract picks from these, a feed maps its own columns to them. A name, an address, an e-mail, a phone
number or free text has no field here, and so no way into the warehouse.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """How a field is parsed and stored."""

    REF = "ref"  # text, the natural key within a feed
    INSTANT = "instant"  # timestamptz
    LABEL = "label"  # a word from a short list, stored as a small number
    KEY = "key"  # a premises identifier, stored only as HMAC-SHA256


FIELDS: dict[str, Kind] = {
    "record_ref": Kind.REF,
    "reported_at": Kind.INSTANT,
    "closed_at": Kind.INSTANT,
    "channel": Kind.LABEL,
    "status": Kind.LABEL,
    "ward": Kind.LABEL,
    "stream": Kind.LABEL,
    "reason": Kind.LABEL,
    "outcome": Kind.LABEL,
    "premises_key": Kind.KEY,
}
LABELS = tuple(name for name, kind in FIELDS.items() if kind is Kind.LABEL)
INSTANTS = tuple(name for name, kind in FIELDS.items() if kind is Kind.INSTANT)
# Without these a row is no record of anything: every contract requires them and every feed must map them.
ALWAYS_REQUIRED = ("record_ref", "reported_at", "channel")
UNMAPPED = "unmapped"
