"""Kirklees: each payment of council tax, weekly changes in a CSV."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from demo.world.council_tax import Payments
from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import Entries, Entry, FileFeed, Way, after_weeks, changed, known, london, written_at
from demo.world.writing import csv_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import Dealing, FeedWorld

_WAYS = {
    "DD": Way("direct-debit", 44, 46),
    "Web": Way("online", 18, 24),
    "MyKirklees": Way("online", 6, 10),
    "Mobile": Way("app", 2, 5),
    "IVR": Way("phone-automated", 8, 7),
    "Call Centre": Way("phone", 8, 5, staffed=True),
    "Huddersfield CSC": Way("face-to-face", 4, 2, staffed=True),
    "Dewsbury CSC": Way("face-to-face", 3, 2, staffed=True),
    "PayPoint": Way("paypoint", 9, 8, staffed=True),
    "Standing Order": Way("bank-transfer", 6, 6),
    "Cheque by Post": Way("post", 2, 1, staffed=True),
    # A trial that nobody has told us of: no word of the council's file.
    "Text to Pay": Way("unmapped", 0, 1),
}
_METHODS = {
    "direct-debit": {"direct-debit": 1},
    "online": {"card": 1},
    "app": {"card": 1},
    "phone-automated": {"card": 1},
    "phone": {"card": 1},
    "face-to-face": {"cash": 5, "card": 4, "cheque": 1},
    "paypoint": {"cash": 9, "card": 1},
    "bank-transfer": {"bank-transfer": 1},
    "post": {"cheque": 1},
    "unmapped": {"card": 1},
}
_TENDERS = {"direct-debit": "DD", "cash": "Cash", "cheque": "Chq", "bank-transfer": "SO/BACS"}
# A file with rows that stand there twice, and one with amounts that are none.
_TWICE = after_weeks(21)
_NO_AMOUNTS = after_weeks(23)


@cache
def _payments() -> Entries:
    return Payments(
        seed=57_05, ref="KCT{:08d}", first=300_417, usual=206, spread=24, ways=_WAYS, methods=_METHODS
    ).entries()


def _files() -> Iterator[Delivery]:
    """A first file with everything until the end of February, then what changed each week."""
    header = ("TransRef", "TransDate", "Source", "Tender", "Result", "Amount", "AccountNo", "PayerName")
    since = STARTS
    for day in after_weeks(20, 21, 22, 23, 24, 25, 26):
        rows = [_row(entry, shown) for entry, shown in changed(_payments(), since, day)]
        if day in _TWICE:
            rows += rows[3:6]
        if day in _NO_AMOUNTS:
            # The cash desk's closing rows slipped into the export; no later one holds them.
            rows += [[f"CLOSE{number}", *rows[-1][1:5], "see ledger", "", ""] for number in (1, 2)]
        name = f"outgoing/council-tax/payments_{day:%y%m%d}.csv"
        yield Delivery(name, csv_file(header, rows), written_at(day, 3, 30))
        since = day


def _row(entry: Entry, shown: Dealing) -> list[object]:
    method = str(shown.payment_method)
    # Debit and credit cards are one in the contract.
    card = "Debit Card" if entry.number % 3 else "Credit Card"
    return [
        shown.ref,
        f"{london(shown.reported_at):%Y%m%d %H:%M:%S}",
        entry.word,
        _TENDERS.get(method, card),
        "OK" if shown.status == "completed" else "Timed out",
        "" if shown.amount is None else f"{shown.amount:,}",
        f"5{entry.number * 7:08d}",
        entry.person,
    ]


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("kirklees", "pay-council-tax", "sftp", lambda: known(_payments(), LAST_NIGHT), _files),
)
