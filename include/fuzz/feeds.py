"""Feeds of a made-up council for the targets to read exports by, and what holds for everything that is read."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from functools import cache
from typing import TYPE_CHECKING, Any

from fuzz.target import CANARY, hold
from local_digital.config.loading import load_transactions
from local_digital.config.models import Council
from local_digital.landing import RawFile
from local_digital.parsing.candidates import Candidates, parse
from local_digital.parsing.mapping import Delivered
from local_digital.places import document_and_line
from local_digital.settings import ROOT, Connection
from local_digital.workspace import FeedHandle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_digital.config.models import Transaction

NAMES = ("Ref", "Opened", "Closed", "How", "Ward", "UPRN", "Notes")
ROWS = (
    ("A1", "2025-11-03", "2025-11-04 10:15", "Web", CANARY, "100070000001", f"said {CANARY}"),
    ("A2", "2025-11-04", "", "Phone", "St Mary's", "1.00E+11", ""),
    ("A2", "31/02/2025 10:00", "", "Owl", "", "", "£5"),
    ("A3", "2025-03-30 01:30", "9999-12-31", "", "Llŷn", "007", "x"),
)
_DATES = ["iso", "%d/%m/%Y %H:%M"]
USUAL: dict[str, Any] = {
    "record_ref": {"from": "Ref"},
    "reported_at": {"from": "Opened", "formats": _DATES},
    "closed_at": {"from": "Closed", "formats": _DATES},
    "channel": {"from": "How", "map": {"Web": "online", "Phone": "phone"}},
    "ward": {"from": "Ward"},
    "premises_key": {"from": "UPRN"},
}
_MADE_UP = "made up"
_DELIVERED = Delivered("export", dt.datetime(2025, 12, 1, tzinfo=dt.UTC))


@cache
def _contract() -> Transaction:
    return load_transactions(ROOT / "include")[0]["report-missed-bin"]


def feed(columns: dict[str, Any] | None = None, *, only: bool = False, **facts: Any) -> FeedHandle:
    """Return a feed with the usual columns and these, or with these alone. facts: of the feed in the council's file."""
    council = Council.model_validate(
        {
            "council": "anywhere", "name": "Anywhere", "gss_code": "E06000001", "tier": "unitary",
            "bank_holidays": "england-and-wales", "phase": 3, "schedule": "0 5 * * *",
            "privacy": {"connection": "privacy"}, "platform": {"connection": "platform", "data_group": "anywhere"},
            "feeds": {
                "report-missed-bin": {
                    "delivery": "delta",
                    "source": {"kind": "folder", "files": "*"},
                    **facts,
                    "columns": (columns or {}) if only else {**USUAL, **(columns or {})},
                }
            },
        }
    )  # fmt: skip
    return FeedHandle(council, _contract(), council.feeds["report-missed-bin"], 1)


def candidates(content: bytes, handle: FeedHandle) -> Candidates:
    """Parse a delivery as `validate` does."""
    return parse(
        RawFile(io.BytesIO(content), contextlib.nullcontext), handle, _DELIVERED,
        secret=_MADE_UP, connection=Connection, where="here",
    )  # fmt: skip


def adds_up(found: Candidates, *, most_lines: int) -> None:
    """Raise AssertionError unless every row is there once, under a line that a document of so many lines has."""
    apart: Sequence[int] = [fault.line for fault in found.faults if fault.rule == "ragged_row"]
    places = [*found.table.column("line").to_pylist(), *apart]
    hold("rows read = candidates + set apart + of other services", kept=len(places) + found.filtered == found.rows_read)
    hold("no row is there twice", kept=len(set(places)) == len(places))
    hold("a fault is one of a row", kept={fault.line for fault in found.faults} <= set(places))
    hold(
        "a line is one of the file",
        kept=all(1 <= document_and_line(place)[1] <= most_lines for place in places),
    )
