"""Publishing in Airflow: whoever decides is shown what they decide on, and everybody else's figures do not wait."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput
from airflow.sdk.execution_time.context import OutletEventAccessors

import local_digital_sign_off
from local_digital_sign_off import PUBLIC_FIGURES, PublishOperator
from tests.publishing.two_feeds import (
    BINS,
    BOOKS,
    CHANNELS,
    LAST,
    TAKEUP,
    WARDS,
    WEEKS,
    Council,
    Houses,
    busy,
    houses,
    usual,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer
    from local_digital.workspace import Workspace

HOUR, PATIENCE = dt.timedelta(hours=1), dt.timedelta(hours=20)
KEEP_BACK = "Keep back what is not chosen"
RELEASE_BINS, RELEASE_BOOKS = 'Release "Report a missed bin"', 'Release "Renew a library book"'
ADA = {"id": "7", "name": "Ada Approver"}


@pytest.fixture(scope="module")
def served(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    with houses(postgres, tmp_path_factory.mktemp("airflow_sign_off"), "airflow_sign_off") as found:
        yield found


class Task:
    """The publish task of a council, with a fake context and what Airflow was asked to put to somebody."""

    def __init__(self, council: Council) -> None:
        self.council = council
        self.questions: list[dict[str, Any]] = []
        self.operator = PublishOperator(task_id="publish", council=council.slug, execution_timeout=HOUR)
        self.begin()

    def begin(self, run_id: str = "scheduled-1", **conf: Any) -> None:
        """Begin a run, or a process of its own that goes on with one."""
        self.context: Any = {
            "task_instance": SimpleNamespace(id=f"id-of-{run_id}"),
            "dag_run": SimpleNamespace(conf=conf),
            "run_id": run_id,
            "outlet_events": OutletEventAccessors(),
        }

    def execute(self) -> Any:
        return self.operator.execute(self.context)

    def asks(self) -> dict[str, str]:
        """Execute; it must ask somebody. Return what is handed over to whoever goes on."""
        with pytest.raises(TaskAwaitingInput) as parked:
            self.execute()
        assert (parked.value.method_name, parked.value.timeout) == ("resume", PATIENCE)
        assert parked.value.kwargs is not None
        return dict(parked.value.kwargs["seen"])

    def answer(self, seen: dict[str, str], *chosen: str, user: dict[str, str] | None = None) -> Any:
        self.begin(self.context["run_id"])
        event = {
            "chosen_options": list(chosen), "params_input": {}, "responded_at": dt.datetime.now(dt.UTC),
            "responded_by_user": user or ADA, "timedout": False,
        }  # fmt: skip
        return self.operator.resume(self.context, event, seen=seen)

    @property
    def told(self) -> list[str]:
        """The assets that were told to have changed."""
        found = self.context["outlet_events"]
        return [event.dest_asset_key.uri for alias in found for event in found[alias].asset_alias_events]


@pytest.fixture
def task(served: Houses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Task]:
    with served.council(tmp_path) as council:
        found = Task(council)

        @contextlib.contextmanager
        def core() -> Iterator[Workspace]:
            yield council.workspace

        monkeypatch.setattr(local_digital_sign_off, "core", core)
        monkeypatch.setattr(
            "airflow.providers.standard.operators.hitl.upsert_hitl_detail",
            lambda **question: found.questions.append(question),
        )
        yield found


@pytest.fixture
def public(task: Task) -> Task:
    """The same with both feeds approved and published."""
    task.council.decide()
    task.council.decide(transaction=BOOKS)
    task.execute()
    task.begin("scheduled-2")
    return task


def test_the_time_for_work_and_the_time_for_an_answer_are_two_things() -> None:
    operator = PublishOperator(task_id="publish", council="solihull", execution_timeout=HOUR)
    assert (operator.execution_timeout, operator.response_timeout) == (HOUR, PATIENCE)
    # What nobody answers ends before the next night begins.
    assert dt.timedelta(days=1) > PATIENCE


def test_where_nothing_waits_nobody_is_asked(public: Task) -> None:
    public.council.arrive(busy(times=2))
    counts = public.execute()
    assert public.questions == []
    assert (counts["waiting"], counts["opened"]) == ([], 1)
    assert counts["changed"] > 0
    assert public.council.totals()[LAST] == 400


def test_one_feed_that_waits_is_asked_about_with_its_figures_and_the_other_goes_out(public: Task) -> None:
    public.council.arrive(busy())
    public.council.arrive(busy(times=2), BOOKS)
    seen = public.asks()
    assert public.council.totals(BOOKS)[LAST] == 100
    assert public.council.totals()[LAST] == 200
    (question,) = public.questions
    assert question["subject"] == 'Anywhere: release "Report a missed bin"?'
    assert (question["options"], question["multiple"], question["defaults"]) == (
        [RELEASE_BINS, KEEP_BACK], False, None,
    )  # fmt: skip
    told = question["body"].split("\n")
    assert told[:2] == ["**Report a missed bin** waits for a decision: 1 unusual figure.", ""]
    assert told[2:13] == [
        "| week from | transactions | released before | digital take-up |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {week} | 200 | 200 | 60.0% |" for week in WEEKS[:-1]),
        f"| {LAST} | 2,000 | 200 | 60.0% |",
        "",
    ]
    assert f"- Unusual: week from {LAST}: 2,000 transactions, expected 80 to 500" in told
    assert f"From a terminal: `local-digital approve anywhere {BINS}`." in told
    # Everything that would go out is named.
    assert [line for line in told if all(name in line for name in (CHANNELS, WARDS, TAKEUP))]
    waiting = public.council.gate().waiting
    assert waiting is not None
    assert seen == {BINS: waiting.digest}


def test_several_feeds_are_asked_about_in_one_question(task: Task) -> None:
    seen = task.asks()
    (question,) = task.questions
    assert (question["options"], question["multiple"]) == ([RELEASE_BINS, RELEASE_BOOKS, KEEP_BACK], True)
    assert question["subject"] == 'Anywhere: release "Report a missed bin" and "Renew a library book"?'
    assert seen.keys() == {BINS, BOOKS}
    assert question["body"].count("going live") == 2


def test_only_so_many_unusual_figures_are_told_one_by_one(task: Task) -> None:
    # Four weeks of which everything is unusual: many more reports, all of them digital, all in small wards.
    odd = {(week, "online", f"W{number}"): 2 for week in WEEKS[4:] for number in range(300)}
    task.council.arrive({key: count for key, count in usual().items() if key[0] not in WEEKS[4:]} | odd)
    waiting = task.council.gate().waiting
    assert waiting is not None
    assert len(waiting.figures.doubts) == 12
    task.asks()
    body = task.questions[-1]["body"]
    assert body.count("- Unusual: ") == 10
    assert "- and 2 more\n" in body
    assert "going live and 12 unusual figures" in body


def test_run_that_is_not_to_ask_does_not(task: Task) -> None:
    task.begin("manual", ask=False)
    counts = task.execute()
    assert task.questions == []
    assert counts["waiting"] == [BINS, BOOKS]
    assert task.council.nothing()


def test_run_without_configuration_asks(task: Task) -> None:
    task.context["dag_run"].conf = None
    task.asks()
    assert len(task.questions) == 1


def test_what_is_released_goes_out_at_once_and_what_they_said_nothing_of_is_asked_again_by_the_next_run(
    task: Task,
) -> None:
    seen = task.asks()
    counts = task.answer(seen, RELEASE_BINS)
    assert task.council.totals()[LAST] == 200
    assert task.council.nothing(transaction=BOOKS)
    assert (counts["waiting"], counts["opened"]) == ([BOOKS], 1)
    assert [(row.decision, row.decided_by, row.through, row.run_id) for row in task.council.decisions()] == [
        ("released", "Ada Approver", "airflow", "scheduled-1"),
    ]
    assert len(task.questions) == 1
    task.begin("scheduled-2")
    assert task.asks().keys() == {BOOKS}


def test_some_may_be_released_and_the_others_kept_back(task: Task) -> None:
    task.answer(task.asks(), RELEASE_BOOKS, KEEP_BACK)
    assert {row.decision for row in task.council.decisions()} == {"released", "kept-back"}
    assert task.council.nothing()
    assert not task.council.nothing(transaction=BOOKS)
    # The next night does not ask about that again.
    task.begin("scheduled-2")
    assert task.execute()["waiting"] == [BINS]
    assert len(task.questions) == 1


def test_what_is_kept_back_stays(public: Task) -> None:
    public.council.arrive(busy())
    counts = public.answer(public.asks(), KEEP_BACK, user={"id": "9", "name": ""})
    assert counts["waiting"] == [BINS]
    assert public.council.totals()[LAST] == 200
    decision = public.council.decisions()[-1]
    assert (decision.decision, decision.decided_by, decision.reasons) == ("kept-back", "9", [f"volume week {LAST}"])


def test_what_nobody_decides_stays_held_back_and_is_asked_again_by_the_next_run(public: Task) -> None:
    public.council.arrive(busy())
    seen = public.asks()
    counts = public.operator.resume(public.context, {"error": "Too late.", "error_type": "timeout"}, seen=seen)
    assert counts["waiting"] == [BINS]
    assert len(public.council.decisions()) == 2
    assert public.council.totals()[LAST] == 200
    public.begin("scheduled-3")
    public.asks()
    assert len(public.questions) == 2


def test_question_that_could_not_be_put_fails_and_says_what_to_do(public: Task) -> None:
    with pytest.raises(AirflowFailException, match="clear this task"):
        public.operator.resume(public.context, {"error": "?", "error_type": "unknown"}, seen={})


def test_answer_about_figures_that_have_changed_releases_nothing_and_is_left_to_the_next_run(public: Task) -> None:
    public.council.arrive(busy())
    seen = public.asks()
    public.council.arrive(busy(times=20))
    counts = public.answer(seen, RELEASE_BINS)
    # Airflow would show the first question, with the figures of then, once more.
    assert len(public.questions) == 1
    assert counts["waiting"] == [BINS]
    assert len(public.council.decisions()) == 2
    assert public.council.totals()[LAST] == 200
    public.begin("scheduled-3")
    assert public.asks() != seen
    assert "4,000 transactions" in public.questions[-1]["body"]


def test_answer_after_a_decision_from_a_terminal_changes_nothing(public: Task) -> None:
    public.council.arrive(busy())
    seen = public.asks()
    public.council.decide(by="Terry Terminal")
    counts = public.answer(seen, KEEP_BACK)
    assert counts["waiting"] == []
    assert public.council.totals()[LAST] == 2000
    assert public.council.decisions()[-1].decided_by == "Terry Terminal"


def test_public_figures_are_told_to_have_changed_only_when_they_have(public: Task) -> None:
    public.execute()
    assert public.told == []
    public.council.arrive(busy(times=2))
    public.execute()
    assert public.told == [PUBLIC_FIGURES.uri]
    public.begin("scheduled-3")
    public.council.arrive(busy())
    seen = public.asks()
    assert public.told == []
    public.answer(seen, RELEASE_BINS)
    assert public.told == [PUBLIC_FIGURES.uri]


def test_page_that_is_public_is_linked_to(public: Task) -> None:
    settings = replace(public.council.workspace.settings, site_url="https://figures.example.org/")
    public.council.workspace = replace(public.council.workspace, settings=settings)
    public.council.arrive(busy())
    public.asks()
    link = f"[What is public now](https://figures.example.org/councils/anywhere/{BINS}/index.html)"
    body = public.questions[-1]["body"]
    assert link in body
    assert "/board/councils/anywhere)" in body
