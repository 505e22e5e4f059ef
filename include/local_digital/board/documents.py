"""Files of the landing store that belong to a delivery: Data Docs and the error report. Their names are made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from local_digital.data_docs import PAGES, RESULTS

if TYPE_CHECKING:
    from local_digital.landing import LandingStore

Kind = Literal["data-docs", "report.html", "report.csv"]
_FOLDERS: dict[Kind, tuple[str, str]] = {
    "data-docs": (PAGES, "html"),
    "report.html": ("reports", "html"),
    "report.csv": ("reports", "csv"),
}


# Once a day a page is made of these.
_DATA_DOCS_TO_COME = (RESULTS, "json")


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


def has_data_docs_to_come(landing: LandingStore, council: str, transaction: str, delivery_id: int) -> bool:
    """Say whether a delivery's Data Docs can be built, where they are not there yet."""
    folder, ending = _DATA_DOCS_TO_COME
    return landing.has(f"{folder}/{council}/{transaction}/{delivery_id}.{ending}")


def documents_of(landing: LandingStore, council: str, transaction: str) -> dict[int, list[Kind]]:
    """Return which documents there are of a feed's deliveries, by their ids; Data Docs also where they are to come."""
    found: dict[int, list[Kind]] = {}
    places: list[tuple[Kind, str, str]] = [("data-docs", *_DATA_DOCS_TO_COME)]
    places += [(kind, *place) for kind, place in _FOLDERS.items()]
    for kind, folder, ending in places:
        for name in landing.names(f"{folder}/{council}/{transaction}"):
            stem, _, end = name.rpartition(".")
            if end == ending and stem.isdigit() and kind not in found.get(int(stem), []):
                found.setdefault(int(stem), []).append(kind)
    return found
