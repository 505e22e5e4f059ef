"""A typical export of a library, council tax or bus pass system is mapped right by its draft, with nobody's help."""

from __future__ import annotations

import json

import pytest

from local_digital.config.models import Transaction
from local_digital.fields import FIELDS, Kind
from tests.profiling.conftest import Tried, good_rows, try_files
from tests.profiling.systems import PLANTED, SYSTEMS, System


@pytest.fixture(scope="module", params=SYSTEMS, ids=lambda system: f"{system.transaction}: {system.name}")
def system(request: pytest.FixtureRequest) -> System:
    found: System = request.param
    return found


@pytest.fixture(scope="module")
def tried(system: System, contracts: dict[str, Transaction], tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """The export, its draft accepted unchanged by `local-digital check`."""
    folder = tmp_path_factory.mktemp("system")
    return try_files([system.write(folder)], contracts[system.transaction], folder)


def test_each_field_comes_from_its_column(system: System, tried: Tried) -> None:
    assert {name: guess.column for name, guess in tried.found.fields.items()} == system.maps
    columns = tried.handle.feed.columns
    assert {name: columns[name].source for name in system.maps} == system.maps
    assert not [name for name in system.leaves if name in columns and columns[name].source]
    assert tried.found.delivery.kind == system.delivery


def test_nothing_is_mapped_that_the_contract_has_not(system: System, tried: Tried) -> None:
    beside = {"aggregate": {"period", "count"}}.get(system.delivery, set())
    assert set(tried.handle.feed.columns) <= {*tried.handle.contract.fields, *beside}


def test_the_words_have_their_values(system: System, tried: Tried) -> None:
    columns = tried.handle.feed.columns
    assert {name: {word: columns[name].map.get(word) for word in words} for name, words in system.words.items()} == (
        system.words
    )


def test_every_row_of_the_transaction_is_read_and_none_of_another(system: System, tried: Tried) -> None:
    assert tuple(sorted(word for row in tried.handle.feed.rows for word in row.in_)) == tuple(sorted(system.only))
    assert not tried.candidates.faults
    rows = good_rows(tried)
    assert len(rows) == system.count if not system.only else 0 < len(rows) < system.count
    for name in system.maps:
        if FIELDS[name] in {Kind.NUMBER, Kind.MONEY} and name in rows[0]:
            assert any(row[name] is not None for row in rows), name


def test_what_is_doubtful_is_said(system: System, tried: Tried) -> None:
    said = " ".join(line.strip(" #") for line in tried.draft.splitlines())
    assert [doubt for doubt in system.doubts if doubt not in said] == []


def test_nothing_about_a_person_is_shown(tried: Tried) -> None:
    for shown in (tried.report, tried.draft, json.dumps(tried.found.as_json(), default=str)):
        assert [mark for mark in PLANTED if mark in shown] == []
