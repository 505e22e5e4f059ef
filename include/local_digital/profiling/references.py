"""What a case is known by: its reference, what is wrong with it, and which columns would do in its place."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.plurals import counted
from local_digital.profiling import vocabulary
from local_digital.profiling.delivery import combined, real_refs
from local_digital.profiling.facts import Note
from local_digital.profiling.words import header_score, says_money

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local_digital.profiling.columns import Guess
    from local_digital.profiling.delivery import Delivery
    from local_digital.profiling.table import Table

    Codes = np.ndarray[tuple[int], np.dtype[np.int32]]
    Days = np.ndarray[tuple[int], np.dtype[np.datetime64]]

_SURE_NAME = 0.9
_PARTS_OF_A_REF = 5
_MOSTLY_ONCE = 0.9


class References:
    """Looks into the references of a table, and where there are none, for columns that tell rows apart."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def derived(self, fields: dict[str, Guess], delivery: Delivery | None) -> tuple[tuple[str, ...], bool]:
        """Return the columns that together tell rows apart, where there is no reference, and whether they do."""
        if "record_ref" in fields or (delivery is not None and delivery.kind == "aggregate"):
            return (), True
        start = self._table.newest
        wanted = len(np.unique(self._table.hashes[start:]))
        # What changes while a case is worked on cannot be part of what it is known by.
        changing = {fields[name].column for name in ("status", "closed_at", "outcome") if name in fields}
        dates = {column.name for column in self._table.columns if column.dates is not None}
        first = [fields["reported_at"].column] if "reported_at" in fields else []
        # A sum of money tells rows apart by chance only; an account, with the day, tells nearly all of them apart.
        sums = {column.name for column in self._table.columns if column.looks == "amounts" or says_money(column.name)}
        first += self._accounts()[:1] if "amount" in fields else []
        candidates = [
            column.name for column in self._table.columns
            if column.filled and column.name not in changing
            and column.personal not in {"free text", "birth or identity", "health"}
            and column.name not in first and column.name not in dates
        ]  # fmt: skip
        alone = next(
            (
                name
                for name in candidates
                if name not in sums
                and self._table.cells[name].filled == self._table.rows
                and len(np.unique(self._table.cells[name].codes[start:])) >= wanted
            ),
            None,
        )
        if alone is not None:
            return (alone,), True
        chosen = first or candidates[:1]
        found = len(np.unique(combined(*(self._table.cells[name].codes[start:] for name in chosen)))) if chosen else 0
        while found < wanted and len(chosen) < _PARTS_OF_A_REF:
            counts = {
                name: len(np.unique(combined(*(self._table.cells[part].codes[start:] for part in (*chosen, name)))))
                for name in candidates if name not in chosen
            }  # fmt: skip
            best = max(counts, key=lambda name: counts[name], default=None)
            if best is None or counts[best] == found:
                break
            chosen, found = [*chosen, best], counts[best]
        if "amount" in fields and fields["amount"].column not in chosen:
            # Two payments on one account on one day are two.
            chosen = [*chosen, fields["amount"].column]
        return tuple(chosen), found >= wanted

    def _accounts(self) -> list[str]:
        """Return the columns of account numbers that are always filled, the most varied first."""
        accounts = [
            column for column in self._table.columns if column.personal == "account" and column.filled == column.rows
        ]
        return [column.name for column in sorted(accounts, key=lambda column: -column.distinct)]

    def is_repeated(self, fields: dict[str, Guess]) -> bool:
        """Say whether a reference comes again so often in the newest file that it is of something with several rows."""
        if "record_ref" not in fields:
            return False
        codes = self._once(fields["record_ref"].column, spoilt=False)
        return len(np.unique(codes)) < _MOSTLY_ONCE * len(codes)

    def _once(self, name: str, *, spoilt: bool) -> Codes:
        """Return the references of the newest file, exact duplicates once. spoilt: with those that Excel shortened."""
        cells = self._table.in_last_file(self._table.cells[name])
        hashes = self._table.hashes
        rows = np.unique(combined(hashes[len(hashes) - len(cells.codes) :], cells.codes), return_index=True)[1]
        return cells.codes[rows][real_refs(cells, spoilt=spoilt)[rows]]

    def missing(self, fields: dict[str, Guess]) -> dict[str, int]:
        """Return the texts that stand in place of a reference, with how often."""
        guess = fields.get("record_ref")
        if guess is None or not len(words := pa.array(self._table.cells[guess.column].words)):
            return {}
        none = pc.is_in(pc.utf8_lower(words), value_set=pa.array(sorted(vocabulary.NO_REF)))
        counts = self._table.cells[guess.column].counts[none.to_numpy(zero_copy_only=False)]
        return dict(zip(words.filter(none).to_pylist(), map(int, counts), strict=True))

    def shared(self, fields: dict[str, Guess], moments: Days) -> tuple[int, int]:
        """Count the references that two files share, and those of them that have another time of report there."""
        if not {"record_ref", "reported_at"} <= set(fields):
            return 0, 0
        cells = self._table.cells[fields["record_ref"].column]
        usable = real_refs(cells, spoilt=False) & ~np.isnat(moments)
        files = []
        for start, end in zip(self._table.starts[:-1], self._table.starts[1:], strict=True):
            rows = np.flatnonzero(usable[start:end]) + start
            refs, first = np.unique(cells.codes[rows], return_index=True)
            files.append((refs, moments[rows[first]]))
        shared = differ = 0
        for (before, then), (after, now) in pairwise(files):
            _, left, right = np.intersect1d(before, after, return_indices=True)
            shared += len(left)
            differ += int(np.count_nonzero(then[left] != now[right]))
        return shared, differ

    def shared_note(self, fields: dict[str, Guess], shared: int, differ: int) -> Note:
        """Say that references seem to start again. differ: how many of those that files share."""
        ref, reported = fields["record_ref"].column, fields["reported_at"].column
        text = (
            f"DO REFERENCES START AGAIN? {differ:,} of {shared:,} that two files share have another `{reported}`, "
            "so they are not unique across files. Ask for references that are; "
            f"`derived_from` with `{ref}` and `{reported}` tells such rows apart"
        )
        return Note(ref, text, doubt=True)

    def others(self, fields: dict[str, Guess]) -> tuple[str, ...]:
        """Return the columns that look like references and are mapped to no field."""
        used = {guess.column for guess in fields.values()}
        return tuple(
            column.name for column in self._table.columns
            if column.name not in used and column.personal is None and column.dates is None and column.filled > 1
            and (header_score("record_ref", column.name) >= _SURE_NAME
                 or (column.looks == "unique" and header_score("record_ref", column.name) > 0))
        )  # fmt: skip

    def notes(self, fields: dict[str, Guess], others: Sequence[str], delivery: Delivery) -> Iterator[Note]:
        """Say of each reference whether it tells rows apart, and what has happened to its digits."""
        guess = fields.get("record_ref")
        if guess:
            yield from self._uniqueness(guess.column, delivery)
            for other in others:
                differ = self._table.cells[other].differ(self._table.cells[guess.column])
                rows = f"{differ:,} of {self._table.rows:,} rows"
                text = f"looks like a reference too; differs from `{guess.column}` on {rows}"
                yield Note(other, text, doubt=True)
        for name in dict.fromkeys([*([guess.column] if guess else []), *others, *self._premises()]):
            column = self._table.column(name)
            if column.leading_zeros:
                zeros = f"{counted(column.leading_zeros, 'cell')} begin with a zero, which a spreadsheet would drop"
                yield Note(name, zeros, doubt=False)
            if column.spoilt:
                lost = (
                    f"{counted(column.spoilt, 'cell')} are as Excel shortens them (1.00023E+11): their digits are lost"
                )
                yield Note(name, lost, doubt=True)

    def _uniqueness(self, name: str, delivery: Delivery) -> Iterator[Note]:
        """Compare references in the newest file, since a case comes again in every file; exact duplicates are one."""
        codes = self._once(name, spoilt=True)
        twice = len(codes) - len(np.unique(codes))
        where = "" if len(self._table.samples) == 1 else " in the newest file"
        if twice and delivery.kind != "event_log":
            yield Note(
                name, f"{counted(twice, 'row')}{where} with the reference of another row that differs", doubt=True
            )
        elif not twice:
            yield Note(name, f"each row{where} has its own", doubt=False)
        column = self._table.column(name)
        if column.filled < column.rows:
            yield Note(name, f"missing on {counted(column.rows - column.filled, 'row')}", doubt=True)

    def _premises(self) -> list[str]:
        return [column.name for column in self._table.columns if column.personal == "premises"]
