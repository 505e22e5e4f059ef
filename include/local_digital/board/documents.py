"""Files of the landing store that belong to a delivery: Data Docs and the error report. Their names are made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from local_digital.landing import LandingStore

Kind = Literal["data-docs", "report.html", "report.csv"]
_FOLDERS: dict[Kind, tuple[str, str]] = {
    "data-docs": ("data-docs", "html"),
    "report.html": ("reports", "html"),
    "report.csv": ("reports", "csv"),
}


class Document(NamedTuple):
    content: bytes
    media_type: str


def document(landing: LandingStore, kind: Kind, council: str, transaction: str, delivery_id: int) -> Document | None:
    """Return a document of a delivery; None where there is none. council, transaction: as the ledger has them."""
    folder, ending = _FOLDERS[kind]
    content = landing.read(f"{folder}/{council}/{transaction}/{delivery_id}.{ending}")
    if content is None:
        return None
    return Document(content, f"text/{ending}; charset=utf-8")


def documents_of(landing: LandingStore, council: str, transaction: str) -> dict[int, list[Kind]]:
    """Return which documents there are of a feed's deliveries, by their ids."""
    found: dict[int, list[Kind]] = {}
    for kind, (folder, ending) in _FOLDERS.items():
        try:
            names = landing.names(f"{folder}/{council}/{transaction}")
        except FileNotFoundError:
            continue
        for name in names:
            stem, _, end = name.rpartition(".")
            if end == ending and stem.isdigit():
                found.setdefault(int(stem), []).append(kind)
    return found
