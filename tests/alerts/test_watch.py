"""Nothing arrived is news once, that it has come is news once, and neither is lost or told twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from local_digital.alerts import watch as watching
from local_digital.alerts.outbox import send_pending
from local_digital.alerts.silences import silence
from local_digital.alerts.watch import WatchReport, watch
from local_digital.calendar import midnight
from local_digital.empty_deliveries import refuse_unusually_empty
from local_digital.errors import EmptyError
from local_digital.workspace import Workspace
from tests.alerts.conftest import AIRFLOW, BINS, BOOKS

if TYPE_CHECKING:
    from tests.alerts.conftest import House

DAY = dt.timedelta(days=1)
MONDAY = midnight(dt.date(2026, 3, 2))
# A night, and two days of grace, after what it has.
LATE = MONDAY + 3 * DAY


@pytest.fixture
def fed(house: House) -> House:
    """The house with both feeds complete until Monday's beginning."""
    for transaction in (BINS, BOOKS):
        house.deliver(transaction, MONDAY)
    return house


def look(house: House, now: dt.datetime) -> WatchReport:
    return watch(house.workspace, airflow=AIRFLOW, now=now)


def test_feeds_that_become_late_are_told_in_one_message_a_council_and_once(fed: House) -> None:
    assert look(fed, LATE - DAY / 24).late == []
    assert look(fed, LATE).late == [f"solihull {BOOKS}", f"solihull {BINS}"]
    for hours in (1, 2, 200):
        assert look(fed, LATE + hours * DAY / 24).late == []

    ((_, mail),) = fed.mail.mails
    assert mail["Subject"] == (
        "[Local Digital] Solihull Metropolitan Borough Council: renew-library-book, report-missed-bin late (data)"
    )
    words = mail.get_content()
    assert "Expected: a nightly delivery, overdue from 5 March 2026 on" in words
    assert "complete until 2 March 2026" in words
    assert "#message-late-feed" in words
    assert f"{AIRFLOW}/dags/council_solihull\n" in words.replace("\r\n", "\n")


def test_what_has_come_is_told_once_and_is_late_anew_when_the_next_is(fed: House) -> None:
    look(fed, LATE)
    fed.deliver(BINS, LATE)

    assert look(fed, LATE + DAY).came == [f"solihull {BINS}"]
    assert look(fed, LATE + DAY).came == []

    assert fed.mail.subjects[1].endswith("report-missed-bin has come")
    assert "complete until 5 March 2026" in fed.mail.mails[1][1].get_content()
    assert look(fed, LATE + 3 * DAY).late == [f"solihull {BINS}"]
    assert len(fed.mail.mails) == 3


def test_an_older_delivery_that_comes_while_a_feed_is_late_is_no_news(fed: House) -> None:
    look(fed, LATE + 10 * DAY)
    fed.deliver(BINS, LATE)

    report = look(fed, LATE + 10 * DAY)

    assert (report.late, report.came, len(fed.mail.mails)) == ([], [], 1)


def test_a_feed_is_late_also_when_the_newest_delivery_was_turned_down(fed: House) -> None:
    fed.deliver(BINS, MONDAY + DAY, status="rejected")

    assert f"solihull {BINS}" in look(fed, LATE).late


def test_a_feed_that_was_never_delivered_has_no_deadline(house: House) -> None:
    assert look(house, LATE + 100 * DAY).late == []


def test_outside_production_nothing_is_noted_and_nothing_sent(fed: House) -> None:
    with Workspace.open(replace(fed.settings, environment="test")) as workspace:
        assert watch(workspace, now=LATE).late == [f"solihull {BOOKS}", f"solihull {BINS}"]

    assert fed.rows("select 1 from ledger.late_notice") == []
    assert look(fed, LATE).late
    assert len(fed.mail.mails) == 1


def test_a_silenced_feed_is_told_when_the_silence_is_over_and_it_is_late_still(fed: House) -> None:
    silence(fed.workspace, "solihull", BINS, until=LATE.date(), reason="new system", by="Ada", now=MONDAY)

    report = look(fed, LATE)

    assert (report.late, report.silenced) == ([f"solihull {BOOKS}"], [f"solihull {BINS}"])
    assert look(fed, LATE + DAY).late == [f"solihull {BINS}"]


def test_a_feed_that_comes_during_a_silence_is_told_to_nobody(fed: House) -> None:
    look(fed, LATE)
    silence(fed.workspace, "solihull", until=(LATE + 5 * DAY).date(), reason="a", by="Ada", now=LATE)
    fed.deliver(BINS, LATE)

    assert look(fed, LATE + DAY).came == []

    assert len(fed.mail.mails) == 1
    assert len(fed.rows("select 1 from ledger.late_notice where came_at is null")) == 1


def test_a_feed_that_is_taken_out_while_it_is_late_is_forgotten(fed: House) -> None:
    look(fed, LATE)
    facts = yaml.safe_load(fed.file.read_text("utf-8"))
    del facts["feeds"][BOOKS]
    fed.file.write_text(yaml.safe_dump(facts), "utf-8")

    report = look(fed, LATE + DAY)

    assert (report.late, report.came, len(fed.mail.mails)) == ([], [], 1)
    assert len(fed.rows("select 1 from ledger.late_notice where came_at is null")) == 1


def test_killed_between_note_and_sending_the_next_look_sends_it(fed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(watching, "send_pending", killed)
        with pytest.raises(KeyboardInterrupt):
            look(fed, LATE)
    assert fed.mail.mails == []

    assert look(fed, LATE).late == []

    assert len(fed.mail.mails) == 1


def test_killed_before_the_note_is_kept_it_is_told_by_the_next_look(
    fed: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(watching, "post", killed)
        with pytest.raises(KeyboardInterrupt):
            look(fed, LATE)
    assert send_pending(fed.workspace) == []

    assert len(look(fed, LATE).late) == 2
    assert len(fed.mail.mails) == 1


def test_a_channel_that_is_down_gets_the_message_with_a_later_look(fed: House) -> None:
    fed.mail.busy = True
    assert len(look(fed, LATE).unsent) == 1
    fed.mail.busy = False

    assert look(fed, LATE).unsent == []

    assert len(fed.mail.mails) == 1


def test_without_a_channel_it_is_told_once_there_is_one(fed: House) -> None:
    with Workspace.open(replace(fed.settings, alerts=None)) as workspace:
        assert watch(workspace, now=LATE).unrouted == ["solihull"]

    look(fed, LATE)

    assert len(fed.mail.mails) == 1


def empties(house: House, *accepted: int, step: dt.timedelta = DAY) -> int:
    """Deliver counts of rows, the last of them is the one that is judged; return its number."""
    return [house.deliver(BINS, MONDAY + number * step, rows) for number, rows in enumerate(accepted)][-1]


@pytest.mark.parametrize(("accepted", "days"), [((9,) * 8 + (0,), 1), ((5,) * 4 + (0,), 7)])
def test_a_delivery_without_rows_where_there_usually_are_some_is_a_fault_of_the_data(
    house: House, accepted: tuple[int, ...], days: int
) -> None:
    delivery = empties(house, *accepted, step=days * DAY)
    feed = house.workspace.feed("solihull", BINS)

    with pytest.raises(EmptyError, match="rows that can be used") as raised:
        refuse_unusually_empty(house.workspace, feed, [delivery])

    assert raised.value.kind == "data"
    refuse_unusually_empty(house.workspace, feed, [])
    refuse_unusually_empty(house.workspace, feed, [delivery - 1])


@pytest.mark.parametrize("accepted", [
    (0,), (9, 9, 9, 0), (9,) * 4 + (0,) + (9,) * 3 + (0,), (4,) * 8 + (0,), (9,) * 8 + (1,),
])  # fmt: skip
def test_a_delivery_without_rows_is_usual_for_a_feed_that_is_new_or_rare(
    house: House, accepted: tuple[int, ...]
) -> None:
    delivery = empties(house, *accepted)

    refuse_unusually_empty(house.workspace, house.workspace.feed("solihull", BINS), [delivery])


def test_a_quiet_weekend_is_usual_and_a_quiet_weekday_is_not(house: House) -> None:
    weeks = [9, 9, 9, 9, 9, 0, 0] * 5
    feed = house.workspace.feed("solihull", BINS)

    sunday = empties(house, *weeks)
    refuse_unusually_empty(house.workspace, feed, [sunday])

    monday = house.deliver(BINS, MONDAY + len(weeks) * DAY, 0)
    with pytest.raises(EmptyError):
        refuse_unusually_empty(house.workspace, feed, [monday])
