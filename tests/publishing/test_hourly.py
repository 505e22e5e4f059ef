"""Every hour the availability of all councils leaves, and nothing else does."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine

from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving
from local_digital.availability import check
from local_digital.embedded import EmbeddedServer
from local_digital.errors import ConfigurationError
from local_digital.migrations import migrate
from local_digital.publishing.hourly import publish_hourly, publishing_availability
from local_digital.settings import ROOT, Connection, Settings
from local_digital.workspace import Workspace
from tests.sources.page_server import Site, website

BINS, MONITORING, BY_CHANNEL = "report-missed-bin", "monitoring", "transactions-by-channel"
HOUR = dt.timedelta(hours=1)


@dataclass
class Published:
    """Camden and Solihull on trial, with a page each; tokens: of the platform, by council, to be taken away."""

    workspace: Workspace
    site: Site
    url: str
    tokens: dict[str, dict[str, str]]

    def shown(self, council: str, data_set: str = MONITORING) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/data/{council}-local-authority/{data_set}", timeout=30)
        return list(answer.json()["data"])

    def looked(self, hours_ago: int) -> None:
        check(self.workspace, now=dt.datetime.now(dt.UTC) - hours_ago * HOUR)


@pytest.fixture
def published(postgres: EmbeddedServer, database_url: str, tmp_path: Path) -> Iterator[Published]:
    migrate(database_url)
    config = tmp_path / "config"
    (config / "councils").mkdir(parents=True)
    shutil.copytree(ROOT / "include" / "transactions", config / "transactions")
    councils = ("camden", "solihull")
    tokens = {council: {name: f"{council}-{name}" for name in (MONITORING, BY_CHANNEL)} for council in councils}
    data_sets = [
        DataSet(data_group=f"{council}-local-authority", data_type=name, token=token)
        for council, each in tokens.items() for name, token in each.items()
    ]  # fmt: skip
    name = f"{database_url.rpartition('/')[2]}_platform"
    postgres.ensure_database(name)
    engine = create_engine(postgres.url(name))
    with website(Site({"/bins": 200})) as site, serving(create_app(engine, data_sets)) as url:
        for council in councils:
            _write(config, council, f"{site.url}/bins?{council}")
        site.pages |= {f"/bins?{council}": 200 for council in councils}
        settings = Settings(
            connection=lambda name: Connection(name, host=url, extra={"tokens": tokens[name.partition("_")[0]]}),
            config=config,
            warehouse=database_url,
        )
        with Workspace.open(settings) as workspace:
            yield Published(workspace, site, url, tokens)
    engine.dispose()


def _write(config: Path, council: str, page: str) -> None:
    """Write a council's file with one feed, on trial, that has a page and publishes its availability and a count."""
    written = (ROOT / "include" / "councils" / f"{council}.yaml").read_text("utf-8")
    head, bins, rest = written.partition(f"\n  {BINS}:\n")
    lines = rest.splitlines(keepends=True)
    end = next((at for at, line in enumerate(lines) if line[:3].strip()), len(lines))
    feed = "".join(line for line in lines[:end] if not line.startswith("    stage:"))
    feed = feed.partition("    publish:\n")[0] + f"    publish: {{ {MONITORING}: {{}}, {BY_CHANNEL}: {{}} }}\n"
    if "\n  trial:" not in head:
        head = head.replace("\nplatform:\n", f"\nplatform:\n  trial: {council}_trial\n")
    text = f"{head}{bins}    stage: trial\n    page: {page}\n{feed}"
    (config / "councils" / f"{council}.yaml").write_text(text, "utf-8")


def test_finished_hours_of_every_council_leave_and_no_other_figures(published: Published) -> None:
    published.looked(2)
    published.looked(0)
    reports = publish_hourly(published.workspace, run_id="hour-1")
    assert {(plan.data_set, bool(plan.new)) for report in reports.values() for plan in report.plans} == {
        (MONITORING, True)
    }
    for council in ("camden", "solihull"):
        states = [(record["uptime"], record["unmonitored"]) for record in published.shown(council)]
        assert states[:2] == [(3600, 0), (0, 3600)]
        assert published.shown(council, BY_CHANNEL) == []


def test_next_hour_sends_only_what_is_new(published: Published) -> None:
    published.looked(3)
    publish_hourly(published.workspace, run_id="hour-1")
    sent = len(published.shown("solihull"))
    report = publish_hourly(published.workspace, run_id="hour-2")["solihull"]
    (plan,) = report.plans
    assert (plan.changed, plan.withdrawn, plan.unchanged) == ([], [], sent)


def test_council_that_fails_stops_no_other_and_is_told_at_the_end(published: Published) -> None:
    published.looked(2)
    del published.tokens["camden"][MONITORING]
    with pytest.raises(ConfigurationError):
        publish_hourly(published.workspace, run_id="hour-1")
    assert published.shown("camden") == []
    assert published.shown("solihull") != []


def test_only_councils_that_publish_availability_have_a_part_in_it(published: Published) -> None:
    shutil.copy(ROOT / "include" / "councils" / "fife.yaml", published.workspace.settings.config / "councils")
    assert publishing_availability(published.workspace) == ["camden", "solihull"]
