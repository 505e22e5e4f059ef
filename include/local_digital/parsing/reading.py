"""A delivery's documents through the reader of the feed's format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_digital.config.formats import CsvFormat, XlsxFormat
from local_digital.parsing import csv, trees, workbook
from local_digital.parsing.sections import Reading, Wanted, empty_section

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from local_digital.config.formats import Format
    from local_digital.parsing.documents import Document


def read(documents: Sequence[Document], facts: Format, names: Collection[str], groups: Collection[Collection[str]],
         where: str) -> Reading:  # fmt: skip
    """Read the documents of a delivery.

    names: every column name that the council's file knows. groups: for each required field, the names its column may
    have. What was found out is that of the first document. Raises DataError when one of them is unusable.
    """
    if not isinstance(facts, CsvFormat | XlsxFormat):
        return trees.read(documents, facts, names, where)
    wanted = Wanted.of(names, groups)
    if not documents:
        return Reading([empty_section(sorted(names))], {"documents": 0})
    readings = []
    for number, document in enumerate(documents):
        at = f"{where}: {document.name}" if document.name else where
        if isinstance(facts, CsvFormat):
            readings.append(csv.read(number, document, facts, wanted, at))
        else:
            readings.append(workbook.read(number, document, facts, wanted, at))
    return Reading(
        [section for reading in readings for section in reading.sections],
        readings[0].found | ({"documents": len(documents)} if len(documents) > 1 else {}),
        [note for reading in readings for note in reading.notes],
    )
