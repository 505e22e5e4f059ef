"""What pages are put together from: cells, tables and charts, with the files that go with them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from local_digital.formulas import harmless
from local_digital.kpis import KPIS
from local_digital.site.file import File
from local_digital.site.pages.words import STATES, figure, number, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from local_digital.site.pages.charts import Drawing
    from local_digital.site.pages.site import Figure


class Cell(NamedTuple):
    """text: as readers see it. raw: as the CSV has it. state: a key of `STATES`, where there is no figure.

    note: beside the figure, such as `estimated`. order: what a column is sorted by. own: it may be a council's own
    word, which must not change how the words around it run.
    """

    text: str
    raw: str
    state: str | None = None
    note: str = ""
    order: str = ""
    own: bool = False


class Column(NamedTuple):
    """heading: as readers see it. name: in the CSV. numeric: right-aligned."""

    heading: str
    name: str
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """caption: what the table is about. rows: one cell for each column; the first is the row's heading.

    sortable: whether readers may order it by a column (in a browser with JavaScript).
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    sortable: bool = False

    def csv(self) -> bytes:
        """Return the table for a spreadsheet: UTF-8 with a byte order mark, plain numbers, no cell a formula."""
        written = io.StringIO(newline="")
        writer = csv.writer(written, lineterminator="\r\n")
        writer.writerow([harmless(column.name) for column in self.columns])
        for row in self.rows:
            writer.writerow(
                [
                    cell.raw if column.numeric else harmless(cell.raw)
                    for column, cell in zip(self.columns, row, strict=True)
                ]
            )
        return written.getvalue().encode("utf-8-sig")


def rendered(table: Table, *, visible_caption: bool = True) -> Markup:
    """Return a table as HTML. A page has thousands of cells: a template would take most of a build's time for them."""
    looks = [' class="n"' if column.numeric else "" for column in table.columns]
    rows = []
    for row in table.rows:
        orders = [f' data-order="{escape(one.order)}"' if table.sortable else "" for one in row]
        first, *others = [
            f"{look}{order}>{_told(one)}" for look, order, one in zip(looks, orders, row, strict=True)
        ]  # fmt: skip
        head = first.removeprefix(' class="n"')
        rows.append(f'<tr><th scope="row"{head}</th>{"".join([f"<td{cell}</td>" for cell in others])}</tr>\n')
    heads = [
        f'<th scope="col"{look}>{escape(column.heading)}</th>\n'
        for look, column in zip(looks, table.columns, strict=True)
    ]  # fmt: skip
    caption = escape(table.caption)
    sortable, unseen = " data-sortable" if table.sortable else "", "" if visible_caption else ' class="unseen"'
    return Markup(  # noqa: S704 - each text in it is escaped just above
        f'<div class="scroll" role="region" aria-label="{caption}" tabindex="0">\n<table{sortable}>\n'
        f"<caption{unseen}>{caption}</caption>\n<thead><tr>\n{''.join(heads)}</tr></thead>\n"
        f"<tbody>\n{''.join(rows)}</tbody>\n</table>\n</div>\n"
    )


def _told(one: Cell) -> str:
    text = escape(one.text)
    if one.state:
        return f'<span class="state state-{one.state}">{text}</span>'
    if one.own:
        return f"<bdi>{text}</bdi>"
    return f"{text} <small>({escape(one.note)})</small>" if one.note else text


@dataclass(frozen=True)
class Block:
    """A table with its CSV and, where there is one, its chart.

    key: of the CSV's name and the page's anchor. alt: what the chart shows, in a sentence. notes: sentences under it.
    folder: of the page, with a slash at the end.
    """

    key: str
    title: str
    table: Table
    folder: str
    drawing: Drawing | None = None
    alt: str = ""
    notes: Sequence[str] = ()
    _csv: list[bytes] = field(default_factory=list, compare=False, repr=False)

    @property
    def csv(self) -> bytes:
        if not self._csv:
            self._csv.append(self.table.csv())
        return self._csv[0]

    @property
    def csv_size(self) -> str:
        return size(self.csv)

    def files(self) -> Iterator[File]:
        """Yield the CSV and the drawings."""
        yield File(f"{self.folder}{self.key}.csv", lambda: self.csv)
        if self.drawing:
            yield from self.drawing.files()


def text_cell(text: str, *, own: bool = False) -> Cell:
    return Cell(text, text, order=text, own=own)


def state_cell(state: str) -> Cell:
    """Return the cell of a figure that is not there. In the CSV a withheld count says so; nothing else is a word."""
    return Cell(STATES[state][0], "withheld" if state == "withheld" else "", state)


def count_cell(count: int) -> Cell:
    return Cell(number(count), str(count), order=str(count))


def share_cell(part: float, whole: float | None) -> Cell:
    """Return a share; `nothing to divide` of nothing."""
    return value_cell("share", part / whole) if whole else state_cell("nothing-to-divide")


def value_cell(unit: str, value: float, note: str = "") -> Cell:
    raw = f"{value:.6f}".rstrip("0").rstrip(".")
    # Hours stand in the heading of their column.
    text = f"{value:,.1f}" if unit == "hours" else figure(unit, value)  # type: ignore[arg-type]
    return Cell(text, raw, note=note, order=raw)


def figure_cell(kpi: str, found: Figure | None) -> Cell:
    """Return a KPI's figure, or why there is none."""
    if found is None:
        return state_cell("no-data")
    if found.value is None:
        return state_cell(found.state)
    return value_cell(KPIS[kpi].unit, found.value, "estimated" if found.basis == "estimated" else "")


def caveat_keys(figures: Iterable[Figure | None]) -> list[str]:
    """Return the keys of all caveats that figures have."""
    return sorted({key for found in figures if found for key in found.caveats})
