"""The sample council's waste case system: its nightly exports, and the truth to compare a pipeline with."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from demo import planted
from demo.cases import LONDON, STAMP, Case, to_utc
from demo.truth import Planted, RowCount, Truth, count_demand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

COLUMNS = (
    "Case Ref", "Date Reported", "Date Closed", "Channel", "Status", "Bin Type", "Ward", "UPRN",
    "Customer Name", "Address", "Email", "Notes",
)  # fmt: skip
ENCODING = "windows-1252"
STARTS = dt.date(2025, 10, 6)
EXPORT_TIME = dt.time(0, 30)
WINDOW = dt.timedelta(days=35)
# References of the file that never finishes: far above those of all real cases.
UPLOADING_FROM = 900_001


@dataclass(frozen=True)
class Export:
    """One night's file.

    day: the extract day. made_at: aware, in UTC. content: the final bytes.
    first_version: for a file first sent wrong and then re-sent under the same name, the bytes that came first.
    """

    name: str
    day: dt.date
    made_at: dt.datetime
    content: bytes
    first_version: bytes | None = None


@dataclass(frozen=True)
class CaseSystem:
    """Some weeks of missed-bin reports in Solihull, and a nightly export of them.

    Parameters
    ----------
    seed: picks the story; the same seed gives the same bytes on any machine.
    starts: the first Monday. weeks: how many weeks of reports, at least 1.

    Raises ValueError when `starts` is no Monday or `weeks` is less than 1.
    """

    seed: int = 2014
    starts: dt.date = STARTS
    weeks: int = 26

    def __post_init__(self) -> None:
        if self.starts.weekday() != 0 or self.weeks < 1:
            raise ValueError("the case system starts on a Monday and runs for one week or more")

    @property
    def last_extract_day(self) -> dt.date:
        """The local day of the last finished export: the Monday after the last week."""
        return self.starts + dt.timedelta(weeks=self.weeks)

    @cached_property
    def truth(self) -> Truth:
        """What the exports must come to once all of them, and the corrected last one, are in."""
        rows = {file_name(day): _row_count(_window(self._cases, day), day) for day in self._extract_days()}
        return Truth(
            counted=count_demand(self._cases, _made_at(self.last_extract_day)),
            rows=rows,
            rows_of_first_version=_row_count(self._first_attempt(), self.last_extract_day),
            planted=self._planted(),
        )

    def exports(self) -> Iterator[Export]:
        """Every finished export, oldest first: one for each day, made at 00:30 local time of the day after."""
        for day in self._extract_days():
            last = day == self.last_extract_day
            yield Export(
                name=file_name(day),
                day=day,
                made_at=_made_at(day),
                content=_file(_window(self._cases, day), day),
                first_version=_file(self._first_attempt(), day) if last else None,
            )

    def stale_part(self) -> Export:
        """What an upload that broke off two days before the end left behind: it ends in mid-row."""
        day = self.last_extract_day - dt.timedelta(days=2)
        whole = _file(_window(self._cases, day), day)
        cut = whole.rindex(b"\r\nMB", 0, len(whole) * 3 // 5) + 20
        return Export(f"{file_name(day)}.part", day, _made_at(day), whole[:cut])

    def unfinished_upload(self) -> Iterator[bytes]:
        """The header and then rows without end, for the file of the day after the last export.

        Its cases stand in no other file and were reported in the last week: a pipeline that takes the file
        before it is finished shows it in that week's counts.
        """
        day = self.last_extract_day + dt.timedelta(days=1)
        yield _line(COLUMNS)
        recent = [case for case in self._cases if case.reported_day >= day - dt.timedelta(days=8)]
        for number, case in enumerate(itertools.cycle(recent), start=UPLOADING_FROM):
            yield _line(_row(replace(case, record_ref=f"MB{number:07d}", misdated=None), day))

    @cached_property
    def _story(self) -> planted.Story:
        return planted.tell(self.seed, self.starts, self.weeks)

    @property
    def _cases(self) -> tuple[Case, ...]:
        return self._story.cases

    def _extract_days(self) -> list[dt.date]:
        return [self.starts + dt.timedelta(days=number) for number in range(1, self.weeks * 7 + 1)]

    def _first_attempt(self) -> list[Case]:
        """The rows of the last export as it was first sent, in the order of their reports."""
        wrong = self._story.first_attempt
        rows = [
            replace(case, ward=wrong.wrong_wards.get(case.record_ref, case.ward))
            for case in _window(self._cases, self.last_extract_day)
            if case.record_ref not in wrong.missing
        ]
        return sorted([*rows, *wrong.invented], key=lambda case: case.reported_at)

    def _planted(self) -> dict[str, Planted]:
        refs: dict[str, list[str]] = defaultdict(list)
        files: dict[str, set[str]] = defaultdict(set)
        for case in (*self._cases, *self._story.first_attempt.invented):
            for kind in case.planted:
                refs[kind].append(case.record_ref)
                if case.repeated_on is not None:
                    files[kind].add(file_name(case.repeated_on))
        for kind in (planted.RESENT_WRONG_WARD, planted.RESENT_INVENTED, planted.RESENT_MISSING):
            files[kind].add(file_name(self.last_extract_day))
        files[planted.STILL_UPLOADING].add(file_name(self.last_extract_day + dt.timedelta(days=1)))
        files[planted.STALE_PART].add(f"{file_name(self.last_extract_day - dt.timedelta(days=2))}.part")
        return {kind: Planted(kind, tuple(refs[kind]), tuple(sorted(files[kind]))) for kind in sorted({*refs, *files})}


def file_name(day: dt.date) -> str:
    """The name of an extract day's export."""
    return f"missed_bins_{day:%Y%m%d}.csv"


def _made_at(day: dt.date) -> dt.datetime:
    return to_utc(dt.datetime.combine(day, EXPORT_TIME))


def _window(cases: Iterable[Case], day: dt.date) -> list[Case]:
    """The cases that an extract day's export holds: reported or closed in the 35 days before it."""
    first = day - WINDOW
    made_at = _made_at(day)
    return [
        case
        for case in cases
        if case.reported_day < day
        and (
            case.reported_day >= first
            or (case.closed_day is not None and case.closed_day >= first and _closed_by(case, made_at))
        )
    ]


def _closed_by(case: Case, instant: dt.datetime) -> bool:
    return case.closed_at is not None and case.closed_at <= instant


def _row_count(cases: Sequence[Case], day: dt.date) -> RowCount:
    repeated = sum(case.repeated_on == day for case in cases)
    return RowCount(
        rows=len(cases) + repeated,
        exact_duplicates=repeated,
        quarantined=sum(case.misdated_on(day) for case in cases),
    )


def _row(case: Case, day: dt.date) -> list[str]:
    """A case as the export of an extract day shows it: what is known at half past midnight, in local time."""
    made_at = _made_at(day)
    closed = case.closed_at if _closed_by(case, made_at) else None
    unfinished = "Open" if case.started_at > made_at else "In Progress"
    return [
        case.record_ref,
        case.misdated.text if case.misdated and case.misdated_on(day) else _local(case.reported_at),
        "" if closed is None else _local(closed),
        case.channel,
        unfinished if closed is None else case.outcome,
        case.bin_type,
        case.ward,
        case.premises.uprn,
        case.premises.resident,
        case.premises.address,
        case.email,
        case.notes,
    ]


def _local(instant: dt.datetime) -> str:
    return instant.astimezone(LONDON).strftime(STAMP)


def _file(cases: Iterable[Case], day: dt.date) -> bytes:
    rows: list[Sequence[str]] = [COLUMNS]
    for case in cases:
        rows += [_row(case, day)] * (2 if case.repeated_on == day else 1)
    return _encoded(rows)


def _line(row: Sequence[str]) -> bytes:
    return _encoded([row])


def _encoded(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(ENCODING)
