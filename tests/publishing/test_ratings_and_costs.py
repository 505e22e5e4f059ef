"""The data sets of ratings and of costs: what somebody gave or paid is what the records add up to."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from local_digital.publishing.records import check_batch
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for
from tests.kpis.exports import counts_of, feed_of
from tests.signing import desired

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.publishing.records import Record
    from local_digital.workspace import FeedHandle

BOOKS, RATINGS, COSTS = "renew-library-book", "user-satisfaction-score", "cost-per-transaction"
NOVEMBER = dt.date(2025, 11, 1)
# Before the national estimates of two channels the council puts its own of one, which has changed since.
APP = {dt.date(2024, 1, 1): Fraction("0.40"), dt.date(2025, 6, 1): Fraction("0.1234")}
POUNDS = {"online": Fraction("0.15"), "phone": Fraction("2.83"), "face-to-face": Fraction("8.62")}
LABELS = {
    "online": "Digital", "app": "Digital", "assisted-digital": "Digital", "phone": "Phone", "phone-automated": "Phone",
    "face-to-face": "FaceToFace", "kiosk": "Other", "email": "Other", "other": "Other", "unmapped": "Other",
}  # fmt: skip
MONTHS = [dt.date(2024 + month // 12, month % 12 + 1, 1) for month in range(9, 24)]


@pytest.fixture
def anywhere(database_url: str, tmp_path: Path) -> Iterator[Anywhere]:
    with Workspace.open(settings_for(database_url, tmp_path)) as workspace:
        yield Anywhere(workspace, tmp_path, BOOKS)


def records(anywhere: Anywhere, feed: FeedHandle, name: str) -> list[Record]:
    """The records of a data set; the platform must take them."""
    (wanted,) = [one for one in desired(anywhere.workspace, feed) if one.name == name]
    found = list(wanted.records.values())
    check_batch(found, name)
    return found


class TestRatings:
    def taken(self, anywhere: Anywhere, rows: list[tuple[str, str, str]]) -> list[Record]:
        """Take dealings (day, rating, status), complete until 2 December 2025."""
        feed = anywhere.configure(
            **feed_of(BOOKS, ("rating", "status"), covers_from=dt.date(2025, 10, 1)), publish={RATINGS: {}}
        )
        lines = [f"{number},{day}T10:00,online,{rating},{status}" for number, (day, rating, status) in enumerate(rows)]
        header = "record_ref,reported_at,channel,rating,status"
        (report,) = anywhere.ingest(feed, ("20251202.csv", "\n".join([header, *lines]) + "\n"))
        assert (report.rejected_because, report.quarantined) == (None, 0)
        return records(anywhere, feed, RATINGS)

    def test_every_rating_is_counted_and_the_score_is_made_of_them(self, anywhere: Anywhere) -> None:
        draw = random.Random(20251106)  # noqa: S311 - no secret
        given = [draw.choices("12345", [1, 2, 3, 5, 8])[0] for _ in range(200)]
        rows = [(f"2025-11-{number % 30 + 1:02d}", stars, "completed") for number, stars in enumerate(given)]
        rows += [("2025-10-07", "5", "completed"), ("2025-11-04", "", "completed")]
        # What is no demand is no transaction either, whatever was thought of it.
        rows += [("2025-11-05", "1", "test"), ("2025-11-05", "1", "duplicate")]
        november = next(one for one in self.taken(anywhere, rows) if one["_start_at"] == "2025-11-01T00:00:00+00:00")
        counted = Counter(given)
        assert {f"rating_{stars}": counted[stars] for stars in "12345"}.items() <= november.items()
        assert november["num_responses"] == 200
        mean = Fraction(sum(map(int, given)), 200)
        assert november["score"] == round(float((mean - 1) / 4), 6)
        assert (november["_timestamp"], november["_end_at"]) == (
            "2025-11-01T00:00:00+00:00",
            "2025-12-01T00:00:00+00:00",
        )
        assert november["period"] == "month"

    @pytest.mark.parametrize(
        ("given", "score"), [("11111", 0), ("5", 1), ("3", 0.5), ("12345", 0.5), ("4", 0.75), ("15", 0.5)]
    )
    def test_score_is_the_way_from_the_worst_to_the_best(self, anywhere: Anywhere, given: str, score: float) -> None:
        (record,) = self.taken(
            anywhere, [("2025-10-31", stars, "completed") for stars in given] + [("2025-11-30", "", "")]
        )
        assert record["score"] == score
        assert record["num_responses"] == len(given)
        # Stars that nobody gave are zeros: without a number the platform's sums break.
        assert all(isinstance(record[f"rating_{stars}"], int) for stars in range(1, 6))

    def test_month_in_which_nobody_gave_a_rating_has_no_record(self, anywhere: Anywhere) -> None:
        rows = [("2025-10-08", "4", "completed"), ("2025-11-11", "", "completed"), ("2025-12-01", "2", "completed")]
        found = self.taken(anywhere, rows)
        # Nor has the one that is not over yet.
        assert [record["_timestamp"] for record in found] == ["2025-10-01T00:00:00+00:00"]


class TestCosts:
    def taken(self, anywhere: Anywhere, counts: dict[tuple[dt.date, str], int], **labels: Any) -> list[Record]:
        """Take counts by month and channel, complete until 2 January 2026."""
        feed = anywhere.configure(
            **counts_of(BOOKS, "month", ()),
            publish={COSTS: labels},
            unit_costs=[
                {"channel": "app", "pounds": str(float(pounds)), "valid_from": day, "source": "The council"}
                for day, pounds in APP.items()
            ],
        )
        lines = [f"{month},{channel},{count}" for (month, channel), count in counts.items()]
        (report,) = anywhere.ingest(feed, ("20260102.csv", "\n".join(["period,channel,count", *lines]) + "\n"))
        assert (report.rejected_because, report.quarantined) == (None, 0)
        return records(anywhere, feed, COSTS)

    def counts(self) -> dict[tuple[dt.date, str], int]:
        draw = random.Random(20251106)  # noqa: S311 - no secret
        usual = {"online": 400, "app": 150, "phone": 200, "face-to-face": 90, "kiosk": 10}
        return {
            (month, channel): count + draw.randrange(count) for month in MONTHS for channel, count in usual.items()
        }  # fmt: skip

    def due(self, counts: dict[tuple[dt.date, str], int], quarter: dt.date, channels: set[str]) -> float:
        """Pounds for each transaction by these channels in the twelve months that end with a quarter."""
        end = (quarter.year, quarter.month + 2)
        months = [month for month in MONTHS if (end[0] - 1, end[1]) < (month.year, month.month) <= end]
        assert len(months) == 12
        pounds = sum(
            (
                counts[month, channel]
                * (APP[max(day for day in APP if day <= month)] if channel == "app" else POUNDS[channel])
                for month in months
                for channel in channels
            ),
            Fraction(0),
        )
        return round(float(pounds / sum(counts[month, channel] for month in months for channel in channels)), 4)

    def told(self, found: list[Record]) -> dict[tuple[str, str], Any]:
        assert {record["period"] for record in found} == {"quarter"}
        return {(str(record["_timestamp"])[:10], str(record["channel"])): record["count"] for record in found}

    def test_whole_years_have_a_record_for_all_channels_and_one_for_each_with_a_unit_cost(
        self, anywhere: Anywhere
    ) -> None:
        counts = self.counts()
        found = self.taken(anywhere, counts)
        costed = {*POUNDS, "app"}
        # Quarters before that have fewer than twelve months behind them.
        quarters = [dt.date(2025, 7, 1), dt.date(2025, 10, 1)]
        assert self.told(found) == {
            (quarter.isoformat(), name): self.due(counts, quarter, channels)
            for quarter in quarters
            for name, channels in [
                ("cost_per_transaction", costed),
                *((f"cost_per_transaction_{channel.replace('-', '_')}", {channel}) for channel in costed),
            ]
        }
        assert {record["end_at"] for record in found} == {"2025-10-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00"}

    def test_channels_with_one_spelling_are_one_record_with_the_average_of_their_transactions(
        self, anywhere: Anywhere
    ) -> None:
        counts = self.counts()
        told = self.told(self.taken(anywhere, counts, labels=LABELS))
        quarter = dt.date(2025, 10, 1)
        spelt = {"digital": {"online", "app"}, "phone": {"phone"}, "facetoface": {"face-to-face"}}
        of_quarter = {channel: cost for (start, channel), cost in told.items() if start == quarter.isoformat()}
        assert of_quarter == {
            "cost_per_transaction": self.due(counts, quarter, {*POUNDS, "app"}),
            **{f"cost_per_transaction_{name}": self.due(counts, quarter, channels) for name, channels in spelt.items()},
        }
        # Not the average of the two unit costs.
        assert of_quarter["cost_per_transaction_digital"] != self.due(counts, quarter, {"online"})

    def test_without_a_cost_for_most_there_is_none_for_all(self, anywhere: Anywhere) -> None:
        counts = self.counts() | {(month, "kiosk"): 5000 for month in MONTHS}
        channels = {channel for _, channel in self.told(self.taken(anywhere, counts))}
        assert "cost_per_transaction" not in channels
        assert "cost_per_transaction_phone" in channels
        assert "cost_per_transaction_kiosk" not in channels

    def test_less_than_a_year_is_not_published(self, anywhere: Anywhere) -> None:
        counts = {key: count for key, count in self.counts().items() if key[0] >= dt.date(2025, 2, 1)}
        assert self.taken(anywhere, counts) == []
