"""Automatic holds: what is unusual is doubted, what chance alone brings about is not, and nothing is doubted twice."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from local_digital.config.models import Holds
from local_digital.publishing.holds import Check, Checked, Doubt, doubts, expected

if TYPE_CHECKING:
    from collections.abc import Sequence

MONDAY = dt.date(2025, 1, 6)
CHECKS: tuple[Check, ...] = ("volume", "take-up", "withheld")
# How many periods before one it takes to say what is usual.
FEWEST = 4
WEEKS = 4000

checks = st.sampled_from(CHECKS)
weights = st.integers(0, 100_000)
rules = st.builds(
    Holds,
    periods=st.integers(4, 12),
    volume_factor=st.floats(1.1, 10),
    takeup_points=st.floats(0.01, 1),
    withheld_share=st.floats(0.01, 1),
    withheld_points=st.floats(0.01, 1),
)


def values(check: Check) -> st.SearchStrategy[float]:
    return st.integers(0, 100_000).map(float) if check == "volume" else st.floats(0, 1)


@st.composite
def histories(draw: st.DrawFn, *, at_least: int = FEWEST, at_most: int = 14) -> tuple[Check, list[float]]:
    check = draw(checks)
    return check, draw(st.lists(values(check), min_size=at_least, max_size=at_most))


def week(number: int) -> dt.date:
    return MONDAY + dt.timedelta(weeks=number)


def found(
    check: Check, earlier: Sequence[float], figure: float, rule: Holds, weight: int = 1000, /,
    before: float | None = None, known: tuple[float, ...] = (),
) -> list[Doubt]:  # fmt: skip
    """Doubts on the newest figure; those before are as they were released."""
    settled = [Checked(week(number), value, weight, before=value) for number, value in enumerate(earlier)]
    return doubts(check, "week", [*settled, Checked(week(len(earlier)), figure, weight, before, known)], rule)


@given(histories(at_least=1, at_most=FEWEST), rules, weights)
def test_with_fewer_than_four_periods_before_nothing_new_is_doubted(
    history: tuple[Check, list[float]], rule: Holds, weight: int
) -> None:
    check, series = history
    assert doubts(check, "week", [Checked(week(at), value, weight) for at, value in enumerate(series)], rule) == []


def test_the_fifth_period_is_the_first_that_can_be_doubted() -> None:
    series = [Checked(week(at), value, int(value)) for at, value in enumerate([100.0, 100, 100, 100, 1000])]
    assert [doubt.period_start for doubt in doubts("volume", "week", series, Holds())] == [week(4)]


def test_with_fewer_than_four_periods_before_a_revised_figure_is_measured_by_itself() -> None:
    assert found("volume", [100.0], 1000, Holds(), before=100)
    assert found("volume", [], 10, Holds(), before=100)
    assert found("volume", [100.0], 130, Holds(), before=100) == []


@given(histories(at_least=0), rules, weights)
def test_figures_as_they_were_released_are_never_doubted(
    history: tuple[Check, list[float]], rule: Holds, weight: int
) -> None:
    check, series = history
    released = [Checked(week(at), value, weight, before=value) for at, value in enumerate(series)]
    assert doubts(check, "week", released, rule) == []


@given(checks, st.data(), st.integers(4, 12), rules, weights)
def test_the_usual_figure_itself_is_never_doubted(
    check: Check, data: st.DataObject, periods: int, rule: Holds, weight: int
) -> None:
    usual = data.draw(values(check))
    assert found(check, [usual] * periods, usual, rule, weight) == []


@given(histories(), rules, weights, st.data())
def test_what_lies_further_out_than_a_doubted_figure_is_doubted_too(
    history: tuple[Check, list[float]], rule: Holds, weight: int, data: st.DataObject
) -> None:
    check, earlier = history
    figure, other = data.draw(values(check)), data.draw(values(check))
    doubtful = found(check, earlier, figure, rule, weight)
    assume(doubtful)
    further = max(figure, other) if figure > doubtful[0].highest else min(figure, other)
    assert found(check, earlier, further, rule, weight)


@given(histories(), rules, weights, st.data())
def test_what_was_first_released_or_accepted_may_move_by_a_tenth(
    history: tuple[Check, list[float]], rule: Holds, weight: int, data: st.DataObject
) -> None:
    check, earlier = history
    known = data.draw(st.lists(values(check), min_size=1, max_size=2))
    moved = data.draw(st.sampled_from(known)) * data.draw(st.floats(0.901, 1.099))
    assert found(check, earlier, moved, rule, weight, known=tuple(known)) == []


@given(histories(), rules, weights, st.data())
def test_what_was_first_released_or_accepted_may_not_move_far_beyond_a_tenth(
    history: tuple[Check, list[float]], rule: Holds, weight: int, data: st.DataObject
) -> None:
    check, earlier = history
    known = tuple(data.draw(st.lists(values(check), min_size=1, max_size=2)))
    figure = data.draw(values(check))
    # Unusual by itself, and near to nothing that is known.
    assume(found(check, earlier, figure, rule, weight))
    # Small totals have what chance alone gives them.
    room = {one: max(0.101 * one, 4 * max(one, 1.0) ** 0.5 if check == "volume" else 0.0) for one in known}
    assume(all(abs(figure - one) > room[one] for one in known))
    assert found(check, earlier, figure, rule, weight, known=known)


@pytest.mark.parametrize(
    ("usual", "figure", "doubted"),
    [
        # A total may be 2.5 times the usual one, or lie four times the root of it away; of nothing as of one.
        (1000.0, 2500.0, False), (1000.0, 2501.0, True), (1000.0, 400.0, False), (1000.0, 399.0, True),
        (1.0, 5.0, False), (1.0, 6.0, True), (0.0, 4.0, False), (0.0, 5.0, True),
    ],
)  # fmt: skip
def test_a_total_is_doubted_from_where_it_leaves_its_band(usual: float, figure: float, doubted: bool) -> None:
    assert bool(found("volume", [usual] * 8, figure, Holds())) is doubted


@pytest.mark.parametrize(
    ("known", "figure", "doubted"),
    [
        # A tenth of a large total, four times the root of a small one; of nothing as of one.
        (10_000.0, 11_000.0, False), (10_000.0, 11_001.0, True), (400.0, 480.0, False), (400.0, 481.0, True),
        (0.0, 4.0, False), (0.0, 5.0, True),
    ],
)  # fmt: skip
def test_a_known_total_may_move_exactly_so_far(known: float, figure: float, doubted: bool) -> None:
    assert bool(found("volume", [100_000.0] * 8, figure, Holds(), known=(known,))) is doubted


@pytest.mark.parametrize(("weight", "figure", "doubted"), [(0, 0.9, False), (1, 0.9, False), (100, 0.9, True)])
def test_the_share_of_hardly_anything_is_not_doubted(weight: int, figure: float, doubted: bool) -> None:
    assert bool(found("take-up", [0.1] * 8, figure, Holds(takeup_points=0.01), weight)) is doubted


def test_no_more_than_everything_is_expected_to_be_withheld() -> None:
    *_, band = expected("withheld", [Checked(week(number), 0.95, 1, 0.95) for number in range(9)], Holds())
    assert band is not None
    assert band.highest == 1.0


def test_late_records_after_an_accepted_silence_are_not_asked_about() -> None:
    week = [300.0] * 8
    assert found("volume", week, 0.0, Holds())
    assert found("volume", week, 3.0, Holds(), known=(0.0,)) == []
    assert found("volume", week, 30.0, Holds(), known=(0.0,))


def test_small_steps_do_not_lead_anywhere() -> None:
    # Each night a little more than what went out the night before, and ever further from what went out first.
    released, first = 200.0, 200.0
    while not found("volume", [200.0] * 8, released * 1.09, Holds(), before=released, known=(first,)):
        released *= 1.09
        assert released < 1000
    assert released < 200 * Holds().volume_factor


@given(st.lists(st.floats(0, 1), min_size=4, max_size=12), rules, weights, st.data())
def test_nothing_is_too_little_to_be_withheld(
    earlier: list[float], rule: Holds, weight: int, data: st.DataObject
) -> None:
    figure = data.draw(st.floats(0, max(earlier[-rule.periods :])))
    doubtful = found("withheld", earlier, 0, rule, weight)
    assert doubtful == []
    assert all(doubt.lowest is None for doubt in found("withheld", earlier, figure, rule, weight))


def drawn(counts: Any) -> list[Checked]:
    return [Checked(week(number), float(count), int(count)) for number, count in enumerate(counts)]


@pytest.mark.parametrize(("mean", "at_most"), [
    (0.5, 1 / 150), (1, 1 / 150), (2, 1 / 150), (3, 1 / 150), (5, 1 / 150),
    (10, 1 / 500), (20, 1 / 2000), (50, 0), (200, 0), (5000, 0),
])  # fmt: skip
def test_counts_that_vary_by_chance_alone_are_hardly_ever_doubted(mean: float, at_most: float) -> None:
    """At most one week in 150 for a handful a week, one in 500 from ten a week, none in these 4,000 from fifty."""
    counts = np.random.default_rng(20251106).poisson(mean, WEEKS)
    assert len(doubts("volume", "week", drawn(counts), Holds())) <= at_most * WEEKS


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("number", [1, 3, 10, 50, 1000])
def test_shares_that_vary_by_chance_alone_are_hardly_ever_doubted(share: float, number: int) -> None:
    """At most one week in 1,000, of take-up and of what is withheld alike, however few the transactions."""
    shares = np.random.default_rng(20251106).binomial(number, share, WEEKS) / number
    series = [Checked(week(at), float(value), number) for at, value in enumerate(shares)]
    for check in ("take-up", "withheld"):
        assert len(doubts(check, "week", series, Holds())) <= WEEKS / 1000


def test_ten_times_and_a_tenth_of_what_is_usual_are_doubted_even_of_small_counts() -> None:
    assert found("volume", [10.0] * 8, 100, Holds())
    assert found("volume", [40.0] * 8, 4, Holds())


@pytest.mark.parametrize(("check", "usual", "figure", "told"), [
    ("volume", 120.0, 1812.0, "week from 2025-03-03: 1,812 transactions, expected 48 to 300"),
    ("volume", 120.0, 7.0, "week from 2025-03-03: 7 transactions, expected 48 to 300"),
    ("take-up", 0.25, 0.8, "week from 2025-03-03: 80.0% digital take-up, expected 0.3% to 49.7%"),
    ("take-up", 0.95, 0.1, "week from 2025-03-03: 10.0% digital take-up, expected 70.3% to 100.0%"),
    ("withheld", 0.1, 0.9, "week from 2025-03-03: 90.0% of the total withheld, expected at most 50.0%"),
])  # fmt: skip
def test_a_doubt_is_told_with_its_figure_and_what_was_expected(
    check: Check, usual: float, figure: float, told: str
) -> None:
    (doubt,) = found(check, [usual] * 8, figure, Holds())
    assert doubt.told == told
    assert doubt.reason == f"{check} week 2025-03-03"


@given(histories(), rules, weights, st.data())
def test_what_is_told_to_be_expected_is_possible_and_does_not_hold_the_figure(
    history: tuple[Check, list[float]], rule: Holds, weight: int, data: st.DataObject
) -> None:
    check, earlier = history
    before = data.draw(st.none() | values(check))
    for doubt in found(check, earlier, data.draw(values(check)), rule, weight, before):
        lowest = doubt.lowest or 0.0
        assert 0 <= lowest <= doubt.highest
        assert check == "volume" or doubt.highest <= 1
        assert not lowest <= doubt.found <= doubt.highest


def test_band_goes_from_the_fifth_period_on_by_the_middle_of_those_before() -> None:
    rules = Holds(volume_factor=3, takeup_points=0.2)
    volumes = [Checked(week(number), found, 100) for number, found in enumerate((10, 90, 110, 120, 500))]
    assert expected("volume", volumes, rules) == [None] * 4 + [(100 / 3, 100, 300)]
    shares = [Checked(week(number), found, 100) for number, found in enumerate((0.1, 0.5, 0.6, 0.7, 0.9))]
    chance = 1.5 / 10
    assert expected("take-up", shares, rules) == [None] * 4 + [
        pytest.approx((0.55 - 0.2 - chance, 0.55, 0.55 + 0.2 + chance))
    ]
    assert expected("withheld", shares, Holds(withheld_share=0.5, withheld_points=0.2))[4] == pytest.approx(
        (0, 0.55, 0.55 + 0.2 + chance)
    )


def test_doubt_is_kept_with_its_band_to_four_decimals() -> None:
    doubt = Doubt("take-up", "week", MONDAY, 0.123456, 0.45, 0.987654)
    assert doubt.as_json() == {
        "check": "take-up", "period_kind": "week", "period_start": "2025-01-06", "found": 0.1235, "lowest": 0.45,
        "highest": 0.9877,
    }  # fmt: skip
    open_below = Doubt("withheld", "quarter", MONDAY, 0.3, None, 0.51236)
    assert (open_below.as_json()["lowest"], open_below.as_json()["highest"]) == (None, 0.5124)
    assert Doubt("take-up", "week", MONDAY, 1, 0.123456, 1).as_json()["lowest"] == 0.1235
