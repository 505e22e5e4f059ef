"""Many rows in parts that can be looked at one after the other, with the same outcome as all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_digital.parsing.instants import Mask

ROWS_AT_ONCE = 500_000
# References of one system differ most in their last characters.
_LAST = -3


def parts_of(table: pa.Table) -> int:
    """Return in how many parts a table is looked at, 1 at least."""
    rows: int = table.num_rows
    return max(1, -(-rows // ROWS_AT_ONCE))


def by_reference(table: pa.Table, kept: Mask) -> Iterator[Mask]:
    """Yield masks of about `ROWS_AT_ONCE` rows each, of those that are kept; rows of one `record_ref` stay together."""
    parts = parts_of(table)
    if parts == 1:
        yield kept
        return
    # A chunk at a time: the ends of all references would take a third of what the table itself does.
    chunks = [_ends(chunk).dictionary_encode() for chunk in table.column("record_ref").chunks]
    numbered = pa.chunked_array(chunks).unify_dictionaries().chunks
    which = np.concatenate([(chunk.indices.to_numpy() % parts).astype(np.int16) for chunk in numbered])
    for part in range(parts):
        yield kept & (which == part)


def _ends(references: pa.Array) -> pa.Array:
    return pc.fill_null(pc.utf8_slice_codeunits(references, _LAST), "")
