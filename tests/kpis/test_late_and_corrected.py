"""What comes late or is put right changes the periods that it is about, and not a byte of any other."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from demo.world.dealings import Dealing
from tests.anywhere import Anywhere
from tests.kpis.exports import differences, due, feed_of, file, kept, midnight, optional
from tests.kpis.recomputed import day_of, end_of, months_after, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local_digital.workspace import FeedHandle, Workspace

TRANSACTION = "report-missed-bin"
FIRST, UNTIL = dt.date(2024, 1, 1), dt.date(2026, 1, 5)
TOWNS = {"anywhere": "E06000001", "elsewhere": "E06000002", "nowhere": "E06000003"}
LOOK_BACK = dt.timedelta(weeks=12)
TABLES = {
    "volume": ("council", "period_kind", "period_start", "breakdown", "label", "across", "across_label"),
    "kpi": ("council", "period_kind", "period_start", "kpi", "version", "label"),
    "period": ("council", "period_kind", "period_start"),
    "benchmark": ("comparison", "subject", "period_kind", "period_start", "kpi", "version", "label", "basis"),
}

Marts = dict[str, dict[tuple[Any, ...], Any]]


@dataclass
class Town:
    """A council whose exports of one day come in parts. held: what its system knows, by reference."""

    anywhere: Anywhere
    feed: FeedHandle
    held: dict[str, Dealing] = field(default_factory=dict)
    parts: int = 0

    def send(self, part: str, dealings: Iterable[Dealing], day: dt.date = UNTIL) -> None:
        name, content = file(day, dealings, self.feed.feed.columns)
        (report,) = self.anywhere.ingest(self.feed, (f"{part}-{name}", content))
        assert (report.rejected_because, report.quarantined) == (None, 0)

    def tell(self, dealing: Dealing, **facts: Any) -> None:
        """Send one dealing, new or changed."""
        self.held[dealing.ref] = replace(dealing, **facts)
        self.parts += 1
        self.send(f"part{self.parts}", [self.held[dealing.ref]])

    def figures_are_due(self) -> None:
        expected = due(self.feed, midnight(UNTIL), self.held.values())
        assert differences(kept(self.anywhere.workspace, self.feed), expected) == []


def some_years(seed: int) -> dict[str, Dealing]:
    """Two years of reports, two a week."""
    rng = random.Random(seed)  # noqa: S311 - the same story always
    found = {}
    for number in range(210):
        reported = midnight(FIRST) + dt.timedelta(minutes=rng.randrange((UNTIL - FIRST).days * 24 * 60 - 120))
        closed = reported + dt.timedelta(minutes=rng.randrange(60 * 96))
        found[f"{number}"] = Dealing(
            f"{number}",
            reported.astimezone(dt.UTC),
            rng.choice(["online", "phone", "app", "assisted-digital"]),
            closed_at=closed.astimezone(dt.UTC) if closed < midnight(UNTIL) else None,
            status=rng.choice(["open", "closed", "closed", "duplicate"]),
            ward=rng.choice("AB"),
            stream=rng.choice(["refuse", "recycling"]),
            outcome=rng.choice(["justified", "not-justified", None]),
            premises=rng.choice(["1", "2", "3", "4", None]),
        )
    return found


@pytest.fixture(scope="module")
def towns(workspace: Workspace) -> dict[str, Town]:
    """Three councils with two years each, on a server that lives by another clock than UTC."""
    with workspace.engine.begin() as db:
        # The name is the test's own.
        db.execute(text(f"alter database {workspace.engine.url.database} set timezone to 'Europe/London'"))
    workspace.engine.dispose()
    facts = feed_of(
        TRANSACTION, optional(TRANSACTION), delivery="rolling", covers_from=FIRST,
        source={"kind": "folder", "files": "*-{date:%Y%m%d}.csv"},
        collections=[{"stream": "refuse", "a_week": 50_000, "valid_from": FIRST, "source": "the test"}],
        unit_costs=[{"channel": "assisted-digital", "pounds": 2, "valid_from": FIRST, "source": "the test"}],
    )  # fmt: skip
    found = {}
    for seed, (name, code) in enumerate(TOWNS.items()):
        anywhere = Anywhere(workspace, workspace.settings.config.parent, TRANSACTION, council=name, gss_code=code)
        found[name] = Town(anywhere, anywhere.configure(**facts), some_years(seed))
        found[name].send("all", found[name].held.values())
        found[name].figures_are_due()
    return found


@pytest.fixture
def town(towns: dict[str, Town]) -> Town:
    return towns["anywhere"]


def marts(workspace: Workspace) -> Marts:
    """All rows of the marts' tables, by their keys."""
    with workspace.engine.connect() as db:
        return {
            table: {
                tuple(getattr(row, name) for name in keys): tuple(row)
                # The names are those above.
                for row in db.execute(text(f"select * from marts.{table}"))  # noqa: S608
            }
            for table, keys in TABLES.items()
        }


def changed(before: Marts, after: Marts) -> dict[str, list[dict[str, Any]]]:
    """The keys of all rows that came, went or are others now."""
    return {
        table: [
            dict(zip(keys, key, strict=True))
            for key in before[table].keys() | after[table].keys()
            if before[table].get(key) != after[table].get(key)
        ]
        for table, keys in TABLES.items()
    }


def holds(key: dict[str, Any], moment: dt.datetime) -> bool:
    """Whether a figure of a period may be another for what happened at a moment."""
    kind, starts, kpi = key["period_kind"], key["period_start"], key.get("kpi")
    ends = end_of(kind, starts)
    if kind == "quarter":
        return months_after(ends, -24 if kpi == "channel-shift-saving" else -12) <= day_of(moment) < ends
    until = day_of(moment + LOOK_BACK) if kpi == "repeat-misses" else day_of(moment)
    return starts <= until and day_of(moment) < ends


def only_these_change(town: Town, change: Callable[[], None], *moments: dt.datetime) -> dict[str, list[dict[str, Any]]]:
    """Make a change; return the keys of what is another now. Moments: when it was reported, before and after."""
    workspace = town.anywhere.workspace
    before = marts(workspace)
    assert len(before["benchmark"]) > 1000
    change()
    found = changed(before, marts(workspace))
    for rows in found.values():
        for key in rows:
            assert key.get("council", "anywhere") == "anywhere", key
            assert any(holds(key, moment) for moment in moments), key
    touched = {(kind, start_of(kind, day_of(moment))) for kind in ("week", "month") for moment in moments}
    assert touched <= {(key["period_kind"], key["period_start"]) for key in found["kpi"]}
    town.figures_are_due()
    return found


MOMENTS = [
    # An ordinary Wednesday; a Sunday's half hour that London counts to Monday and to the next month; New Year's Eve;
    # the night in which the clocks go forward; the first and the last days.
    dt.datetime(2025, 2, 12, 10, tzinfo=dt.UTC),
    dt.datetime(2025, 8, 31, 23, 30, tzinfo=dt.UTC),
    dt.datetime(2024, 12, 31, 23, 30, tzinfo=dt.UTC),
    dt.datetime(2025, 3, 30, 1, 0, tzinfo=dt.UTC),
    dt.datetime(2024, 1, 1, 0, 0, tzinfo=dt.UTC),
    dt.datetime(2026, 1, 4, 12, 0, tzinfo=dt.UTC),
]


def report(ref: str, moment: dt.datetime) -> Dealing:
    return Dealing(ref, moment, "phone", outcome="justified", stream="refuse", premises="1", ward="A", status="open")


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_late_record_changes_the_periods_that_hold_it_or_look_back_on_it(town: Town, moment: dt.datetime) -> None:
    found = only_these_change(town, lambda: town.tell(report(f"late {moment}", moment)), moment)
    assert {(key["period_kind"], key["period_start"]) for key in found["volume"]} == {
        (kind, start_of(kind, day_of(moment))) for kind in ("week", "month")
    }
    ends = [months_after(FIRST, number) for number in range(3, 25, 3)]
    assert {key["period_start"] for key in found["kpi"] if key["kpi"] == "cost-per-transaction"} == {
        months_after(end, -3) for end in ends if months_after(end, -12) <= day_of(moment) < end
    }
    assert {key["kpi"] for key in found["benchmark"]} >= {"volume", "justified"}


@pytest.mark.parametrize("moment", MOMENTS[:4], ids=str)
def test_corrected_record_changes_the_periods_of_its_day(town: Town, moment: dt.datetime) -> None:
    told = report(f"corrected {moment}", moment)
    town.tell(told)
    found = only_these_change(town, lambda: town.tell(told, channel="app", outcome="not-justified"), moment)
    assert {key["kpi"] for key in found["kpi"]} == {
        "channel-mix", "digital-takeup", "justified", "rectified-within-one-working-day", "missed-per-100000",
        "cost-per-transaction", "cost-by-channel", "channel-shift-saving",
    }  # fmt: skip


def test_record_that_was_told_again_as_it_was_changes_nothing(town: Town) -> None:
    before = marts(town.anywhere.workspace)
    town.send("again", list(town.held.values())[:50])
    assert marts(town.anywhere.workspace) == before


@pytest.mark.parametrize(("was", "is_"), [(0, 1), (1, 2), (2, 0), (0, 3)])
def test_record_whose_day_moved_changes_the_periods_of_both_days(town: Town, was: int, is_: int) -> None:
    told = report(f"moved {was} {is_}", MOMENTS[was])
    town.tell(told)
    only_these_change(town, lambda: town.tell(told, reported_at=MOMENTS[is_]), MOMENTS[was], MOMENTS[is_])


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_record_that_a_file_sent_again_lacks_leaves_the_periods_that_held_it(town: Town, moment: dt.datetime) -> None:
    part = f"again{MOMENTS.index(moment)}"
    stays = report(f"stays {moment}", MOMENTS[0])
    goes = report(f"goes {moment}", moment)
    town.held |= {stays.ref: stays, goes.ref: goes}
    town.send(part, [stays, goes])

    def withdraw() -> None:
        del town.held[goes.ref]
        town.send(part, [stays])

    only_these_change(town, withdraw, moment)


def test_older_export_that_comes_late_tells_what_no_newer_one_has_and_undoes_nothing(town: Town) -> None:
    known, new = report("known", MOMENTS[0]), report("new", MOMENTS[3])
    town.tell(known)
    town.held[new.ref] = new
    older = [replace(known, channel="app", reported_at=MOMENTS[2]), new]
    only_these_change(town, lambda: town.send("older", older, dt.date(2025, 6, 2)), MOMENTS[3])


@pytest.mark.parametrize(
    ("first", "second", "period"),
    [
        (dt.datetime(2025, 3, 8, 23, 30, tzinfo=dt.UTC), dt.datetime(2025, 5, 31, 23, 20, tzinfo=dt.UTC), "month"),
        (dt.datetime(2024, 1, 7, 23, 30, tzinfo=dt.UTC), dt.datetime(2024, 3, 31, 23, 10, tzinfo=dt.UTC), "week"),
    ],
)
@pytest.mark.parametrize("late", [0, 1])
def test_report_twelve_weeks_on_is_a_repeat_though_the_clocks_went_forward_in_between(
    town: Town, first: dt.datetime, second: dt.datetime, period: str, late: int
) -> None:
    # In London it is a day more, and the first of another period.
    assert second - first < LOOK_BACK
    premises = f"of {first} {late}"
    told = [replace(report(f"{moment} {late}", moment), premises=premises) for moment in (first, second)]
    town.tell(told[1 - late])
    found = only_these_change(town, lambda: town.tell(told[late]), told[late].reported_at)
    looks_back = {"period_kind": period, "period_start": day_of(second), "kpi": "repeat-misses"}
    assert any(looks_back.items() <= key.items() for key in found["kpi"])


def test_quarters_that_a_file_sent_again_no_longer_reaches_are_gone(workspace: Workspace) -> None:
    anywhere = Anywhere(workspace, workspace.settings.config.parent, TRANSACTION, council="short", gss_code="E06000004")
    feed = anywhere.configure(**feed_of(TRANSACTION, optional(TRANSACTION), covers_from=FIRST, quiet_days=35))
    told = [report(f"{month}", dt.datetime(2024, month, 20, tzinfo=dt.UTC)) for month in range(1, 13)]
    made = dt.date(2025, 1, 5)
    for ends, held in ((made, told), (dt.date(2024, 5, 21), told[:5])):
        anywhere.ingest(feed, file(made, held, feed.feed.columns))
        assert differences(kept(workspace, feed), due(feed, midnight(ends), held, midnight(made))) == []


def test_day_that_slipped_and_was_taken_back_leaves_the_first_day_where_it_was(workspace: Workspace) -> None:
    anywhere = Anywhere(
        workspace, workspace.settings.config.parent, TRANSACTION, council="silent", gss_code="E06000005"
    )
    feed = anywhere.configure(
        **feed_of(
            TRANSACTION, optional(TRANSACTION), delivery="rolling", quiet_days=10, covers_until=UNTIL,
            source={"kind": "folder", "files": "*-{date:%Y%m%d}.csv"},
        )
    )  # fmt: skip
    town = Town(anywhere, feed)
    days = [dt.datetime(2025, 10, day, 9, tzinfo=dt.UTC) for day in (20, 22, 30)]
    known = [report(f"{moment}", moment) for moment in days]
    slip = report("slip", dt.datetime(2025, 12, 10, tzinfo=dt.UTC))
    for part, sent in (("all", known), ("part", [known[0], slip]), ("part", known[:1])):
        town.held = {dealing.ref: dealing for dealing in (*known, *sent)}
        town.send(part, sent)
        town.figures_are_due()
