"""The site is built anew when something has changed, and then only the files concerned."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import pytest
import requests
from sqlalchemy import text

from local_digital.errors import ConfigurationError
from local_digital.site.about import about
from local_digital.site.benchmarks import benchmarks
from local_digital.site.build import SiteReport, build
from local_digital.workspace import Workspace
from tests.site.handmade import contracts
from tests.site.released import PLANTED
from tests.site.whole import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

BINS = "data/report-missed-bin"
MACHINE_READABLE = (".csv", ".json", ".jsonld", ".gz")


def change(workspace: Workspace, statement: str) -> None:
    with workspace.engine.begin() as db:
        assert db.execute(text(statement)).rowcount


def stamps(workspace: Workspace) -> dict[str, int]:
    """When each data file of the site was written."""
    place = Path(workspace.settings.site)
    return {
        str(path.relative_to(place)): path.stat().st_mtime_ns
        for path in (place / "data").rglob("*")
        if path.name.endswith(MACHINE_READABLE)
    }


def test_a_second_build_writes_nothing(workspace: Workspace) -> None:
    first = build(workspace)
    assert (first.changed, first.reasons) == (True, ("there was no site",))
    assert first.written == first.files > 20
    before = stamps(workspace)
    link = Path(workspace.settings.site).readlink()
    second = build(workspace)
    assert (second.changed, second.reasons, second.written) == (False, (), 0)
    assert stamps(workspace) == before
    assert Path(workspace.settings.site).readlink() == link


def test_a_build_that_is_asked_for_writes_only_what_differs(workspace: Workspace) -> None:
    build(workspace)
    before = stamps(workspace)
    report = build(workspace, force=True)
    assert (report.changed, report.reasons, report.written) == (False, ("asked for",), 0)
    assert stamps(workspace) == before


@pytest.mark.parametrize(
    ("statement", "concerned"),
    [
        (
            """
            update open_data.kpi set value = 0.123
            where council = 'bath' and kpi = 'digital-takeup' and version = 'current' and period_start = '2025-11-03'
            """,
            {"kpis.csv.gz", "kpis.json.gz", "bath/kpis.csv", "bath/kpis.json", "benchmarks.csv", "benchmarks.json"},
        ),
        (
            """
            update open_data.volume set reports = reports + 1
            where council = 'fife' and data_set = 'missed-bin-by-ward' and label = 'Llŷn'
            """,
            {
                "missed-bin-by-ward.csv.gz",
                "missed-bin-by-ward.json.gz",
                "fife/missed-bin-by-ward.csv",
                "fife/missed-bin-by-ward.json",
            },
        ),
    ],
)
def test_one_change_rewrites_exactly_the_data_files_concerned(
    workspace: Workspace, statement: str, concerned: set[str]
) -> None:
    build(workspace)
    before = stamps(workspace)
    change(workspace, statement)
    report = build(workspace)
    assert (report.changed, report.reasons) == (True, ("new: figures",))
    after = stamps(workspace)
    assert after.keys() == before.keys()
    assert {path for path in after if after[path] != before[path]} == {
        *(f"{BINS}/{name}" for name in concerned),
        f"{BINS}/datapackage.json",
        *(f"{BINS}/{name.split('/')[0]}/datapackage.json" for name in concerned if "/" in name),
        "data/catalogue.jsonld",
    }


def test_a_withheld_count_is_nowhere_on_the_site(workspace: Workspace) -> None:
    build(workspace)
    told = [str(PLANTED).encode(), f"{PLANTED:,}".encode()]
    place = Path(workspace.settings.site)
    found = unpacked({str(path): path.read_bytes() for path in place.rglob("*") if path.is_file()})
    assert [path for path, content in found.items() if any(words in content for words in told)] == []
    # All of that week, which it would follow from, is public.
    assert any(f"{PLANTED + 3}".encode() in content for content in found.values())


def test_figures_that_are_withdrawn_leave_the_site(workspace: Workspace) -> None:
    build(workspace)
    change(workspace, "delete from open_data.feed")
    report = build(workspace)
    assert report.removed > 0
    assert not (Path(workspace.settings.site) / BINS / "kpis.csv.gz").exists()
    assert (Path(workspace.settings.site) / "data" / "councils.csv").exists()


def test_another_publisher_or_address_makes_another_site(workspace: Workspace) -> None:
    build(workspace)
    moved = replace(workspace, settings=replace(workspace.settings, site_url="https://figures.example.org/"))
    report = build(moved)
    assert report.reasons == ("new: publisher, address and licence",)
    told = json.loads((Path(workspace.settings.site) / BINS / "datapackage.json").read_bytes())
    assert told["homepage"] == "https://figures.example.org/data/"


def test_of_two_builders_at_once_one_builds(workspace: Workspace) -> None:
    reports: list[SiteReport] = []

    def one() -> None:
        with Workspace.open(workspace.settings) as opened:
            reports.append(build(opened))

    builders = [threading.Thread(target=one) for _ in range(2)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert sorted(report.changed for report in reports) == [False, True]


@pytest.fixture
def memory() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    files.store.clear()
    yield files
    files.store.clear()


def test_an_object_store_gets_the_same_files(workspace: Workspace, memory: Any) -> None:
    build(workspace)
    stored = replace(workspace, settings=replace(workspace.settings, site="memory://bucket/site"))
    assert build(stored).changed
    assert not build(stored).changed
    place = Path(workspace.settings.site)
    assert {path.removeprefix("/bucket/site/"): memory.cat_file(path) for path in memory.find("/bucket/site")} == {
        str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()
    }


def test_a_folder_of_somebody_else_is_refused(workspace: Workspace) -> None:
    place = Path(workspace.settings.site)
    place.mkdir(parents=True)
    (place / "thesis.txt").write_text("years of work", "utf-8")
    with pytest.raises(ConfigurationError, match="LOCAL_DIGITAL_SITE"):
        build(workspace)
    assert (place / "thesis.txt").read_text("utf-8") == "years of work"


def test_the_command_line_builds_and_tells_what_it_did(workspace: Workspace) -> None:
    settings = workspace.settings
    environment = {
        **os.environ,
        "LOCAL_DIGITAL_CONFIG": str(settings.config),
        "LOCAL_DIGITAL_WAREHOUSE": str(settings.warehouse),
        "LOCAL_DIGITAL_LANDING": settings.landing,
        "LOCAL_DIGITAL_SITE": settings.site,
    }

    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "local_digital", *arguments],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    assert run("site", "--json")["changed"] is True
    assert run("site", "--json")["changed"] is False
    assert run("site", "--force", "--json")["reasons"] == ["asked for"]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("{}/none", "local-digital site"),
        ("s3://bucket/site", "Look at the site there"),
        ("nope://x", "Look at the site"),
    ],
)
def test_the_command_line_shows_no_site_where_there_is_none(tmp_path: Path, address: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local_digital", "serve-site", "--port", "0"],
        env={**os.environ, "LOCAL_DIGITAL_SITE": address.format(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == ConfigurationError.exit_code
    assert told in " ".join(done.stderr.split())


def test_the_command_line_shows_the_site_until_it_is_interrupted(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("The figures", "utf-8")
    environment = {**os.environ, "LOCAL_DIGITAL_SITE": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "local_digital", "serve-site", "--port"]
    # Whatever runs the tests may have begun with interrupts ignored, as a shell's programs with & at their end do.
    heeded = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, sys.argv[1:])"
    )
    begun = [sys.executable, "-c", heeded, *command, "0"]
    with subprocess.Popen(begun, env=environment, stdout=subprocess.PIPE, text=True) as shown:
        try:
            assert shown.stdout is not None
            address = shown.stdout.readline().removeprefix("The site is at ").strip()
            assert requests.get(address, timeout=30).text == "The figures"
            port = address.rstrip("/").rpartition(":")[2]
            taken = subprocess.run([*command, port], env=environment, capture_output=True, text=True, check=False)
        finally:
            shown.send_signal(signal.SIGINT)
        assert shown.wait(30) == 0
    assert taken.returncode == ConfigurationError.exit_code
    assert f"--port: expected a free port; found {port} cannot be taken" in " ".join(taken.stderr.split())


@pytest.mark.parametrize(
    "address",
    [
        "figures.example.org/", "ftp://example.org/", "javascript:alert(1)/", "https:///", "https://example.org/?a=b/",
        "https://example.org/#a/", "https://me:secret@example.org/", "https://example.org:port/", "https://a b/",
        "//example.org/", 'https://example.org/"/',
    ],
)  # fmt: skip
def test_an_address_that_is_none_of_the_web_is_refused(workspace: Workspace, address: str) -> None:
    moved = replace(workspace, settings=replace(workspace.settings, site_url=address))
    with pytest.raises(ConfigurationError, match="LOCAL_DIGITAL_SITE_URL") as refused:
        build(moved)
    assert "secret" not in str(refused.value)
    assert not Path(workspace.settings.site).exists()


def test_addresses_of_the_web_are_taken(workspace: Workspace) -> None:
    for address in ("https://figures.example.org/", "http://127.0.0.1:8092/councils/", "https://bücher.example/"):
        assert about(replace(workspace.settings, site_url=address)).url == address


def test_benchmarks_are_taken_once_a_build(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def note(*facts: Any) -> Any:
        asked.append(facts)
        return benchmarks(*facts)

    monkeypatch.setattr("local_digital.site.benchmarks.benchmarks", note)
    with workspace.engine.begin() as db:
        # Of other tests' builds.
        db.execute(text("truncate open_data.edition cascade"))
    build(workspace)
    assert len(asked) == len(contracts())
    build(workspace, force=True)
    assert len(asked) == len(contracts())
