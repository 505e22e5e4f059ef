"""Sign-off: nothing leaves the house before somebody has released it, and what is unusual waits until somebody has."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from local_digital.errors import ConfigurationError, ReconciliationError
from local_digital.publishing import publish as publishing
from local_digital.publishing.data_sets import client
from local_digital.publishing.rebuild import rebuild
from local_digital.sql import statement
from tests.publishing.two_feeds import (
    BINS,
    BOOKS,
    CHANNELS,
    LAST,
    MONITORING,
    WARDS,
    WEEKS,
    Council,
    Houses,
    busy,
    houses,
    in_small_wards,
    online,
    usual,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer

NOTHING: dict[str, list[str]] = {"feed": [], "period": [], "kpi": [], "volume": []}
AS_USUAL = dict.fromkeys(WEEKS, 200)
FAR_AWAY = dt.date(2999, 1, 1)


@pytest.fixture(scope="module")
def served(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    with houses(postgres, tmp_path_factory.mktemp("sign_off"), "sign_off") as found:
        yield found


@pytest.fixture
def council(served: Houses, tmp_path: Path) -> Iterator[Council]:
    """A council with two feeds that are to go live; nobody has approved anything."""
    with served.council(tmp_path) as found:
        yield found


@pytest.fixture
def public(council: Council) -> Council:
    """The same with both feeds approved and published."""
    council.decide()
    council.decide(transaction=BOOKS)
    council.publish("first")
    return council


def contents(council: Council) -> dict[str, list[str]]:
    """Every row of the ledger and of what is public."""
    tables = council.ask(
        "select table_schema || '.' || table_name as name from information_schema.tables "
        "where table_schema in ('ledger', 'open_data', 'marts') and table_type = 'BASE TABLE'"
    )
    assert len(tables) > 10
    query = "select * from {}"
    return {name: sorted(str(row) for row in council.ask(query.format(name))) for (name,) in tables}


def waiting(council: Council) -> dict[str, tuple[str, ...]]:
    """What the next publish says waits, and why."""
    return {each.transaction: each.reasons for each in council.publish(dry_run=True).waiting}


class TestStages:
    def test_draft_publishes_nothing_and_needs_neither_connection_nor_token(self, council: Council) -> None:
        for transaction in (BINS, BOOKS):
            council.configure(transaction, stage="draft")
        council.asked.clear()
        report = council.publish()
        council.reconcile()
        assert (report.plans, report.waiting, report.drafts) == ([], [], [BINS, BOOKS])
        assert not {"platform", "trial"} & set(council.asked)
        assert council.nothing()
        assert council.public() == NOTHING

    def test_a_feed_without_a_stage_is_a_draft(self, council: Council) -> None:
        assert council.configure(BINS, stage=None).feed.stage == "draft"

    def test_file_that_says_no_stage_publishes_nothing_and_withdraws_nothing(self, public: Council) -> None:
        # As of an installation that is older than stages are.
        shown, opened = public.everything(), public.public()
        public.configure(BINS, stage=None)
        public.arrive(usual(times=2))
        assert BINS not in {plan.transaction for plan in public.publish("second").plans}
        public.reconcile()
        assert public.everything() == shown
        assert public.public() == opened

    def test_live_feed_that_nobody_has_approved_sends_nothing_and_says_what_waits(self, council: Council) -> None:
        report = council.publish()
        assert {each.transaction: each.reasons for each in report.waiting} == {
            BINS: ("going-live",),
            BOOKS: ("going-live",),
        }
        assert (report.plans, report.opened) == ([], 0)
        assert council.nothing()
        assert council.public() == NOTHING
        assert council.changes() == []
        seen = report.waiting[0].figures
        assert (seen.period_kind, seen.periods, seen.doubts) == ("week", 8, [])
        newest = seen.newest[-1]
        assert (newest.period_start, newest.transactions, newest.released_before) == (LAST, 200, None)
        assert newest.digital_takeup == pytest.approx(0.6)

    def test_what_is_approved_goes_out_with_the_next_publish_and_the_other_feed_still_waits(
        self, council: Council
    ) -> None:
        council.publish()
        council.decide()
        assert council.nothing()
        report = council.publish()
        assert council.totals() == AS_USUAL
        assert len(council.shown(WARDS)) == 8 * 4
        assert report.opened == 1
        assert [each.transaction for each in report.waiting] == [BOOKS]
        assert council.nothing(transaction=BOOKS)
        assert council.public(BOOKS) == NOTHING
        council.reconcile()

    def test_channel_that_has_a_spelling_is_zero_on_the_platform_where_nobody_has_used_it(
        self, council: Council
    ) -> None:
        labels = {"online": "Website", "post": "By letter", "unmapped": "Not told"}
        council.configure(publish={CHANNELS: {"labels": labels}})
        council.decide()
        council.publish()
        by_channel: dict[str, set[int]] = {}
        for record in council.shown(CHANNELS).values():
            by_channel.setdefault(record["channel"], set()).add(record["count"])
        assert by_channel == {"Website": {120}, "phone": {80}, "By letter": {0}, "Not told": {0}}

    def test_live_feed_that_becomes_a_draft_is_withdrawn_and_needs_a_new_approval(self, public: Council) -> None:
        public.configure(BINS, stage="draft")
        report = public.publish("second")
        assert {
            (plan.sink, bool(plan.withdrawn), bool(plan.new)) for plan in report.plans if plan.transaction == BINS
        } == {("live", True, False)}
        assert public.nothing()
        assert public.public() == NOTHING
        withdrawn = [change for change in public.changes() if change.run_id == "second"]
        assert {(change.transaction, change.what) for change in withdrawn} == {(BINS, "withdrawn")}
        assert {change.data_set for change in withdrawn} == {"kpis", CHANNELS, WARDS}
        added = {change.data_set: change.figures for change in public.changes() if change.run_id == "first"
                 and change.transaction == BINS}  # fmt: skip
        assert {change.data_set: change.figures for change in withdrawn} == added
        assert public.totals(BOOKS) == dict.fromkeys(WEEKS, 50)

        public.configure(BINS, stage="live")
        public.publish("third")
        assert waiting(public) == {BINS: ("going-live",)}
        assert public.nothing()
        public.decide()
        public.publish("fourth")
        assert public.totals() == AS_USUAL

    def test_data_set_that_is_new_waits_for_somebody_and_everything_with_it(self, council: Council) -> None:
        council.publishing[BINS] = (CHANNELS,)
        council.configure(BINS)
        council.decide()
        council.publish()
        council.publishing[BINS] = (CHANNELS, WARDS)
        council.configure(BINS)
        council.arrive(busy(times=2))
        (asked,) = [each for each in council.publish("second").waiting if each.transaction == BINS]
        assert asked.reasons == (f"data-set {WARDS}",)
        assert (council.shown(WARDS), council.totals()) == ({}, AS_USUAL)
        council.decide()
        council.publish("third")
        assert len(council.shown(WARDS)) == 8 * 4
        assert council.totals()[LAST] == 400

    def test_data_set_that_was_released_before_the_feed_was_a_draft_waits_again(self, public: Council) -> None:
        for stage in ("draft", "live"):
            public.publishing[BINS] = (CHANNELS,)
            public.configure(BINS, stage=stage)
            public.publish(stage)
        public.decide()
        public.publish("again")
        public.publishing[BINS] = (CHANNELS, WARDS)
        public.configure(BINS)
        assert waiting(public) == {BINS: (f"data-set {WARDS}",)}

    def test_feed_that_the_file_names_no_longer_is_withdrawn_from_the_public_and_missed_on_the_platform(
        self, public: Council
    ) -> None:
        shown, facts = public.everything(), public.facts.pop(BINS)
        public.configure(BOOKS)
        with pytest.raises(ConfigurationError, match=BINS):
            public.publish("second")
        assert public.public() == NOTHING
        # The file said where it is; nobody can empty it without.
        assert public.everything() == shown
        public.configure(BINS, **{**facts, "stage": "draft"})
        public.publish("third")
        assert public.nothing()

    def test_stage_that_no_run_has_seen_takes_no_approval_away(self, public: Council) -> None:
        public.configure(BINS, stage="draft")
        public.configure(BINS, stage="live")
        assert waiting(public) == {}

    def test_live_feed_that_goes_on_trial_moves_to_the_sink_for_trials(self, public: Council) -> None:
        before = public.everything()
        public.configure(BINS, stage="trial")
        public.publish("second")
        assert public.everything("trial") == before
        assert public.nothing()
        assert public.public() == NOTHING
        public.reconcile()

    def test_feed_on_trial_is_asked_about_by_nobody_and_enters_neither_releases_nor_open_data(
        self, council: Council
    ) -> None:
        council.configure(BINS, stage="trial")
        report = council.publish()
        assert [each.transaction for each in report.waiting] == [BOOKS]
        assert council.totals(sink="trial") == AS_USUAL
        assert council.nothing()
        assert council.public() == NOTHING
        assert council.changes() == []
        assert council.holds() == []
        assert council.ask(
            "select 1 from ledger.release inner join ledger.feed using (feed_id) where council = :council"
        ) == []  # fmt: skip
        assert council.asked.count("trial") > 0
        assert "platform" not in council.asked
        council.reconcile()

    def test_feed_on_trial_that_goes_live_stays_on_trial_until_somebody_approves(self, council: Council) -> None:
        council.configure(BINS, stage="trial")
        council.publish()
        on_trial = council.everything("trial")
        council.configure(BINS, stage="live")
        council.arrive(busy(times=2))
        assert council.publish("second").waiting[0].reasons == ("going-live",)
        assert council.everything("trial") == on_trial
        assert council.nothing()
        council.decide()
        council.publish("third")
        assert council.nothing("trial")
        assert council.totals() == {**AS_USUAL, LAST: 400}
        council.reconcile()

    def test_sink_for_trials_that_is_named_no_longer_is_missed_until_it_is_empty(self, council: Council) -> None:
        council.configure(BINS, stage="trial")
        council.publish()
        council.decide(transaction=BOOKS)
        council.trial = None
        council.configure(BINS, stage="draft")
        with pytest.raises(ConfigurationError, match=r"platform\.trial: .*until it is emptied there"):
            council.publish("second")
        # The other feed goes out all the same.
        assert council.totals(BOOKS) == dict.fromkeys(WEEKS, 50)
        council.trial = "trial"
        council.configure(BINS)
        council.publish("third")
        assert council.nothing("trial")

    def test_unusual_figures_on_trial_are_held_by_nothing(self, council: Council) -> None:
        council.configure(BINS, stage="trial")
        council.arrive(busy())
        council.publish()
        assert council.totals(sink="trial")[LAST] == 2000
        assert council.holds() == []


class TestDecisions:
    def test_a_decision_is_recorded_with_who_when_through_what_why_and_what_they_saw(self, council: Council) -> None:
        council.publish()
        asked = council.gate().waiting
        assert asked is not None
        before = dt.datetime.now(dt.UTC)
        approval = council.decide(
            seen=asked.digest, note="Agreed at the board", run_id="scheduled-1", through="airflow"
        )
        (kept,) = council.decisions()
        assert before - dt.timedelta(minutes=1) < kept.decided_at < before + dt.timedelta(minutes=5)
        assert (kept.approval_id, kept.decided_by, kept.through) == (approval.approval_id, "Ada Approver", "airflow")
        assert (kept.decision, kept.reasons) == ("released", ["going-live"])
        assert (kept.note, kept.run_id) == ("Agreed at the board", "scheduled-1")
        assert kept.figures == asked.figures.as_json()
        assert [newest["transactions"] for newest in kept.figures["newest"]] == [200] * 8
        with council.workspace.engine.connect() as db:
            (listed,) = db.execute(statement("sign_off/approvals"), {"council": council.slug}).all()
        assert (listed.council, listed.transaction, listed.decided_by) == (council.slug, BINS, "Ada Approver")

    def test_approval_of_other_figures_than_there_are_is_refused(self, council: Council) -> None:
        asked = council.gate().waiting
        assert asked is not None
        council.arrive(busy(times=2))
        with pytest.raises(ConfigurationError, match="the figures that were shown; found newer ones"):
            council.decide(seen=asked.digest)
        assert council.decisions() == []
        assert waiting(council).keys() == {BINS, BOOKS}

    def test_the_same_figures_have_the_same_digest_and_others_another(self, council: Council) -> None:
        first, again = council.gate().waiting, council.gate().waiting
        council.arrive(busy(times=2))
        other = council.gate().waiting
        assert first and again and other  # noqa: PT018 - for the types
        assert first.digest == again.digest != other.digest

    def test_decision_on_nothing_is_refused(self, public: Council) -> None:
        with pytest.raises(ConfigurationError, match="figures that wait for a decision; found none"):
            public.decide()
        public.configure(BINS, stage="draft")
        with pytest.raises(ConfigurationError, match="stage draft"):
            public.decide()
        assert len(public.decisions()) == 2

    def test_what_was_kept_back_is_not_asked_again_for_the_same_reasons_but_is_for_a_new_one(
        self, public: Council
    ) -> None:
        public.arrive(busy())
        public.publish("second")
        public.decide("kept-back", note="A test run of the call centre")
        (again,) = public.publish("third").waiting
        assert again.kept_back is not None
        assert (again.kept_back.decided_by, again.kept_back.reasons) == ("Ada Approver", again.reasons)
        assert public.totals() == AS_USUAL
        other = WEEKS[-2]
        public.arrive({key: count * 10 if key[0] == other else count for key, count in busy().items()})
        (anew,) = public.publish("fourth").waiting
        assert anew.kept_back is None
        assert anew.reasons == (f"volume week {other}", f"volume week {LAST}")
        # Somebody may think better of it.
        public.decide()
        public.publish("fifth")
        assert public.totals()[LAST] == public.totals()[other] == 2000

    def test_kept_back_figure_that_moves_is_asked_about_again(self, public: Council) -> None:
        public.arrive(busy())
        public.decide("kept-back")
        public.arrive({**busy(), (LAST, "online", "A"): 310})
        assert public.publish("second").waiting[0].kept_back is not None
        public.arrive(busy(times=20))
        assert public.publish("third").waiting[0].kept_back is None

    def test_feed_kept_back_from_going_live_stays_so_until_somebody_releases_it(self, council: Council) -> None:
        council.decide("kept-back")
        assert council.publish().waiting[0].kept_back is not None
        assert council.nothing()
        council.decide()
        council.publish()
        assert council.totals() == AS_USUAL

    def test_feed_that_was_kept_back_is_asked_about_anew_after_it_was_a_draft(self, council: Council) -> None:
        council.decide("kept-back")
        council.configure(BINS, stage="draft")
        council.publish()
        council.configure(BINS, stage="live")
        (asked, _) = council.publish().waiting
        assert asked.kept_back is None


class TestEmbargoes:
    def test_embargo_keeps_what_is_public_and_sends_nothing_new_until_its_day_comes(self, public: Council) -> None:
        shown, opened = public.everything(), public.public()
        public.configure(BINS, embargo_until=FAR_AWAY)
        public.arrive(busy(times=2))
        report = public.publish("second")
        assert (report.embargoed, report.waiting, report.drafts) == ([BINS], [], [])
        told = report.as_json()
        assert (told["embargoed"], told["waiting"], told["drafts"], told["opened"]) == ([BINS], [], [], 0)
        assert (public.everything(), public.public()) == (shown, opened)
        # Nor is it compared, or held against the council.
        assert {comparison.transaction for comparison in public.reconcile().comparisons} == {BOOKS}
        public.configure(BINS, embargo_until=dt.date(2020, 1, 1))
        public.publish("third")
        assert public.totals()[LAST] == 400
        assert public.public() != opened

    def test_embargo_ends_with_the_beginning_of_its_london_day(self, public: Council) -> None:
        public.configure(BINS, embargo_until=dt.date(2026, 7, 1))
        states = [public.gate(today=dt.date(2026, 6, 30) + dt.timedelta(days=days)).state for days in range(3)]
        assert states == ["embargoed", "open", "open"]

    def test_feed_under_embargo_that_nobody_has_approved_waits_for_that_afterwards(self, council: Council) -> None:
        council.configure(BINS, embargo_until=dt.date(2026, 7, 1))
        assert council.gate(today=dt.date(2026, 6, 30)).waiting is None
        asked = council.gate(today=dt.date(2026, 7, 1)).waiting
        assert asked is not None
        assert asked.reasons == ("going-live",)


class TestHolds:
    @pytest.mark.parametrize(
        ("counts", "reason", "total"),
        [(busy, "volume", 2000), (online, "take-up", 200), (in_small_wards, "withheld", 220)],
    )
    def test_unusual_figure_holds_the_whole_feed_and_not_the_councils_other_one(
        self, public: Council, counts: Callable[[], Any], reason: str, total: int
    ) -> None:
        shown, opened = public.everything(), public.public()
        public.arrive(counts())
        public.arrive(busy(times=2), BOOKS)
        report = public.publish("second")
        (asked,) = report.waiting
        assert (asked.transaction, asked.reasons) == (BINS, (f"{reason} week {LAST}",))
        assert [doubt.check for doubt in asked.figures.doubts] == [reason]
        assert (asked.figures.newest[-1].transactions, asked.figures.newest[-1].released_before) == (total, 200)
        # Not a week of it goes out, and nothing of what is there is touched.
        assert (public.everything(), public.public()) == (shown, opened)
        assert public.totals(BOOKS)[LAST] == 100
        assert {plan.transaction for plan in report.plans} == {BOOKS}
        assert [(hold.check_name, hold.period_start, hold.accepted, hold.lifted) for hold in public.holds()] == [
            (reason, LAST, False, False)
        ]
        public.reconcile()

        public.decide()
        public.publish("third")
        assert public.totals()[LAST] == total
        assert public.public() != opened
        assert [hold.accepted for hold in public.holds()] == [True]
        public.reconcile()
        # A night without news asks nobody and sends nothing.
        report = public.publish("fourth")
        assert report.waiting == []
        assert not any(plan.new or plan.changed or plan.withdrawn for plan in report.plans)

    def test_week_that_is_gone_from_the_marts_holds_the_feed(self, public: Council) -> None:
        shown = public.everything()
        public.lose(WEEKS[2])
        (asked,) = public.publish("second").waiting
        assert asked.reasons == (f"gone week {WEEKS[2]}",)
        assert asked.figures.doubts[0].told == f"week from {WEEKS[2]}: not there any more; 200 were public"
        assert public.everything() == shown
        public.decide()
        public.publish("third")
        assert public.totals() == {week: 200 for week in WEEKS if week != WEEKS[2]}
        assert waiting(public) == {}

    def test_figure_that_comes_right_by_itself_is_held_no_longer(self, public: Council) -> None:
        public.arrive(busy())
        public.publish("second")
        public.publish("again")
        public.arrive(usual())
        assert public.publish("third").waiting == []
        assert [(hold.accepted, hold.lifted) for hold in public.holds()] == [(False, True)]
        assert public.decisions()[2:] == []
        # Should it come back, that is another hold.
        public.arrive(busy())
        assert len(public.publish("fourth").waiting) == 1
        assert [(hold.accepted, hold.lifted) for hold in public.holds()] == [(False, True), (False, False)]

    def test_approved_figure_that_moves_a_little_the_next_night_is_not_held_again(self, public: Council) -> None:
        public.arrive(busy())
        public.publish("second")
        public.decide()
        # Even before the approved one has gone out.
        moved = {**busy(), (LAST, "online", "A"): 340}
        public.arrive(moved)
        assert public.publish("third").waiting == []
        assert public.totals()[LAST] == 2040
        public.arrive({**busy(times=12)})
        assert waiting(public) == {BINS: (f"volume week {LAST}",)}

    def test_hold_keeps_the_newest_figure_and_stands_once(self, public: Council) -> None:
        public.arrive(busy())
        public.publish("second")
        public.arrive(busy(times=20))
        public.publish("third")
        assert [(hold.check_name, int(hold.found)) for hold in public.holds()] == [("volume", 4000)]

    def test_what_was_never_released_may_be_unusual_too(self, council: Council) -> None:
        council.arrive(busy())
        (asked, _) = council.publish().waiting
        assert asked.reasons == ("going-live", f"volume week {LAST}")
        council.decide()
        council.publish()
        assert council.totals()[LAST] == 2000

    def test_reconcile_leaves_out_what_is_held_and_fails_on_what_is_not(self, public: Council) -> None:
        public.arrive(busy())
        public.publish("second")
        for transaction in (BINS, BOOKS):
            with client(public.workspace, public.workspace.council(public.slug), transaction, CHANNELS) as hands:
                hands.delete(next(iter(public.shown(CHANNELS, transaction))))
        with pytest.raises(ReconciliationError, match=f"{BOOKS} {CHANNELS}: 1 missing") as failed:
            public.reconcile()
        assert BINS not in str(failed.value)

    def test_rebuild_of_what_is_held_is_refused_and_says_what_to_do(self, public: Council) -> None:
        shown, opened = public.everything(), public.public()
        public.arrive(busy())
        with pytest.raises(ConfigurationError, match="may be published; found a feed that is waiting") as refused:
            rebuild(public.workspace, public.slug, CHANNELS, run_id="rebuild", transaction=BINS)
        assert "publish --dry-run" in str(refused.value)
        assert (public.everything(), public.public()) == (shown, opened)
        public.decide()
        rebuild(public.workspace, public.slug, CHANNELS, run_id="rebuild", transaction=BINS)
        assert public.totals()[LAST] == 2000

    def test_rebuild_of_a_draft_is_refused(self, council: Council) -> None:
        council.configure(BINS, stage="draft")
        with pytest.raises(ConfigurationError, match="found a feed that is draft"):
            rebuild(council.workspace, council.slug, CHANNELS, run_id="rebuild", transaction=BINS)

    def test_rebuild_of_a_feed_on_trial_is_about_the_sink_for_trials(self, public: Council) -> None:
        public.configure(BINS, stage="trial")
        rebuild(public.workspace, public.slug, CHANNELS, run_id="rebuild", transaction=BINS)
        assert public.totals(sink="trial") == AS_USUAL


class TestRuns:
    def test_dry_run_writes_nothing_at_all(self, public: Council) -> None:
        def stays_as_it_is() -> None:
            before, shown = contents(public), [public.everything("live"), public.everything("trial")]
            public.publish("dry", dry_run=True)
            public.publish("dry", dry_run=True, hourly=True)
            public.gate()
            assert contents(public) == before
            assert [public.everything("live"), public.everything("trial")] == shown

        public.arrive(busy())
        stays_as_it_is()
        public.arrive(busy(times=2))
        stays_as_it_is()
        for stage in ("draft", "trial"):
            public.configure(BINS, stage=stage)
            stays_as_it_is()

    def test_run_killed_between_the_gate_and_sending_is_made_good_by_the_next(
        self, council: Council, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        council.decide()
        council.arrive(busy(), BOOKS)
        with monkeypatch.context() as patched:
            patched.setattr(publishing, "_send", killed)
            with pytest.raises(KeyboardInterrupt):
                council.publish("killed")
        assert council.nothing()
        opened = council.public()
        council.publish("next")
        assert council.totals() == AS_USUAL
        assert council.public() == opened != NOTHING
        assert {change.run_id for change in council.changes()} == {"killed"}
        council.reconcile()

    def test_withdrawal_that_is_killed_half_way_is_told_by_reconcile_and_made_good_by_the_next_run(
        self, public: Council, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        public.configure(BINS, stage="draft")
        with monkeypatch.context() as patched:
            patched.setattr(publishing, "_send", killed)
            with pytest.raises(KeyboardInterrupt):
                public.publish("killed")
        assert public.public() == NOTHING
        assert not public.nothing()
        with pytest.raises(ReconciliationError, match=f"{BINS} {CHANNELS}: 16 extra"):
            public.reconcile()
        public.publish("next")
        assert public.nothing()
        public.reconcile()


class TestByTheHour:
    def with_monitoring(self, council: Council, **facts: Any) -> None:
        council.publishing[BINS] = (*council.publishing[BINS], MONITORING)
        council.configure(BINS, page="https://www.example.org/bins", **facts)
        with council.workspace.engine.begin() as db:
            db.execute(
                text(
                    "insert into ledger.page_check (feed_id, hour, state, status, response_ms) "
                    "select :feed_id, date_trunc('hour', now() - hours * interval '1 hour', 'UTC'), 'up', 200, 120 "
                    "from generate_series(1, 3) as hours on conflict do nothing"
                ),
                {"feed_id": council.feed().feed_id},
            )

    def test_every_hour_only_availability_leaves_and_every_night_all_the_rest(self, council: Council) -> None:
        self.with_monitoring(council)
        council.decide()
        report = council.publish("hour", hourly=True)
        assert [(plan.data_set, len(plan.new)) for plan in report.plans] == [(MONITORING, 3)]
        assert len(council.shown(MONITORING)) == 3
        assert council.shown(CHANNELS) == {}
        assert council.public() == NOTHING
        council.reconcile(hourly=True)
        report = council.publish("night")
        assert {plan.data_set for plan in report.plans if plan.transaction == BINS} == {
            CHANNELS,
            WARDS,
            "digital-takeup",
        }
        council.reconcile()
        assert council.totals() == AS_USUAL
        assert len(council.shown(MONITORING)) == 3

    def test_unusual_figures_do_not_hold_availability(self, public: Council) -> None:
        self.with_monitoring(public)
        public.decide()
        public.arrive(busy())
        public.publish("second")
        public.publish("hour", hourly=True)
        assert len(public.shown(MONITORING)) == 3
        assert public.totals() == AS_USUAL

    @pytest.mark.parametrize("facts", [{"stage": "draft"}, {"embargo_until": FAR_AWAY}, {}])
    def test_draft_embargo_and_missing_approval_keep_availability_back_too(
        self, council: Council, facts: dict[str, Any]
    ) -> None:
        self.with_monitoring(council, **facts)
        council.publish("hour", hourly=True)
        assert council.nothing()

    def test_availability_on_trial_goes_to_the_sink_for_trials(self, council: Council) -> None:
        self.with_monitoring(council, stage="trial")
        council.publish("hour", hourly=True)
        assert len(council.shown(MONITORING, sink="trial")) == 3
        assert council.nothing()

    def test_availability_that_is_new_waits_for_somebody(self, public: Council) -> None:
        self.with_monitoring(public)
        public.publish("hour", hourly=True)
        assert public.shown(MONITORING) == {}
        assert waiting(public) == {BINS: (f"data-set {MONITORING}",)}
        assert public.totals() == AS_USUAL

    def test_feed_that_becomes_a_draft_takes_its_availability_along(self, public: Council) -> None:
        self.with_monitoring(public)
        public.decide()
        public.publish("hour", hourly=True)
        assert len(public.shown(MONITORING)) == 3
        public.configure(BINS, stage="draft")
        public.publish("night")
        assert public.nothing()
