"""Any table of records, in any supported dialect, encoding, format and kind of delivery, comes back the same."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import zipfile
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from local_digital.calendar import LONDON
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_digital.validate import DeliveryReport

CHANNELS = {"Web form": "online", "Call centre": "phone", "Walk-in": "face-to-face", "£ desk": "other"}
STREAMS = {"Black": "refuse", "Blue": "recycling"}
DATES = ["%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "iso", "%d-%b-%Y %H:%M", "%Y%m%d %H:%M:%S", "epoch"]
FIRST, LAST = (dt.datetime.fromisoformat(day) for day in ("2001-01-01", "2024-06-01"))
# What looks like something about a person is left empty in a ward, so no ward here does.
words = (
    st.text(st.characters(codec="windows-1252", categories=["L", "Zs", "Po"], exclude_characters="\xa0@"),
            min_size=1, max_size=12)
    .map(lambda word: " ".join(word.split()))
    .filter(lambda word: bool(word) and not word.casefold().startswith(("m", "d")))
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    ref: str
    reported: dt.datetime
    closed: dt.datetime | None
    channel: str
    stream: str | None
    ward: str | None


@st.composite
def cases(draw: st.DrawFn) -> list[Case]:
    refs = draw(st.lists(st.from_regex(r"0{0,3}[A-Z]{0,2}[1-9][0-9]{0,6}", fullmatch=True), max_size=8, unique=True))
    found = []
    for ref in refs:
        # Half past one in October happens twice; the offset is in no local form, so no test can know which is meant.
        reported = draw(st.datetimes(FIRST, LAST, timezones=st.just(LONDON)).filter(is_plain)).replace(
            microsecond=0, second=0
        )
        later = draw(st.none() | st.integers(60, 60 * 24 * 30))
        closed = (
            None if later is None else (reported.astimezone(dt.UTC) + dt.timedelta(minutes=later)).astimezone(LONDON)
        )
        if closed is not None and not is_plain(closed):
            closed = None
        found.append(
            Case(
                ref, reported, closed, draw(st.sampled_from(sorted(CHANNELS))),
                draw(st.none() | st.sampled_from(sorted(STREAMS))), draw(st.none() | words),
            )
        )  # fmt: skip
    return found


def is_plain(moment: dt.datetime) -> bool:
    twice = moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()
    return not twice


@dataclass(frozen=True)
class Shape:
    """How a table is written."""

    form: str
    date: str
    encoding: str
    delimiter: str
    ending: str
    wrapping: str
    title: bool
    told: bool

    def stamp(self, moment: dt.datetime | None) -> str:
        if moment is None:
            return ""
        if self.date == "iso":
            return moment.isoformat()
        if self.date == "epoch":
            return str(int(moment.timestamp()))
        return moment.strftime(self.date)

    def can_hold(self, rows: list[Any]) -> bool:
        # NDJSON without a line is an empty file, and that is a mishap.
        return bool(rows) or self.form != "ndjson"

    @property
    def format(self) -> dict[str, object]:
        match self.form:
            case "csv" if self.told:
                return {"kind": "csv", "encoding": self.encoding, "delimiter": self.delimiter}
            case "json":
                return {"kind": "json", "records": "data.items"}
            case "xml":
                return {"kind": "xml", "records": "case"}
            case _:
                return {"kind": self.form}

    def write(self, header: list[str], rows: list[list[str]]) -> bytes:
        content = getattr(self, f"_{self.form}")(header, rows)
        match self.wrapping:
            case "gzip":
                return gzip.compress(content)
            case "zip":
                target = io.BytesIO()
                with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr(f"export/bins.{self.form}", content)
                return target.getvalue()
            case _:
                return content  # type: ignore[no-any-return]

    def _csv(self, header: list[str], rows: list[list[str]]) -> bytes:
        written = io.StringIO(newline="")
        writer = csv.writer(written, delimiter=self.delimiter, lineterminator=self.ending)
        if self.title:
            writer.writerow(["All our missed bins"])
            writer.writerow([])
        writer.writerows([header, *rows])
        return written.getvalue().encode(self.encoding)

    def _xlsx(self, header: list[str], rows: list[list[str]]) -> bytes:
        workbook = Workbook()
        sheet = workbook.active
        assert sheet is not None
        if self.title:
            sheet.append(["All our missed bins"])
        for row in [header, *rows]:
            sheet.append([None if cell == "" else cell for cell in row])
        target = io.BytesIO()
        workbook.save(target)
        return target.getvalue()

    def _json(self, header: list[str], rows: list[list[str]]) -> bytes:
        return json.dumps({"data": {"items": [dict(zip(header, row, strict=True)) for row in rows]}}).encode()

    def _ndjson(self, header: list[str], rows: list[list[str]]) -> bytes:
        return "".join(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows).encode() or b"\n"

    def _xml(self, header: list[str], rows: list[list[str]]) -> bytes:
        names = [name.replace(" ", "_") for name in header]
        cases = "".join(
            "<case>"
            + "".join(f"<{name}>{escape(cell)}</{name}>" for name, cell in zip(names, row, strict=True))
            + "</case>"
            for row in rows
        )
        return f"<cases>{cases}</cases>".encode()


shapes = st.builds(
    Shape,
    st.sampled_from(["csv", "csv", "csv", "xlsx", "json", "ndjson", "xml"]),
    st.sampled_from(DATES),
    st.sampled_from(["utf-8", "windows-1252", "utf-16"]),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.sampled_from(["none", "gzip", "zip"]),
    st.booleans(),
    st.booleans(),
)


@pytest.fixture(scope="module")
def anywhere(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anywhere]:
    folder = tmp_path_factory.mktemp("any-export")
    postgres.ensure_database("any_export")
    with Workspace.open(settings_for(postgres.url("any_export"), folder)) as workspace:
        yield Anywhere(workspace, folder)


def came_back(anywhere: Anywhere, feed: dict[str, Any], content: bytes) -> tuple[DeliveryReport, list[Any]]:
    """Put one file through an empty warehouse; return its report and the records."""
    anywhere.empty()
    (report,) = anywhere.ingest(anywhere.configure(**feed), ("export", content))
    assert report.status == "validated", report.rejected_because
    return report, anywhere.records()


def plausible(shape: Shape) -> Shape:
    # `Â£` in Windows-1252 is `£` in UTF-8: an encoding that is not told can only be found out where it shows.
    return replace(shape, told=True) if shape.encoding == "windows-1252" else shape


everything = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@everything
@given(cases(), shapes.map(plausible), st.sampled_from(["snapshot", "delta", "rolling"]), st.integers(0, 2))
def test_records_come_back(
    anywhere: Anywhere, given_cases: list[Case], shape: Shape, delivery: str, repeated: int
) -> None:
    assume(shape.can_hold(given_cases))
    header = ["Case Ref", "Opened", "Done", "How", "Bin", "Ward?" if shape.form != "xml" else "Ward", "Name"]
    rows = [
        [case.ref, shape.stamp(case.reported), shape.stamp(case.closed), case.channel, case.stream or "",
         case.ward or "",
         "Ann, \"Other\""] for case in given_cases
    ]  # fmt: skip
    columns = {
        "record_ref": {"from": header[0].replace(" ", "_") if shape.form == "xml" else header[0]},
        "reported_at": {"from": "Opened", "formats": [shape.date]},
        "closed_at": {"from": "Done", "formats": [shape.date]},
        "channel": {"from": "How", "map": CHANNELS},
        "stream": {"from": "Bin", "map": STREAMS},
        "ward": {"from": header[5]},
    }
    report, records = came_back(
        anywhere,
        {"delivery": delivery, "format": shape.format, "columns": columns, "ignored_columns": ["Name"]},
        shape.write(header, rows + rows[:repeated]),
    )
    assert (report.quarantined, report.duplicates, report.filtered) == (0, len(rows[:repeated]), 0)
    assert {
        (found.record_ref, found.reported_at, found.closed_at, found.count, found.channel, found.stream, found.ward)
        for found in records
    } == {
        (case.ref, case.reported.astimezone(dt.UTC), case.closed and case.closed.astimezone(dt.UTC), 1,
         CHANNELS[case.channel], case.stream and STREAMS[case.stream], case.ward) for case in given_cases
    }  # fmt: skip


@everything
@given(cases(), shapes.map(plausible), st.randoms(use_true_random=False))
def test_event_logs_become_one_record_a_case(
    anywhere: Anywhere, given_cases: list[Case], shape: Shape, random: Any
) -> None:
    assume(shape.can_hold(given_cases))
    rows = []
    for case in given_cases:
        rows.append([case.ref, shape.stamp(case.reported), "Open", case.channel, case.ward or ""])
        if case.closed:
            rows.append([case.ref, shape.stamp(case.closed), "Closed", case.channel, case.ward or ""])
    random.shuffle(rows)
    columns = {
        "record_ref": {"from": "Ref"},
        "event_at": {"from": "When", "formats": [shape.date]},
        "channel": {"from": "How", "map": CHANNELS},
        "status": {"from": "State", "map": {"Open": "open", "Closed": "closed"}},
        "ward": {"from": "Ward"},
    }
    report, records = came_back(
        anywhere,
        {"delivery": "event_log", "format": shape.format, "columns": columns},
        shape.write(["Ref", "When", "State", "How", "Ward"], rows),
    )
    assert (report.accepted, report.duplicates) == (len(rows), 0)
    assert {
        (found.record_ref, found.reported_at, found.closed_at, found.channel, found.ward) for found in records
    } == {
        (case.ref, case.reported.astimezone(dt.UTC), case.closed and case.closed.astimezone(dt.UTC),
         CHANNELS[case.channel], case.ward) for case in given_cases
    }  # fmt: skip


@everything
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 200), st.sampled_from(sorted(CHANNELS))), st.integers(0, 10**6), max_size=10
    ),
    shapes.map(plausible),
    st.booleans(),
)
def test_counts_come_back(
    anywhere: Anywhere, counts: dict[tuple[int, str], int], shape: Shape, named_by_end: bool
) -> None:
    assume(shape.can_hold(list(counts)))
    monday = dt.datetime(2020, 1, 6, tzinfo=LONDON)

    def week(number: int) -> dt.datetime:
        return (monday.replace(tzinfo=None) + dt.timedelta(weeks=number)).replace(tzinfo=LONDON)

    def named(number: int) -> dt.datetime:
        return (week(number).replace(tzinfo=None) + dt.timedelta(days=6 if named_by_end else 0)).replace(tzinfo=LONDON)

    rows = [[shape.stamp(named(number)), word, f"{count:,}"] for (number, word), count in counts.items()]
    report, records = came_back(
        anywhere,
        {
            "delivery": "aggregate",
            "aggregate": {"period": "week", "named_by": "end" if named_by_end else "start"},
            "format": shape.format,
            "columns": {
                "period": {"from": "Week", "formats": [shape.date]},
                # Two words of one channel are two counts, not a duplicate.
                "channel": {"from": "How", "map": dict.fromkeys(CHANNELS, "other")},
                "count": {"from": "Reports"},
            },
        },
        shape.write(["Week", "How", "Reports"], rows),
    )
    assert (report.accepted, report.quarantined) == (len(rows), 0)
    found: Counter[dt.datetime] = Counter()
    for record in records:
        found[record.reported_at] += record.count
    expected: Counter[dt.datetime] = Counter()
    for (number, _), count in counts.items():
        expected[week(number).astimezone(dt.UTC)] += count
    assert found == expected
