"""One delivery's page: from the raw file to the records that it changed and the data sets that its run sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_digital.board.documents import documents_of
from local_digital.board.findings import Broken, Result, broken_rules, results
from local_digital.sql import statement

if TYPE_CHECKING:
    from sqlalchemy import Connection as Database
    from sqlalchemy import Row

    from local_digital.board.documents import Kind
    from local_digital.landing import LandingStore


@dataclass(frozen=True)
class DeliveryPage:
    """row: of `sql/board/delivery`. sends: the pushes of its feed's data sets by the run that received it."""

    row: Row[Any]
    results: list[Result]
    quarantine: list[Broken]
    sends: list[Row[Any]]
    documents: list[Kind]

    @property
    def counts(self) -> list[tuple[str, int | None]]:
        """What became of the rows, in words; the first is the sum of the others. None before it was validated."""
        row = self.row
        others = row.filtered - row.forgotten if row.filtered is not None else None
        counts = [
            ("Read", row.rows_read),
            ("Used", row.accepted),
            ("Quarantined", row.quarantined),
            ("Exact duplicates", row.duplicates),
            ("Of other services", others),
        ]
        return counts + ([("To be forgotten", row.forgotten)] if row.forgotten else [])


def find_delivery(db: Database, delivery_id: int) -> Row[Any] | None:
    """Return the row of `sql/board/delivery`; None when there is no such delivery."""
    return db.execute(statement("board/delivery"), {"delivery_id": delivery_id}).one_or_none()


def delivery_page(db: Database, landing: LandingStore, row: Row[Any]) -> DeliveryPage:
    """Gather all that the page of a delivery shows. row: of `find_delivery`."""
    names = {"council": row.council, "transaction": row.transaction, "run_id": row.run_id}
    return DeliveryPage(
        row,
        results(db, [row.delivery_id]).get(row.delivery_id, []),
        broken_rules(db, [row.delivery_id]).get(row.delivery_id, []),
        list(db.execute(statement("board/sends_of_run"), names)),
        documents_of(landing, row.council, row.transaction).get(row.delivery_id, []),
    )
