"""Whatever happens on the way to the platform: in the end it shows what the marts hold, all of it and nothing else."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from sqlalchemy import Engine, create_engine, text

from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving as platform_serving
from local_digital.errors import DataError, ReconciliationError, RefusedError, TransportError
from local_digital.migrations import migrate
from local_digital.publishing import client as client_module
from local_digital.publishing import data_sets
from local_digital.publishing import publish as publish_module
from local_digital.publishing import rebuild as rebuild_module
from local_digital.publishing.client import DataSetClient
from local_digital.publishing.data_sets import Desired
from local_digital.publishing.publish import Plan, plan_for, publish
from local_digital.publishing.rebuild import rebuild
from local_digital.publishing.reconcile import reconcile
from local_digital.publishing.records import Record, as_stored
from local_digital.workspace import Workspace
from tests import conftest
from tests.conftest import Installation, export, row
from tests.publishing import fault_proxy
from tests.publishing.fault_proxy import Fault, FaultProxy, Passage, standing_before
from tests.signing import desired, sign_off

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer
    from local_digital.settings import Connection, Settings

CHANNELS, WARDS, TAKEUP = "transactions-by-channel", "missed-bin-by-ward", "digital-takeup"
SOLIHULL, COVENTRY = "solihull-local-authority", "coventry-local-authority"
# Small, so that every data set takes several requests.
BATCH = 3
ATTEMPTS = 3
FIRST_MONDAY = dt.date(2025, 10, 6)
AT_MOST = 30


def reports(week: int, ward: str, count: int, channel: str = "Online") -> list[str]:
    """So many reports of one ward on a Monday; what they are called is the same each time they are exported."""
    day = FIRST_MONDAY + dt.timedelta(weeks=week)
    return [
        row(f"{week}-{channel}-{count}-{number}", f"{day:%d/%m/%Y} 10:15", ward=ward, channel=channel)
        for number in range(count)
    ]


def october(mistyped: str) -> str:
    """An export of four weeks, with some reports in whose ward somebody made a mistake, or none."""
    ordinary = (
        reports(week, ward, 10 + number) + reports(week, ward, 20 + number, "Phone")
        for week in range(4)
        for number, ward in enumerate(("Blythe", "Knowle", "Meriden"))
    )
    return export(*itertools.chain.from_iterable(ordinary), *reports(1, mistyped, 7, "App"))


# What arrives night by night. In the second a ward is corrected, a late report comes in and a week is finished, so that
# records change, come and go; in the third the newest week changes again.
NIGHTS = {
    "first": {"missed_bins_20251104.csv": october("Blyht")},
    "second": {
        "missed_bins_20251104.csv": october("Blythe"),
        "missed_bins_20251111.csv": export(
            *reports(4, "Blythe", 8), *reports(4, "Knowle", 9), *reports(3, "Knowle", 1, "App")
        ),
    },
    "third": {
        "missed_bins_20251118.csv": export(
            *reports(4, "Blythe", 2, "App"), *reports(4, "Knowle", 3, "App"), *reports(4, "Meriden", 6, "App"),
            *reports(5, "Blythe", 8), *reports(5, "Meriden", 9),
        ),
    },
}  # fmt: skip
# Whatever else is in the warehouse has no say in what is published.
MARTS = ("marts.volume", "marts.kpi")
LEDGER = ("ledger.publication", "ledger.release")


@pytest.fixture(scope="module")
def arrived() -> dict[str, dict[str, bytes]]:
    """The marts as they are after each night, once that is known."""
    return {}


@dataclass
class Publishing:
    """A real installation with a proxy before its platform. platform: the stand-in's database."""

    installation: Installation
    workspace: Workspace
    proxy: FaultProxy
    platform: Engine
    arrived: dict[str, dict[str, bytes]]
    council: str = "solihull"
    group: str = SOLIHULL
    _runs: Iterator[int] = field(default_factory=itertools.count)

    def arrive(self, night: str) -> None:
        """Bring the marts to what they are after a night: by the whole chain once, for all later tests by a copy."""
        if not self.arrived:
            for each, files in NIGHTS.items():
                for name, content in files.items():
                    self.installation.put(name, content, age=60)
                self.installation.ingest(self.workspace)
                self.arrived[each] = self._marts()
        with self.workspace.engine.begin() as db:
            cursor = db.connection.cursor()
            for table, rows in self.arrived[night].items():
                cursor.execute(f"delete from {table} where council = %s", [self.council])  # noqa: S608 - ours
                own = rows.replace(b"solihull\t", f"{self.council}\t".encode())
                cursor.copy_expert(f"copy {table} from stdin", io.BytesIO(own))
        sign_off(self.workspace, self.council)

    def _marts(self) -> dict[str, bytes]:
        found = {}
        with self.workspace.engine.connect() as db:
            for table in MARTS:
                rows = io.BytesIO()
                db.connection.cursor().copy_expert(f"copy {table} to stdout", rows)
                found[table] = rows.getvalue()
        return found

    def run_id(self) -> str:
        return f"run {next(self._runs)}"

    def publish(self) -> None:
        publish(self.workspace, self.council, run_id=self.run_id())

    def plan(self, data_set: str) -> Plan:
        plans = publish(self.workspace, self.council, run_id=self.run_id(), dry_run=True).plans
        return next(plan for plan in plans if plan.data_set == data_set)

    def reconcile(self) -> None:
        reconcile(self.workspace, self.council, run_id=self.run_id())

    def run(self, night: str) -> None:
        """A night without any fault."""
        self.arrive(night)
        self.publish()
        self.reconcile()

    def wanted(self, data_set: str) -> list[Record]:
        """What the marts hold of a data set."""
        return next(in_order(one.records.values()) for one in self.desired() if one.name == data_set)

    def desired(self) -> list[Desired]:
        (feed,) = self.workspace.feeds(self.council)
        return desired(self.workspace, feed)

    def shown(self, data_set: str) -> list[Record]:
        """Every record that the platform has of a data set, asked past the proxy."""
        answer = requests.get(self.address(data_set), timeout=AT_MOST)
        assert answer.status_code == 200, answer.text
        return in_order(as_stored(record) for record in answer.json()["data"])

    def address(self, data_set: str) -> str:
        return f"{self.installation.platform_url}/data/{self.group}/{data_set}"

    def is_right(self, data_set: str) -> bool:
        return self.shown(data_set) == self.wanted(data_set)

    def by_hand(self, data_set: str, *records: Record) -> None:
        """Write as somebody else who has the token, past the proxy."""
        token = self.installation.tokens[data_set]
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.post(self.address(data_set), json=records, headers=headers, timeout=AT_MOST)
        assert answer.status_code == 200, answer.text

    def removed_by_hand(self, data_set: str, *record_ids: str) -> None:
        with self.platform.begin() as db:
            gone = db.execute(
                text("delete from platform_records where data_set = :name and id = any(:ids)"),
                {"name": f"{self.group}_{data_set}".replace("-", "_"), "ids": list(record_ids)},
            )
            assert gone.rowcount == len(record_ids)

    @contextmanager
    def keeping(self) -> Iterator[Callable[[], None]]:
        """Remember platform and ledger as they are; yield what brings them back to that."""
        kept = [(self.platform, "platform_records"), *((self.workspace.engine, table) for table in LEDGER)]
        for engine, table in kept:
            with engine.begin() as db:
                db.execute(text(f"create table kept_{table.rpartition('.')[2]} as table {table}"))

        def back() -> None:
            for engine, table in kept:
                with engine.begin() as db:
                    db.execute(text(f"delete from {table}"))  # noqa: S608 - ours
                    db.execute(text(f"insert into {table} table kept_{table.rpartition('.')[2]}"))

        try:
            yield back
        finally:
            for engine, table in kept:
                with engine.begin() as db:
                    db.execute(text(f"drop table kept_{table.rpartition('.')[2]}"))

    def assert_right(self) -> None:
        """The platform holds exactly what the marts hold, and the ledger knows it."""
        self.proxy.settle()
        for one in self.desired():
            assert self.shown(one.name) == in_order(one.records.values())
            plan = plan_for(self.workspace, one)
            assert not plan.new + plan.changed + plan.withdrawn

    def assert_right_at_last(self) -> None:
        """All that, a dashboard and reconcile see it the same way, and another night sends nothing."""
        self.assert_right()
        assert self.dashboard() == self.truth()
        self.reconcile()
        self.proxy.writes.clear()
        self.publish()
        assert self.proxy.writes == []
        assert self.proxy.defects == []

    def dashboard(self) -> dict[dt.date, int]:
        """Reports a week as a dashboard adds them up: a record too many, or a stale one, shows."""
        asked = {"start_at": f"{FIRST_MONDAY}T00:00:00Z", "end_at": "2026-01-05T00:00:00Z", "period": "week"}
        answer = requests.get(self.address(CHANNELS), params={**asked, "collect": "count:sum"}, timeout=AT_MOST)
        weeks = answer.json()["data"]
        return {
            dt.date.fromisoformat(week["_start_at"][:10]): int(week["count:sum"]) for week in weeks if week["_count"]
        }

    def truth(self) -> dict[dt.date, int]:
        """Reports a week by the marts, without any of the code that makes records."""
        query = (
            "select period_start, reports from marts.volume where council = :council "
            "and period_kind = 'week' and breakdown = 'total' and basis = 'full'"
        )
        with self.workspace.engine.connect() as db:
            return {found.period_start: found.reports for found in db.execute(text(query), {"council": self.council})}


def in_order(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda record: str(record["_id"]))


def ids(records: Iterable[Record]) -> set[str]:
    return {str(record["_id"]) for record in records}


def impatient(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    """Give the pipeline's clients another time-out, and no rest between their attempts."""
    quick = partial(DataSetClient, timeout=timeout, attempts=ATTEMPTS, sleep=lambda _: None)
    monkeypatch.setattr(data_sets, "DataSetClient", quick)


def by_way_of(proxy: FaultProxy, installation: Installation) -> Settings:
    """The settings of an installation that takes the proxy for its platform."""
    known = installation.settings.connection

    def connection(name: str) -> Connection:
        found = known(name)
        return replace(found, host=proxy.url) if found.host == installation.platform_url else found

    return replace(installation.settings, connection=connection)


@pytest.fixture(scope="module")
def installation(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The installation of all tests, once for those of this file: they are many, and `publishing` empties it."""
    postgres.ensure_database("publishing")
    migrate(postgres.url("publishing"))
    folder = tmp_path_factory.mktemp("publishing")
    for made in conftest.installation.__wrapped__(postgres, postgres.url("publishing"), folder):
        # No feed here is of the others, and every run reads them all.
        for contract in (made.settings.config / "transactions").iterdir():
            if contract.stem != "report-missed-bin":
                contract.unlink()
        yield made


@pytest.fixture(scope="module")
def platform(installation: Installation, postgres: EmbeddedServer) -> Iterator[Engine]:  # noqa: ARG001 - made first
    """The stand-in's database, which is the newest of its kind."""
    server = create_engine(postgres.url("postgres"))
    with server.connect() as db:
        newest = "select datname from pg_database where datname like 'platform%' order by oid desc limit 1"
        engine = create_engine(postgres.url(str(db.scalar(text(newest)))))
    server.dispose()
    yield engine
    engine.dispose()


@pytest.fixture
def publishing(
    installation: Installation,
    platform: Engine,
    arrived: dict[str, dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Publishing]:
    """Nothing has been published so far."""
    monkeypatch.setattr(client_module, "BATCH", BATCH)
    impatient(monkeypatch, timeout=20)
    with (
        standing_before(installation.platform_url) as proxy,
        Workspace.open(by_way_of(proxy, installation)) as workspace,
    ):
        with platform.begin() as db:
            db.execute(text("delete from platform_records"))
        with workspace.engine.begin() as db:
            for table in LEDGER:
                db.execute(text(f"delete from {table}"))  # noqa: S608 - ours
        yield Publishing(installation, workspace, proxy, platform, arrived)


def already() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


PASSING_FAULTS: dict[str, Callable[[], Fault]] = {
    "500 and nothing stored": lambda: fault_proxy.answering(500),
    "503 and nothing stored": lambda: fault_proxy.answering(503),
    "502 with a page of a proxy": lambda: fault_proxy.answering(502, b"<html>Bad Gateway</html>"),
    "200 with a page of a proxy": lambda: fault_proxy.answering(200, b"<html>Please log in</html>"),
    "500 and all of it stored": lambda: fault_proxy.stored_then(500),
    "503 and all of it stored": lambda: fault_proxy.stored_then(503),
    "500 and half of it stored": lambda: fault_proxy.half_stored,
    "reset in the middle of the body": lambda: fault_proxy.cut_in_the_body,
    "reset in the middle of the answer": lambda: fault_proxy.cut_in_the_answer,
    "time-out and stored before it": lambda: fault_proxy.stored_in_silence,
    "time-out and stored after it": lambda: fault_proxy.stored_late(already()),
}


@pytest.mark.parametrize("name", PASSING_FAULTS)
def test_fault_that_lasts_all_night_and_one_that_meets_every_write_once_leave_no_trace(
    publishing: Publishing, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    publishing.arrive("first")
    if name.startswith("time-out"):
        impatient(monkeypatch, timeout=0.3)
    publishing.proxy.fail(PASSING_FAULTS[name]())
    with pytest.raises(TransportError):
        publishing.publish()
    publishing.proxy.settle()
    for data_set in publishing.installation.tokens:
        wanted = publishing.wanted(data_set)
        assert all(record in wanted for record in publishing.shown(data_set))
    publishing.proxy.heal()
    publishing.run("first")
    publishing.assert_right_at_last()

    publishing.proxy.fail(fault_proxy.once_each(PASSING_FAULTS[name]()))
    publishing.run("second")
    publishing.proxy.heal()
    publishing.assert_right_at_last()


@pytest.mark.parametrize("status", [401, 404, 413])
def test_data_set_that_is_refused_from_some_moment_on_stops_no_other_and_is_right_once_that_is_mended(
    publishing: Publishing, status: int
) -> None:
    publishing.arrive("first")
    # From the second batch on, as when a token is revoked in the middle of a run.
    publishing.proxy.fail(fault_proxy.first(1, fault_proxy.passing, fault_proxy.answering(status)), WARDS)
    with pytest.raises(RefusedError, match=f"{WARDS}.*{status}") as refused:
        publishing.publish()
    assert publishing.installation.tokens[WARDS] not in str(refused.value)
    assert publishing.is_right(CHANNELS)
    assert publishing.is_right(TAKEUP)
    assert len(publishing.shown(WARDS)) == BATCH
    # What is refused for good is not tried again.
    assert Counter(publishing.proxy.writes)["POST", f"{SOLIHULL}/{WARDS}"] == 2
    with pytest.raises(ReconciliationError, match=f"{WARDS}: {len(publishing.wanted(WARDS)) - BATCH} missing"):
        publishing.reconcile()
    publishing.proxy.heal()
    publishing.run("second")
    publishing.assert_right_at_last()


def test_token_revoked_in_the_middle_of_withdrawing_leaves_the_rest_to_the_next_run(publishing: Publishing) -> None:
    publishing.run("first")
    publishing.arrive("second")
    plan = publishing.plan(WARDS)
    assert len(plan.withdrawn) > 1
    before = -(-len(plan.new + plan.changed) // BATCH) + 1
    publishing.proxy.fail(fault_proxy.first(before, fault_proxy.passing, fault_proxy.answering(401)), WARDS)
    with pytest.raises(RefusedError):
        publishing.publish()
    assert len(ids(publishing.shown(WARDS)) & set(plan.withdrawn)) == len(plan.withdrawn) - 1
    publishing.proxy.heal()
    publishing.publish()
    publishing.assert_right_at_last()


def test_any_write_that_was_done_unknown_to_us_is_undone_by_the_next_publish_when_the_marts_have_gone_back(
    publishing: Publishing,
) -> None:
    publishing.run("first")
    publishing.arrive("second")
    plan = publishing.plan(WARDS)
    assert plan.new
    assert plan.changed
    writes = -(-len(plan.new + plan.changed) // BATCH) + len(plan.withdrawn)
    with publishing.keeping() as back:
        for answered in range(writes):
            publishing.arrive("second")
            publishing.proxy.fail(fault_proxy.first(answered, fault_proxy.passing, fault_proxy.stored_then(503)), WARDS)
            with pytest.raises(TransportError):
                publishing.publish()
            publishing.proxy.heal()
            publishing.arrive("first")
            publishing.publish()
            publishing.assert_right()
            back()


def test_batch_that_comes_a_night_late_over_newer_figures_is_found_and_repaired(
    publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing.run("first")
    publishing.arrive("second")
    the_night_after = threading.Event()
    with monkeypatch.context() as patched:
        impatient(patched, timeout=0.3)
        publishing.proxy.fail(fault_proxy.stored_late(the_night_after), WARDS)
        with pytest.raises(TransportError):
            publishing.publish()
    publishing.proxy.heal()
    publishing.run("third")
    assert publishing.is_right(WARDS)
    the_night_after.set()
    publishing.proxy.settle()
    assert not publishing.is_right(WARDS)
    with pytest.raises(ReconciliationError, match=rf"{WARDS}: {BATCH} different"):
        publishing.reconcile()
    publishing.publish()
    publishing.assert_right_at_last()


def test_platform_that_is_down_for_three_days_shows_everything_after_the_first_run_that_reaches_it(
    publishing: Publishing,
) -> None:
    publishing.run("first")
    before = {data_set: publishing.shown(data_set) for data_set in publishing.installation.tokens}
    with publishing.proxy.down():
        for night in ("first", "second", "third"):
            publishing.arrive(night)
            with pytest.raises(TransportError):
                (publishing.reconcile if night == "first" else publishing.publish)()
    assert {data_set: publishing.shown(data_set) for data_set in before} == before
    publishing.publish()
    publishing.assert_right_at_last()


def test_slow_data_set_holds_up_no_other(publishing: Publishing) -> None:
    publishing.arrive("first")
    answered = threading.Event()
    publishing.proxy.fail(fault_proxy.held(answered), WARDS)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(publishing.publish)
        try:
            wait_until(lambda: publishing.is_right(CHANNELS) and publishing.is_right(TAKEUP))
            assert publishing.shown(WARDS) == []
            assert not run.done()
        finally:
            answered.set()
        run.result(AT_MOST)
    publishing.proxy.heal()
    publishing.assert_right_at_last()


def test_dead_data_set_holds_up_no_other_neither_sent_nor_compared(publishing: Publishing) -> None:
    publishing.arrive("first")
    publishing.proxy.fail(fault_proxy.answering(503), WARDS, reads=True)
    with pytest.raises(TransportError, match=WARDS):
        publishing.publish()
    assert publishing.is_right(CHANNELS)
    assert publishing.is_right(TAKEUP)
    with pytest.raises(TransportError, match=WARDS):
        publishing.reconcile()
    # What is wrong elsewhere is found all the same, and repaired while this one is still dead.
    for data_set in (CHANNELS, TAKEUP):
        publishing.removed_by_hand(data_set, *list(ids(publishing.shown(data_set)))[:1])
    with pytest.raises(ReconciliationError) as found:
        publishing.reconcile()
    for part in (f"{CHANNELS}: 1 missing", f"{TAKEUP}: 1 missing", f"{WARDS} could not be read"):
        assert part in str(found.value)
    with pytest.raises(TransportError, match=WARDS):
        publishing.publish()
    assert publishing.is_right(CHANNELS)
    assert publishing.is_right(TAKEUP)
    publishing.proxy.heal()
    publishing.publish()
    publishing.assert_right_at_last()


def test_platform_restored_from_last_weeks_backup_is_found_and_repaired(publishing: Publishing) -> None:
    publishing.run("first")
    with publishing.platform.connect() as db:
        db.execute(text("create temporary table backup as table platform_records"))
        db.commit()
        publishing.run("second")
        db.execute(text("delete from platform_records"))
        db.execute(text("insert into platform_records table backup"))
        db.execute(text("drop table backup"))
        db.commit()
    with pytest.raises(ReconciliationError, match=f"{WARDS}: 3 missing.* different.*4 extra") as found:
        publishing.reconcile()
    assert "week from 2025-11-03, Knowle" in str(found.value)
    assert "week from 2025-10-06, Blyht" in str(found.value)
    publishing.publish()
    publishing.assert_right_at_last()


def test_records_changed_added_and_deleted_by_hand_are_named_in_words_and_put_right(publishing: Publishing) -> None:
    publishing.run("first")
    for data_set, measure in {CHANNELS: "count", WARDS: "missed_bins", TAKEUP: "rate"}.items():
        gone, count, moved, noted = publishing.shown(data_set)[:4]
        publishing.removed_by_hand(data_set, str(gone["_id"]))
        publishing.by_hand(
            data_set,
            {**count, measure: 1},
            {**moved, "_timestamp": "2025-09-01T00:00:00+00:00"},
            {**noted, "note": "checked"},
            {**count, "_id": "stray"},
            {key: value for key, value in count.items() if key != "_id"},
        )
    with pytest.raises(ReconciliationError) as found:
        publishing.reconcile()
    for data_set in publishing.installation.tokens:
        assert f"{data_set}: 1 missing (week from 2025-1" in str(found.value)
    assert str(found.value).count("3 different (week from 2025-1") == 3
    assert str(found.value).count("2 extra (an id that is not ours, ") == 3
    assert str(found.value).count("an id that is not ours, 'stray'") == 3
    publishing.publish()
    publishing.assert_right_at_last()


def test_record_of_somebody_else_that_no_delete_can_name_is_told_and_keeps_nothing_else_from_being_repaired(
    publishing: Publishing,
) -> None:
    publishing.run("first")
    one, *_ = publishing.wanted(WARDS)
    publishing.by_hand(WARDS, {**one, "_id": "a/b"}, {**one, "_id": "stray"}, {**one, "missed_bins": 99})
    with pytest.raises(ReconciliationError, match=r"not ours, 'a/b'"):
        publishing.reconcile()
    for repair in (publishing.publish, lambda: rebuild(publishing.workspace, "solihull", WARDS, run_id="anew")):
        with pytest.raises(DataError, match="have whoever runs the platform remove it"):
            repair()
        assert ids(publishing.shown(WARDS)) - ids(publishing.wanted(WARDS)) == {"a/b"}
        assert all(record in publishing.shown(WARDS) for record in publishing.wanted(WARDS))
    publishing.removed_by_hand(WARDS, "a/b")
    publishing.publish()
    publishing.assert_right_at_last()


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, nothing cleans up."""


@dataclass
class Blade:
    """Ends a run at its n-th step, and whatever goes on beside it at its next one; without an n it only counts."""

    falls_at: float = float("inf")
    steps: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def over(self, module: Any) -> Iterator[Blade]:
        """Have a step before and after everything that publish or rebuild notes in the ledger."""
        with pytest.MonkeyPatch.context() as patched:
            for name in ("doubt", "note_sent", "forget"):
                patched.setattr(module, name, partial(self._noting, getattr(module, name)))
            yield self

    def _noting(self, note: Callable[..., None], *facts: Any) -> None:
        self._step()
        note(*facts)
        self._step()

    def _step(self) -> None:
        with self._turn:
            self.steps += 1
            if self.steps > self.falls_at:
                raise Killed


def test_run_killed_between_any_two_writes_is_completed_by_the_next_which_sends_one_batch_at_most_again(
    publishing: Publishing,
) -> None:
    publishing.run("first")
    publishing.arrive("second")
    with publishing.keeping() as back:
        publishing.proxy.writes.clear()
        with Blade().over(publish_module) as undisturbed:
            publishing.publish()
        usual = Counter(publishing.proxy.writes)
        for moment in range(undisturbed.steps):
            back()
            publishing.proxy.writes.clear()
            with Blade(moment).over(publish_module), pytest.raises(Killed):
                publishing.publish()
            publishing.publish()
            written = Counter(publishing.proxy.writes)
            assert all(written[write] <= usual[write] + 1 for write in written)
            publishing.assert_right()
    publishing.assert_right_at_last()


def test_rebuild_killed_between_any_two_writes_and_run_again_comes_to_the_same(publishing: Publishing) -> None:
    def run() -> None:
        rebuild(publishing.workspace, "solihull", WARDS, run_id=publishing.run_id())

    publishing.run("second")
    one, *_ = publishing.wanted(WARDS)
    publishing.by_hand(WARDS, {**one, "_id": "stray"}, {**one, "missed_bins": 99})
    with publishing.workspace.engine.begin() as db:
        db.execute(text("delete from ledger.publication where data_set = :name"), {"name": WARDS})
    with publishing.keeping() as back:
        with Blade().over(rebuild_module) as undisturbed:
            run()
        for moment in range(undisturbed.steps):
            back()
            with Blade(moment).over(rebuild_module), pytest.raises(Killed):
                run()
            run()
            publishing.assert_right()
    publishing.assert_right_at_last()


@dataclass
class Reader:
    """Reads a data set over and over. seen: the records of each reading, by id."""

    read: Callable[[], list[Record]]
    seen: list[dict[str, Record]] = field(default_factory=list)
    _turn: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def reading(self) -> Iterator[None]:
        ended = threading.Event()

        def read() -> None:
            while not ended.is_set():
                found = {str(record["_id"]): record for record in self.read()}
                with self._turn:
                    self.seen.append(found)
                    self._turn.notify_all()

        with ThreadPoolExecutor(1) as pool:
            task = pool.submit(read)
            try:
                yield
            finally:
                ended.set()
            task.result(AT_MOST)

    def between_writes(self, passage: Passage) -> None:
        """Let a write pass when a whole reading has begun and ended since the one before it."""
        with self._turn:
            wanted = len(self.seen) + 2
            assert self._turn.wait_for(lambda: len(self.seen) >= wanted, AT_MOST)
        fault_proxy.passing(passage)


@pytest.mark.parametrize("command", ["publish", "rebuild"])
def test_reader_finds_every_figure_in_its_old_or_new_form_at_every_moment(publishing: Publishing, command: str) -> None:
    publishing.run("first")
    old = {str(record["_id"]): record for record in publishing.wanted(WARDS)}
    publishing.arrive("second")
    new = {str(record["_id"]): record for record in publishing.wanted(WARDS)}
    stray = {**next(iter(old.values())), "_id": "stray"}
    publishing.by_hand(WARDS, stray)
    if command == "rebuild":
        with publishing.workspace.engine.begin() as db:
            db.execute(text("delete from ledger.publication"))
    reader = Reader(partial(publishing.shown, WARDS))
    publishing.proxy.fail(reader.between_writes, WARDS)
    with reader.reading():
        if command == "rebuild":
            report = rebuild(publishing.workspace, "solihull", WARDS, run_id="anew")
            assert (report.sent, report.removed) == (len(new), len(old.keys() - new.keys()) + 1)
        else:
            publishing.publish()
    assert len(reader.seen) > 2 * len(publishing.proxy.writes) / 3
    kept = old.keys() & new.keys()
    assert kept
    for found in reader.seen:
        assert kept <= found.keys()
        assert all(found[key] in (old[key], new[key]) for key in kept)
    publishing.proxy.heal()
    if command == "publish":
        with pytest.raises(ReconciliationError, match="1 extra"):
            publishing.reconcile()
    else:
        # The ledger was emptied of the others as well.
        publishing.publish()
        assert publishing.is_right(WARDS)
    publishing.publish()
    publishing.assert_right_at_last()


def test_rebuild_through_faults_comes_to_the_same(publishing: Publishing) -> None:
    publishing.run("first")
    publishing.arrive("second")
    publishing.by_hand(WARDS, *({**record, "missed_bins": 0} for record in publishing.wanted(WARDS)))
    publishing.proxy.fail(fault_proxy.first(2, fault_proxy.passing, fault_proxy.half_stored), WARDS)
    with pytest.raises(TransportError):
        rebuild(publishing.workspace, "solihull", WARDS, run_id="anew")
    publishing.proxy.heal()
    publishing.proxy.fail(fault_proxy.once_each(fault_proxy.stored_then(500)), WARDS)
    rebuild(publishing.workspace, "solihull", WARDS, run_id="anew")
    assert publishing.is_right(WARDS)
    publishing.proxy.heal()
    publishing.publish()
    publishing.assert_right_at_last()


def test_night_without_news_writes_nothing(publishing: Publishing) -> None:
    publishing.run("first")
    assert publishing.proxy.writes
    publishing.proxy.writes.clear()
    publishing.run("first")
    assert publishing.proxy.writes == []


def test_two_councils_published_at_once_come_out_right_whatever_befalls_one_of_them(
    publishing: Publishing, postgres: EmbeddedServer, tmp_path: Path
) -> None:
    settings = publishing.installation.settings
    shutil.copytree(settings.config, tmp_path / "config")
    councils = tmp_path / "config" / "councils"
    facts = yaml.safe_load((councils / "solihull.yaml").read_text("utf-8"))
    facts |= {"council": "coventry", "name": "Coventry City Council", "gss_code": "E08000026"}
    facts["platform"]["data_group"] = COVENTRY
    (councils / "coventry.yaml").write_text(yaml.safe_dump(facts), "utf-8")
    postgres.ensure_database("platform_of_two")
    engine = create_engine(postgres.url("platform_of_two"))
    both = [
        DataSet(data_group=group, data_type=name, token=token)
        for group in (SOLIHULL, COVENTRY)
        for name, token in publishing.installation.tokens.items()
    ]
    with platform_serving(create_app(engine, both)) as url, standing_before(url) as proxy:
        installation = replace(publishing.installation, platform_url=url)
        first = replace(publishing, installation=installation, proxy=proxy)
        installation.settings = replace(settings, config=tmp_path / "config", connection=lambda _: platform)
        platform = replace(settings.connection("solihull_platform"), host=proxy.url)
        with Workspace.open(installation.settings) as own, Workspace.open(installation.settings) as other:
            first.workspace = own
            second = replace(first, workspace=other, council="coventry", group=COVENTRY)
            first.arrive("first")
            second.arrive("third")
            proxy.fail(fault_proxy.answering(401), f"{COVENTRY}/{WARDS}")
            proxy.fail(fault_proxy.once_each(fault_proxy.half_stored))
            with ThreadPoolExecutor(2) as pool:
                runs = [pool.submit(council.publish) for council in (first, second)]
                runs[0].result(AT_MOST)
                with pytest.raises(RefusedError, match=f"{COVENTRY}/{WARDS}"):
                    runs[1].result(AT_MOST)
            assert second.shown(WARDS) == []
            assert second.is_right(CHANNELS)
            proxy.heal()
            first.arrive("second")
            with ThreadPoolExecutor(2) as pool:
                for run in [pool.submit(council.publish) for council in (first, second)]:
                    run.result(AT_MOST)
            assert first.shown(CHANNELS) != second.shown(CHANNELS)
            first.assert_right_at_last()
            second.assert_right_at_last()
    engine.dispose()


def wait_until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    assert any(holds() or pause.wait(0.02) for _ in range(AT_MOST * 20))
