"""A plugin of pytest, `-p mutants.reached`: which statements and functions each test reaches, and in what time.

Has to be the first to import anything of the core: a module that has taken `statement` by name already is not watched.
Where MUTANT_UNDER_TEST is `stats`, the functions that mutmut has changed tell of themselves; a statement is told under
its name in `sql/`.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from mutmut.mutation import trampoline

from local_digital import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import TextClause

FILE = "MUTANTS_REACHED"

_seen: set[str] = set()
_passed: set[str] = set()
_tests: dict[str, dict[str, object]] = {}
_statement = sql.statement


def _watched(name: str) -> TextClause:
    _seen.add(name)
    return _statement(name)


def _function(name: str, *_caller: str | None, **_more: str | None) -> None:
    _seen.add(name)


sql.statement = _watched  # type: ignore[assignment] # a cached function has more to it, which nobody asks for
mock.patch.object(trampoline, "record_trampoline_hit", _function).start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _seen.clear()
    began = time.perf_counter()
    yield
    if item.nodeid in _passed:
        _tests[item.nodeid] = {"seconds": time.perf_counter() - began, "reaches": sorted(_seen)}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed:
        _passed.add(report.nodeid)


def pytest_sessionfinish() -> None:
    Path(os.environ[FILE]).write_text(json.dumps(_tests), "utf-8")
