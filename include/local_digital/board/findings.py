"""What was found wrong with deliveries: places, rules and names of columns, never a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from local_digital.error_rules import asks, in_words
from local_digital.places import document_and_line
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection as Database

_LINES_SHOWN = 20


class Broken(NamedTuple):
    """A rule that rows broke in one column. lines: where the first are, in words. more: how many others."""

    rule: str
    meaning: str
    column: str
    rows: int
    lines: str
    more: int


class Result(NamedTuple):
    """An expectation's outcome. sign: `pass`, `warn` or `fail`. lines: where the first rows that failed are, in words;
    more: how many others.
    """

    expectation: str
    column: str
    dimension: str
    severity: str
    sign: str
    checked: int
    failed: int
    lines: str
    more: int

    @property
    def asks(self) -> str:
        return asks(self.expectation)


def broken_rules(db: Database, delivery_ids: Sequence[int]) -> dict[int, list[Broken]]:
    """Return the rules that rows of some deliveries broke, by delivery, the most frequent first."""
    found: dict[int, list[Broken]] = {}
    for row in db.execute(statement("board/quarantine"), {"delivery_ids": list(delivery_ids)}):
        lines, more = _lines(row.places, row.broken)
        told = Broken(row.rule, in_words(row.rule).meaning, row.column_name, row.broken, lines, more)
        found.setdefault(row.delivery_id, []).append(told)
    return found


def results(db: Database, delivery_ids: Sequence[int]) -> dict[int, list[Result]]:
    """Return the outcomes of all expectations on some deliveries, by delivery, in the order of the suite."""
    found: dict[int, list[Result]] = {}
    for row in db.execute(statement("board/expectations"), {"delivery_ids": list(delivery_ids)}):
        lines, more = _lines(row.lines, row.failed)
        sign = "pass" if row.success else "fail" if row.severity == "critical" else "warn"
        found.setdefault(row.delivery_id, []).append(
            Result(
                row.expectation, row.column_name or "", row.dimension, row.severity, sign, row.checked, row.failed,
                lines, more if lines else 0,
            )
        )  # fmt: skip
    return found


def _lines(places: Sequence[int], total: int) -> tuple[str, int]:
    shown = []
    for place in places[:_LINES_SHOWN]:
        document, line = document_and_line(place)
        shown.append(f"{line}" if document == 0 else f"file {document + 1}, {line}")
    return "; ".join(shown) if any("," in each for each in shown) else ", ".join(shown), max(0, total - len(shown))
