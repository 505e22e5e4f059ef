"""The comparison pages of every transaction, below `compare/`: all councils side by side, and those of a group.

Each group has a page of its own, so that choosing one needs no script. Up to `_AT_A_GLANCE` councils with figures are
named in every chart and have their year in a small panel. With more of them a page would be slow to load and long to
read: charts then count councils, names stand in the tables, and the panels are on pages of their own by first letter.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from local_digital.kpis import CAVEATS, KPIS
from local_digital.site.benchmarks import FEWEST_COUNCILS
from local_digital.site.pages.blocks import Block, Cell, Column, Table, caveat_keys, text_cell, value_cell
from local_digital.site.pages.charts import Spread, Target
from local_digital.site.pages.council import tier_name
from local_digital.site.pages.dashboard import starts_of
from local_digital.site.pages.layout import HOME, Crumb, page
from local_digital.site.pages.side_by_side import Named, dots, histogram, panel
from local_digital.site.pages.site import Figure
from local_digital.site.pages.words import STATES, day, figure, in_period, listed, number, period, sentence, target

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from local_digital.config.models import Transaction
    from local_digital.kpis import PeriodKind, Unit
    from local_digital.site.file import File
    from local_digital.site.pages.charts import Drawing, Picture
    from local_digital.site.pages.site import Benchmark, Council, Site

_AT_A_GLANCE = 20
# What the first table has, as many of them as there are and as fit beside each other; the second has all others.
_FIRST = (
    "volume", "digital-takeup", "completion-rate", "user-satisfaction", "median-hours-to-close",
    "closed-within-one-working-day", "missed-per-100000", "cost-per-transaction", "repeat-misses",
)  # fmt: skip
_MOST_COLUMNS = 6
_PANEL_PERIODS: dict[PeriodKind, int] = {"month": 12, "week": 26}
# The kinds of periods in the order in which councils are compared by them: weeks move with the round of collections.
_KINDS: tuple[PeriodKind, ...] = ("month", "quarter", "week")
_SIZE = "Councils differ in size: a larger number does not mean a better or a worse service."
_OVER_TIME = "over-time"


class Group(NamedTuple):
    """Councils that are compared with each other. key: its folder, empty for all councils.

    comparison, subject: as benchmarks name it. who: in a sentence, such as `metropolitan councils`.
    """

    key: str
    name: str
    who: str
    comparison: str
    subject: str
    members: tuple[Council, ...]


class Measure(NamedTuple):
    """A KPI with the period in which it is compared."""

    kpi: str
    kind: PeriodKind
    start: dt.date

    @property
    def title(self) -> str:
        return KPIS[self.kpi].title

    @property
    def when(self) -> str:
        return period(self.kind, self.start)


class Told(NamedTuple):
    """A cell: a figure with its marks, or the state that stands in its place. older: the newest figure there is."""

    text: str
    order: str = ""
    state: str = ""
    marks: str = ""
    older: str = ""


class Head(NamedTuple):
    """A column's heading. lines: its period and which way is good. marks: notes to all of its figures."""

    title: str
    lines: tuple[str, ...]
    marks: str


class Row(NamedTuple):
    council: Council
    cells: list[Told]


class Bare(NamedTuple):
    """A council without figures. state, why: what stands in place of all of them."""

    council: Council
    state: str
    why: str


@dataclass(frozen=True)
class Sheet:
    """The table of all councils. foot: rows of the benchmarks, each with a cell of lines for each column.

    notes: what the marks mean, with the key of the caveat.
    """

    caption: str
    heads: list[Head]
    rows: list[Row]
    foot: list[tuple[str, list[list[Told]]]]
    notes: list[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """A KPI with its charts. told: sentences about what is compared."""

    measure: Measure
    told: list[str]
    parts: list[Part]
    caveats: Mapping[str, str]


class Part(NamedTuple):
    """Councils whose figures have one basis. told: their median and quartiles in a sentence."""

    block: Block
    drawing: Drawing
    told: str


class Small(NamedTuple):
    """A council's year in a small panel; state and why where there is none."""

    council: Council
    picture: Picture | None
    alt: str
    state: str
    why: str


class Choice(NamedTuple):
    """A page that can be chosen. path: below the site's root."""

    text: str
    path: str
    councils: int
    chosen: bool


class Comparison(NamedTuple):
    """A comparison page. key: tells it apart within its transaction. councils: those whose figures it shows.

    around: what it says of other councils, as JSON. files: makes it, with its CSVs and charts.
    """

    key: str
    councils: tuple[Council, ...]
    around: list[Any]
    files: Callable[[], Iterator[File]]


def comparisons(site: Site, contract: Transaction, kpis: Callable[[], pd.DataFrame]) -> list[Comparison]:
    """Return the comparison pages of a transaction.

    kpis: returns at least those of its figures that are about whole councils, in the columns of `Figures.kpis`; of
    those by week only what a council has in no other way is needed. It is asked when the first page is made.
    """
    return _Transaction(site, contract, kpis).comparisons()


def groups(site: Site, transaction: str) -> list[Group]:
    """Return all councils, those of every tier that provides a transaction, and every group that a council names."""
    councils = tuple(site.councils.values())
    found = [Group("", "All councils", "councils", "all", "", councils)]
    for tier in sorted({council.tier for council in councils}):
        members = tuple(council for council in councils if council.tier == tier)
        if any(site.offer(council.slug, transaction).state != "not-provided" for council in members):
            name = f"{tier_name(tier)}s"
            found.append(Group(tier, name, name[0].lower() + name[1:], "tier", tier, members))
    named: dict[tuple[str, str], set[str]] = {}
    listing = site.figures.groups
    for owner, group, member in zip(listing["owner"], listing["name"], listing["member"], strict=True):
        named.setdefault((owner, group), set()).add(member)
    taken = {_OVER_TIME, *(group.key for group in found)}
    for (owner, group), slugs in sorted(named.items()):
        if owner not in site.councils:
            continue
        key, again = f"{owner}-{group}", 2
        while key in taken:
            key, again = f"{owner}-{group}-{again}", again + 1
        taken.add(key)
        words = sentence(group.replace("-", " "))
        by = site.councils[owner].name
        members = tuple(council for council in councils if council.slug in slugs)
        found.append(Group(key, f"{words} ({by})", f"councils of the group “{words}”, named by {by}", "group",
                           f"{owner}/{group}", members))  # fmt: skip
    return found


@dataclass(frozen=True)
class _Transaction:
    """All that the pages of a transaction share."""

    site: Site
    contract: Transaction
    load: Callable[[], pd.DataFrame]

    @cached_property
    def series(self) -> dict[str, dict[tuple[PeriodKind, str], dict[dt.date, Figure]]]:
        """Return the figures about whole councils by council, by kind of period and KPI, and by the first day."""
        kpis = self.load()
        if not len(kpis):
            return {}
        mine = kpis[(kpis["transaction"] == self.contract.transaction) & (kpis["label"] == "")]
        columns = ("council", "period_kind", "period_start", "kpi", "version", "basis", "caveats")
        # Plain floats once: asking pandas for each is slow.
        numbers = [
            [None if value != value else value for value in mine[name].tolist()]  # noqa: PLR0124 - not a number
            for name in ("value", "numerator", "denominator")
        ]
        found: dict[str, dict[tuple[PeriodKind, str], dict[dt.date, Figure]]] = {}
        for council, kind, start, kpi, version, basis, caveats, value, numerator, denominator in zip(
            *(mine[name].tolist() for name in columns), *numbers, strict=True
        ):
            if kpi in KPIS and version == KPIS[kpi].versions[-1]:
                one = Figure(value, numerator, denominator, basis, tuple(caveats))
                found.setdefault(council, {}).setdefault((kind, kpi), {})[start] = one
        return found

    def figures(self, council: Council, kind: PeriodKind, kpi: str) -> dict[dt.date, Figure]:
        return self.series.get(council.slug, {}).get((kind, kpi), {}) if self.shows(council) else {}

    def shows(self, council: Council) -> bool:
        return self.site.offer(council.slug, self.contract.transaction).state == "shown"

    @property
    def folder(self) -> str:
        return f"compare/{self.contract.transaction}/"

    @cached_property
    def groups(self) -> list[Group]:
        return groups(self.site, self.contract.transaction)

    @cached_property
    def letters(self) -> dict[str, list[Council]]:
        """Return the councils with figures by first letter, where they are too many for one page of panels."""
        shown = [council for council in self.site.councils.values() if self.shows(council)]
        found: dict[str, list[Council]] = {}
        if len(shown) > _AT_A_GLANCE:
            for council in shown:
                found.setdefault(council.slug[0], []).append(council)
        return found

    def comparisons(self) -> list[Comparison]:
        span = [str(day) for day in self.starts[1]]
        listed_groups = [(group.key, group.name, len(group.members)) for group in self.groups]
        around = [self.starts[0], span, listed_groups, sorted(self.letters)]
        found = [
            Comparison(group.key or "all", group.members, around, _Comparison(self, group).files)
            for group in self.groups
        ]
        for letter, councils in self.letters.items():
            around = [self.starts[0], span, sorted(self.letters)]
            found.append(Comparison(f"{_OVER_TIME}/{letter}", tuple(councils), around, partial(self.panels, letter)))
        return found

    def panels(self, letter: str) -> Iterator[File]:
        """Yield the page of the panels of a letter, with its charts."""
        small = [self.small(council) for council in self.letters[letter]]
        title = f"{self.contract.name}: over time, {letter.upper()}"
        yield page(
            self.site, self.over_time(letter), "compare_over_time.html", title=title, contract=self.contract,
            crumbs=(*self.crumbs, Crumb(f"Over time: {letter.upper()}", "")), small=small, letter=letter,
            letters=self.letter_choices(set(self.letters), letter), span=self.span,
        )  # fmt: skip
        yield from (one.picture.file() for one in small if one.picture)

    @property
    def crumbs(self) -> tuple[Crumb, ...]:
        return (HOME, Crumb("Compare", "index.html#compare"), Crumb(self.contract.name, f"{self.folder}index.html"))

    def over_time(self, letter: str) -> str:
        return f"{self.folder}{_OVER_TIME}/{letter}/index.html"

    def letter_choices(self, letters: set[str], chosen: str = "") -> list[Choice]:
        return [
            Choice(letter.upper(), self.over_time(letter), len(self.letters[letter]), letter == chosen)
            for letter in sorted(letters)
        ]

    def choices(self, chosen: Group) -> dict[str, list[Choice]]:
        """Return the groups to choose from, by what they are."""
        titles = {"all": "All", "tier": "By kind of council", "group": "Groups that councils name"}
        found: dict[str, list[Choice]] = {}
        for group in self.groups:
            path = f"{self.folder}{group.key}/index.html" if group.key else f"{self.folder}index.html"
            choice = Choice(group.name, path, len(group.members), group == chosen)
            found.setdefault(titles[group.comparison], []).append(choice)
        return found

    @cached_property
    def starts(self) -> tuple[PeriodKind, list[dt.date]]:
        """Return the periods of the panels: the same in all of them, so that one can be read beside another."""
        kinds: tuple[PeriodKind, ...] = ("month", "week")
        for kind in kinds:
            if span := self.site.spans.get((self.contract.transaction, kind)):
                return kind, starts_of(kind, span, _PANEL_PERIODS[kind])
        return "month", []

    @property
    def span(self) -> str:
        kind, starts = self.starts
        return f"by {kind}, from {_within(kind, starts[0])} to {_within(kind, starts[-1])}" if starts else ""

    def small(self, council: Council) -> Small:
        """Return a council's panel."""
        kind, starts = self.starts
        takeup, volume = (
            [one.value if (one := figures.get(start)) else None for start in starts]
            for figures in (self.figures(council, kind, kpi) for kpi in ("digital-takeup", "volume"))
        )
        picture = panel(kind, starts, takeup, volume) if starts else None
        if picture is None:
            other: PeriodKind = "week" if kind == "month" else "month"
            only = f" It has figures by {other} only." if self.figures(council, other, "volume") else ""
            return Small(council, None, "", "no-data", only.strip())
        said = [
            _course("Digital take-up", "share", takeup, kind, starts),
            _course("transactions", "count", volume, kind, starts),
        ]
        return Small(council, picture, "; ".join(part for part in said if part) + ".", "", "")


@dataclass(frozen=True)
class _Comparison:
    """One page."""

    of: _Transaction
    group: Group

    @property
    def folder(self) -> str:
        return f"{self.of.folder}{self.group.key}/" if self.group.key else self.of.folder

    @cached_property
    def shown(self) -> list[Council]:
        return [council for council in self.group.members if self.of.shows(council)]

    @property
    def named(self) -> bool:
        """Whether every council has a name in the charts."""
        return len(self.shown) <= _AT_A_GLANCE

    @cached_property
    def measures(self) -> list[Measure]:
        """Return the KPIs that some council has, each in the newest period that at least half of those councils have.

        One council that is early must not leave all others without a figure.
        """
        kpis = [kpi for kpi in _FIRST if kpi in self.of.contract.kpis]
        kpis += [kpi for kpi in self.of.contract.kpis if kpi not in kpis and not KPIS[kpi].labelled]
        found = []
        for kpi in kpis:
            for kind in _KINDS:
                days = [
                    {start for start, one in self.of.figures(council, kind, kpi).items() if one.value is not None}
                    for council in self.shown
                ]
                having = Counter(start for starts in days for start in starts)
                if having:
                    half = sum(map(bool, days)) / 2
                    # Where no period is that common, the most common one.
                    enough = [start for start, councils in having.items() if councils >= half]
                    start = max(enough) if enough else max(having, key=lambda start: (having[start], start))
                    found.append(Measure(kpi, kind, start))
                    break
        return found

    def files(self) -> Iterator[File]:
        group, contract = self.group, self.of.contract
        first = [measure for measure in self.measures if measure.kpi in _FIRST][:_MOST_COLUMNS]
        second = [measure for measure in self.measures if measure not in first]
        sheets = [
            self.sheet(caption, measures)
            for caption, measures in ((f"{contract.name}: {group.who} side by side", first), ("More figures", second))
            if measures
        ]
        sections = [self.section(measure) for measure in self.measures]
        small = [self.of.small(council) for council in self.shown] if self.named else []
        letters = {council.slug[0] for council in self.shown} & set(self.of.letters) if not self.named else set()
        figures = Block("figures", "All figures of this page", self.all_figures(), self.folder)
        over = "" if group.comparison == "all" else f", {group.name}"
        yield page(
            self.of.site, f"{self.folder}index.html", "compare.html", title=f"Compare councils: {contract.name}{over}",
            crumbs=self.crumbs, contract=contract, group=group, lead=self.lead(), when=self.when(), sheets=sheets,
            bare=self.bare(), sections=sections, small=small, named=self.named, figures=figures,
            span=self.of.span, as_of=self.of.site.as_of.get(contract.transaction),
            choices=self.of.choices(group), letters=self.of.letter_choices(letters),
            others=[one for one in self.of.site.contracts.values() if one != contract],
        )  # fmt: skip
        if self.measures:
            yield from figures.files()
        for section in sections:
            for part in section.parts:
                yield from part.block.files()
                yield from part.drawing.files()
        yield from (one.picture.file() for one in small if one.picture)

    @property
    def crumbs(self) -> tuple[Crumb, ...]:
        if not self.group.key:
            return (*self.of.crumbs[:-1], Crumb(self.of.contract.name, ""))
        return (*self.of.crumbs, Crumb(self.group.name, ""))

    def lead(self) -> str:
        """Return how many councils are here, and how many of them have figures."""
        counts = Counter(self.of.site.offer(one.slug, self.of.contract.transaction).state for one in self.group.members)
        size, shown = len(self.group.members), counts.pop("shown", 0)
        said = f"{number(shown)} of {number(size)} {self.group.who} {'has' if shown == 1 else 'have'} published figures"
        words = {
            "not-published": ("has not published its yet", "have not published theirs yet"),
            "awaited": ("has no feed yet", "have no feed yet"),
            "not-provided": ("does not provide this transaction", "do not provide this transaction"),
        }
        rest = [f"{number(counts[key])} {said[counts[key] != 1]}" for key, said in words.items() if counts[key]]
        return f"{said}; {listed(rest)}." if rest else f"{said}."

    def when(self) -> str:
        """Return which periods are compared, in a sentence."""
        periods: dict[str, list[str]] = {}
        for measure in self.measures:
            periods.setdefault(_within(measure.kind, measure.start), []).append(measure.title)
        if not periods:
            return ""
        usual, *others = sorted(periods, key=lambda words: -len(periods[words]))
        said = f"The figures are of {usual}, the newest whole period that at least half of these councils have"
        if others:
            said += "; " + "; ".join(f"{listed(periods[words])}: {words}" for words in others)
        return said + "."

    def bare(self) -> list[Bare]:
        """Return the councils that have no figures at all, with the reason."""
        found = []
        for council in self.group.members:
            offer = self.of.site.offer(council.slug, self.of.contract.transaction)
            if offer.state != "shown":
                why = f"{sentence(offer.reason)}." if offer.reason else STATES[offer.state][1]
                found.append(Bare(council, offer.state, why))
        return found

    def sheet(self, caption: str, measures: Sequence[Measure]) -> Sheet:
        """Return the table of all councils."""
        here = [
            [self.of.figures(council, measure.kind, measure.kpi).get(measure.start) for council in self.shown]
            for measure in measures
        ]
        keys = caveat_keys(one for column in here for one in column if one)
        marks = {key: chr(ord("a") + index) for index, key in enumerate(keys)}
        # What all figures of a column have is said in its heading, once.
        common = [_in_all([one.caveats for one in column if one]) for column in here]
        heads = [
            Head(measure.title + (" (hours)" if KPIS[measure.kpi].unit == "hours" else ""), self.lines(measure),
                 _marks(marks, keys))
            for measure, keys in zip(measures, common, strict=True)
        ]  # fmt: skip
        rows = [
            Row(council, [
                self.told(council, measure, column[index], _marks(marks, column[index], but=known))
                for measure, column, known in zip(measures, here, common, strict=True)
            ])
            for index, council in enumerate(self.shown)
        ]  # fmt: skip
        foot = self.foot(measures, here)
        return Sheet(caption, heads, rows, foot, [(marks[key], key) for key in keys])

    def lines(self, measure: Measure) -> tuple[str, ...]:
        better = KPIS[measure.kpi].better
        said = [measure.when, *([f"{better} is better"] if better else [])]
        if (wanted := self.target(measure)) is not None:
            said.append(f"target at most {target(KPIS[measure.kpi].unit, wanted)}")
        return tuple(said)

    def target(self, measure: Measure) -> float | None:
        wanted = self.of.contract.kpis[measure.kpi].target
        return None if wanted is None else float(wanted)

    def told(self, council: Council, measure: Measure, one: Figure | None, marks: str) -> Told:
        """Return what a cell says of a council."""
        if one is not None and one.value is not None:
            cell = value_cell(KPIS[measure.kpi].unit, one.value)
            said = ["estimated"] if one.basis == "estimated" else []
            return Told(cell.text, cell.raw, marks=" ".join([*said, *([marks] if marks else [])]))
        if one is not None:
            return Told("", state=one.state, marks=marks)
        if measure.kpi in self.of.site.offer(council.slug, self.of.contract.transaction).not_supplied:
            return Told("", state="not-supplied")
        return Told("", state="no-data", older=self.older(council, measure))

    def older(self, council: Council, measure: Measure) -> str:
        """Return a council's newest figure of another period, with that period."""
        kinds = [measure.kind, *(kind for kind in _KINDS if kind != measure.kind)]
        for kind in kinds:
            figures = {
                start: one.value for start, one in self.of.figures(council, kind, measure.kpi).items()
                if one.value is not None
            }  # fmt: skip
            if figures:
                start = max(figures)
                only = "" if kind == measure.kind else f"By {kind} only. "
                return f"{only}{measure._replace(kind=kind, start=start).when}: {_plain(measure, figures[start])}"
        return ""

    def foot(
        self, measures: Sequence[Measure], here: Sequence[Sequence[Figure | None]]
    ) -> list[tuple[str, list[list[Told]]]]:
        """Return the benchmarks of every column, a line for each basis."""
        named = ("Lower quartile", "Median", "Upper quartile", "Councils with the figure")
        cells: list[list[list[Told]]] = [[] for _ in named]
        for measure, column in zip(measures, here, strict=True):
            found: list[list[Told]] = [[] for _ in named]
            for basis, count in sorted(_bases(column).items(), reverse=True):
                note = "estimated" if basis == "estimated" else ""
                bench = self.benchmark(measure, basis)
                if bench:
                    values = (bench.lower_quartile, bench.median, bench.upper_quartile)
                    told = [Told(_plain(measure, value), marks=note) for value in values]
                else:
                    late = bool(self.of.site.as_of) and count >= FEWEST_COUNCILS
                    told = [Told("", state="no-data" if late else "too-few", marks=note)] * 3
                for place, one in enumerate([*told, Told(number(count), marks=note)]):
                    found[place].append(one)
            for place, lines in enumerate(found):
                few = lines if any(not one.state for one in lines) else [Told("", state="too-few")]
                cells[place].append(few)
        if all(one.state for lines in cells[1] for one in lines):
            return [(named[-1], cells[-1])]
        return list(zip(named, cells, strict=True))

    def benchmark(self, measure: Measure, basis: str) -> Benchmark | None:
        found = self.of.site.benchmark(
            self.of.contract.transaction, measure.kind, measure.kpi, basis=basis,
            comparison=self.group.comparison, subject=self.group.subject,
        ).get(measure.start)  # fmt: skip
        return found if found and found.councils >= FEWEST_COUNCILS else None

    def section(self, measure: Measure) -> Section:
        """Return a KPI's charts: one for each basis, since figures of two are not compared."""
        definition = KPIS[measure.kpi]
        here = [
            (council, one) for council in self.shown
            if (one := self.of.figures(council, measure.kind, measure.kpi).get(measure.start)) and one.value is not None
        ]  # fmt: skip
        bases = sorted(_bases([one for _, one in here]), reverse=True)
        parts = []
        for basis in bases:
            values = [(council, one.value) for council, one in here if one.basis == basis and one.value is not None]
            parts.append(self.part(measure, basis, values, apart=len(bases) > 1))
        told = [definition.means]
        if len(definition.versions) > 1:
            told.append(f"The definition is “{definition.versions[-1]}”.")
        told.append(f"{sentence(definition.better)} is better." if definition.better else _SIZE)
        if (wanted := self.target(measure)) is not None:
            told.append(f"The agreed target is at most {target(definition.unit, wanted)}.")
        caveats = {key: CAVEATS[key] for key in caveat_keys(one for _, one in here)}
        return Section(measure, told, parts, caveats)

    def part(self, measure: Measure, basis: str, here: Sequence[tuple[Council, float]], *, apart: bool) -> Part:
        """apart: whether there are figures of another basis."""
        unit = KPIS[measure.kpi].unit
        # The largest first, whichever is better: this is no ranking.
        pairs = sorted(here, key=lambda pair: (-pair[1], pair[0].slug))
        bench = self.benchmark(measure, basis)
        spread = Spread(bench.lower_quartile, bench.median, bench.upper_quartile) if bench else None
        wanted = self.target(measure)
        most = None if wanted is None else Target(f"Target: at most {target(unit, wanted)}", wanted)
        estimated = basis == "estimated"
        title = f"{measure.title} {in_period(measure.kind, measure.start)}{', estimated' if estimated else ''}"
        draw = dots if self.named else histogram
        drawing = draw([Named(council.name, value) for council, value in pairs], unit, spread, most)
        in_hours = " (hours)" if unit == "hours" else ""
        columns = [
            Column("Council", "council_name", numeric=False), Column("GSS code", "gss_code", numeric=False),
            Column("Period", "period_start", numeric=False), Column(measure.title + in_hours, measure.kpi),
        ]  # fmt: skip
        when = Cell(measure.when, measure.start.isoformat(), order=measure.start.isoformat())
        rows = [
            [text_cell(council.name), text_cell(council.gss_code), when,
             value_cell(unit, value, "estimated" if estimated else "")]
            for council, value in pairs
        ]  # fmt: skip
        key = f"{measure.kpi}-estimated" if estimated and apart else measure.kpi
        told = self.spread_in_words(measure, bench, len(pairs), estimated=estimated)
        alt = f"{'A dot for each council' if self.named else 'How many councils have about which figure'}: {title}. "
        (high, highest), (low, lowest) = pairs[0], pairs[-1]
        alt += f"From {figure(unit, lowest)} ({low.name}) to " if len(pairs) > 1 else ""
        alt += f"{figure(unit, highest)} ({high.name})."
        return Part(Block(key, title, Table(title, columns, rows), self.folder, None, alt), drawing, told)

    def spread_in_words(self, measure: Measure, bench: Benchmark | None, count: int, *, estimated: bool) -> str:
        kind = "estimated figure" if estimated else "figure"
        as_of = self.of.site.as_of.get(self.of.contract.transaction)
        if bench is None:
            said = f"{number(count)} council{' has' if count == 1 else 's have'} this {kind}"
            if as_of and count >= FEWEST_COUNCILS:
                return f"{said}. The median was last taken on {day(as_of)}, before that many had it."
            return f"{said}: too few for a median. It takes {FEWEST_COUNCILS}."
        unit = KPIS[measure.kpi].unit
        when = f"As of {day(as_of)}, the" if as_of else "The"
        return (
            f"{when} median of {number(bench.councils)} councils is {figure(unit, bench.median)}; the middle half of "
            f"them lies between {figure(unit, bench.lower_quartile)} and {figure(unit, bench.upper_quartile)}."
        )

    def all_figures(self) -> Table:
        """Return every figure of the page, one to a row, with what stands where there is none."""
        names = ("council", "council_name", "gss_code", "kpi", "version", "period_kind", "period_start")
        columns = [*(Column(name, name, numeric=False) for name in names), Column("value", "value")]
        columns += [Column(name, name, numeric=False) for name in ("basis", "state", "caveats")]
        rows = []
        for council in self.group.members:
            state = self.of.site.offer(council.slug, self.of.contract.transaction).state
            for measure in self.measures:
                one = self.of.figures(council, measure.kind, measure.kpi).get(measure.start)
                told = self.told(council, measure, one, "") if state == "shown" else Told("", state=state)
                facts = (council.slug, council.name, council.gss_code, measure.kpi, KPIS[measure.kpi].versions[-1],
                         measure.kind, measure.start.isoformat())  # fmt: skip
                rest = (one.basis if one else "", told.state, " ".join(one.caveats) if one else "")
                rows.append([*map(text_cell, facts), Cell(told.text, told.order), *map(text_cell, rest)])
        return Table("All figures of this page", columns, rows)


def _within(kind: PeriodKind, start: dt.date) -> str:
    """Return a period as part of a sentence: `the week of 5 January 2026`, `January 2026`."""
    words = period(kind, start)
    return f"the w{words[1:]}" if kind == "week" else words


def _plain(measure: Measure, value: float) -> str:
    """Return a value as a cell has it, in one piece."""
    return value_cell(KPIS[measure.kpi].unit, value).text.replace(" ", "\u00a0")


def _in_all(found: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return what is in every one of several tuples, in the order of the first."""
    return tuple(key for key in found[0] if all(key in one for one in found)) if found else ()


def _marks(marks: Mapping[str, str], of: Figure | Sequence[str] | None, but: Sequence[str] = ()) -> str:
    keys = of.caveats if isinstance(of, Figure) else of or ()
    return " ".join(f"[{marks[key]}]" for key in sorted(keys) if key not in but)


def _bases(figures: Sequence[Figure | None]) -> Counter[str]:
    return Counter(one.basis for one in figures if one is not None and one.value is not None)


def _course(
    name: str, unit: Unit, values: Sequence[float | None], kind: PeriodKind, starts: Sequence[dt.date]
) -> str:  # fmt: skip
    """Return in words how a figure went: its first and its newest value."""
    known = [
        f"{figure(unit, value)} {in_period(kind, start)}"
        for value, start in zip(values, starts, strict=True) if value is not None
    ]  # fmt: skip
    if not known:
        return ""
    return f"{name} {known[0]}" if len(known) == 1 else f"{name} from {known[0]} to {known[-1]}"
