"""How the tests read an export, with nothing of the code under test: Python's csv and the wall clock."""

from __future__ import annotations

import csv
import datetime as dt
import io
from zoneinfo import ZoneInfo

from demo.truth import Truth

LONDON = ZoneInfo("Europe/London")
LAST = "missed_bins_20260406.csv"


def rows_of(content: bytes) -> list[dict[str, str]]:
    text = io.StringIO(content.decode("windows-1252"), newline="")
    return list(csv.DictReader(text))


def parsed(text: str) -> dt.datetime | None:
    """A London wall-clock time that happened, None for one that did not."""
    try:
        local = dt.datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=LONDON)
    except ValueError:
        return None
    back = local.astimezone(dt.UTC).astimezone(LONDON)
    return local if back.replace(tzinfo=None) == local.replace(tzinfo=None) else None


def in_london(instant: dt.datetime) -> dt.datetime:
    return instant.astimezone(LONDON).replace(tzinfo=None)


def refs(the_truth: Truth, kind: str) -> set[str]:
    return set(the_truth.planted[kind].refs)
