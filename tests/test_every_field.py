"""Each field of each transaction by itself: what changes it is written, and what leaves it out leaves it as it was."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from local_digital.aggregate import aggregate
from local_digital.fields import ALWAYS_REQUIRED
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for
from tests.kpis.exports import CONTRACTS, DATED, feed_of, mapping, optional

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from local_digital.workspace import FeedHandle

Row = dict[str, str]
# What an event says of these is not simply taken over.
_TOLD_BY_ALL_EVENTS = {"reported_at", "closed_at", "channel", "status"}
_MOMENTS = {
    "reported_at": ("2025-11-03T09:00", "2025-11-03T10:30"),
    "closed_at": ("2025-11-03T15:00", "2025-11-04T08:00"),
}
_NUMBERS = {"rating": ("2", "4"), "items": ("1", "3"), "starts": ("5", "7"), "amount": ("10.50", "99.99")}
_PREMISES = ("100070000001", "100070000002")


@pytest.fixture(params=CONTRACTS)
def anywhere(warehouse_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Anywhere]:
    """A council with one transaction, each in turn."""
    with Workspace.open(settings_for(warehouse_url, tmp_path)) as workspace:
        yield Anywhere(workspace, tmp_path, request.param)


def values(transaction: str, name: str) -> tuple[str, str]:
    """Two values of a field."""
    if name in _MOMENTS:
        return _MOMENTS[name]
    if name == "premises_key":
        return _PREMISES
    if name in _NUMBERS:
        return _NUMBERS[name]
    first, second, *_ = [*CONTRACTS[transaction].fields[name].values, "Abbey", "Blythe"]
    return first, second


def rows_of(transaction: str, fields: list[str]) -> dict[str, Row]:
    """One row for each field, by the field it is of, and one for none; all with the first values."""
    first = {name: values(transaction, name)[0] for name in fields}
    return {of: {"record_ref": of, **first} for of in [*fields, "none"]}


def changed(transaction: str, rows: Mapping[str, Row]) -> dict[str, Row]:
    """The same rows, each with the second value of the field that it is of."""
    return {of: {**row, **({of: values(transaction, of)[1]} if of != "none" else {})} for of, row in rows.items()}


def file(rows: Mapping[str, Row], **same: str) -> str:
    written = io.StringIO()
    told = [{**row, **same} for row in rows.values()]
    writer = csv.DictWriter(written, list(told[0]))
    writer.writeheader()
    writer.writerows(told)
    return written.getvalue()


def known(anywhere: Anywhere) -> dict[str, dict[str, Any]]:
    """core.record by reference, without what tells where it came from last."""
    with anywhere.workspace.engine.connect() as db:
        records = db.execute(text("select * from core.record")).mappings().all()
    return {
        str(record["record_ref"]): {
            name: value for name, value in record.items() if name not in {"line", "delivery_id"}
        }
        for record in records
    }


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_change_of_any_one_field_is_written_and_no_other_field_moves(anywhere: Anywhere) -> None:
    fields = [*ALWAYS_REQUIRED, *optional(anywhere.transaction)]
    fields.remove("record_ref")
    feed = anywhere.configure(**feed_of(anywhere.transaction, optional(anywhere.transaction)))
    first = rows_of(anywhere.transaction, fields)
    second = changed(anywhere.transaction, first)
    anywhere.ingest(feed, ("20251105.csv", file(first)))
    before = known(anywhere)
    anywhere.ingest(feed, ("20251106.csv", file(second)))
    after = known(anywhere)
    assert {of: differing(before[of], after[of]) for of in before} == {
        of: {of} if of != "none" else set() for of in first
    }
    # And back again, by a file of the first night that is sent once more with other rows.
    anywhere.ingest(feed, ("20251106.csv", file(first)))
    assert known(anywhere) == before


def event_feed(anywhere: Anywhere) -> tuple[FeedHandle, dict[str, Row]]:
    """A log of everything that an event may say, and an event for each field; none of them closes its case."""
    fields = [*(name for name in ALWAYS_REQUIRED if name != "record_ref"), *optional(anywhere.transaction)]
    columns = mapping(anywhere.transaction, ["record_ref", *fields])
    columns["event_at"] = {"from": "event_at", "formats": ["iso"]}
    feed = anywhere.configure(delivery="event_log", source=DATED, columns=columns, quiet_days=3000)
    events = rows_of(anywhere.transaction, fields)
    for event in events.values():
        event.update(closed_at="")
    return feed, events


@pytest.mark.parametrize("newest_first", [False, True])
def test_field_that_an_event_leaves_out_stays_as_it_was_told_last(anywhere: Anywhere, newest_first: bool) -> None:
    feed, every = event_feed(anywhere)
    events = {of: row for of, row in every.items() if of not in _TOLD_BY_ALL_EVENTS}
    second = changed(anywhere.transaction, events)
    only_that = {
        of: {name: value if name in {"record_ref", of} else "" for name, value in row.items()}
        for of, row in second.items()
    }
    files = [
        ("20251105.csv", file(events, event_at="2025-11-03T09:00")),
        ("20251106.csv", file(only_that, event_at="2025-11-05T09:00")),
    ]
    anywhere.ingest(feed, files[0])
    before = known(anywhere)
    assert set(before) == set(events)
    assert all(before["none"][name] is not None for name in events.keys() - {"none"})
    if newest_first:
        anywhere.empty()
        feed = anywhere.workspace.feed(anywhere.council, anywhere.transaction)
        anywhere.ingest(feed, files[1])
        anywhere.ingest(feed, files[0])
    else:
        anywhere.ingest(feed, files[1])
    after = known(anywhere)
    assert {of: differing(before[of], after[of]) - {"feed_id"} for of in before} == {
        of: {of} if of != "none" else set() for of in events
    }


def test_event_that_differs_in_any_one_field_is_another_event(anywhere: Anywhere) -> None:
    feed, events = event_feed(anywhere)
    at = "2025-11-03T09:00"
    anywhere.ingest(feed, ("20251106.csv", file(events, event_at=at)))
    before = known(anywhere)
    # Told by an earlier delivery that comes later: what it tells otherwise is a second event, and not the last word.
    anywhere.ingest(feed, ("20251105.csv", file(changed(anywhere.transaction, events), event_at=at)))
    after = known(anywhere)
    assert {of for of in before if after[of] != before[of]} <= {"closed_at", "channel"}
    with anywhere.workspace.engine.connect() as db:
        kept = db.execute(
            text(
                "select record_ref, count(*), min(delivery.name) as first from core.event "
                "inner join ledger.delivery using (delivery_id) group by record_ref"
            )
        ).all()
    assert {row.record_ref: (row.count, row.first) for row in kept} == {
        of: (2, "20251105.csv") if of != "none" else (1, "20251105.csv") for of in events
    }


# As an older file of the council, or an older list of authorities, may have had them.
_FORMERLY = {
    "name": "'Elsewhere'", "gss_code": "'E06000099'", "tier": "'county'", "nation": "'wales'", "region": "null",
    "population": "population - 1", "phase": "phase - 1", "authority": "null", "covers": "array['E07000001']",
}  # fmt: skip


def test_any_one_fact_of_a_council_that_changes_is_written_for_readers(warehouse_url: str, tmp_path: Path) -> None:
    with Workspace.open(settings_for(warehouse_url, tmp_path)) as workspace:
        anywhere = Anywhere(workspace, tmp_path)
        feed = anywhere.configure(**feed_of(anywhere.transaction, []))
        anywhere.ingest(feed, ("20251105.csv", "record_ref,reported_at,channel\n1,2025-11-03T09:00,online\n"))
        with workspace.engine.connect() as db:
            told = dict(db.execute(text("select * from marts.council")).mappings().one())
        assert set(told) == {"council", *_FORMERLY}
        for name, value in _FORMERLY.items():
            with workspace.engine.begin() as db:
                db.execute(text(f"update marts.council set {name} = {value}"))  # noqa: S608 - ours
                assert dict(db.execute(text("select * from marts.council")).mappings().one()) != told
            aggregate(workspace, anywhere.council)
            with workspace.engine.connect() as db:
                assert dict(db.execute(text("select * from marts.council")).mappings().one()) == told, name
