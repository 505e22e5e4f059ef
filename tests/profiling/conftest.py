"""What the tests of profiling share: a profile, its draft put among the councils, and a trial of ingest's parser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local_digital.config.loading import load_councils, load_transactions
from local_digital.config.models import Transaction
from local_digital.errors import ConfigurationError
from local_digital.parsing.candidates import Candidates, parse
from local_digital.parsing.mapping import Delivered
from local_digital.profiling.draft import CouncilFacts, draft
from local_digital.profiling.facts import Profile
from local_digital.profiling.profile import profile
from local_digital.profiling.report import render
from local_digital.settings import ROOT, Connection
from local_digital.workspace import FeedHandle
from tests.raw_files import raw_file

TRANSACTION = "report-missed-bin"


def no_connection(connection_id: str) -> Connection:
    raise ConfigurationError(connection_id, expected="no connection", found="one asked for", action="Mend the test.")


@pytest.fixture(scope="session")
def contracts() -> dict[str, Transaction]:
    return load_transactions(ROOT / "include")[0]


@pytest.fixture(scope="session")
def contract(contracts: dict[str, Transaction]) -> Transaction:
    return contracts[TRANSACTION]


@dataclass(frozen=True)
class Tried:
    """A profile, how it looks at a terminal, its draft, and what ingest makes of the newest file with that draft."""

    found: Profile
    report: str
    draft: str
    candidates: Candidates
    handle: FeedHandle


@pytest.fixture
def look(contract: Transaction) -> Callable[[Sequence[Path]], Profile]:
    """Profile some files."""
    return lambda paths: profile(paths, contract, connection=no_connection)


@pytest.fixture
def try_out(contract: Transaction, tmp_path: Path) -> Callable[[Sequence[Path]], Tried]:
    """Try files that are reports of missed bins."""
    return lambda paths: try_files(paths, contract, tmp_path)


def try_files(paths: Sequence[Path], contract: Transaction, folder: Path) -> Tried:
    """Profile files, put the draft unchanged among the councils in a folder, and parse the last file with it."""
    found = profile(paths, contract, connection=no_connection)
    text = draft(found, contract, CouncilFacts())
    config = folder / "config"
    shutil.copytree(ROOT / "include" / "transactions", config / "transactions", dirs_exist_ok=True)
    (config / "councils").mkdir(exist_ok=True)
    (config / "councils" / "new-council.yaml").write_text(text, "utf-8")
    councils, errors = load_councils(config)
    assert [str(error) for error in errors] == []
    council = councils["new-council"]
    handle = FeedHandle(council, contract, council.feeds[contract.transaction], 1)
    candidates = parse(
        raw_file(paths[-1].read_bytes()), handle, Delivered(paths[-1].name, datetime(2026, 1, 1, tzinfo=UTC)),
        secret="s", connection=no_connection, where="a trial",
    )  # fmt: skip
    return Tried(found, printed(found), text, candidates, handle)


def printed(found: Profile) -> str:
    """Return the report as a terminal of 120 columns shows it."""
    console = Console(width=120, record=True, file=_Nowhere())
    console.print(render(found))
    return console.export_text()


class _Nowhere:
    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None: ...


def good_rows(tried: Tried) -> list[dict[str, Any]]:
    """Return the candidate records that parsing turned down none of."""
    wrong = {fault.line for fault in tried.candidates.faults}
    return [row for row in tried.candidates.table.to_pylist() if row["line"] not in wrong]
