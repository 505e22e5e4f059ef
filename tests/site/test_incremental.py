"""Whatever has happened between builds, the site is the one that a build from nothing makes."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import fsspec
import pytest
import yaml
from sqlalchemy import text

from local_digital.errors import ConfigurationError
from local_digital.settings import from_environment
from local_digital.site.about import about
from local_digital.site.build import build
from local_digital.site.makers import makers
from local_digital.site.parts import FeedFiles, Task
from local_digital.site.sink import INDEX
from local_digital.workspace import Workspace
from tests.site.whole import pages, read

if TYPE_CHECKING:
    from collections.abc import Callable

BINS = "report-missed-bin"
A_DAY = dt.timedelta(days=1)


def ask(statement: str) -> Callable[[Workspace], None]:
    def change(workspace: Workspace) -> None:
        with workspace.engine.begin() as db:
            db.execute(text(statement))

    return change


def file_of(council: str, change: Callable[[dict[str, object]], object]) -> Callable[[Workspace], None]:
    def rewrite(workspace: Workspace) -> None:
        path = workspace.settings.config / "councils" / f"{council}.yaml"
        facts = yaml.safe_load(path.read_text("utf-8"))
        change(facts)
        path.write_text(yaml.safe_dump(facts), "utf-8")

    return rewrite


def damage(workspace: Workspace) -> None:
    """Somebody removes one of the site's files and cuts another one short."""
    place = Path(workspace.settings.site)
    if place.exists():
        (place / "councils" / "fife" / BINS / "index.html").unlink()
        (place / "data" / BINS / "kpis.csv.gz").write_bytes(b"short")


# What happens between two builds, in any order.
EVENTS: dict[str, Callable[[Workspace], None]] = {
    "a night revises a figure": ask(
        "update open_data.kpi set value = value / 2 where council = 'bath' and period_start = '2025-11-24'"
    ),
    "a night adds a week": ask(
        "insert into open_data.volume select council, transaction, data_set, period_kind, date '2025-12-01', label, "
        "across_label, reports, state from open_data.volume where council = 'fife' and period_start = '2025-11-24' "
        "on conflict do nothing"
    ),
    "a count is withheld": ask(
        "update open_data.volume set reports = null, state = 'withheld' where council = 'bury' and label = 'Big'"
    ),
    "figures of periods change": ask("update open_data.period set working_days = 4 where council = 'barnsley'"),
    "a council withdraws": ask("delete from open_data.feed where council = 'barnsley'"),
    "a council releases for the first time": ask(
        "insert into open_data.feed (council, transaction, run_id) values ('bedford', 'report-missed-bin', 'test') "
        "on conflict do nothing"
    ),
    "the log has an entry": ask(
        "insert into open_data.change (changed_at, council, transaction, run_id, what, data_set, figures, "
        "first_period, last_period) values ('2026-01-01', 'bath', 'report-missed-bin', 'test', 'revised', 'kpis', 1, "
        "'2025-11-24', '2025-11-24')"
    ),
    "a council has another name": file_of("fife", lambda facts: facts.update(name="Fife & Kinross")),
    "a council names a group": file_of(
        "bath", lambda facts: facts.update(compare_with={"near-us": ["fife", "bury", "barnsley"]})
    ),
    "a file is damaged": damage,
}  # fmt: skip


def shown(place: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in place.rglob("*") if path.is_file() and path.name != INDEX
    }  # fmt: skip


def from_nothing(workspace: Workspace, place: Path, *, processes: int = 0) -> dict[str, bytes]:
    settings = replace(workspace.settings, site=str(place))
    with Workspace.open(settings) as other:
        build(other, processes=processes)
    return shown(place)


def apart(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Return the paths by which two sites differ."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("stand", [dt.timedelta(0), A_DAY], ids=["newest benchmarks", "benchmarks of a day"])
def test_any_sequence_of_builds_ends_as_a_build_from_nothing(
    workspace: Workspace, tmp_path: Path, seed: int, stand: dt.timedelta
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    settings = replace(workspace.settings, benchmarks_stand=stand)
    with Workspace.open(settings) as here:
        build(here)
        for number in range(3):
            events = chance.sample(sorted(EVENTS), chance.randint(1, 3))
            for event in events:
                EVENTS[event](here)
            build(here)
            whole = from_nothing(here, tmp_path / "whole" / str(number))
            assert apart(shown(Path(settings.site)), whole) == [], events


@pytest.mark.parametrize("lost", ["kpis.csv.gz", "fife/kpis.csv"])
def test_file_that_somebody_spoilt_is_put_right_by_the_next_build(
    workspace: Workspace, tmp_path: Path, lost: str
) -> None:
    build(workspace)
    spoilt = Path(workspace.settings.site) / "data" / BINS / lost
    if "/" in lost:
        spoilt.unlink()
    else:
        spoilt.write_bytes(b"short")
    # Of another council: what the file has of this one is not new, and was to be taken over.
    EVENTS["a night revises a figure"](workspace)
    build(workspace)
    assert apart(shown(Path(workspace.settings.site)), from_nothing(workspace, tmp_path / "whole")) == []


def test_build_after_one_that_was_broken_off_says_so(workspace: Workspace) -> None:
    class StoppedError(BaseException):
        """As good as a kill."""

    files = fsspec.filesystem("memory")
    files.store.clear()
    with Workspace.open(replace(workspace.settings, site="memory://bucket/site")) as stored:
        build(stored)
        EVENTS["a night revises a figure"](stored)

        def stop(_: object) -> NoReturn:
            raise StoppedError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("local_digital.site.sink._Upload.remove_others", stop)
            with pytest.raises(StoppedError):
                build(stored)
        report = build(stored)
        assert (report.changed, report.reasons) == (True, ("the last build was not finished",))
        assert build(stored).reasons == ()
    files.store.clear()


def test_what_is_asked_for_out_of_turn_is_made_by_whoever_asks() -> None:
    here = FeedFiles([], None, None)
    tasks = [Task("fife", BINS, pages=True)]
    with makers(1, _another, tasks, lambda _: here) as make:
        assert make(Task("bury", BINS, pages=True)) is here
        assert make(tasks[0]).pieces == []
        assert make(tasks[0]) is here


class _Elsewhere:
    def made_here(self, task: Task) -> FeedFiles:
        assert task.council == "fife"
        return FeedFiles(None, None, [])


def _another() -> Any:
    return _Elsewhere()


def test_an_object_store_ends_the_same(workspace: Workspace, tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    files.store.clear()
    with Workspace.open(replace(workspace.settings, site="memory://bucket/site")) as stored:
        for event in ("a night revises a figure", "a council withdraws", "a council has another name"):
            build(stored)
            EVENTS[event](stored)
        build(stored)
    there = {path.removeprefix("/bucket/site/"): files.cat_file(path) for path in files.find("/bucket/site")}
    files.store.clear()
    there.pop(INDEX)
    assert apart(there, from_nothing(workspace, tmp_path / "whole")) == []


def test_pages_are_those_of_all_figures_read_at_once(workspace: Workspace) -> None:
    build(workspace)
    site = shown(Path(workspace.settings.site))
    expected = {file.path: file.make() for file in pages(read(workspace), about(workspace.settings))}
    of_pages = {path: content for path, content in site.items() if not path.startswith("data/")}
    expected.pop("data/index.html")
    assert apart(of_pages, expected) == []


def test_several_processes_make_the_same_site(workspace: Workspace, tmp_path: Path) -> None:
    alone = from_nothing(workspace, tmp_path / "alone")
    assert apart(alone, from_nothing(workspace, tmp_path / "together", processes=2)) == []


def test_a_night_makes_what_is_about_its_council_and_nothing_else(workspace: Workspace) -> None:
    settings = replace(workspace.settings, benchmarks_stand=A_DAY)
    with Workspace.open(settings) as here:
        build(here)
        before = {path: path.stat().st_ino for path in Path(settings.site).resolve().rglob("*") if path.is_file()}
        EVENTS["a night revises a figure"](here)
        report = build(here)
    names = {str(path).split("/.site.versions/")[1].partition("/")[2]: inode for path, inode in before.items()}
    place = Path(settings.site).resolve()
    changed = {
        str(path.relative_to(place)) for path in place.rglob("*")
        if path.is_file() and names.get(str(path.relative_to(place))) != path.stat().st_ino
    } - {INDEX}  # fmt: skip
    pages = {path for path in changed if path.endswith(".html")}
    assert f"councils/bath/{BINS}/index.html" in pages
    assert {path for path in pages if path.startswith("councils/")} == {f"councils/bath/{BINS}/index.html"}
    assert {path for path in pages if path.startswith("compare/")} <= {
        f"compare/{BINS}/index.html", f"compare/{BINS}/unitary/index.html", f"compare/{BINS}/bury-all-of-us/index.html",
    }  # fmt: skip
    assert {path.split("/")[2] for path in changed if path.startswith(f"data/{BINS}/") and path.count("/") == 3} == {
        "bath"
    }
    assert not any("benchmarks" in path for path in changed)
    assert report.made < report.files / 2


def benchmarks_of(workspace: Workspace) -> bytes:
    return (Path(workspace.settings.site) / "data" / BINS / "benchmarks.csv").read_bytes()


def test_benchmarks_stand_for_as_long_as_an_installation_says(workspace: Workspace) -> None:
    with Workspace.open(replace(workspace.settings, benchmarks_stand=A_DAY)) as here:
        build(here)
        first = benchmarks_of(here)
        EVENTS["a night revises a figure"](here)
        build(here)
        assert benchmarks_of(here) == first
        dashboard = (Path(here.settings.site) / "councils" / "bath" / BINS / "index.html").read_text("utf-8")
        assert "It is as of " in dashboard
        ask("update open_data.edition set taken_at = taken_at - interval '25 hours'")(here)
        assert build(here).changed
        assert benchmarks_of(here) != first


def test_benchmarks_never_outlive_what_a_council_withdraws(workspace: Workspace) -> None:
    with Workspace.open(replace(workspace.settings, benchmarks_stand=A_DAY)) as here:
        build(here)
        first = benchmarks_of(here)
        EVENTS["a council withdraws"](here)
        build(here)
        assert benchmarks_of(here) != first


def test_without_a_setting_benchmarks_are_of_the_newest_figures_and_say_no_day(workspace: Workspace) -> None:
    build(workspace)
    first = benchmarks_of(workspace)
    EVENTS["a night revises a figure"](workspace)
    build(workspace)
    assert benchmarks_of(workspace) != first
    dashboard = (Path(workspace.settings.site) / "councils" / "bath" / BINS / "index.html").read_text("utf-8")
    assert "It is as of " not in dashboard


@pytest.mark.parametrize("value", ["-1", "a day", "1.5"])
def test_hours_that_are_no_number_are_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="LOCAL_DIGITAL_BENCHMARK_HOURS: expected a whole number"):
        from_environment({"LOCAL_DIGITAL_BENCHMARK_HOURS": value})
    assert from_environment({"LOCAL_DIGITAL_BENCHMARK_HOURS": ""}).benchmarks_stand == dt.timedelta(0)
    assert from_environment({"LOCAL_DIGITAL_BENCHMARK_HOURS": "23"}).benchmarks_stand == dt.timedelta(hours=23)
