"""The marts' figures are those of docs/kpis.md, worked out a second time and without SQL."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from demo.world.dealings import Dealing
from local_digital.kpis import KPIS
from tests.anywhere import Anywhere
from tests.kpis.exports import CONTRACTS, There, counts_of, deliver, differences, due, feed_of, kept, midnight, optional
from tests.kpis.recomputed import DAY, Key, day_of, months_after
from tests.kpis.strategies import FIRST_DAY, NATIONS, councils, counted, dealings, feeds, monthly, own_costs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.workspace import Workspace

# An example takes half a second: to make a smaller one of one that fails would take many minutes.
PHASES = (Phase.explicit, Phase.generate)
every_transaction = pytest.mark.parametrize("transaction", list(CONTRACTS))
WEEK = dt.date(2025, 11, 3)
ADDITIVE = ("volume", "justified", "rectified", "items-renewed", "value-paid", "applications", "renewals")
# Four whole weeks that are a month.
WHOLE_WEEKS = dt.date(2021, 2, 1)


def somewhere(workspace: Workspace, transaction: str, **facts: Any) -> Anywhere:
    """A council of an empty warehouse."""
    anywhere = Anywhere(workspace, workspace.settings.config.parent, transaction, **facts)
    anywhere.empty()
    return anywhere


def figures_of(workspace: Workspace, transaction: str, happened: Iterable[Dealing], **facts: Any) -> There:
    """The figures of one November week's export, all of whose fields are sent but for those that facts leave out."""
    without = facts.pop("without", ())
    sent = [name for name in optional(transaction) if name not in without]
    feed = feed_of(transaction, sent, **{"covers_from": WEEK, **facts})
    anywhere = somewhere(workspace, transaction)
    return deliver(anywhere, anywhere.configure(**feed), WEEK + 9 * DAY, happened)


def value(there: There, kpi: str, version: str = "1", label: str = "") -> Any:
    """A figure of the week."""
    return there[Key("week", WEEK, kpi, version, label)][2]


def some(number: int, ref: str = "R", **facts: Any) -> list[Dealing]:
    """So many dealings of one kind on a Tuesday morning."""
    told = {"channel": "online", **facts}
    at = dt.datetime.combine(WEEK + DAY, dt.time(9), dt.UTC)
    return [Dealing(f"{ref}{count}", at + dt.timedelta(minutes=count), **told) for count in range(number)]


@every_transaction
@settings(max_examples=12, phases=PHASES)
@given(data=st.data())
def test_every_figure_is_what_its_definition_says(workspace: Workspace, transaction: str, data: st.DataObject) -> None:
    until = FIRST_DAY + data.draw(st.integers(1, 110)) * DAY
    happened = data.draw(dealings(transaction, until))
    anywhere = somewhere(workspace, transaction, **data.draw(councils(transaction)))
    feed = anywhere.configure(**data.draw(feeds(transaction, until)))
    there = deliver(anywhere, feed, until, happened)
    assert differences(there, due(feed, midnight(until), happened)) == []
    for key, (numerator, denominator, figure, *_) in there.items():
        if KPIS[key.kpi].unit in {"share", "score"}:
            assert 0 <= numerator <= denominator, key
            assert figure is None or 0 <= figure <= 1, key


@pytest.mark.parametrize("period", ["day", "week", "month"])
@settings(max_examples=4, phases=PHASES)
@given(data=st.data())
def test_counts_come_to_the_figures_that_as_many_records_would(
    workspace: Workspace, period: str, data: st.DataObject
) -> None:
    transaction = "pay-council-tax"
    happened, ends = data.draw(counted(period))
    anywhere = somewhere(workspace, transaction)
    left_out = data.draw(st.sets(st.sampled_from(["amount", "starts", "rating"])))
    fields = [name for name in ("payment_method", "status", "amount", "starts", "rating") if name not in left_out]
    costs = data.draw(own_costs(transaction))
    feed = anywhere.configure(**counts_of(transaction, period, fields, covers_from=FIRST_DAY, unit_costs=costs))
    there = deliver(anywhere, feed, dt.date(2026, 2, 10), happened)
    assert differences(there, due(feed, midnight(ends), happened)) == []


@every_transaction
@settings(max_examples=3, phases=PHASES)
@given(data=st.data())
def test_order_of_rows_and_their_split_over_deliveries_change_nothing(
    workspace: Workspace, transaction: str, data: st.DataObject
) -> None:
    until = FIRST_DAY + data.draw(st.integers(60, 110)) * DAY
    happened = data.draw(dealings(transaction, until))
    facts = {**data.draw(feeds(transaction, until)), "delivery": "rolling"}
    anywhere = somewhere(workspace, transaction, **data.draw(councils(transaction)))
    feed = anywhere.configure(**facts)
    for export in data.draw(st.permutations(split(data, until, happened))):
        deliver(anywhere, feed, *export)
    in_parts = kept(workspace, feed)
    anywhere.empty()
    feed = anywhere.configure(**facts)
    assert deliver(anywhere, feed, until, data.draw(st.permutations(happened))) == in_parts


def split(data: st.DataObject, until: dt.date, happened: list[Dealing]) -> list[tuple[dt.date, list[Dealing]]]:
    """Exports of three days, the last one included, that together hold everything."""
    exports: dict[dt.date, list[Dealing]] = {day: [] for day in (FIRST_DAY + 20 * DAY, FIRST_DAY + 50 * DAY, until)}
    for dealing in happened:
        known = day_of(dealing.closed_at or dealing.reported_at)
        exports[data.draw(st.sampled_from([day for day in exports if known < day]))].append(dealing)
    return list(exports.items())


@every_transaction
@settings(max_examples=3, phases=PHASES)
@given(data=st.data())
def test_counts_and_sums_add_up_over_channels_and_over_whole_weeks(
    workspace: Workspace, transaction: str, data: st.DataObject
) -> None:
    until = WHOLE_WEEKS + 35 * DAY
    days = [WHOLE_WEEKS + number * DAY for number in range(-1, 29)]
    happened = data.draw(dealings(transaction, until, days))
    facts = feed_of(transaction, optional(transaction), covers_from=WHOLE_WEEKS)
    channels = sorted({dealing.channel for dealing in happened})
    sums = []
    for used in (channels, channels[::2], channels[1::2]):
        anywhere = somewhere(workspace, transaction)
        there = deliver(anywhere, anywhere.configure(**facts), until, [one for one in happened if one.channel in used])
        sums.append({key: figure[2] for key, figure in there.items() if key.kpi in ADDITIVE})
    whole, one, other = sums
    keys = [key for key in whole if key in one and key in other]
    assert {key.kpi for key in keys} == set(ADDITIVE) & CONTRACTS[transaction].kpis.keys()
    assert [whole[key] for key in keys] == [one[key] + other[key] for key in keys]
    for kpi in {key.kpi for key in keys}:
        weeks = [whole[Key("week", WHOLE_WEEKS + number * DAY, kpi)] for number in (0, 7, 14, 21)]
        assert sum(weeks) == whole[Key("month", WHOLE_WEEKS, kpi)]


def test_take_up_counts_assisted_digital_by_the_current_definition_only(workspace: Workspace) -> None:
    happened = [
        *some(30), *some(10, "A", channel="assisted-digital"), *some(60, "P", channel="phone"),
        *some(50, "D", status="duplicate"), *some(50, "T", status="test"),
    ]  # fmt: skip
    there = figures_of(workspace, "pay-council-tax", happened)
    assert value(there, "digital-takeup", "current") == Decimal("0.4")
    assert value(there, "digital-takeup", "2013") == Decimal("0.3")
    assert value(there, "channel-mix", label="assisted-digital") == Decimal("0.1")
    assert value(there, "channel-mix", label="app") == 0


def test_completion_is_completed_over_begun(workspace: Workspace) -> None:
    happened = [*some(80), *some(20, "G", status="abandoned")]
    there = figures_of(workspace, "pay-council-tax", happened)
    assert there[Key("week", WEEK, "completion-rate")][:3] == (80, 100, Decimal("0.8"))
    assert value(there, "volume") == 80


@pytest.mark.parametrize(
    ("fields", "map_", "there_is"),
    [
        ({"starts"}, {"Done": "completed"}, False),
        ({"starts"}, {"Done": "completed", "Left": "abandoned"}, True),
        (set(), {"Done": "completed"}, True),
    ],
)
def test_export_that_tells_no_starts_has_no_completion_rate(
    workspace: Workspace, fields: set[str], map_: dict[str, str], there_is: bool
) -> None:
    transaction = "renew-library-book"
    anywhere = somewhere(workspace, transaction)
    facts = feed_of(transaction, set(optional(transaction)) - fields, covers_from=WEEK)
    facts["columns"]["status"]["map"] = map_
    there = deliver(anywhere, anywhere.configure(**facts), WEEK + 9 * DAY, some(3))
    assert (Key("week", WEEK, "completion-rate") in there) is there_is


@pytest.mark.parametrize(
    ("ratings", "score"),
    [((1, 1, 1, 1, 1), "0.5"), ((1, 1, 1, 1, 6), "0.75"), ((6, 1, 1, 1, 1), "0.25"), ((0, 0, 0, 0, 0), None)],
)
def test_satisfaction_goes_from_nothing_to_one(workspace: Workspace, ratings: tuple[int, ...], score: Any) -> None:
    happened = [
        *itertools.chain.from_iterable(
            some(number, f"{rating}-", rating=rating) for rating, number in enumerate(ratings, 1)
        ),
        *some(7, "none"),
    ]
    found = value(figures_of(workspace, "renew-library-book", happened), "user-satisfaction")
    assert found == (score and Decimal(score))


@pytest.mark.parametrize(("silent", "caveats"), [(9, []), (10, ["no-rating"])])
def test_satisfaction_says_when_fewer_than_one_in_ten_gave_a_rating(
    workspace: Workspace, silent: int, caveats: list[str]
) -> None:
    there = figures_of(workspace, "renew-library-book", [*some(1, rating=5), *some(silent, "S")])
    assert there[Key("week", WEEK, "user-satisfaction")][4] == caveats


@pytest.mark.parametrize(
    ("entry", "rate"),
    [
        ({"stream": "refuse", "valid_from": WEEK}, 56),
        ({"stream": "refuse", "valid_from": WEEK + 7 * DAY}, None),
        ({"stream": "refuse", "valid_from": WEEK - 70 * DAY, "valid_until": WEEK + 6 * DAY}, 56),
        ({"stream": "refuse", "valid_from": WEEK - 70 * DAY, "valid_until": WEEK + 5 * DAY}, None),
        ({"stream": "food", "valid_from": WEEK}, 0),
        (None, None),
    ],
)
def test_rate_of_missed_bins_needs_the_scheduled_collections(
    workspace: Workspace, entry: dict[str, Any] | None, rate: int | None
) -> None:
    happened = [
        *some(28, outcome="justified", stream="refuse"), *some(9, "N", outcome="not-justified", stream="refuse"),
        *some(5, "G", outcome="justified", stream="garden"),
    ]  # fmt: skip
    supplied = [{**entry, "a_week": 50_000, "source": "the test"}] if entry else []
    there = figures_of(workspace, "report-missed-bin", happened, collections=supplied)
    key = Key("week", WEEK, "missed-per-100000")
    if rate is None:
        assert key not in there
    else:
        assert there[key][2:4] == (rate, "full")
        assert "streams-left-out" in there[key][4]


@pytest.mark.parametrize(
    ("nation", "deadline"),
    [(NATIONS[0], dt.date(2026, 1, 3)), (NATIONS[2], dt.date(2026, 1, 6)), (NATIONS[3], dt.date(2026, 1, 3))],
)
def test_next_working_day_is_that_of_the_council_s_own_division(
    workspace: Workspace, nation: dict[str, str], deadline: dt.date
) -> None:
    monday = dt.date(2025, 12, 29)
    reported = midnight(monday + 2 * DAY) + dt.timedelta(hours=9)
    happened = [
        Dealing("in time", reported, "online", closed_at=midnight(deadline) - dt.timedelta(minutes=1)),
        Dealing("late", reported, "online", closed_at=midnight(deadline)),
    ]
    anywhere = somewhere(workspace, "report-missed-bin", **nation)
    feed = anywhere.configure(**feed_of("report-missed-bin", ["closed_at"], covers_from=monday))
    there = deliver(anywhere, feed, dt.date(2026, 1, 12), happened)
    assert there[Key("week", monday, "closed-within-one-working-day")][:3] == (1, 2, Decimal("0.5"))


def test_bank_holiday_that_falls_on_a_sunday_is_that_of_the_monday_on_which_it_is_kept(workspace: Workspace) -> None:
    # Saint Andrew's Day.
    sunday = dt.date(2025, 11, 30)
    anywhere = somewhere(workspace, "report-missed-bin", **NATIONS[2])
    feed = anywhere.configure(**feed_of("report-missed-bin", (), covers_from=sunday - 6 * DAY))
    there = deliver(anywhere, feed, sunday + 15 * DAY, [])
    caveats = [there[Key("week", sunday + days * DAY, "volume")][4] for days in (-6, 1, 8)]
    assert caveats == [[], ["bank-holiday"], []]


def test_report_is_a_repeat_for_twelve_weeks_to_the_minute(workspace: Workspace) -> None:
    first = dt.datetime(2025, 8, 11, 9, tzinfo=dt.UTC)
    twelve_weeks = dt.timedelta(weeks=12)
    happened = [
        Dealing(f"{premises} {number}", moment, "online", premises=premises, stream=stream)
        for premises, moments in {
            "just": [(first, "refuse"), (first + twelve_weeks, "refuse")],
            "past": [(first, "refuse"), (first + twelve_weeks + dt.timedelta(minutes=1), "refuse")],
            "other bin": [(first + dt.timedelta(weeks=11), "refuse"), (first + twelve_weeks, "food")],
        }.items()
        for number, (moment, stream) in enumerate(moments)
    ]
    there = figures_of(workspace, "report-missed-bin", happened, covers_from=WEEK - 84 * DAY)
    assert there[Key("week", WEEK, "repeat-misses")][:4] == (1, 3, Decimal("0.33333333333333333333"), "full")
    there = figures_of(workspace, "report-missed-bin", happened, covers_from=WEEK - 83 * DAY)
    assert there[Key("week", WEEK, "repeat-misses")][3] == "partial"


@every_transaction
def test_feed_of_references_days_and_channels_has_the_figures_that_need_no_more(
    workspace: Workspace, transaction: str
) -> None:
    happened = some(3)
    bare = figures_of(workspace, transaction, happened, without=optional(transaction))
    assert {key.kpi for key in bare} == {"volume", "channel-mix", "digital-takeup"}
    supplied = [{"stream": "refuse", "a_week": 7, "valid_from": WEEK, "source": "the test"}]
    facts = {"collections": supplied} if transaction == "report-missed-bin" else {}
    everything = figures_of(workspace, transaction, happened, **facts)
    weekly = {kpi for kpi in CONTRACTS[transaction].kpis if "week" in KPIS[kpi].periods}
    assert {key.kpi for key in everything} == weekly


def test_week_without_a_report_is_zero_and_its_shares_have_no_value(workspace: Workspace) -> None:
    supplied = [{"stream": "refuse", "a_week": 7, "valid_from": WEEK, "source": "the test"}]
    there = figures_of(workspace, "report-missed-bin", [], collections=supplied)
    values = {key.kpi: figure[2] for key, figure in there.items() if key.period_start == WEEK}
    assert {kpi for kpi, figure in values.items() if figure == 0} == {
        "volume", "justified", "rectified", "missed-per-100000",
    }  # fmt: skip
    assert {kpi for kpi, figure in values.items() if figure is None} == {
        "channel-mix", "digital-takeup", "median-hours-to-close", "p90-hours-to-close",
        "closed-within-one-working-day", "rectified-within-one-working-day", "repeat-misses",
    }  # fmt: skip


QUARTER = dt.date(2025, 10, 1)
COST = Key("quarter", QUARTER, "cost-per-transaction")
SAVING = Key("quarter", QUARTER, "channel-shift-saving")


def quarterly(
    workspace: Workspace, months: int, *costs: dict[str, Any], before: dict[str, int] | None = None, **mix: int
) -> There:
    """The figures of so many months up to the end of 2025, each with so many payments by each channel.

    before: of the months before the last 12, where they had others.
    """
    starts = [months_after(QUARTER, 3 - number) for number in range(months, 0, -1)]
    happened = [
        Dealing("", midnight(month), channel, count=number)
        for month in starts
        for channel, number in (mix if before is None or month >= starts[-12] else before).items()
    ]
    anywhere = somewhere(workspace, "pay-council-tax")
    feed = anywhere.configure(**counts_of("pay-council-tax", "month", (), covers_from=starts[0], unit_costs=costs))
    there = deliver(anywhere, feed, dt.date(2026, 1, 1), happened)
    assert differences(there, due(feed, midnight(dt.date(2026, 1, 1)), happened)) == []
    return there


def cost(channel: str, pounds: str, valid_from: dt.date, **facts: Any) -> dict[str, Any]:
    return {"channel": channel, "pounds": pounds, "valid_from": valid_from, "source": "the test", **facts}


def test_a_transaction_costs_what_its_channel_does(workspace: Workspace) -> None:
    there = quarterly(workspace, 12, phone=100, online=300)
    assert there[COST] == (3936, 4800, Decimal("0.82"), "estimated", ["national-unit-costs"])


def test_own_unit_costs_hold_from_their_day_and_before_the_national_ones(workspace: Workspace) -> None:
    own = [
        cost("phone", "4", dt.date(2025, 3, 1), estimate=False), cost("phone", "5", dt.date(2025, 7, 2)),
        cost("online", "0.1", dt.date(2020, 1, 1), estimate=False),
    ]  # fmt: skip
    there = quarterly(workspace, 12, *own, phone=1, online=10)
    pounds = 2 * Decimal("2.83") + 5 * 4 + 5 * 5 + 12
    assert there[COST] == (pounds, 132, pytest.approx(pounds / 132), "estimated", ["national-unit-costs"])
    since = [cost("phone", "4", dt.date(2025, 1, 1), estimate=False), own[2]]
    assert quarterly(workspace, 12, *since, phone=1, online=10)[COST][3:] == ("full", [])
    guessed = [cost("phone", "4", dt.date(2025, 1, 1)), own[2]]
    assert quarterly(workspace, 12, *guessed, phone=1, online=10)[COST][3:] == ("estimated", ["estimated-unit-costs"])


@pytest.mark.parametrize(("post", "there_is"), [(5, True), (6, False)])
def test_more_than_one_in_twenty_without_a_unit_cost_leaves_no_value(
    workspace: Workspace, post: int, there_is: bool
) -> None:
    there = quarterly(workspace, 24, online=100 - post, post=post)
    for key in (COST, SAVING):
        assert (there[key][2] is not None) is there_is
        assert "channels-without-cost" in there[key][4]


@pytest.mark.parametrize(
    ("before", "mix", "pounds"),
    [
        # 24 of 120 a month moved from the phone to the web.
        ({"phone": 72, "online": 48}, {"phone": 48, "online": 72}, 24 * 12 * (Decimal("2.83") - Decimal("0.15"))),
        # As many by phone of twice as many in all.
        ({"phone": 50, "online": 50}, {"phone": 50, "online": 150}, 50 * 12 * (Decimal("2.83") - Decimal("0.15"))),
        ({"online": 100}, {"online": 94, "post": 6}, None),
        ({"online": 94, "post": 6}, {"online": 100}, None),
        ({"online": 0}, {"online": 100}, None),
    ],
)
def test_saving_is_what_the_year_would_have_cost_by_the_mix_of_the_year_before(
    workspace: Workspace, before: dict[str, int], mix: dict[str, int], pounds: Decimal | None
) -> None:
    there = quarterly(workspace, 24, before=before, **mix)
    assert there[SAVING][:4] == (pounds, None, pounds, "estimated")
    assert {"saving-estimated", "national-unit-costs"} <= set(there[SAVING][4])


@pytest.mark.parametrize(("valid_from", "pounds"), [(dt.date(2025, 12, 1), 1), (dt.date(2025, 12, 2), 2)])
def test_saving_is_at_the_unit_costs_of_the_first_of_the_last_month(
    workspace: Workspace, valid_from: dt.date, pounds: int
) -> None:
    own = [cost("post", "1.15", valid_from), cost("post", "2.15", dt.date(2020, 1, 1))]
    there = quarterly(workspace, 24, *own, before={"post": 10}, online=10)
    assert there[SAVING][2] == 10 * 12 * pounds


def test_saving_is_at_the_council_s_own_unit_costs_before_the_national_ones(workspace: Workspace) -> None:
    own = [cost("phone", "4.15", dt.date(2020, 1, 1)), cost("online", "1.15", dt.date(2020, 1, 1))]
    there = quarterly(workspace, 24, *own, before={"phone": 10}, online=10)
    assert there[SAVING][2] == 10 * 12 * 3
    assert "national-unit-costs" not in there[SAVING][4]


@pytest.mark.parametrize(
    ("months", "basis", "saving"), [(1, "partial", False), (11, "partial", False), (12, "estimated", False),
                                    (23, "estimated", False), (24, "estimated", True)],
)  # fmt: skip
def test_cost_needs_twelve_whole_months_and_the_saving_twice_as_many(
    workspace: Workspace, months: int, basis: str, saving: bool
) -> None:
    there = quarterly(workspace, months, online=10)
    assert there[COST][3] == basis
    assert ("fewer-than-12-months" in there[COST][4]) is (basis == "partial")
    assert (SAVING in there) is saving


@settings(max_examples=8, phases=PHASES)
@given(data=st.data())
def test_quarters_are_what_their_definitions_say(workspace: Workspace, data: st.DataObject) -> None:
    transaction = data.draw(st.sampled_from(["pay-council-tax", "renew-library-book"]))
    happened, ends = data.draw(monthly(transaction))
    anywhere = somewhere(workspace, transaction)
    starts = day_of(happened[0].reported_at)
    costs = data.draw(own_costs(transaction))
    feed = anywhere.configure(**counts_of(transaction, "month", (), covers_from=starts, unit_costs=costs))
    there = deliver(anywhere, feed, ends + 3 * DAY, happened)
    expected = due(feed, midnight(ends), happened)
    assert differences(there, expected) == []
