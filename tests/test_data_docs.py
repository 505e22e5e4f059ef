"""Data Docs are built apart from the nightly chain, of the newest deliveries only, and hold no value of a row."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from local_digital import data_docs
from local_digital.cli import app
from local_digital.landing import LandingStore
from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    from local_digital.workspace import Workspace

PLACE = "solihull/report-missed-bin"


class Killed(BaseException):
    """As a signal would end it."""


def nights(installation: Installation, workspace: Workspace, count: int) -> None:
    """Deliver so many nights, each with a row whose ward is missing and one whose date is none."""
    for day in range(1, count + 1):
        rows = [row(f"case-{day}"), row("case-x", ward=""), row("case-y", "31/02/2025 10:00")]
        installation.put(f"missed_bins_202511{day:02}.csv", export(*rows))
    installation.ingest(workspace)


def docs(workspace: Workspace) -> dict[str, str]:
    """All pages, by their names below the folder."""
    folder = Path(workspace.settings.landing) / "data-docs"
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.html")}


def results(workspace: Workspace) -> set[str]:
    return {name.removesuffix(".json") for name in workspace.landing.tree("validations")}


def test_validate_stores_counts_and_builds_no_page(installation: Installation, workspace: Workspace) -> None:
    nights(installation, workspace, 1)
    assert docs(workspace) == {}
    (name,) = results(workspace)
    stored = workspace.landing.read(f"validations/{name}.json")
    assert stored is not None
    found = json.loads(stored)
    wards = next(one for one in found["results"] if one["kwargs"].get("column") == "ward")
    assert (wards["success"], wards["result"]["unexpected_count"]) == (False, 1)
    assert not [one for one in found["results"] for value in one["result"].values() if isinstance(value, list | dict)]
    assert not [value for value in ("case-", "Blythe", "100070000001", "Other") if value.encode() in stored]


def test_pages_show_every_expectation_link_to_each_other_and_fetch_nothing(
    installation: Installation, workspace: Workspace
) -> None:
    nights(installation, workspace, 2)
    built = data_docs.build(workspace)
    assert built.written == [f"{PLACE}/2", f"{PLACE}/1"]
    pages = docs(workspace)
    assert set(pages) == {"index.html", f"{PLACE}/index.html", f"{PLACE}/1.html", f"{PLACE}/2.html"}
    assert f'href="{PLACE}/index.html"' in pages["index.html"]
    assert f'href="{PLACE}/2.html"' in pages["index.html"]
    index = pages[f"{PLACE}/index.html"]
    assert index.index("Delivery 2") < index.index("missed_bins_20251101.csv")
    page = re.sub(r"<[^>]*>|\s+", " ", pages[f"{PLACE}/2.html"])
    assert "missed_bins_20251102.csv" in page
    assert re.search(r"1 unexpected values? found", page)
    for name, content in pages.items():
        assert not re.findall(r'<script|<link|(?:src|href)="(?:https?:)?//|url\(', content), name
        for target in re.findall(r'href="([^"#]+)"', content):
            assert str((Path("/") / name).parent.joinpath(target).resolve())[1:] in pages, (name, target)


def test_built_again_nothing_is_written(
    installation: Installation, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights(installation, workspace, 2)
    data_docs.build(workspace)
    monkeypatch.setattr(LandingStore, "put_bytes", lambda *_: pytest.fail("written again"))
    assert data_docs.build(workspace) == data_docs.Built()


def test_only_the_newest_deliveries_of_a_feed_keep_a_page(installation: Installation, workspace: Workspace) -> None:
    nights(installation, workspace, 4)
    data_docs.build(workspace)
    workspace = replace(workspace, settings=replace(workspace.settings, pages_kept=2))
    assert data_docs.build(workspace, dry_run=True).removed == [f"{PLACE}/2", f"{PLACE}/1"]
    assert len(results(workspace)) == 4
    assert data_docs.build(workspace).removed == [f"{PLACE}/2", f"{PLACE}/1"]
    assert results(workspace) == {f"{PLACE}/4", f"{PLACE}/3"}
    pages = docs(workspace)
    assert set(pages) == {"index.html", *(f"{PLACE}/{name}.html" for name in ("index", "3", "4"))}
    assert "2.html" not in pages[f"{PLACE}/index.html"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("moment", range(4))
def test_killed_at_any_write_and_run_again_it_comes_to_the_same(
    installation: Installation, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, moment: int, when: str
) -> None:
    nights(installation, workspace, 2)
    real, writes = LandingStore.put_bytes, 0

    def write(self: LandingStore, name: str, content: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes == moment + 1 and when == "before":
            raise Killed
        real(self, name, content)
        if writes == moment + 1:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(LandingStore, "put_bytes", write)
        with pytest.raises(Killed):
            data_docs.build(workspace)
    data_docs.build(workspace)
    pages = docs(workspace)
    assert set(pages) == {"index.html", f"{PLACE}/index.html", f"{PLACE}/1.html", f"{PLACE}/2.html"}
    assert all(f"{number}.html" in pages[f"{PLACE}/index.html"] for number in (1, 2))
    assert f"{PLACE}/2.html" in pages["index.html"]


def test_page_of_results_that_cannot_be_read_is_left_out_and_stops_no_other(
    installation: Installation, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    nights(installation, workspace, 2)
    workspace.landing.put_text(f"validations/{PLACE}/1.json", '{"results": [{}]}')
    assert data_docs.build(workspace).written == [f"{PLACE}/2"]
    assert f"{PLACE}/1 cannot be rendered" in caplog.text


def test_results_that_went_for_somebody_forgotten_meanwhile_bring_no_page_back(
    installation: Installation, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights(installation, workspace, 2)
    read = LandingStore.read

    def meanwhile(self: LandingStore, name: str) -> bytes | None:
        self.remove(f"validations/{PLACE}/1.json")
        return read(self, name)

    monkeypatch.setattr(LandingStore, "read", meanwhile)
    assert data_docs.build(workspace).written == [f"{PLACE}/2"]
    assert f"{PLACE}/1.html" not in docs(workspace)


def test_pages_of_one_council_leave_those_of_others_as_they_are(
    installation: Installation, workspace: Workspace
) -> None:
    nights(installation, workspace, 1)
    assert data_docs.build(workspace, council="dudley").written == []
    assert f"{PLACE}/1.html" not in docs(workspace)
    assert data_docs.build(workspace, council=PLACE.partition("/")[0]).written == [f"{PLACE}/1"]


def test_one_council_at_a_time_from_the_terminal(installation: Installation, workspace: Workspace) -> None:
    nights(installation, workspace, 1)
    environment = {
        "LOCAL_DIGITAL_CONFIG": str(installation.settings.config),
        "LOCAL_DIGITAL_WAREHOUSE": str(installation.settings.warehouse),
        "LOCAL_DIGITAL_LANDING": installation.settings.landing,
    }

    def run(*arguments: str) -> Any:
        done = CliRunner(env=environment).invoke(app, ["data-docs", *arguments, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert run("solihull", "--dry-run")["written"] == [f"{PLACE}/1"]
    assert docs(workspace) == {}
    assert run("solihull")["written"] == [f"{PLACE}/1"]
    assert run()["written"] == []
    assert f"{PLACE}/1.html" in docs(workspace)
