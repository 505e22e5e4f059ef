"""Every figure of docs/kpis.md, worked out from what truly happened: plain Python, whole fractions, no SQL."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import holidays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from demo.world.dealings import Dealing
    from local_digital.config.models import Council, Feed, Label, Transaction

LONDON = ZoneInfo("Europe/London")
DAY = dt.timedelta(days=1)
SUBDIVISIONS = {"england-and-wales": "ENG", "scotland": "SCT", "northern-ireland": "NIR"}
SATURDAY = 5
UNMAPPED = "unmapped"


class Key(NamedTuple):
    """Which figure of a feed."""

    period_kind: str
    period_start: dt.date
    kpi: str
    version: str = "1"
    label: str = ""


class Figure(NamedTuple):
    """numerator, denominator, value: exact; None as in `marts.kpi`."""

    numerator: Fraction | None
    denominator: Fraction | None
    value: Fraction | None
    basis: str
    caveats: frozenset[str] = frozenset()


Figures = dict[Key, Figure]


@dataclass(frozen=True)
class Period:
    """A week, month or quarter. ends: the first day after it. whole: the deliveries cover all of it."""

    kind: str
    starts: dt.date
    ends: dt.date
    whole: bool

    def days(self) -> Iterator[dt.date]:
        return (self.starts + number * DAY for number in range((self.ends - self.starts).days))


class Month(NamedTuple):
    """A whole month's transactions by channel."""

    starts: dt.date
    by_channel: dict[str, int]

    def only(self, channel: str) -> Month:
        return Month(self.starts, {channel: self.by_channel.get(channel, 0)})


class Costed(NamedTuple):
    """costed, left_out: transactions by channels with and without a unit cost."""

    pounds: Fraction
    costed: int
    left_out: int
    estimated: bool
    caveats: frozenset[str]

    @property
    def enough(self) -> bool:
        return 20 * self.left_out <= self.costed + self.left_out


def day_of(moment: dt.datetime) -> dt.date:
    return moment.astimezone(LONDON).date()


def months_after(first: dt.date, number: int) -> dt.date:
    years, month = divmod(first.month - 1 + number, 12)
    return dt.date(first.year + years, month + 1, 1)


def start_of(kind: str, day: dt.date) -> dt.date:
    return {
        "week": day - day.weekday() * DAY,
        "month": day.replace(day=1),
        "quarter": dt.date(day.year, day.month - (day.month - 1) % 3, 1),
    }[kind]


def end_of(kind: str, starts: dt.date) -> dt.date:
    return starts + 7 * DAY if kind == "week" else months_after(starts, 1 if kind == "month" else 3)


@cache
def is_bank_holiday(division: str, day: dt.date) -> bool:
    """One that falls on a weekend is kept on another day."""
    return day.weekday() < SATURDAY and day in holidays.country_holidays(
        "GB", subdiv=SUBDIVISIONS[division], years=day.year
    )


@cache
def next_working_day(division: str, day: dt.date) -> dt.date:
    day += DAY
    while day.weekday() >= SATURDAY or is_bank_holiday(division, day):
        day += DAY
    return day


def quantile(ordered: Sequence[Fraction], share: Fraction) -> Fraction:
    """Between neighbours in proportion."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def rounded(value: Fraction, places: int) -> Fraction:
    """Half away from zero."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**places)


def over(numerator: Fraction | int, denominator: Fraction | int) -> Fraction | None:
    return Fraction(numerator) / denominator if denominator else None


def recomputed(
    dealings: Sequence[Dealing],
    council: Council,
    contract: Transaction,
    *,
    complete_until: dt.datetime,
    as_of: dt.datetime | None = None,
) -> Figures:
    """Return every figure of a feed.

    complete_until: the moment (aware) up to which the deliveries are complete. as_of: the moment at which the newest
    was made, where that is another.
    """
    return _Feed(dealings, council, contract, complete_until, as_of or complete_until).figures()


@dataclass(frozen=True)
class _Feed:
    dealings: Sequence[Dealing]
    council: Council
    contract: Transaction
    complete_until: dt.datetime
    as_of: dt.datetime

    @property
    def feed(self) -> Feed:
        return self.council.feeds[self.contract.transaction]

    @property
    def division(self) -> str:
        return self.council.bank_holidays.value

    def values(self, field: str, wanted: Callable[[Label], bool]) -> set[str]:
        values = self.contract.fields[field].values if field in self.contract.fields else {}
        return {name for name, label in values.items() if wanted(label)}

    def offers(self, field: str) -> set[str]:
        """The labels that the feed's own words stand for."""
        column = self.feed.columns.get(field)
        if column is None:
            return set()
        spelt = {*column.map.values(), column.yes, column.no, column.value, column.when_blank}
        return {label for label in spelt if label}

    def sends(self, *fields: str) -> bool:
        events = {"closed_at"} if self.feed.delivery == "event_log" else set()
        return all(field in self.feed.columns or field in events for field in fields)

    @cached_property
    def no_demand(self) -> set[str]:
        return self.values("status", lambda label: not label.demand)

    @cached_property
    def abandoned(self) -> set[str]:
        return self.values("status", lambda label: not label.completed)

    @cached_property
    def covered(self) -> tuple[dt.date, dt.date]:
        """The first day that the deliveries cover, and the first that they do not."""
        ends = day_of(self.complete_until)
        if self.feed.covers_from:
            return self.feed.covers_from, ends
        reported = sorted({day_of(dealing.reported_at) for dealing in self.dealings})
        after_silence = [
            day for before, day in itertools.pairwise(reported) if (day - before).days > self.feed.quiet_days
        ]
        return max(after_silence, default=min(reported, default=ends)), ends

    @cached_property
    def stated(self) -> set[dt.date] | None:
        """Of counts: the days that some count is about."""
        if self.feed.aggregate is None:
            return None
        kind = self.feed.aggregate.period
        return {
            day
            for starts in {day_of(dealing.reported_at) for dealing in self.dealings}
            for day in (
                [starts] if kind == "day" else Period(kind, starts, end_of(kind, starts), whole=True).days()
            )
        }  # fmt: skip

    def periods(self, kind: str) -> list[Period]:
        """Those that are covered, and those that hold a dealing."""
        first, ends = self.covered
        days = {first + number * DAY for number in range((ends - first).days)}
        days |= {day_of(dealing.reported_at) for dealing in self.dealings}
        found = []
        for starts in sorted({start_of(kind, day) for day in days}):
            period = Period(kind, starts, end_of(kind, starts), whole=False)
            whole = first <= starts and period.ends <= ends
            if whole and self.stated is not None:
                whole = self.stated.issuperset(period.days())
            found.append(Period(kind, starts, period.ends, whole))
        return found

    @property
    def kinds(self) -> list[str]:
        counted = self.feed.aggregate.period if self.feed.aggregate else "day"
        return {"day": ["week", "month"], "week": ["week"], "month": ["month"]}[counted]

    def figures(self) -> Figures:
        found: Figures = {}
        by: dict[str, dict[dt.date, list[Dealing]]] = {kind: defaultdict(list) for kind in self.kinds}
        for dealing in self.dealings:
            for kind in self.kinds:
                by[kind][start_of(kind, day_of(dealing.reported_at))].append(dealing)
        for kind in self.kinds:
            for period in self.periods(kind):
                there = by[kind][period.starts]
                counted = [dealing for dealing in there if dealing.status not in self.no_demand]
                given_up = [dealing for dealing in there if dealing.status in self.abandoned]
                if period.whole or counted:
                    found |= self.of_period(period, counted, given_up)
        if "month" in self.kinds:
            found |= self.of_quarters()
        return found

    def of_period(self, period: Period, counted: list[Dealing], given_up: list[Dealing]) -> Figures:
        basis = "full" if period.whole else "partial"
        holiday = period.kind == "week" and any(is_bank_holiday(self.division, day) for day in period.days())
        unmapped = ["unmapped-channels"] * any(dealing.channel == UNMAPPED for dealing in counted)
        found: Figures = {}

        def tell(
            kpi: str,
            numerator: Fraction | int | None,
            denominator: Fraction | int | None,
            value: Fraction | int | None,
            *caveats: str,
            version: str = "1",
            label: str = "",
            on: str = basis,
        ) -> None:
            found[Key(period.kind, period.starts, kpi, version, label)] = Figure(
                None if numerator is None else Fraction(numerator),
                None if denominator is None else Fraction(denominator),
                None if value is None else Fraction(value),
                on,
                frozenset({*["bank-holiday"] * holiday, *caveats}),
            )

        kpis = self.contract.kpis
        total = sum(dealing.count for dealing in counted)
        if "volume" in kpis:
            tell("volume", total, None, total)
        by_channel: dict[str, int] = dict.fromkeys(self.offers("channel"), 0)
        for dealing in counted:
            by_channel[dealing.channel] = by_channel.get(dealing.channel, 0) + dealing.count
        if "channel-mix" in kpis:
            for channel, number in by_channel.items():
                tell("channel-mix", number, total, over(number, total), *unmapped, label=channel)
        if "digital-takeup" in kpis:
            digital = self.values("channel", lambda label: label.digital)
            alone = self.values("channel", lambda label: label.digital and not label.assisted)
            for version, channels in (("current", digital), ("2013", alone)):
                taken_up = sum(number for channel, number in by_channel.items() if channel in channels)
                tell("digital-takeup", taken_up, total, over(taken_up, total), *unmapped, version=version)
        if "completion-rate" in kpis and (self.sends("starts") or self.offers("status") & self.abandoned):
            begun = sum(
                dealing.count if dealing.starts is None else dealing.starts for dealing in [*counted, *given_up]
            )
            tell("completion-rate", total, begun, over(total, begun))
        if "user-satisfaction" in kpis and self.sends("rating"):
            rated = [dealing for dealing in counted if dealing.rating]
            votes = sum(dealing.count for dealing in rated)
            points = sum(((dealing.rating or 0) - 1) * dealing.count for dealing in rated)
            caveats = ["no-rating"] * (10 * votes < total)
            tell("user-satisfaction", points, 4 * votes, over(points, 4 * votes), *caveats)
        if "items-renewed" in kpis and self.sends("items"):
            items = sum(dealing.items or 0 for dealing in counted)
            tell("items-renewed", items, None, items)
        if "value-paid" in kpis and self.sends("amount"):
            paid = sum((Fraction(dealing.amount) for dealing in counted if dealing.amount is not None), Fraction())
            tell("value-paid", paid, None, paid)
        for kpi, request in (("applications", "application"), ("renewals", "renewal")):
            if kpi in kpis and self.sends("request"):
                asked = sum(dealing.count for dealing in counted if dealing.request == request)
                tell(kpi, asked, None, asked)
        self._closing(counted, tell)
        self._missed_bins(period, counted, basis, tell)
        return found

    def _closing(self, counted: list[Dealing], tell: Callable[..., None]) -> None:
        kpis = self.contract.kpis
        if not self.sends("closed_at"):
            return
        still_open = ["still-open"] * any(dealing.closed_at is None for dealing in counted)
        hours = sorted(
            Fraction((dealing.closed_at - dealing.reported_at) // dt.timedelta(microseconds=1), 3_600_000_000)
            for dealing in counted if dealing.closed_at for _ in range(dealing.count)
        )  # fmt: skip
        for kpi, share in (("median-hours-to-close", Fraction(1, 2)), ("p90-hours-to-close", Fraction(9, 10))):
            if kpi in kpis:
                tell(kpi, None, len(hours), rounded(quantile(hours, share), 4) if hours else None, *still_open)
        if "closed-within-one-working-day" in kpis:
            self._in_time("closed-within-one-working-day", counted, tell)

    def _in_time(self, kpi: str, cases: list[Dealing], tell: Callable[..., None]) -> None:
        due = [(dealing, deadline) for dealing in cases if (deadline := self.deadline(dealing)) <= self.as_of]
        in_time = sum(dealing.count for dealing, deadline in due if dealing.closed_at and dealing.closed_at < deadline)
        number = sum(dealing.count for dealing, _ in due)
        tell(kpi, in_time, number, over(in_time, number))

    def deadline(self, dealing: Dealing) -> dt.datetime:
        day = next_working_day(self.division, day_of(dealing.reported_at))
        return dt.datetime.combine(day + DAY, dt.time(), LONDON)

    def _missed_bins(self, period: Period, counted: list[Dealing], basis: str, tell: Callable[..., None]) -> None:
        kpis = self.contract.kpis
        right = self.values("outcome", lambda label: label.upheld)
        upheld = [dealing for dealing in counted if dealing.outcome in right]
        number = sum(dealing.count for dealing in upheld)
        if "justified" in kpis and self.sends("outcome"):
            tell("justified", number, None, number)
        if self.sends("outcome", "closed_at"):
            put_right = sum(dealing.count for dealing in upheld if dealing.closed_at)
            still_open = ["still-open"] * any(dealing.closed_at is None for dealing in counted)
            if "rectified" in kpis:
                tell("rectified", put_right, None, put_right, *still_open)
            if "rectified-within-one-working-day" in kpis:
                self._in_time("rectified-within-one-working-day", upheld, tell)
        if "missed-per-100000" in kpis and self.sends("outcome", "stream") and self.feed.collections:
            self._per_collection(period, counted, upheld, basis, tell)
        if "repeat-misses" in kpis and self.sends("premises_key", "stream"):
            self._repeats(period, counted, basis, tell)

    def _per_collection(
        self, period: Period, counted: list[Dealing], upheld: list[Dealing], basis: str, tell: Callable[..., None]
    ) -> None:
        scheduled: dict[str, Fraction] = {}
        for stream in {supplied.stream for supplied in self.feed.collections}:
            days = [self.collections_on(stream, day) for day in period.days()]
            if all(day is not None for day in days):
                scheduled[stream] = sum((day for day in days if day is not None), Fraction())
        if not scheduled:
            return
        missed = sum(dealing.count for dealing in upheld if dealing.stream in scheduled)
        of = sum(scheduled.values(), Fraction())
        caveats = ["streams-left-out"] * any(dealing.stream not in {None, *scheduled} for dealing in counted)
        if period.kind == "month":
            caveats.append("collections-spread")
            basis = "estimated" if basis == "full" else basis
        tell("missed-per-100000", missed, of, missed / of * 100_000, *caveats, on=basis)

    def collections_on(self, stream: str, day: dt.date) -> Fraction | None:
        """A seventh of the week's, by the entry that began last of those that hold."""
        held = [
            each
            for each in self.feed.collections
            if each.stream == stream and each.valid_from <= day <= (each.valid_until or dt.date.max)
        ]
        return Fraction(max(held, key=lambda each: each.valid_from).a_week, 7) if held else None

    @cached_property
    def repeats(self) -> set[str]:
        """The references of reports that were not the first of their premises and bin type within so many weeks."""
        weeks = dt.timedelta(weeks=self.contract.kpis["repeat-misses"].weeks)
        told = defaultdict(list)
        for dealing in self.dealings:
            if dealing.premises and dealing.status not in self.no_demand:
                told[dealing.premises, dealing.stream].append((dealing.reported_at, dealing.ref))
        return {
            ref
            for reports in told.values()
            for (before, _), (reported_at, ref) in itertools.pairwise(sorted(reports))
            if reported_at - before <= weeks
        }

    def _repeats(self, period: Period, counted: list[Dealing], basis: str, tell: Callable[..., None]) -> None:
        weeks = dt.timedelta(weeks=self.contract.kpis["repeat-misses"].weeks)
        named = [dealing for dealing in counted if dealing.premises]
        again = sum(dealing.ref in self.repeats for dealing in named)
        number = len(named)
        if period.starts - weeks < self.covered[0]:
            basis = "partial"
        caveats = ["no-premises"] * (len(named) < len(counted))
        tell("repeat-misses", again, number, over(again, number), *caveats, on=basis)

    @cached_property
    def months(self) -> dict[dt.date, Month]:
        """The whole ones."""
        found = {
            period.starts: Month(period.starts, defaultdict(int)) for period in self.periods("month") if period.whole
        }
        for dealing in self.dealings:
            month = found.get(start_of("month", day_of(dealing.reported_at)))
            if month and dealing.status not in self.no_demand:
                month.by_channel[dealing.channel] += dealing.count
        return found

    def cost(self, channel: str, day: dt.date) -> tuple[Fraction, bool, bool] | None:
        """Pounds that one costs on a day, whether that is the council's own figure, whether an estimate."""
        for own, costs in ((True, self.feed.unit_costs), (False, self.contract.unit_costs)):
            held = [cost for cost in costs if cost.channel == channel and cost.valid_from <= day]
            if held:
                newest = max(held, key=lambda cost: cost.valid_from)
                return Fraction(newest.pounds), own, newest.estimate
        return None

    def of_quarters(self) -> Figures:
        """Of quarters that are over, by the whole months among the 12 that end with each, and the 12 before those."""
        found: Figures = {}
        first = min(self.months, default=self.covered[1])
        quarter = start_of("quarter", first)
        while (ends := end_of("quarter", quarter)) <= self.covered[1]:
            last, before = (
                [self.months[month] for month in map(partial(months_after, ends), past) if month in self.months]
                for past in (range(-12, 0), range(-24, -12))
            )
            if last and "cost-per-transaction" in self.contract.kpis:
                found[Key("quarter", quarter, "cost-per-transaction")] = self._cost(last)
            if last and "cost-by-channel" in self.contract.kpis:
                for channel in {used for month in last for used in month.by_channel}:
                    if (figure := self._cost_of(channel, last)) is not None:
                        found[Key("quarter", quarter, "cost-by-channel", label=channel)] = figure
            if len(last) == len(before) == 12 and "channel-shift-saving" in self.contract.kpis:
                found[Key("quarter", quarter, "channel-shift-saving")] = self._saving(
                    last, before, months_after(ends, -1)
                )
            quarter = ends
        return found

    def _cost(self, months: list[Month]) -> Figure:
        sums = self._costed((month, month.starts) for month in months)
        caveats = sums.caveats | {"fewer-than-12-months"} if len(months) < 12 else sums.caveats
        basis = "partial" if len(months) < 12 else "estimated" if sums.estimated else "full"
        return Figure(
            sums.pounds,
            Fraction(sums.costed),
            over(sums.pounds, sums.costed) if sums.enough else None,
            basis,
            frozenset(caveats),
        )

    def _cost_of(self, channel: str, months: list[Month]) -> Figure | None:
        sums = self._costed((month.only(channel), month.starts) for month in months)
        if not sums.costed:
            return None
        partial_year = len(months) < 12
        return Figure(
            sums.pounds,
            Fraction(sums.costed),
            sums.pounds / sums.costed,
            "partial" if partial_year else "estimated" if sums.estimated else "full",
            sums.caveats - {"channels-without-cost"} | ({"fewer-than-12-months"} if partial_year else frozenset()),
        )

    def _saving(self, last: list[Month], before: list[Month], on: dt.date) -> Figure:
        now, then = (self._costed((month, on) for month in months) for months in (last, before))
        value = None
        if now.enough and then.enough and now.costed and then.costed:
            value = (then.pounds / then.costed - now.pounds / now.costed) * now.costed
        caveats = {"saving-estimated", *now.caveats, *then.caveats}
        if "national-unit-costs" in caveats:
            caveats.discard("estimated-unit-costs")
        return Figure(value, None, value, "estimated", frozenset(caveats))

    def _costed(self, months: Iterable[tuple[Month, dt.date]]) -> Costed:
        """What the transactions of months cost by the unit costs that hold on a day."""
        pounds, costed, left_out = Fraction(), 0, 0
        national = estimated = False
        for month, on in months:
            for channel, number in month.by_channel.items():
                cost = self.cost(channel, on)
                if cost is None:
                    left_out += number
                    continue
                each, own, estimate = cost
                pounds += each * number
                costed += number
                national |= number > 0 and not own
                estimated |= number > 0 and estimate
        caveats = ["national-unit-costs"] * national + ["estimated-unit-costs"] * (estimated and not national)
        caveats += ["channels-without-cost"] * (left_out > 0)
        return Costed(pounds, costed, left_out, estimated, frozenset(caveats))
