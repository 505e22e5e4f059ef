"""Statistical disclosure control: which counts by label of one period of one feed are withheld.

Words, as in the GSS guidance for tables from administrative sources and in Willenborg and de Waal, *Elements of
Statistical Disclosure Control*: a cell above zero and below its threshold is *primary*; *secondary* cells are withheld
with it so that sums do not give it away. The promise is *interval protection*: to a reader who knows everything shown
in any version and the sum of every table, a primary cell may still be each of 1 to its threshold - 1. Where a whole
period is withheld, it may be anything that the sum leaves room for.

The rules:

1. *One-way tables.* With the primary cells goes at least one other that is not zero, and more until their sum leaves
   the last one room to stay at its threshold or above, whatever the small ones are. Which one is decided without a
   look at this period's counts. Were it the smallest, a reader of 4, 5 and 5 who sees "withheld, withheld, 5" and knows
   that they add up to 14 would know that the two are a 4 and a 5, as from 3 and 6 the 6 would have been shown (a
   *minimality attack*: Wong and others, 2007). Where nothing but zeros remains to be shown, the withheld sum need only
   be large enough for the interval. If it is not, the whole period is withheld.
2. *Lines.* Where a one-way cell is withheld, so is its line in every two-way table, zeros too: two cells that are known
   to be above zero would say that their sum is at least two. To the reader the withheld lines are one, their sum,
   which can be divided in any way; so two-way tables that share a one-way table can be decided one by one.
3. *Two-way tables.* Every cell stands in two sums, its row's and its column's, so what the reader knows is a flow
   through a network (Cox, *Network Models for Complementary Cell Suppression*, 1995): a cell can be one more if one
   record finds a way back through withheld cells. Where there is none, further cells above zero are withheld that open
   one, as few as will do. If no cells do, the table is withheld with its zeros; if that does not, the whole period.
4. *Later versions* withhold exactly what the first did, whatever became of these cells, so that nothing is ever shown
   in one version and withheld in another. If that does not protect the new counts (a small cell outside, a sum grown
   too small), the version is withheld as a whole, and so is every later one: readers keep the old versions.

What a reader may still learn:

- A published cell that becomes small by a correction: who takes it that one cell changed, and knows these rules, looks
  for it among the few that can have.
- By how much a withheld cell changed, though not from what: who takes it that one cell changed sees it in the sums.
- In a two-way table, unlike a one-way table: which small values a cell cannot have, at worst all but one, by running
  this module on all tables that fit.
- What one-way tables without control, or shown elsewhere, say about a two-way table by themselves.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# (("ward", "Blythe"),), or in a two-way table (("stream", "refuse"), ("reason", "not-presented")).
Cell: TypeAlias = tuple[tuple[str, str], ...]
_Table: TypeAlias = dict[Cell, int]
# The breakdowns of a table, in its order.
_Names: TypeAlias = tuple[str, ...]
# A known sum: a row or column of a two-way table, or what its lines add up to.
_Sum: TypeAlias = tuple[str, str]

# With a threshold of 2, a cell known to be small is known to be 1.
_LOWEST_THRESHOLD = 3


@dataclass(frozen=True)
class Released:
    """What a released version of a period withholds.

    Attributes
    ----------
    withheld: the cells that are not shown. Where `whole`, all cells of all controlled tables, zeros too.
    whole: nothing of the controlled tables is shown, labels that are yet to come included.
    """

    withheld: frozenset[Cell]
    whole: bool


def release(
    counts: Mapping[Cell, int],
    total: int,
    thresholds: Mapping[Cell, int],
    before: Released | None,
    usual: Mapping[Cell, int] | None = None,
) -> Released:
    """Decide what a version of a period withholds.

    Parameters
    ----------
    counts: every cell of every one-way and two-way table of the period, zeros included. A record without a label is in
        no cell of that breakdown. The order does not matter.
    total: the period's records, which everybody knows.
    thresholds: for every cell the count from which it may be shown: at least 3, or 0 where there is no control. A
        two-way table of which a one-way table is controlled is controlled with it.
    before: what the last released version of this period withheld; None if none was ever released. The caller keeps it
        before it lets the version out, because another first release may choose other cells.
    usual: how large a cell usually is, by other periods; secondary cells are taken from the small end, then by label.
        Only the choice of a first release depends on it. It must not come from this period's counts (rule 1).

    Returns
    -------
    The cells to withhold. The only cell of a one-way table with one label is the total under another name: nothing can
    protect it. It is withheld if it is small, and asks for nothing else.

    Raises
    ------
    ValueError, if the input contradicts itself.
    """
    kept = before.withheld if before else frozenset()
    tables = _tables({**dict.fromkeys(kept, 0), **counts})
    _refuse_contradictions(tables, total, thresholds, counts)
    small = {cell for cell, count in counts.items() if 0 < count < thresholds[cell]}
    if before is None:
        withheld = _first(tables, thresholds, small, usual or {})
    elif before.whole or not _still_protects(kept, tables, thresholds, small):
        withheld = None
    else:
        withheld = set(kept)
    if withheld is None:
        return Released(kept | _controlled(tables, thresholds), whole=True)
    return Released(frozenset(withheld), whole=False)


def _tables(counts: Mapping[Cell, int]) -> dict[_Names, _Table]:
    """Return the cells by table, one-way tables first, everything in the order of names and labels."""
    tables: dict[_Names, _Table] = {}
    for cell in sorted(counts, key=lambda cell: (len(cell), cell)):
        tables.setdefault(tuple(breakdown for breakdown, _ in cell), {})[cell] = counts[cell]
    return tables


def _refuse_contradictions(
    tables: Mapping[_Names, _Table], total: int, thresholds: Mapping[Cell, int], counts: Mapping[Cell, int]
) -> None:
    """Raise ValueError where the input is no set of tables about the same records."""
    if missing := counts.keys() - thresholds.keys():
        raise ValueError(f"a threshold for every cell is needed; {len(missing)} have none")
    if any(threshold != 0 and threshold < _LOWEST_THRESHOLD for threshold in thresholds.values()):
        raise ValueError(f"a threshold is 0 (no control) or at least {_LOWEST_THRESHOLD}")
    for names, table in tables.items():
        if len(names) not in {1, 2}:
            raise ValueError(f"a table has one or two breakdowns, not {names}")
        if min(table.values()) < 0 or sum(table.values()) > total:
            raise ValueError(f"the counts by {' and '.join(names)} are below zero or more than the total")
        for side, name in enumerate(names if len(names) > 1 else ()):
            one_way = tables.get((name,))
            if one_way and any(count > one_way.get((line,), 0) for line, count in _line_sums(table, side).items()):
                raise ValueError(f"the counts by {' and '.join(names)} are more than those by {name}")


def _line_sums(table: _Table, side: int) -> dict[_Sum, int]:
    """Return the sums of a two-way table's rows (side 0) or columns (1)."""
    sums: dict[_Sum, int] = {}
    for cell, count in table.items():
        sums[cell[side]] = sums.get(cell[side], 0) + count
    return sums


def _first(
    tables: Mapping[_Names, _Table], thresholds: Mapping[Cell, int], small: set[Cell], usual: Mapping[Cell, int]
) -> set[Cell] | None:
    """Return what a first release withholds, None for the whole period."""
    withheld: set[Cell] = set()
    for names, table in tables.items():
        if len(names) == 1:
            chosen = _first_one_way(table, thresholds, small, usual)
        else:
            chosen = _first_two_way(names, tables, thresholds, small & table.keys(), withheld, usual)
        if chosen is None:
            return None
        withheld |= chosen
    return withheld


def _first_one_way(
    table: _Table, thresholds: Mapping[Cell, int], small: set[Cell], usual: Mapping[Cell, int]
) -> set[Cell] | None:
    """Return the cells of a one-way table to withhold, None if no choice protects the small ones.

    They protect from a reader who knows this rule, too. Let `a` be a value that is to stay possible for a small cell.
    Set it to `a`, the one taken last to what the others leave, and these to 1. By the sum asked for, the last is not
    below its threshold. From these counts the rule takes the same cells, as at every step before their sum is too small
    or there is no other cell in it.
    """
    withheld = small & table.keys()
    if not withheld or len(table) == 1:
        return withheld
    nonzero = {cell for cell, count in table.items() if count}
    strictest = _strictest(table, thresholds)
    for cell in sorted(nonzero - withheld, key=lambda cell: (usual.get(cell, 0), cell)):
        withheld.add(cell)
        if sum(table[cell] for cell in withheld) >= len(withheld) + 2 * strictest - 3:
            return withheld
    return withheld if _interval_is_wide(withheld, table, thresholds) else None


def _interval_is_wide(withheld: Iterable[Cell], table: _Table, thresholds: Mapping[Cell, int]) -> bool:
    """Tell if each of these cells can be 1 and the strictest threshold - 1, none being zero and their sum known."""
    among = [table[cell] for cell in withheld]
    # A threshold of 3 would need 1. But if only a table of nothing but ones failed, to withhold it would tell so.
    return len(among) > 1 and sum(among) - len(among) >= max(_strictest(table, thresholds) - 2, 2)


def _strictest(table: _Table, thresholds: Mapping[Cell, int]) -> int:
    # A cell that is only known from an earlier version has no threshold of its own any more.
    return max(thresholds.get(cell, 0) for cell in table)


def _first_two_way(
    names: _Names,
    tables: Mapping[_Names, _Table],
    thresholds: Mapping[Cell, int],
    small: set[Cell],
    one_way: set[Cell],
    usual: Mapping[Cell, int],
) -> set[Cell] | None:
    """Return the cells of a two-way table to withhold with these `one_way` cells, None if not even all will do."""
    table = tables[names]
    lines = _lines(table, one_way)
    if not small and not lines:
        return set()
    network = _Network(names, tables)
    network.open(one_way | small, at_least=1)
    network.open(lines, at_least=0)
    network.offer({cell: 1 + usual.get(cell, 0) for cell, count in table.items() if count})
    if network.protects(small, thresholds):
        return network.opened & table.keys()
    network = _Network(names, tables)
    network.open(one_way, at_least=1)
    network.open(table, at_least=0)
    return set(table) if network.protects(small, thresholds) else None


def _lines(table: _Table, one_way: Iterable[Cell]) -> set[Cell]:
    """Return the cells of a two-way table that lie in the rows and columns of these one-way cells."""
    one_way = set(one_way)
    return {cell for cell in table if any((label,) in one_way for label in cell)}


def _still_protects(
    withheld: frozenset[Cell],
    tables: Mapping[_Names, _Table],
    thresholds: Mapping[Cell, int],
    small: set[Cell],
) -> bool:
    """Tell if what an earlier version withheld protects the small cells of these counts.

    There may be zeros in it by now, and the reader knows that. In one-way tables the sum asked for is still that of
    cells above zero, so that the answer depends on nothing but what the reader sees.
    """
    if not small <= withheld:
        return False
    for names, table in tables.items():
        inside = withheld & table.keys()
        if len(names) == 1:
            is_controlled = _strictest(table, thresholds) > 0
            if inside and is_controlled and len(table) > 1 and not _interval_is_wide(inside, table, thresholds):
                return False
            continue
        # A label that is new would show a part of a withheld line.
        if any(table[cell] for cell in _lines(table, withheld) - withheld):
            return False
        if small & table.keys():
            network = _Network(names, tables)
            network.open(withheld, at_least=0)
            if not network.protects(small & table.keys(), thresholds):
                return False
    return True


def _controlled(tables: Mapping[_Names, _Table], thresholds: Mapping[Cell, int]) -> set[Cell]:
    """Return all cells of the tables that are controlled, or from which a controlled one could be added up."""
    controlled = {names for names, table in tables.items() if _strictest(table, thresholds)}
    return {
        cell
        for names, table in tables.items()
        if names in controlled or any((name,) in controlled for name in names)
        for cell in table
    }


class _Network:
    """The sums that a reader of one two-way table knows, as a flow: every count is an edge from one sum to another.

    Records flow from `all` of the first breakdown through its one-way cells to the rows, through the cells of the table
    to the columns, and through the one-way cells of the second breakdown to `all` of it. Records without the other
    label leave the rows and enter the columns by edges that are never shown: the reader knows their sum and no more.
    Where a one-way table is not published, the sums of its lines count as known. In a network with whole numbers a cell
    that can be 1 and n can be all between.
    """

    def __init__(self, names: _Names, tables: Mapping[_Names, _Table]) -> None:
        table = tables[names]
        self._amounts: dict[Cell, int] = dict(table)
        self._ends: dict[Cell, tuple[_Sum, _Sum]] = {cell: (cell[0], cell[1]) for cell in table}
        self._floors: dict[Cell, int] = {}
        self._prices: dict[Cell, int] = {}
        for side, name in enumerate(names):
            if (name,) in tables:
                self._add_one_way(side, name, table, tables[name,])
        self._edges_of: dict[_Sum, list[tuple[Cell, _Sum, int]]] = {}
        for cell, (tail, head) in self._ends.items():
            self._edges_of.setdefault(tail, []).append((cell, head, 1))
            self._edges_of.setdefault(head, []).append((cell, tail, -1))

    def _add_one_way(self, side: int, name: str, table: _Table, one_way: _Table) -> None:
        for line, count in _line_sums(table, side).items():
            unlabelled: Cell = (line, ("", ""))
            self._amounts[line,] = one_way.get((line,), 0)
            self._amounts[unlabelled] = self._amounts[line,] - count
            self._floors[unlabelled] = 0
            every, others = ("", f"all by {name}"), ("", f"only by {name}")
            self._ends[line,] = (every, line) if side == 0 else (line, every)
            self._ends[unlabelled] = (line, others) if side == 0 else (others, line)

    @property
    def opened(self) -> set[Cell]:
        """What the reader does not see: what was opened, and what `protects` opened of the offer."""
        return set(self._floors)

    def open(self, cells: Iterable[Cell], *, at_least: int) -> None:
        """Let these cells be anything from `at_least` up."""
        self._floors |= dict.fromkeys(cells, at_least)

    def offer(self, prices: Mapping[Cell, int]) -> None:
        """Let `protects` open these cells, which are above zero, where nothing cheaper will do."""
        self._prices |= prices

    def protects(self, small: Iterable[Cell], thresholds: Mapping[Cell, int]) -> bool:
        """Tell if every small cell can be 1 and its threshold - 1, opening what this takes."""
        return all(self._can_be(cell, value) for cell in sorted(small) for value in (1, thresholds[cell] - 1))

    def _can_be(self, cell: Cell, value: int) -> bool:
        """Tell if a cell can take a value, opening what this takes. Record by record, as in any maximum flow."""
        amounts = dict(self._amounts)
        tail, head = self._ends[cell]
        while amounts[cell] != value:
            step = 1 if amounts[cell] < value else -1
            way = self._cheapest_way(amounts, cell, *((head, tail) if step > 0 else (tail, head)))
            if way is None:
                return False
            amounts[cell] += step
            for other, change in way:
                amounts[other] += change
                self._floors.setdefault(other, 1)
        return True

    def _cheapest_way(
        self, amounts: Mapping[Cell, int], without: Cell, start: _Sum, end: _Sum
    ) -> list[tuple[Cell, int]] | None:
        """Return the cells, with +1 or -1, that take one record from `start` to `end`, but not `without`."""
        costs = {start: 0}
        came: dict[_Sum, tuple[_Sum, Cell, int]] = {}
        queue = [(0, start)]
        while queue:
            cost, node = heapq.heappop(queue)
            if node == end:
                break
            if cost > costs[node]:
                continue
            for cell, other, change in self._edges_of[node]:
                price = 0 if cell in self._floors else self._prices.get(cell)
                if price is None or cell == without or amounts[cell] + min(change, 0) < self._floors.get(cell, 1):
                    continue
                if other not in costs or cost + price < costs[other]:
                    costs[other] = cost + price
                    came[other] = (node, cell, change)
                    heapq.heappush(queue, (cost + price, other))
        if end not in came:
            return None
        way = []
        while end != start:
            end, cell, change = came[end]
            way.append((cell, change))
        return way
