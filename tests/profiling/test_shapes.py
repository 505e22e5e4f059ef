"""Whatever shape an export has, its draft is accepted unchanged and reads it, and nothing personal is ever shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.profiling.conftest import Tried, good_rows
from tests.profiling.exports import CANARIES, Shape, shapes

LONDON = ZoneInfo("Europe/London")
Try = Callable[[Sequence[Path]], Tried]


@pytest.fixture(params=shapes(), ids=lambda shape: shape.name)
def shape(request: pytest.FixtureRequest) -> Shape:
    found: Shape = request.param
    return found


def test_the_draft_is_accepted_and_reads_the_file(shape: Shape, try_out: Try, tmp_path: Path) -> None:
    tried = try_out([shape.write(tmp_path)])
    assert tried.found.delivery.kind == shape.delivery
    rows = good_rows(tried)
    assert len(rows) == shape.accepted
    assert all(row["record_ref"] and row["channel"] for row in rows)
    assert len({row["record_ref"] for row in rows}) == (60 if shape.delivery == "event_log" else shape.accepted)
    if shape.first is not None:
        read = min(row["reported_at"] for row in rows).replace(microsecond=0)
        zone = ZoneInfo("UTC") if shape.name in {"iso", "json"} else LONDON
        assert read == shape.first.replace(tzinfo=zone)


def test_nothing_personal_is_shown_or_written(shape: Shape, try_out: Try, tmp_path: Path) -> None:
    tried = try_out([shape.write(tmp_path)])
    for shown in (tried.report, tried.draft, json.dumps(tried.found.as_json(), default=str)):
        assert [canary for canary in CANARIES if canary in shown] == []


def test_every_placeholder_and_doubt_is_marked(shape: Shape, try_out: Try, tmp_path: Path) -> None:
    draft = try_out([shape.write(tmp_path)]).draft
    for key in ("council:", "name:", "gss_code:", "tier:", "phase:", "schedule:", "connection:", "files:"):
        lines = draft.splitlines()
        at = next(index for index, line in enumerate(lines) if line.strip().startswith(key))
        assert "CHECK" in "".join(lines[max(0, at - 3) : at + 1])
