"""Values are parsed strictly: what a format does not say is wrong, and nothing is guessed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_digital.parsing import instants, values

LONDON = ZoneInfo("Europe/London")
FORMAT = "%d/%m/%Y %H:%M"
# Arrow knows the clock changes up to here; a later report is after the export, and quarantined for that.
FIRST, LAST = (dt.datetime.fromisoformat(day) for day in ("2000-01-01", "2037-12-31"))


def parsed(*texts: str, formats: tuple[str, ...] = (FORMAT,)) -> tuple[list[dt.datetime | None], list[bool]]:
    found = instants.parse(pa.chunked_array([list(texts)], pa.string()), formats, "Europe/London")
    return found.utc.to_pylist(), list(found.wrong)


@given(st.datetimes(FIRST, LAST, timezones=st.just(dt.UTC)))
def test_every_moment_written_as_local_time_is_read_back(moment: dt.datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    local = moment.astimezone(LONDON)
    (read,), (wrong,) = parsed(local.strftime(FORMAT))
    assert not wrong
    assert read is not None
    # The second showing of an autumn hour reads as the first: the same local time, an hour earlier.
    assert moment - read == (dt.timedelta(hours=1) if local.fold else dt.timedelta(0))


@given(st.integers(0, 40), st.integers(0, 14), st.integers(1990, LAST.year - 1), st.integers(0, 30), st.integers(0, 70))
def test_a_date_is_right_exactly_when_the_calendar_has_it(
    day: int, month: int, year: int, hour: int, minute: int
) -> None:
    (read,), (wrong,) = parsed(f"{day:02}/{month:02}/{year} {hour:02}:{minute:02}")
    try:
        local = dt.datetime(year, month, day, hour, minute, tzinfo=LONDON)
    except ValueError:
        assert wrong
        assert read is None
        return
    existed = local.astimezone(dt.UTC).astimezone(LONDON).replace(tzinfo=None) == local.replace(tzinfo=None)
    assert wrong is not existed
    assert read == (local.astimezone(dt.UTC) if existed else None)


@pytest.mark.parametrize(
    "text",
    ["2026-01-02 10:00", "1/2/26 10:00", "01/02/2026", "01/02/2026 10:00x", "x01/02/2026 10:00", "01.02.2026 10:00"],
)
def test_another_form_is_wrong(text: str) -> None:
    assert parsed(text) == ([None], [True])


def test_blank_is_no_date_and_not_wrong() -> None:
    assert parsed("") == ([None], [False])


def test_formats_are_tried_in_order() -> None:
    found, wrong = parsed("03/04/2026 10:00", "2026-04-03", formats=(FORMAT, "%Y-%m-%d"))
    assert [moment and moment.date() for moment in found] == [dt.date(2026, 4, 3), dt.date(2026, 4, 2)]
    assert wrong == [False, False]


def test_labels_are_compared_without_case_and_space_and_the_unmapped_are_counted() -> None:
    text = pa.chunked_array([["Online", "ONLINE", "face  to face", "Pigeon", "Pigeon", ""]], pa.string())
    mapped, unmapped = values.labels(text, {"online": "online", "Face to Face": "face-to-face"}, closed_list=True)
    assert mapped.to_pylist() == ["online", "online", "face-to-face", "unmapped", "unmapped", None]
    assert unmapped == {"Pigeon": 2}


def test_premises_key_depends_on_the_secret_and_not_on_leading_zeros() -> None:
    text = pa.chunked_array([["100070000001", "000100070000001", "1.0007E+11", ""]], pa.string())
    one, unusable = values.premises_keys(text, "one")
    other, _ = values.premises_keys(text, "other")
    keys = one.to_pylist()
    assert keys[0] == keys[1] != other.to_pylist()[0]
    assert keys[2:] == [None, None]
    assert unusable == 1
