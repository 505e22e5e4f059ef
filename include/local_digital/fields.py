"""The vocabulary of canonical fields: what a row may hold, and which of it a record keeps.

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
    NUMBER = "number"  # a whole number
    MONEY = "money"  # pounds, to the penny
    KEY = "key"  # a premises identifier, stored only as HMAC-SHA256


# The columns of core.record, in their order.
RECORD_FIELDS: dict[str, Kind] = {
    "record_ref": Kind.REF,
    "reported_at": Kind.INSTANT,
    "closed_at": Kind.INSTANT,
    "channel": Kind.LABEL,
    "status": Kind.LABEL,
    "ward": Kind.LABEL,
    "stream": Kind.LABEL,
    "reason": Kind.LABEL,
    "outcome": Kind.LABEL,
    "age_group": Kind.LABEL,
    "branch": Kind.LABEL,
    "payment_method": Kind.LABEL,
    "concession": Kind.LABEL,
    "request": Kind.LABEL,
    "premises_key": Kind.KEY,
    # How satisfied the person was, from 1 (very dissatisfied) to 5.
    "rating": Kind.NUMBER,
    # How many things one transaction was about, such as the loans of one renewal.
    "items": Kind.NUMBER,
    # How many were begun, for exports that count them beside those that were completed.
    "starts": Kind.NUMBER,
    "amount": Kind.MONEY,
    # How many transactions a record stands for: 1, but for deliveries of counts.
    "count": Kind.NUMBER,
}
# What a feed may map: the moment of an event log's row and the period of a count become parts of a record.
FIELDS: dict[str, Kind] = {**RECORD_FIELDS, "event_at": Kind.INSTANT, "period": Kind.INSTANT}
# These come with the kind of delivery, whatever the contract.
DELIVERY_FIELDS = frozenset({"event_at", "period", "count"})
LABELS = tuple(name for name, kind in RECORD_FIELDS.items() if kind is Kind.LABEL)
INSTANTS = tuple(name for name, kind in RECORD_FIELDS.items() if kind is Kind.INSTANT)
# Without these a row is no record of anything: every contract requires them and every feed must map them.
ALWAYS_REQUIRED = ("record_ref", "reported_at", "channel")
UNMAPPED = "unmapped"
YES = ("yes", "y", "true", "t", "1", "-1")
NO = ("no", "n", "false", "f", "0")
# What each field says, for people.
MEANS: dict[str, str] = {
    "record_ref": "The council's own reference of the case: the natural key within a feed.",
    "reported_at": "When it was reported or made.",
    "closed_at": "When it was closed; empty while it is open.",
    "channel": "How the person got in touch.",
    "status": "How far the case has come.",
    "ward": "The ward it is about, in the council's words.",
    "stream": "The type of bin.",
    "reason": "Why the collection was missed.",
    "outcome": "Whether the report turned out to be right.",
    "age_group": "The age group that the person told.",
    "branch": "The library, in the council's words.",
    "payment_method": "How it was paid.",
    "concession": "The kind of concession.",
    "request": "Whether it is a first application or a renewal.",
    "premises_key": "The property, as a hash under the council's secret: tells that it is the same one, not which.",
    "rating": "How satisfied the person was, from 1 (very dissatisfied) to 5.",
    "items": "How many things one transaction was about, such as the loans of one renewal.",
    "starts": "How many were begun, where an export counts them beside those completed.",
    "amount": "Pounds paid; refunds are negative.",
    "count": "How many transactions a record stands for: 1, but for deliveries of counts.",
    "event_at": "When a case changed: a row of an event log, which becomes part of the case's record.",
    "period": "The period that a count is of; it becomes the record's `reported_at`.",
}
# By these the council, or whoever has its secret, can find the person behind a record; no other field tells anything of
# one person. `local-digital forget` removes what goes by them.
POINTS_TO_A_PERSON = ("record_ref", "premises_key")
