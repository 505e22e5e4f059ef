"""No reader of any number of versions of a period learns a small count from what was shown."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from local_digital.disclosure import Cell, Released, release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random

Table: TypeAlias = dict[Cell, int]


def wards(**counts: int) -> Table:
    return {(("ward", label),): count for label, count in counts.items()}


def two_way(rows: Sequence[Sequence[int]], *, one_way: bool = True) -> Table:
    """Streams a, b, ... by reasons p, q, ..., with the one-way tables of both."""
    counts: Table = Counter()
    for stream, row in zip("abcdef", rows, strict=False):
        for reason, count in zip("pqrstu", row, strict=False):
            counts[("stream", stream), ("reason", reason)] += count
            if one_way:
                counts[("stream", stream),] += count
                counts[("reason", reason),] += count
    return dict(counts)


def labels(released: Released) -> set[str]:
    return {"-".join(label for _, label in cell) for cell in released.withheld}


def first(counts: Table, *, threshold: int = 5, usual: Mapping[Cell, int] | None = None) -> Released:
    return later(counts, None, threshold=threshold, usual=usual)


def later(
    counts: Table, before: Released | None, *, threshold: int = 5, usual: Mapping[Cell, int] | None = None
) -> Released:
    return release(counts, sum(counts.values()), dict.fromkeys(counts, threshold), before, usual)


# --- one-way tables


def test_true_zero_and_what_is_large_enough_are_shown() -> None:
    assert first(wards(Blythe=0, Knowle=5, Olton=40)) == Released(frozenset(), whole=False)
    assert labels(first(wards(Blythe=0, Knowle=3, Lyndon=30, Olton=40))) == {"Knowle", "Lyndon"}


def test_lone_small_ward_takes_the_usually_smallest_other_with_it() -> None:
    counts = wards(Blythe=40, Knowle=3, Lyndon=0, Olton=30)
    usual = wards(Blythe=35, Knowle=9, Lyndon=1, Olton=20)
    assert labels(first(counts, usual=usual)) == {"Knowle", "Olton"}
    assert labels(first(counts)) == {"Knowle", "Blythe"}


def test_secondary_cells_are_not_chosen_by_this_period_s_counts() -> None:
    # Were the smallest withheld, Lyndon would be shown as 5 and Knowle could be no 6, so that Blythe could be no 3.
    assert labels(first(wards(Blythe=4, Knowle=5, Lyndon=5))) == {"Blythe", "Knowle"}
    assert labels(first(wards(Blythe=4, Knowle=9, Lyndon=5))) == {"Blythe", "Knowle"}


def test_other_that_would_become_small_itself_is_not_enough() -> None:
    assert labels(first(wards(Blythe=1, Knowle=5, Lyndon=30, Olton=40))) == {"Blythe", "Knowle", "Lyndon"}


def test_two_ones_in_a_total_of_two_withhold_the_whole() -> None:
    released = first(wards(Blythe=1, Knowle=1, Lyndon=0))
    assert released.whole
    assert labels(released) == {"Blythe", "Knowle", "Lyndon"}


def test_sensitive_label_has_its_own_threshold() -> None:
    counts = {(("stream", "clinical"),): 9, (("stream", "garden"),): 9, (("stream", "refuse"),): 50}
    thresholds = {(("stream", "clinical"),): 10, (("stream", "garden"),): 5, (("stream", "refuse"),): 5}
    assert labels(release(counts, 68, thresholds, None)) == {"clinical", "garden", "refuse"}
    assert labels(first(counts)) == set()


def test_table_of_which_everything_is_small_shows_its_zeros_if_the_sum_is_large_enough() -> None:
    assert labels(first(wards(Blythe=4, Knowle=3, Lyndon=2, Olton=0))) == {"Blythe", "Knowle", "Lyndon"}
    assert first(wards(Blythe=1, Knowle=2, Lyndon=1, Olton=0)).whole


def test_only_label_of_a_table_is_withheld_when_small_and_takes_nothing_with_it() -> None:
    stream: Table = {(("stream", "refuse"),): 3}
    released = release(stream, 3, dict.fromkeys(stream, 5), None)
    assert released == Released(frozenset(stream), whole=False)
    assert not release(stream, 3, dict.fromkeys(stream, 5), released).whole


def test_tables_without_control_are_shown_even_where_the_whole_period_is_withheld() -> None:
    streams: Table = {(("stream", "garden"),): 1, (("stream", "refuse"),): 1}
    counts = wards(Blythe=2, Knowle=0) | streams
    released = release(counts, 2, dict.fromkeys(counts, 5) | dict.fromkeys(streams, 0), None)
    assert released.whole
    assert labels(released) == {"Blythe", "Knowle"}


# --- two-way tables


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_rectangle_protects_a_lone_small_cell_of_a_two_way_table(count: int) -> None:
    assert labels(first(two_way([[count, 20, 20], [20, 20, 20], [20, 20, 20]]))) == {"a-p", "a-q", "b-p", "b-q"}


def test_what_is_withheld_anyway_protects_before_anything_else_is_taken() -> None:
    # The second small cell has the corners of the first to move to.
    counts = two_way([[3, 20, 20], [20, 3, 20], [20, 20, 20]])
    assert labels(first(counts)) == {"a-p", "a-q", "b-p", "b-q"}


def test_usually_smallest_corner_is_taken() -> None:
    counts = two_way([[3, 20, 20], [20, 20, 20], [20, 20, 20]])
    usual = {(("stream", "c"), ("reason", "r")): 1} | {
        (("stream", stream), ("reason", reason)): 9 for stream, reason in ("aq", "ar", "bp", "bq", "br", "cp", "cq")
    }
    assert labels(first(counts, usual=usual)) == {"a-p", "a-r", "c-p", "c-r"}


def test_small_cells_do_not_protect_each_other_by_becoming_zero() -> None:
    rows = [[3, 1, 20], [20, 20, 20], [20, 20, 20]]
    assert labels(first(two_way(rows))) == {"a-p", "a-q", "a-r", "b-p", "b-q", "b-r"}


def test_bridge_between_two_protected_parts_is_protected_too() -> None:
    # A dumbbell: every line with a small cell has two of them and more, yet b-r is what rows a and b have more than
    # columns p and q.
    counts = two_way([[3, 3, 20, 20], [3, 3, 3, 20], [20, 20, 3, 3], [20, 20, 3, 3]])
    thresholds = dict.fromkeys(counts, 5)
    version = Version(counts, thresholds, first(counts))
    only_small = Version(counts, thresholds, Released(frozenset(version.small), whole=False))
    bridge: Cell = (("stream", "b"), ("reason", "r"))
    assert Attacker([only_small]).interval(0, bridge) == (3, 3)
    assert len(version.released.withheld) > len(version.small) == 9
    stays_hidden(Attacker([version]), 0, version, bridge)


def test_line_of_a_withheld_one_way_cell_is_withheld_with_its_zeros() -> None:
    counts = two_way([[2, 0, 0], [20, 20, 20], [20, 20, 20]])
    assert labels(first(counts)) == {"a", "b", "a-p", "a-q", "a-r", "b-p", "b-q", "b-r"}


def test_two_way_table_that_cells_cannot_protect_is_withheld_alone() -> None:
    # b-r is the only way from the upper left to the lower right, so that it has one value while zeros are shown.
    counts = two_way([[20, 20, 0, 0], [20, 20, 3, 0], [0, 0, 20, 20], [0, 0, 20, 20]])
    released = first(counts)
    assert not released.whole
    assert released.withheld == {cell for cell in counts if len(cell) == 2}


def test_small_cell_that_the_one_way_tables_alone_give_away_withholds_the_whole() -> None:
    assert first(two_way([[3, 40], [40, 0]])).whole


def test_uncontrolled_two_way_table_does_not_add_up_to_a_withheld_cell() -> None:
    counts = two_way([[1, 2], [20, 20], [20, 20]])
    thresholds = {cell: 5 if len(cell) == 1 else 0 for cell in counts}
    assert labels(release(counts, 83, thresholds, None)) == {"a", "b", "a-p", "a-q", "b-p", "b-q"}


# --- versions


def test_correction_withholds_the_same_cells_again() -> None:
    released = first(wards(Blythe=40, Knowle=3, Lyndon=9, Olton=30))
    assert labels(released) == {"Blythe", "Knowle"}
    assert later(wards(Blythe=41, Knowle=3, Lyndon=9, Olton=30), released) == released
    assert later(wards(Blythe=40, Knowle=50, Lyndon=9, Olton=30), released) == released
    assert later(wards(Blythe=40, Knowle=0, Lyndon=9, Olton=30), released) == released
    assert later(wards(Blythe=2, Knowle=7, Lyndon=9, Olton=30), released) == released


def test_ward_that_falls_below_the_threshold_withholds_the_whole_for_ever() -> None:
    published = first(wards(Blythe=6, Knowle=20, Lyndon=0))
    assert published == Released(frozenset(), whole=False)
    corrected = later(wards(Blythe=4, Knowle=20, Lyndon=0), published)
    assert corrected.whole
    assert labels(corrected) == {"Blythe", "Knowle", "Lyndon"}
    assert later(wards(Blythe=60, Knowle=20, Lyndon=10), corrected).whole


def test_ward_that_gets_its_first_records_by_a_late_delivery_withholds_the_whole() -> None:
    published = first(wards(Blythe=3, Knowle=20, Lyndon=0, Olton=30))
    assert later(wards(Blythe=3, Knowle=20, Lyndon=2, Olton=30), published).whole
    assert later(wards(Blythe=3, Knowle=20, Lyndon=7, Olton=30), published) == published


def test_new_label_was_zero_before() -> None:
    published = first(wards(Blythe=3, Knowle=20, Olton=30))
    assert later(wards(Blythe=3, Knowle=20, Olton=30, Shirley=2), published).whole
    assert later(wards(Blythe=3, Knowle=20, Olton=30, Shirley=12), published) == published


def test_withheld_label_that_is_gone_stays_withheld() -> None:
    published = first(wards(Blythe=3, Knowle=20, Olton=30))
    assert later(wards(Knowle=20, Olton=30), published) == published
    assert labels(later(wards(Knowle=20, Olton=3), published)) == {"Blythe", "Knowle", "Olton"}


def test_withheld_cells_whose_sum_grows_too_small_withhold_the_whole() -> None:
    published = first(wards(Blythe=3, Knowle=20, Olton=30))
    assert later(wards(Blythe=2, Knowle=2, Olton=30), published).whole


def test_withheld_cells_of_a_two_way_table_that_leave_no_way_any_more_withhold_the_whole() -> None:
    published = first(two_way([[3, 20, 20], [20, 20, 20], [20, 20, 20]]))
    assert labels(published) == {"a-p", "a-q", "b-p", "b-q"}
    assert later(two_way([[3, 1, 20], [20, 20, 20], [20, 20, 20]]), published) == published
    assert later(two_way([[3, 0, 20], [20, 20, 20], [20, 20, 20]]), published).whole


def test_new_label_in_a_withheld_line_withholds_the_whole() -> None:
    published = first(two_way([[2, 0], [20, 20], [20, 20]]))
    assert not published.whole
    assert not later(two_way([[2, 0, 0], [20, 20, 0], [20, 20, 9]]), published).whole
    assert later(two_way([[2, 0, 0], [20, 20, 9], [20, 20, 9]]), published).whole


@pytest.mark.parametrize(
    ("counts", "total", "threshold"),
    [
        (wards(Blythe=-1), 5, 5),
        (wards(Blythe=3, Knowle=3), 5, 5),
        (wards(Blythe=3), 5, 2),
        ({(("ward", "Blythe"), ("stream", "refuse"), ("reason", "other")): 1}, 5, 5),
        (two_way([[9, 9], [9, 9]]) | {(("stream", "a"),): 8}, 40, 5),
    ],
)
def test_input_that_contradicts_itself_is_refused(counts: Table, total: int, threshold: int) -> None:
    with pytest.raises(ValueError, match=r"counts|threshold|breakdowns"):
        release(counts, total, dict.fromkeys(counts, threshold), None)


def test_cell_without_a_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="1 have none"):
        release(wards(Blythe=3, Knowle=9), 12, wards(Knowle=5), None)


# --- attackers


@dataclass(frozen=True)
class Version:
    counts: Table
    thresholds: Table
    released: Released

    @property
    def small(self) -> list[Cell]:
        return sorted(cell for cell, count in self.counts.items() if 0 < count < self.thresholds[cell])

    @cached_property
    def tables(self) -> dict[tuple[str, ...], list[Cell]]:
        found: dict[tuple[str, ...], list[Cell]] = {}
        for cell in sorted(self.counts):
            found.setdefault(tuple(name for name, _ in cell), []).append(cell)
        return found

    def table_of(self, cell: Cell) -> list[Cell]:
        return self.tables.get(tuple(name for name, _ in cell), [])

    def hides(self, cell: Cell) -> bool:
        # Of a table that is withheld as a whole the reader does not know that there is no further label.
        return cell in self.released.withheld or (
            self.released.whole and not self.released.withheld.isdisjoint(self.table_of(cell))
        )


class Attacker:
    """A reader with a solver for whole numbers, who kept all versions.

    He knows the sum of every table, how a two-way table adds up to the one-way tables next to it (but for the records
    without the other label, of which he knows only how many there are), the sums of the lines where there are none,
    everything shown, and that a withheld cell of a first version is above zero unless zeros are withheld with it.
    """

    def __init__(self, versions: Sequence[Version], *, unchanged: str = "") -> None:
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._rows: list[tuple[dict[int, float], float, float]] = []
        self._index: dict[tuple[int, Cell], int] = {}
        self._versions = versions
        self._most = max(sum(version.counts.values()) for version in versions) + 1
        for number, version in enumerate(versions):
            self._learn(number, version)
        if unchanged:
            self._assume_the_fewest_changes(of_withheld_too=unchanged == "all")

    def _variable(self, lower: float, upper: float) -> int:
        self._lower.append(lower)
        self._upper.append(upper)
        return len(self._lower) - 1

    def _learn(self, number: int, version: Version) -> None:
        tables = version.tables
        for cell, count in version.counts.items():
            if version.hides(cell):
                lines = [(label,) for label in cell] if len(cell) > 1 else []
                zero_is_possible = (
                    number > 0
                    or version.released.whole
                    or any(version.hides(line) for line in lines)
                    or (len(cell) > 1 and all(map(version.hides, version.table_of(cell))))
                )
                self._index[number, cell] = self._variable(0 if zero_is_possible else 1, self._most)
            else:
                self._index[number, cell] = self._variable(count, count)
        for names, table in tables.items():
            if len(names) == 1:
                self._add_up({self._index[number, cell]: 1 for cell in table}, sum(map(version.counts.get, table)))
                continue
            for side, name in enumerate(names):
                one_way = tables.get((name,))
                unlabelled: list[int] = []
                known = 0
                for line in sorted({cell[side] for cell in table}):
                    inside = [cell for cell in table if cell[side] == line]
                    sums = {self._index[number, cell]: 1.0 for cell in inside}
                    amount = sum(version.counts[cell] for cell in inside)
                    if one_way is None:
                        self._add_up(sums, amount)
                        continue
                    rest = self._variable(0, self._most)
                    unlabelled.append(rest)
                    known += version.counts[line,] - amount
                    self._add_up(sums | {rest: 1, self._index[number, (line,)]: -1}, 0)
                if unlabelled:
                    self._add_up(dict.fromkeys(unlabelled, 1), known)

    def _assume_the_fewest_changes(self, *, of_withheld_too: bool) -> None:
        changes = []
        for number, (old, new) in enumerate(itertools.pairwise(self._versions)):
            for cell in sorted(old.counts):
                hidden = old.hides(cell) + new.hides(cell)
                if hidden == 0 or (hidden == 2 and not of_withheld_too):
                    continue
                changed = self._variable(0, 1)
                changes.append(changed)
                difference = {self._index[number, cell]: 1.0, self._index[number + 1, cell]: -1.0}
                self._rows.extend(
                    ({**{key: sign * value for key, value in difference.items()}, changed: -self._most}, -np.inf, 0)
                    for sign in (1, -1)
                )
        if changes:
            fewest = self._extreme(dict.fromkeys(changes, 1.0))
            self._rows.append((dict.fromkeys(changes, 1.0), 0, fewest))

    def _add_up(self, sums: Mapping[int, float], known: float) -> None:
        self._rows.append((dict(sums), known, known))

    def _extreme(self, objective: Mapping[int, float]) -> int:
        cost = np.zeros(len(self._lower))
        for key, value in objective.items():
            cost[key] = value
        matrix = np.zeros((len(self._rows), len(self._lower)))
        for row, (sums, _, _) in enumerate(self._rows):
            for key, value in sums.items():
                matrix[row, key] = value
        found = milp(
            cost,
            integrality=np.ones_like(cost),
            bounds=Bounds(self._lower, self._upper),
            constraints=LinearConstraint(matrix, [row[1] for row in self._rows], [row[2] for row in self._rows]),
        )
        assert found.success, found.message
        return round(found.fun)

    def interval(self, number: int, cell: Cell) -> tuple[int, int]:
        index = self._index[number, cell]
        return self._extreme({index: 1}), -self._extreme({index: -1})


def history(versions: Sequence[Table], thresholds: Table, totals: Sequence[int]) -> list[Version]:
    """Release version after version. A label that is not mentioned is a zero to the reader."""
    before = None
    found = []
    for counts, total in zip(versions, totals, strict=True):
        before = release(counts, total, thresholds, before)
        unmentioned = dict.fromkeys(thresholds, 0)
        found.append(Version(unmentioned | counts, thresholds, before))
    return found


few = st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5, 6, 7]) | st.integers(0, 30)
limits = st.sampled_from([5, 5, 5, 3, 4, 10])


@st.composite
def one_way_histories(draw: st.DrawFn) -> list[Version]:
    """1 to 12 wards in 1 to 4 versions; a ward may appear late."""
    names = [(("ward", label),) for label in "abcdefghijkl"[: draw(st.integers(1, 12))]]
    now = {name: draw(few) for name in names}
    threshold = draw(limits)
    thresholds = {name: draw(st.sampled_from([threshold] * 6 + [10, 0])) for name in names}
    late = draw(st.sets(st.sampled_from(names), max_size=1)) if len(names) > 2 else set()
    versions = [{name: count for name, count in now.items() if name not in late or count}]
    for _ in range(draw(st.integers(0, 3))):
        for _ in range(draw(st.integers(0, 3))):
            name = draw(st.sampled_from(names))
            now[name] = max(0, now[name] + draw(st.integers(-4, 4)))
        versions.append({name: count for name, count in now.items() if name not in late or count})
    unlabelled = draw(st.integers(0, 3))
    return history(versions, thresholds, [sum(counts.values()) + unlabelled for counts in versions])


@st.composite
def linked_histories(draw: st.DrawFn) -> list[Version]:
    """One-way and two-way tables about the same records, some of them without a label, in 1 to 3 versions."""
    breakdowns = {
        name: ["", *(f"{name[0]}{number}" for number in range(draw(st.integers(2, 4))))]
        for name in ("stream", "reason", "ward")
    }
    kinds = [("stream",), ("reason",), ("ward",), ("stream", "reason"), ("stream", "ward")]
    tables = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4, unique=True))
    tables = draw(st.sampled_from([kinds[:2] + kinds[3:4], kinds[:1] + kinds[3:], kinds, tables]))
    may_lack = draw(st.booleans())
    record = st.tuples(*(st.sampled_from(values if may_lack else values[1:]) for values in breakdowns.values()))
    streams, reasons, areas = (values[1:] for values in breakdowns.values())
    everywhere = draw(st.sampled_from([0, 6, 20]))
    records = Counter(
        {
            (stream, reason, areas[(row + column) % len(areas)]): everywhere
            for row, stream in enumerate(streams)
            for column, reason in enumerate(reasons)
        }
    )
    for key in draw(st.lists(st.sampled_from(sorted(records)) | record, min_size=1, max_size=20)):
        records[key] = draw(few)
    threshold = draw(limits)

    def count() -> Table:
        counts: Table = {
            tuple(zip(names, values, strict=True)): 0
            for names in tables
            for values in itertools.product(*(breakdowns[name][1:] for name in names))
        }
        for values, amount in records.items():
            known = dict(zip(breakdowns, values, strict=True))
            for names in tables:
                cell = tuple((name, known[name]) for name in names)
                if cell in counts:
                    counts[cell] += amount
        return counts

    versions, totals = [count()], [records.total()]
    for _ in range(draw(st.integers(0, 2))):
        for key in draw(st.lists(record, max_size=2)):
            records[key] = max(0, records[key] + draw(st.integers(-3, 3)))
        versions.append(count())
        totals.append(records.total())
    sensitive = draw(st.sampled_from(["", "", "s0"]))
    thresholds = {cell: 10 if any(label == sensitive for _, label in cell) else threshold for cell in versions[0]}
    for names in draw(st.sampled_from([[], [], tables])):
        if draw(st.booleans()):
            thresholds |= {cell: 0 for cell in thresholds if tuple(name for name, _ in cell) == names}
    return history(versions, thresholds, totals)


def is_out_of_reach(version: Version, cell: Cell) -> bool:
    """Tell if no withholding can hide a cell: it is the total, or sums that are shown without control give it away."""
    lines = [(label,) for label in cell] if len(cell) > 1 else []
    return len(version.table_of(cell)) == 1 or (version.released.whole and not all(map(version.hides, lines)))


def stays_hidden(attacker: Attacker, number: int, version: Version, cell: Cell) -> None:
    low, high = attacker.interval(number, cell)
    largest = version.thresholds[cell] - 1
    if version.released.whole:
        # Of fewer records than the threshold there cannot be as many with any label.
        largest = min(largest, sum(version.counts[other] for other in version.table_of(cell)))
    assert low <= 1
    assert low < high
    assert high >= largest


def check_every_version(versions: Sequence[Version]) -> None:
    for version in versions:
        seen = [versions[0]] if version is versions[0] else [versions[0], version]
        attacker = Attacker(seen)
        for cell in version.small:
            assert version.hides(cell)
            if not is_out_of_reach(version, cell):
                stays_hidden(attacker, len(seen) - 1, version, cell)


def check_assumption(versions: Sequence[Version], unchanged: str, data: st.DataObject) -> None:
    """Check cells that were never shown: one that was has changed since, and who assumes the contrary is wrong."""
    victims = [
        (number, cell)
        for number, version in enumerate(versions)
        for cell in version.small
        if not is_out_of_reach(version, cell) and all(old.hides(cell) for old in versions[:number])
    ]
    assume(victims and len(versions) > 1)
    attacker = Attacker(versions, unchanged=unchanged)
    for number, cell in data.draw(st.lists(st.sampled_from(victims), min_size=1, max_size=3, unique=True)):
        if unchanged == "shown" and not (number > 0 and versions[number].released.whole):
            stays_hidden(attacker, number, versions[number], cell)
        else:
            # That a sum fell by so much tells that there was as much, but not what the count is. (That the shown cells
            # did not change may be wrong, and what follows from it as well.)
            count = versions[number].counts[cell]
            assert attacker.interval(number, cell) != (count, count)


@given(one_way_histories())
def test_no_ward_is_given_away_in_any_version(versions: list[Version]) -> None:
    check_every_version(versions)


@given(linked_histories())
def test_no_cell_of_linked_tables_is_given_away_in_any_version(versions: list[Version]) -> None:
    check_every_version(versions)


@pytest.mark.parametrize("unchanged", ["shown", "all"])
@given(versions=one_way_histories(), data=st.data())
def test_no_ward_is_given_away_to_a_reader_who_assumes_the_fewest_changes(
    unchanged: str, versions: list[Version], data: st.DataObject
) -> None:
    check_assumption(versions, unchanged, data)


@pytest.mark.parametrize("unchanged", ["shown", "all"])
@settings(max_examples=40)  # each solves up to three versions at once
@given(versions=linked_histories(), data=st.data())
def test_no_cell_of_linked_tables_is_given_away_to_a_reader_who_assumes_the_fewest_changes(
    unchanged: str, versions: list[Version], data: st.DataObject
) -> None:
    check_assumption(versions, unchanged, data)


def amounts(total: int, parts: int, at_least: int) -> Iterator[tuple[int, ...]]:
    """All ways to divide a total into so many counts."""
    if parts == 1:
        yield from [(total,)] if total >= at_least else []
        return
    for count in range(at_least, total + 1):
        for others in amounts(total - count, parts - 1, at_least):
            yield (count, *others)


@given(
    st.lists(few.filter(lambda count: count < 15), min_size=2, max_size=4),
    st.lists(limits, min_size=4, max_size=4),
    st.permutations(range(4)),
)
@example([4, 4, 4, 5], [5] * 4, range(4))
@example([4, 5, 5], [5] * 4, range(4))
@example([1, 7, 20], [5] * 4, range(4))
@example([1, 1, 1], [3] * 4, range(4))
def test_no_ward_is_given_away_to_a_reader_who_runs_this_module(
    counts: list[int], thresholds: list[int], usual: Sequence[int]
) -> None:
    names: list[Cell] = [(("ward", label),) for label in "abcd"]
    actual = dict(zip(names, counts, strict=False))
    limit, order = dict(zip(names, thresholds, strict=True)), dict(zip(names, usual, strict=True))
    released = release(actual, sum(counts), limit, None, order)
    hidden = sorted(released.withheld)
    possible: dict[Cell, set[int]] = {cell: set() for cell in hidden}
    for found in (
        amounts(sum(actual[cell] for cell in hidden), len(hidden), 0 if released.whole else 1) if hidden else ()
    ):
        guess = dict(zip(hidden, found, strict=True))
        if release(actual | guess, sum(counts), limit, None, order) == released:
            for cell, count in guess.items():
                possible[cell].add(count)
    for cell in (cell for cell in hidden if 0 < actual[cell] < limit[cell]):
        if released.whole:
            assert len(possible[cell]) > 1
        else:
            assert possible[cell] >= set(range(1, limit[cell]))


@given(linked_histories(), st.randoms(use_true_random=False))
def test_choice_is_the_same_for_any_order_of_the_cells(versions: list[Version], random: Random) -> None:
    counts = versions[0].counts
    cells = list(counts)
    random.shuffle(cells)
    shuffled = {cell: counts[cell] for cell in cells}
    assert release(shuffled, sum(counts.values()), versions[0].thresholds, None) == versions[0].released
