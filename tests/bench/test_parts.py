"""Every part of the bench runs end to end, at a size that takes no time; how long it takes is for the bench to say."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from bench import board, dags, history, imports, publishing, site
from bench.councils import write_councils, write_export
from bench.place import Place
from local_digital.authorities import resolve
from local_digital.config.loading import load_councils, load_transactions
from local_digital.extract import take_files
from local_digital.migrations import migrate
from local_digital.settings import ROOT
from local_digital.validate import validate
from local_digital.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.report import Line
    from local_digital.embedded import EmbeddedServer

_numbers = itertools.count(1)


NIGHT = dt.date(2026, 1, 5)


@pytest.fixture
def places(postgres: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Let the bench work in databases of the tests' server; also return what makes it such a place."""

    @contextlib.contextmanager
    def place() -> Iterator[Place]:
        number = next(_numbers)
        folder = tmp_path / f"place-{number}"
        shutil.copytree(ROOT / "include" / "transactions", folder / "config" / "transactions")
        (folder / "config" / "councils").mkdir()
        postgres.ensure_database(f"bench_{number}")
        migrate(postgres.url(f"bench_{number}"))
        yield Place(folder, postgres.url(f"bench_{number}"))

    for part in (board, dags, history, publishing, site):
        monkeypatch.setattr(part, "place", place)
    return place


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    ("part", "given"),
    [
        (dags.dags, (2,)),
        (imports.imports, ()),
        (publishing.publish, (600,)),
        (site.site, (1, 5)),
        (board.board, (3, 60)),
        (history.history, (2000, 500, 1)),
    ],
    ids=["dags", "imports", "publish", "site", "board", "history"],
)
def test_part_measures_something(part: Callable[..., Iterator[Line]], given: tuple[Any, ...]) -> None:
    lines = list(part(*given))
    assert lines
    for line in lines:
        assert (line.figure > 0, line.goal is not None, bool(line.facts)) == (True, True, True), line
        assert {type(fact) for fact in line.facts.values()} <= {int, float, str}, line


def test_fleet_is_of_authorities_that_there_are_and_has_every_feed(places: Callable[[], Any]) -> None:
    with places() as here:
        slugs = write_councils(here.config, 120)
        councils, errors = load_councils(here.config)
        contracts = load_transactions(here.config)[0]
    assert (list(councils), errors, len(slugs)) == (slugs, [], 120)
    assert all(council.feeds.keys() == contracts.keys() for council in councils.values())
    # The others stand for those whose tier does not provide everything.
    assert sum(resolve(council.gss_code) is not None for council in councils.values()) > 100


def test_every_row_of_the_fleets_exports_is_accepted(places: Callable[[], Any]) -> None:
    with places() as here, Workspace.open(here.settings()) as workspace:
        (council,) = write_councils(here.config, 1)
        for feed in workspace.feeds(council):
            file = here.folder / f"{NIGHT:%Y%m%d}.csv"
            write_export(file, feed.contract, 40, NIGHT, seed=1)
            take_files(workspace, feed, [file], run_id="test")
            (report,) = validate(workspace, feed)
            assert (report.read, report.accepted, report.warnings) == (40, 40, []), report


def test_more_councils_than_there_are_authorities_are_refused(places: Callable[[], Any]) -> None:
    with places() as here, pytest.raises(ValueError, match="authorities, 1000 were wanted"):
        write_councils(here.config, 1000)
