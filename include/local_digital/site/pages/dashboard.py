"""The dashboard of one council's transaction: what it shows, and in which words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from local_digital.calendar import period_end
from local_digital.kpis import CAVEATS, KPIS
from local_digital.site.pages.blocks import (
    Block,
    Cell,
    Column,
    Table,
    caveat_keys,
    count_cell,
    figure_cell,
    share_cell,
    state_cell,
    text_cell,
    value_cell,
)
from local_digital.site.pages.charts import STYLES, Band, Line, Spread, Target, over_time
from local_digital.site.pages.layout import HOME, Crumb, page
from local_digital.site.pages.site import label_name
from local_digital.site.pages.words import (
    change,
    day,
    figure,
    in_period,
    listed,
    number,
    period,
    sentence,
    target,
)
from local_digital.site.pages.words import field as field_in_words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from local_digital.config.models import DataSet, Transaction
    from local_digital.kpis import PeriodKind, Unit
    from local_digital.site.file import File
    from local_digital.site.pages.site import Benchmark, Council, Feed, Figure, Site

# A year and the week, month or quarter a year before: the rest is in the open data.
_SHOWN = {"week": 53, "month": 25, "quarter": 9}
# What the page begins with, as many of them as there are.
_HEADLINES = (
    "volume", "digital-takeup", "missed-per-100000", "median-hours-to-close", "repeat-misses", "completion-rate",
    "user-satisfaction", "items-renewed", "value-paid", "cost-per-transaction",
)  # fmt: skip
_MOST_HEADLINES = 6


_NOTHING = Cell("\u2013", "")


class Topic(NamedTuple):
    """A section of the dashboard about KPIs of one unit, drawn in one chart. benched: beside other councils' figures,
    by the first of them.
    """

    key: str
    title: str
    kpis: tuple[str, ...]
    benched: bool = False


_TOPICS_BEFORE_BREAKDOWNS = (
    Topic("digital-takeup", "Digital take-up", ("digital-takeup",), benched=True),
    Topic("completion-rate", "Completion rate", ("completion-rate",), benched=True),
    Topic("user-satisfaction", "User satisfaction", ("user-satisfaction",), benched=True),
)
_TOPICS = (
    Topic("reports-and-outcomes", "Reported, upheld and put right", ("volume", "justified", "rectified")),
    Topic("missed-per-100000", "Missed per 100,000 collections", ("missed-per-100000",), benched=True),
    Topic("time-to-close", "Time to close", ("median-hours-to-close", "p90-hours-to-close")),
    Topic(
        "within-one-working-day",
        "Done within one working day",
        ("closed-within-one-working-day", "rectified-within-one-working-day"),
    ),
    Topic("repeat-misses", "Repeat misses", ("repeat-misses",), benched=True),
    Topic("requests", "First applications and renewals", ("applications", "renewals")),
    Topic("items-renewed", "Items renewed", ("items-renewed",)),
    Topic("value-paid", "Value paid", ("value-paid",)),
    Topic("cost-per-transaction", "Cost per transaction", ("cost-per-transaction",), benched=True),
    Topic("channel-shift-saving", "Saving from channel shift", ("channel-shift-saving",)),
)


class Headline(NamedTuple):
    """kpi: links to its definition. when: its period in words. change: what it is since another period, in words.

    kind, start, before: its period and the first day of that other one, None where there is no change.
    """

    kpi: str
    title: str
    value: str
    note: str
    when: str
    change: str
    kind: PeriodKind
    start: dt.date
    before: dt.date | None


class Missing(NamedTuple):
    """What is not on the page. kpi: empty where it is a breakdown."""

    title: str
    kpi: str
    state: str


@dataclass(frozen=True)
class Section:
    """caveats: keys with what they mean, of all figures shown. kpis: those it shows, for links to their definitions."""

    key: str
    title: str
    blocks: Sequence[Block]
    kpis: Sequence[str]
    caveats: Mapping[str, str]
    intro: str = ""
    withheld: bool = False


def dashboard(
    site: Site, council: Council, contract: Transaction, feed: Callable[[], Feed], tables: Sequence[str] = ()
) -> Iterator[File]:
    """Yield the page of a council's transaction with its CSVs and charts; where nothing is shown, why.

    feed: returns its figures, and is asked only where they are shown. tables: of the open data about it, by name.
    """
    folder = f"councils/{council.slug}/{contract.transaction}/"
    facts: dict[str, Any] = {
        "council": council,
        "contract": contract,
        "offer": site.offer(council.slug, contract.transaction),
        "title": f"{contract.name}: {council.name}",
        "crumbs": (HOME, Crumb(council.name, f"councils/{council.slug}/index.html"), Crumb(contract.name, "")),
    }
    if site.offer(council.slug, contract.transaction).state != "shown":
        yield page(site, f"{folder}index.html", "not_shown.html", **facts)
        return
    found = _Dashboard(site, council, contract, feed(), folder)
    sections = found.sections()
    yield page(
        site,
        f"{folder}index.html",
        "dashboard.html",
        summary=found.summary(),
        headlines=(headlines := found.headlines()),
        headline_caveats=found.headline_caveats(),
        sections=sections,
        missing=found.missing(),
        released_at=site.released_at.get((council.slug, contract.transaction)),
        compared_to=_compared(headlines),
        tables=tables,
        **facts,
    )
    for section in sections:
        for block in section.blocks:
            yield from block.files()


def starts_of(kind: PeriodKind, known: Sequence[dt.date], most: int | None = None) -> list[dt.date]:
    """Return the first days of all periods from the first that is known to the newest, at most so many of those."""
    if not known:
        return []
    found, newest = [min(known)], max(known)
    while found[-1] < newest:
        found.append(period_end(kind, found[-1]))
    return found[-(most or _SHOWN[kind]) :]


def _compared(headlines: Sequence[Headline]) -> str:
    """Return a sentence about what the changes of the headlines are since, for each kind of period among them."""
    since: dict[PeriodKind, list[tuple[dt.date, dt.date]]] = {}
    for one in headlines:
        if one.before:
            since.setdefault(one.kind, []).append((one.before, one.start))
    return " ".join(
        f"Changes{f' of {kind}ly figures' if len(since) > 1 else ''} are since {_since(kind, pairs)}."
        for kind, pairs in since.items()
    )


def _since(kind: PeriodKind, pairs: Sequence[tuple[dt.date, dt.date]]) -> str:
    apart = {before for before, start in pairs if period_end(kind, before) != start}
    if not apart:
        return f"the {kind} before"
    if len(apart) == 1 and all(before in apart for before, _ in pairs):
        (at,) = apart
        return f"the week of {at.day} {at:%B}: it is at the same point of the round of collections"
    return "the newest earlier week at the same point of the round of collections, or the week before where none is"


@dataclass(frozen=True)
class _Dashboard:
    site: Site
    council: Council
    contract: Transaction
    feed: Feed
    folder: str

    @property
    def kind(self) -> PeriodKind:
        return self.feed.kind

    def kind_of(self, kpi: str) -> PeriodKind:
        periods = KPIS[kpi].periods
        return self.kind if self.kind in periods else periods[-1]

    def series(self, kpi: str) -> dict[dt.date, Figure]:
        return self.feed.series(kpi, self.kind_of(kpi))

    def before(self, kind: PeriodKind, start: dt.date) -> tuple[dt.date | None, str]:
        """Return the period to compare one with, and what it is in words."""
        known = self.feed.periods.get(kind, {}).get(start)
        if kind == "week" and known and known.same_point:
            return known.same_point, in_period(kind, known.same_point)
        earlier = [day for day in self._all_starts(kind) if period_end(kind, day) == start]
        return (earlier[0], in_period(kind, earlier[0])) if earlier else (None, "")

    def _all_starts(self, kind: PeriodKind) -> list[dt.date]:
        days = set(self.feed.periods.get(kind, {}))
        for (of_kind, *_), figures in self.feed.figures.items():
            if of_kind == kind:
                days |= figures.keys()
        return starts_of(kind, sorted(days))

    def starts(self, kind: PeriodKind, known: Collection[dt.date]) -> list[dt.date]:
        """Return the periods of a chart: from the first that is known to the newest that any figure of the page has."""
        return starts_of(kind, [*known, *self._all_starts(kind)[-1:]]) if known else []

    def summary(self) -> str:
        """Return one sentence about the newest whole period."""
        volume = self.series("volume")
        if not volume:
            return "None of its figures are there yet."
        start = max(volume)
        reports = volume[start].value or 0
        said = f"{sentence(in_period(self.kind, start))}, {number(reports)} transaction{'' if reports == 1 else 's'}"
        said += " were counted" if reports != 1 else " was counted"
        before, _ = self.before(self.kind, start)
        earlier = volume.get(before) if before else None
        if before and earlier and earlier.value is not None:
            told = change("count", reports, earlier.value)
            told = "as many as" if told == "no change" else f"{told} than"
            said += f", {told} {in_period(self.kind, before)}"
        takeup = self.series("digital-takeup").get(start)
        if takeup and takeup.value is not None:
            said += f"; {figure('share', takeup.value)} of them were digital"
        return said + "."

    def headlines(self) -> list[Headline]:
        found = []
        for kpi in _HEADLINES:
            series = self.series(kpi)
            if kpi not in self.contract.kpis or not series:
                continue
            start = max(series)
            newest = series[start]
            unit, kind = KPIS[kpi].unit, self.kind_of(kpi)
            if newest.value is None:
                continue
            before, when = self.before(kind, start)
            earlier = series.get(before) if before else None
            told, since = "", None
            if earlier and earlier.value is not None and earlier.basis == newest.basis:
                since = before
                told = change(unit, newest.value, earlier.value)
                told = f"{told} since {when.removeprefix('in ').removeprefix('from ')}"
            note = "estimated" if newest.basis == "estimated" else ""
            value, title = figure(unit, newest.value), KPIS[kpi].title
            found.append(Headline(kpi, title, value, note, period(kind, start), told, kind, start, since))
        return found[:_MOST_HEADLINES]

    def headline_caveats(self) -> dict[str, str]:
        newest = [series[max(series)] for headline in self.headlines() if (series := self.series(headline.kpi))]
        return {key: CAVEATS[key] for key in caveat_keys(newest)}

    def sections(self) -> list[Section]:
        found = [self.channels(), *(self.topic(topic) for topic in _TOPICS_BEFORE_BREAKDOWNS), *self.breakdowns()]
        found += [self.topic(topic) for topic in _TOPICS]
        told = {"channel-mix", *(kpi for topic in (*_TOPICS_BEFORE_BREAKDOWNS, *_TOPICS) for kpi in topic.kpis)}
        # A KPI that is defined after these lines were written has its section all the same.
        found += [
            self.topic(Topic(kpi, KPIS[kpi].title, (kpi,)))
            for kpi in self.contract.kpis if kpi not in told and not KPIS[kpi].labelled
        ]  # fmt: skip
        found += [self.by_channel(kpi) for kpi in self.contract.kpis if kpi not in told and KPIS[kpi].labelled]
        return [section for section in found if section]

    def holidays(self, kind: PeriodKind) -> dict[dt.date, str]:
        """Return the bank holidays of every week with one."""
        if kind != "week":
            return {}
        return {
            start: listed(known.bank_holidays)
            for start, known in self.feed.periods.get(kind, {}).items() if known.bank_holidays
        }  # fmt: skip

    def channels(self) -> Section | None:
        kind = self.kind
        counts = self._channel_counts()
        starts = self.starts(kind, counts)
        if not starts:
            return None
        labels = sorted({label for start in starts for label in counts.get(start, {})})
        totals = {label: sum(counts.get(start, {}).get(label) or 0 for start in starts) for label in labels}
        labels.sort(key=lambda label: (-totals[label], label))
        room = len(STYLES)
        alone = labels if len(labels) <= room else labels[: room - 1]
        together = labels[len(alone) :]

        def line(members: Sequence[str]) -> list[float | None]:
            values: list[float | None] = []
            for start in starts:
                parts = [counts[start].get(label) for label in members] if start in counts else [None]
                known = [part for part in parts if part is not None]
                # A sum of which a part is not known is not drawn.
                values.append(sum(known) if len(known) == len(parts) else None)
            return values

        lines = [Line(label_name(self.contract, "channel", label), line([label])) for label in alone]
        if together:
            lines.append(Line(f"{len(together)} other channels", line(together)))
        holidays = self.holidays(kind)
        names = [label_name(self.contract, "channel", label) for label in labels]
        columns = [*_when(kind), *(Column(name, label) for name, label in zip(names, labels, strict=True))]
        columns += [
            Column("All", "all"),
            *([Column("Bank holidays", "bank_holidays", numeric=False)] if holidays else []),
        ]
        rows = []
        for start in reversed(starts):
            of_start = counts.get(start)
            cells = [_counted(of_start, label) for label in labels]
            total = self.feed.periods.get(kind, {}).get(start)
            whole = count_cell(total.reports) if total and total.reports is not None else state_cell("no-data")
            row = [*_when_cells(kind, start), *cells, whole]
            rows.append([*row, text_cell(holidays.get(start, ""))] if holidays else row)
        title = f"Transactions by channel and {kind}"
        last = starts[-1]
        shown = [(line.name, line.values[-1]) for line in lines if line.values[-1] is not None]
        alt = (
            f"Line chart of transactions by channel, {_span(kind, starts)}. {sentence(in_period(kind, last))}: "
            + (listed([f"{name} {number(value)}" for name, value in shown if value is not None]) or "no figures")
            + "."
        )
        notes = []
        if together:
            others = listed([label_name(self.contract, "channel", label) for label in together])
            notes.append(f"The other channels are {others}. The table has each of them.")
        block = Block(
            "transactions-by-channel", title, Table(title, columns, rows), self.folder,
            over_time(kind, starts, lines, "count", marked=holidays), alt, notes,
        )  # fmt: skip
        newest = [
            figures[last] for (of_kind, kpi, *_), figures in self.feed.figures.items()
            if of_kind == kind and kpi == "channel-mix" and last in figures
        ]  # fmt: skip
        caveats = caveat_keys(newest)
        return _section("channels", "Volume by channel", [block], ("volume", "channel-mix"), caveats)

    def _channel_counts(self) -> dict[dt.date, dict[str, int | None]]:
        for name, data_set in self.contract.data_sets.items():
            if data_set.breakdown == "channel" and not data_set.across and data_set.period == self.kind:
                found = self.feed.counts.get(name)
                if found:
                    return {day: {label: count for (label, _), count in part.items()} for day, part in found.items()}
        found_by_kpi: dict[dt.date, dict[str, int | None]] = {}
        for (kind, kpi, _, label), figures in self.feed.figures.items():
            if kpi == "channel-mix" and kind == self.kind:
                for day, one in figures.items():
                    counted = None if one.numerator is None else round(one.numerator)
                    found_by_kpi.setdefault(day, {})[label] = counted
        return found_by_kpi

    def topic(self, topic: Topic) -> Section | None:
        kpis = [kpi for kpi in topic.kpis if kpi in self.contract.kpis and self.series(kpi)]
        # All transactions have their place above; here they are only what the others are seen beside.
        if not kpis or kpis == ["volume"]:
            return None
        unit, kind = KPIS[kpis[0]].unit, self.kind_of(kpis[0])
        starts = self.starts(kind, {day for kpi in kpis for day in self.series(kpi)})
        series = {kpi: self.series(kpi) for kpi in kpis}
        names = {kpi: self._name(kpi) for kpi in kpis}
        lines = [
            Line(self.council.name if len(kpis) == 1 else names[kpi], _values(series[kpi], starts)) for kpi in kpis
        ]
        bench = self.benchmark(kpis[0], kind, series[kpis[0]]) if topic.benched else None
        wanted = self.contract.kpis[kpis[0]].target
        aim = Target(f"Target: at most {target(unit, float(wanted))}", float(wanted)) if wanted is not None else None
        band = None
        if bench:
            spreads = [
                Spread(one.lower_quartile, one.median, one.upper_quartile)
                if (one := bench.by_start.get(start))
                else None
                for start in starts
            ]
            band = Band(f"Middle half of {bench.who}", f"Their median ({bench.who})", spreads)
        holidays = self.holidays(kind)
        in_hours = " (hours)" if unit == "hours" else ""
        columns = [*_when(kind), *(Column(names[kpi] + in_hours, kpi) for kpi in kpis)]
        if bench:
            columns += [
                Column("Lower quartile", "lower_quartile"), Column("Median of councils", "median"),
                Column("Upper quartile", "upper_quartile"), Column("Councils", "councils"),
            ]  # fmt: skip
        if holidays:
            columns.append(Column("Bank holidays", "bank_holidays", numeric=False))
        rows = []
        for start in reversed(starts):
            row = [*_when_cells(kind, start), *(figure_cell(kpi, series[kpi].get(start)) for kpi in kpis)]
            if bench:
                row += _bench_cells(unit, bench.by_start.get(start), late=bool(bench.as_of) and start > bench.newest)
            if holidays:
                row.append(text_cell(holidays.get(start, "")))
            rows.append(row)
        title = f"{topic.title} by {kind}{', in hours' if unit == 'hours' else ''}"
        drawing = over_time(kind, starts, lines, unit, band=band, target=aim, marked=holidays)
        block = Block(
            topic.key, title, Table(title, columns, rows), self.folder, drawing,
            self._alt(topic.title, kind, starts, lines, unit, bench, aim),
            [bench.words] if bench and drawing else [],
        )  # fmt: skip
        shown = [series[kpi].get(start) for kpi in kpis for start in starts]
        return _section(topic.key, topic.title, [block], kpis, caveat_keys(shown))

    def by_channel(self, kpi: str) -> Section | None:
        """Return a table of a KPI that has a figure for each channel, of the newest period."""
        kind, newest_version = self.kind_of(kpi), KPIS[kpi].versions[-1]
        by_label = {
            label: figures for (of_kind, of_kpi, of_version, label), figures in self.feed.figures.items()
            if (of_kind, of_kpi, of_version) == (kind, kpi, newest_version)
        }  # fmt: skip
        start = max((day for figures in by_label.values() for day in figures), default=None)
        if start is None:
            return None
        now = {label: figures[start] for label, figures in by_label.items() if start in figures}
        named = sorted((label_name(self.contract, "channel", label), label) for label in now)
        rows = [[text_cell(name), figure_cell(kpi, now[label])] for name, label in named]
        title = KPIS[kpi].title
        columns = [Column("Channel", "channel", numeric=False), Column(period(kind, start), kpi)]
        block = Block(kpi, title, Table(f"{title}, {period(kind, start)}", columns, rows, sortable=True), self.folder)
        return _section(kpi, title, [block], (kpi,), caveat_keys(now.values()))

    def _name(self, kpi: str) -> str:
        # Beside what was upheld, a transaction is a report.
        return "Reported" if kpi == "volume" else KPIS[kpi].title

    def _alt(
        self,
        title: str,
        kind: PeriodKind,
        starts: Sequence[dt.date],
        lines: Sequence[Line],
        unit: Unit,
        bench: _Bench | None,
        aim: Target | None,
    ) -> str:
        said = f"Line chart of {title[0].lower()}{title[1:]}, {_span(kind, starts)}. "
        parts = []
        for line in lines:
            known = [(value, start) for value, start in zip(line.values, starts, strict=True) if value is not None]
            if known:
                newest, low, high = known[-1], min(known), max(known)
                name = f"{line.name}: " if len(lines) > 1 else ""
                parts.append(
                    f"{name}{figure(unit, newest[0])} {in_period(kind, newest[1])}, "
                    f"lowest {figure(unit, low[0])}, highest {figure(unit, high[0])}"
                )
        said += "; ".join(parts) + "."
        if bench and (one := bench.by_start.get(starts[-1])):
            said += f" The median of {bench.who} was {figure(unit, one.median)}."
        if aim:
            said += f" {aim.name}."
        return said

    def benchmark(self, kpi: str, kind: PeriodKind, series: Mapping[dt.date, Figure]) -> _Bench | None:
        """Return what the councils of the tier have; what all have where those are too few.

        series: the council's own, one figure at least.
        """
        basis = series[max(series)].basis
        tier = self.council.tier
        for comparison, subject, kind_of in (("tier", tier, f"{tier.replace('-', ' ')} "), ("all", "", "")):
            found = self.site.benchmark(
                self.contract.transaction, kind, kpi, basis=basis, comparison=comparison, subject=subject
            )
            found = {
                day: one for day, one in found.items()
                if day in series and series[day].basis == basis and series[day].value is not None
            }  # fmt: skip
            if found:
                newest = found[max(found)]
                as_of = self.site.as_of.get(self.contract.transaction)
                return _Bench(f"{newest.councils} {kind_of}councils", found, kind, max(found), comparison, as_of)
        return None

    def breakdowns(self) -> Iterator[Section]:
        for name, data_set in self.contract.data_sets.items():
            counts = self.feed.counts.get(name)
            if data_set.breakdown and data_set.breakdown != "channel" and counts and data_set.period != "hour":
                yield self._breakdown(name, data_set, counts)

    def _breakdown(
        self, name: str, data_set: DataSet, counts: Mapping[dt.date, Mapping[tuple[str, str], int | None]]
    ) -> Section:
        field = data_set.breakdown or ""
        kind: PeriodKind = "week" if data_set.period == "week" else "month"
        start = max(counts)
        now = counts[start]
        earlier_start = next((day for day in counts if period_end(kind, day) == start), None)
        earlier = counts[earlier_start] if earlier_start else {}
        period_known = self.feed.periods.get(kind, {}).get(start)
        whole = period_known.reports if period_known else None
        fields = [field, *([data_set.across] if data_set.across else [])]
        columns = [Column(field_in_words(one).capitalize(), one, numeric=False) for one in fields]
        columns += [
            Column("Transactions", "transactions"), Column(f"Share of the {kind}'s total", "share"),
            Column(f"Change since the {kind} before", "change"),
        ]  # fmt: skip
        rows = []
        for label, across in sorted(now, key=lambda pair: (label_name(self.contract, field, pair[0]), pair[1])):
            count = now[label, across]
            row = [text_cell(label_name(self.contract, field, label), own=True)]
            if data_set.across:
                row.append(text_cell(label_name(self.contract, data_set.across, across), own=True))
            if count is None:
                # Said once a row; a chip in every column would bury the figures.
                row += [state_cell("withheld"), _NOTHING, _NOTHING]
            else:
                row += [count_cell(count), share_cell(count, whole), _difference(count, (label, across), earlier)]
            rows.append(row)
        by = " and ".join(field_in_words(one) for one in fields)
        title = f"Transactions by {by}"
        withheld = sum(count is None for count in now.values())
        intro = f"{period(kind, start)}"
        if whole is not None:
            intro += f": {number(whole)} transactions in all"
        intro += "."
        if withheld:
            intro += f" {withheld} of {len(now)} counts are withheld, since they or others are small."
        # The prefix keeps the file apart from those of the other sections, whatever a contract calls its data set.
        key = f"counts-{name}"
        block = Block(key, title, Table(f"{title}, {period(kind, start)}", columns, rows, sortable=True), self.folder)
        holidays = period_known.bank_holidays if period_known and kind == "week" else ()
        caveats = ["bank-holiday"] if holidays else []
        section = _section(key, title, [block], ("volume",), caveats, intro)
        return section if not withheld else _with_withheld(section)

    def missing(self) -> list[Missing]:
        """Return what the contract has and this page has not, with the reason."""
        offer = self.site.offer(self.council.slug, self.contract.transaction)
        found = []
        for kpi in self.contract.kpis:
            if kpi in offer.not_supplied:
                found.append(Missing(KPIS[kpi].title, kpi, "not-supplied"))
            elif not (self.feed.has(kpi) if KPIS[kpi].labelled else self.series(kpi)):
                found.append(Missing(KPIS[kpi].title, kpi, "no-data"))
            elif not KPIS[kpi].labelled and (series := self.series(kpi)) and series[max(series)].value is None:
                when = in_period(self.kind_of(kpi), max(series))
                found.append(Missing(f"{KPIS[kpi].title} {when}", kpi, series[max(series)].state))
        for name, data_set in self.contract.data_sets.items():
            if data_set.breakdown and data_set.breakdown != "channel" and name not in self.feed.counts:
                by = " and ".join(field_in_words(one) for one in (data_set.breakdown, data_set.across) if one)
                found.append(Missing(f"Transactions by {by}", "", "no-data"))
        return found


class _Bench(NamedTuple):
    """who: how many councils of which kind, in the newest period."""

    who: str
    by_start: Mapping[dt.date, Benchmark]
    kind: PeriodKind
    newest: dt.date
    comparison: str
    as_of: dt.date | None

    @property
    def words(self) -> str:
        taken = f" It is as of {day(self.as_of)}." if self.as_of else ""
        too_few = "" if self.comparison == "tier" else " Fewer than three councils of its own kind have this figure."
        return (
            f"The band is what the middle half of {self.who} have, from the lower to the upper quartile; this council "
            f"is among them. They are those with the figure {in_period(self.kind, self.newest)}.{too_few}{taken}"
        )


def _section(
    key: str, title: str, blocks: Sequence[Block], kpis: Sequence[str], caveats: Sequence[str], intro: str = ""
) -> Section:
    return Section(key, title, blocks, kpis, {one: CAVEATS[one] for one in caveats}, intro)


def _with_withheld(section: Section) -> Section:
    return Section(
        section.key, section.title, section.blocks, section.kpis, section.caveats, section.intro, withheld=True
    )


def _when(kind: PeriodKind) -> list[Column]:
    return [Column(kind.capitalize(), "period_start", numeric=False)]


def _when_cells(kind: PeriodKind, start: dt.date) -> list[Cell]:
    return [Cell(period(kind, start), start.isoformat(), order=start.isoformat())]


def _values(series: Mapping[dt.date, Figure], starts: Sequence[dt.date]) -> list[float | None]:
    return [one.value if (one := series.get(start)) else None for start in starts]


def _counted(of_start: Mapping[str, int | None] | None, label: str) -> Cell:
    if of_start is None or label not in of_start:
        return state_cell("no-data")
    count = of_start[label]
    return state_cell("withheld") if count is None else count_cell(count)


def _difference(count: int, key: tuple[str, str], earlier: Mapping[tuple[str, str], int | None]) -> Cell:
    if key not in earlier:
        return _NOTHING
    before = earlier[key]
    if before is None:
        return state_cell("withheld")._replace(text="Withheld before", raw="")
    size = count - before
    # A minus sign is as wide as a plus.
    return Cell(f"{size:+,}".replace("-", "\u2212") if size else "0", str(size), order=str(size))


def _bench_cells(unit: Unit, one: Benchmark | None, *, late: bool) -> list[Cell]:
    """late: of a period that is newer than the benchmarks."""
    if one is None:
        return [state_cell("no-data" if late else "too-few")] * 4
    spread = [value_cell(unit, value) for value in (one.lower_quartile, one.median, one.upper_quartile)]
    return [*spread, count_cell(one.councils)]


def _span(kind: PeriodKind, starts: Sequence[dt.date]) -> str:
    first, last = period(kind, starts[0]), period(kind, starts[-1])
    if kind == "week":
        first, last = f"the w{first[1:]}", f"the w{last[1:]}"
    return f"by {kind}, from {first} to {last}"
