"""The error report: what a council should mend in a delivery, as a CSV for Excel and a page for a browser.

It says file, line, column and rule, and never holds a value of a row. The facts are the ledger's, so that a report can
be made at any time. Names of files and columns come from outside: cells are made harmless, the page is escaped.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import logging
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from local_digital.calendar import LONDON
from local_digital.config.formats import TreeFormat, XlsxFormat
from local_digital.config.sources import FileFacts
from local_digital.error_rules import in_words
from local_digital.errors import ConfigurationError, LocalDigitalError
from local_digital.formulas import harmless
from local_digital.places import document_and_line
from local_digital.roles import LOADER, acting_as
from local_digital.sources.files import open_source
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection as Database

    from local_digital.workspace import FeedHandle, Workspace

_log = logging.getLogger(__name__)

# Reports are made, and sent, for so many deliveries a run: a long backlog does not need one for each of its nights.
_NEWEST = 10
_LINES_ON_PAGE = 500
_LINES_IN_SUMMARY = 5
_HEADINGS = (
    "Kind", "File", "File in archive", "Line", "Column", "Rule", "Rows", "What is expected", "Note", "How to fix",
)  # fmt: skip
# Where a reason turns to what the pipeline's own people should do about it.
_ADVICE = re.compile(r"(?<=\.) (?:Ask|Check|Mend|Rename|Add|Raise|The feed's) .*", re.DOTALL)
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f/\\:*?\"<>|]")


class Problem(NamedTuple):
    """A rule that a row broke. document: the file inside an archive, else empty. line: its line in that."""

    document: str
    line: int
    column: str
    rule: str
    expected: str

    @property
    def meaning(self) -> str:
        return in_words(self.rule).meaning

    @property
    def fix(self) -> str:
        return in_words(self.rule).fix


class Group(NamedTuple):
    """The problems of one kind: `example` is the first of them. first: where the first ones are, in words."""

    example: Problem
    rows: int
    first: str


class Doubt(NamedTuple):
    """Rows that were used although something about them is odd. first: where the first ones are, in words."""

    column: str
    meaning: str
    fix: str
    rows: int
    first: str


@dataclass(frozen=True)
class ErrorReport:
    """What the ledger knows of one delivery, for its council. The counts are None when it was rejected.

    read = accepted + quarantined + duplicates + filtered (rows of other services, and the
    forgotten ones). unit: what the file counts its rows
    by, a line, a row or a record. problems: in the order of the file. detected: how the file was read.
    """

    council: str
    transaction: str
    delivery_id: int
    file: str
    received_at: dt.datetime
    unit: str
    sent_as_file: bool
    read: int | None
    accepted: int | None
    quarantined: int | None
    duplicates: int | None
    filtered: int | None
    forgotten: int
    rejected_because: str | None
    warnings: list[str]
    problems: list[Problem]
    doubts: list[Doubt]
    detected: dict[str, str]

    @property
    def counts(self) -> dict[str, int]:
        """What became of the rows, in words; nothing for a rejected delivery. The first is the sum of the others."""
        if self.read is None:
            return {}
        return {
            "rows read": self.read,
            "rows used": self.accepted or 0,
            "rows not used": self.quarantined or 0,
            "exact duplicates": self.duplicates or 0,
            "rows of other services": (self.filtered or 0) - self.forgotten,
            **({"rows of what is to be forgotten": self.forgotten} if self.forgotten else {}),
        }

    @property
    def groups(self) -> list[Group]:
        """The problems by rule, column and what is expected, the most frequent first."""
        found: dict[tuple[str, str, str], list[Problem]] = defaultdict(list)
        for problem in self.problems:
            found[problem.rule, problem.column, problem.expected].append(problem)
        return [
            Group(alike[0], len(alike), _places([(problem.document, problem.line) for problem in alike], len(alike)))
            for alike in sorted(found.values(), key=lambda alike: (-len(alike), alike[0].line))
        ]


@acting_as(LOADER)
def newest(workspace: Workspace, feed: FeedHandle) -> int:
    """Return the newest delivery of a feed that was validated; raise ConfigurationError when there is none."""
    with workspace.engine.connect() as db:
        found = db.execute(statement("report/delivery"), {"feed_id": feed.feed_id, "delivery_id": None}).first()
    if found is None:
        raise ConfigurationError(
            f"{feed.name}: report",
            expected="a delivery that was validated",
            found="none",
            action="Run `local-digital ingest` first.",
        )
    return int(found.delivery_id)


@acting_as(LOADER)
def build(workspace: Workspace, feed: FeedHandle, delivery_id: int) -> ErrorReport:
    """Gather the report of a delivery from the ledger.

    Raises ConfigurationError when the feed has no such delivery, or has not validated it yet.
    """
    with workspace.engine.connect() as db:
        found = db.execute(
            statement("report/delivery"), {"feed_id": feed.feed_id, "delivery_id": delivery_id}
        ).one_or_none()
        if found is None or found.status == "landed":
            raise ConfigurationError(
                f"{feed.name}: report",
                expected="a delivery of this feed that was validated",
                found=f"delivery {delivery_id}, which is {'waiting to be' if found else 'not of this feed'}",
                action="`select delivery_id, name from ledger.delivery` lists them; `local-digital ingest` validates.",
            )
        documents: Sequence[str] = found.documents
        problems = [
            Problem(*_located(row.line, documents), row.column_name, row.rule, row.expected)
            for row in db.execute(statement("report/broken_rules"), {"delivery_id": delivery_id})
        ]
        doubts = _doubts(db, feed, delivery_id, documents)
    return ErrorReport(
        council=feed.council.name,
        transaction=feed.contract.name,
        delivery_id=delivery_id,
        file=found.name,
        received_at=found.received_at,
        unit=_unit(feed),
        sent_as_file=isinstance(feed.feed.source, FileFacts),
        read=found.rows_read,
        accepted=found.accepted,
        quarantined=found.quarantined,
        duplicates=found.duplicates,
        filtered=found.filtered,
        forgotten=found.forgotten,
        rejected_because=_reason(found.rejected_because, f"{feed.name}: {found.name}: "),
        warnings=found.warnings,
        problems=problems,
        doubts=doubts,
        detected={key.replace("_", " "): _shown(value) for key, value in found.detected.items()},
    )


def as_csv(report: ErrorReport) -> bytes:
    """Return the report as a CSV that Excel opens as it is: UTF-8 with a byte order mark, no cell a formula."""
    content = io.BytesIO()
    with io.TextIOWrapper(content, "utf-8-sig", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(_HEADINGS)
        for row in _rows(report):
            writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
        text.flush()
        return content.getvalue()


def as_html(report: ErrorReport) -> str:
    """Return the report as a page that stands alone: no script, nothing fetched, all text escaped."""
    return _template().render(
        report=report,
        shown=report.problems[:_LINES_ON_PAGE],
        received=f"{report.received_at.astimezone(LONDON):%d %B %Y, %H:%M}".lstrip("0"),
    )


@acting_as(LOADER)
def write(workspace: Workspace, feed: FeedHandle, delivery_id: int) -> ErrorReport:
    """Build the report of a delivery and put CSV and page into the landing store; see `path` and `build`."""
    report = build(workspace, feed, delivery_id)
    for ending, content in _files(report).items():
        workspace.landing.put_bytes(path(feed, delivery_id, ending), content)
    return report


def path(feed: FeedHandle, delivery_id: int, ending: str) -> str:
    """Return where in the landing store the `csv` or `html` of a delivery's report is."""
    return f"reports/{feed.council.council}/{feed.contract.transaction}/{delivery_id}.{ending}"


@acting_as(LOADER)
def write_missing(workspace: Workspace, feed: FeedHandle) -> None:
    """Write the reports of the feed's newest deliveries with something to tell, as far as they are not there yet.

    What an earlier run was killed before is caught up with.
    """
    for delivery_id in _with_problems(workspace, feed):
        # The page is written last.
        if not workspace.landing.has(path(feed, delivery_id, "html")):
            write(workspace, feed, delivery_id)


@acting_as(LOADER)
def remove_old(workspace: Workspace, feed: FeedHandle, *, dry_run: bool = False) -> list[int]:
    """Remove the reports of all but the newest deliveries with something to tell; return of which deliveries.

    What is still to be sent, or written again, is among the newest: see `Settings.pages_kept`.
    """
    kept = set(_with_problems(workspace, feed, workspace.settings.pages_kept))
    gone = set()
    for name in workspace.landing.names(f"reports/{feed.council.council}/{feed.contract.transaction}"):
        number, _, ending = name.partition(".")
        if number.isdigit() and int(number) not in kept:
            gone.add(int(number))
            if not dry_run:
                workspace.landing.remove(path(feed, int(number), ending))
    return sorted(gone)


@acting_as(LOADER)
def send(workspace: Workspace, feed: FeedHandle, delivery_id: int) -> list[str]:
    """Put the report of a delivery into the council's report folder; return the names it has there.

    Raises ConfigurationError when the feed has no such folder; what else `build` and `FileSource.put_report` raise.
    """
    facts = feed.feed.source
    if not isinstance(facts, FileFacts) or not facts.report_folder:
        raise ConfigurationError(
            f"{feed.name}: report",
            expected="a source of files with `source.report_folder`",
            found=f"`kind: {facts.kind}` without one",
            action="Agree with the council on a folder that we may write to and name it in the council's file; "
            "without one, send the files that `local-digital report` writes.",
        )
    report = build(workspace, feed, delivery_id)
    source = open_source(feed, workspace.settings)
    names = []
    for ending, content in _files(report).items():
        name = file_name(report, ending)
        source.put_report(name, content)
        names.append(f"{facts.report_folder}/{name}")
    workspace.landing.put_text(path(feed, delivery_id, "sent"), "\n".join(names))
    return names


@acting_as(LOADER)
def send_if_wanted(workspace: Workspace, feed: FeedHandle) -> list[int]:
    """Send the newest reports that the council has not got yet, where its feed has a report folder; return which.

    A report that cannot be sent is logged, tried again with the next run, and stops nothing.
    """
    facts = feed.feed.source
    if not isinstance(facts, FileFacts) or not facts.report_folder:
        return []
    sent = []
    for delivery_id in reversed(_with_problems(workspace, feed)):
        if workspace.landing.has(path(feed, delivery_id, "sent")):
            continue
        try:
            send(workspace, feed, delivery_id)
        except LocalDigitalError as error:
            _log.warning("%s: the error report of delivery %s was not sent: %s", feed.name, delivery_id, error)
            break
        sent.append(delivery_id)
    return sent


def save(report: ErrorReport, folder: Path) -> list[Path]:
    """Write CSV and page into a local folder, under the names they have at the council; return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for ending, content in _files(report).items():
        target = folder / file_name(report, ending)
        target.write_bytes(content)
        written.append(target)
    return written


def file_name(report: ErrorReport, ending: str) -> str:
    """Return what a report is called at the council: `<delivered file>.report.csv`, folders in it as `_`."""
    return f"{_NOT_IN_NAMES.sub('_', report.file)}.report.{ending}"


def _files(report: ErrorReport) -> dict[str, bytes]:
    return {"csv": as_csv(report), "html": as_html(report).encode()}


def _with_problems(workspace: Workspace, feed: FeedHandle, newest: int = _NEWEST) -> list[int]:
    with workspace.engine.connect() as db:
        return list(db.scalars(statement("report/with_problems"), {"feed_id": feed.feed_id, "newest": newest}))


def _doubts(db: Database, feed: FeedHandle, delivery_id: int, documents: Sequence[str]) -> list[Doubt]:
    doubts = []
    for row in db.execute(statement("report/doubtful_rows"), {"delivery_id": delivery_id}):
        column = feed.feed.columns.get(row.column_name)
        places = [_located(line, documents) for line in row.lines]
        name = (column.source if column else None) or ""
        doubts.append(Doubt(name, *in_words(row.expectation), row.failed, _places(places, row.failed)))
    return doubts


def _located(place: int, documents: Sequence[str]) -> tuple[str, int]:
    number, line = document_and_line(place)
    return documents[number] if number < len(documents) else "", line


def _places(places: Sequence[tuple[str, int]], total: int) -> str:
    """Say where the first places of `total` are: `3, 7 and 12 more`, with the file inside an archive in front."""
    lines: dict[str, list[str]] = defaultdict(list)
    for document, line in places[:_LINES_IN_SUMMARY]:
        lines[document].append(str(line))
    shown = "; ".join(
        f"{document}: {', '.join(some)}" if document else ", ".join(some) for document, some in lines.items()
    )
    more = total - min(len(places), _LINES_IN_SUMMARY)
    return f"{shown} and {more} more" if more else shown


def _unit(feed: FeedHandle) -> str:
    match feed.feed.reads_as:
        case XlsxFormat():
            return "row"
        case TreeFormat():
            return "record"
        case _:
            return "line"


def _reason(rejected_because: str | None, where: str) -> str | None:
    """Return the reason without the names of feed and file, and without the advice to us."""
    if rejected_because is None:
        return None
    reason = _ADVICE.sub("", rejected_because.removeprefix(where))
    return f"Expected {reason.removeprefix('expected ')}" if reason.startswith("expected ") else reason


def _shown(value: object) -> str:
    signs = {"\t": "tab", " ": "space", ",": "comma", ";": "semicolon", "|": "vertical bar"}
    return signs.get(str(value), str(value))


def _rows(report: ErrorReport) -> Iterable[tuple[str | int, ...]]:
    for words, rows in report.counts.items():
        yield "count", report.file, "", "", "", words, rows, "", "", ""
    if report.rejected_because:
        yield (
            "rejected",
            report.file,
            "",
            "",
            "",
            "",
            "",
            "",
            report.rejected_because,
            "Mend the file and send it again.",
        )
    for warning in report.warnings:
        yield "warning", report.file, "", "", "", "", "", "", warning, ""
    for doubt in report.doubts:
        note = f"{doubt.meaning} First {report.unit}s: {doubt.first}"
        yield "warning", report.file, "", "", doubt.column, "", doubt.rows, "", note, doubt.fix
    for problem in report.problems:
        yield (
            "row not used", report.file, problem.document, problem.line, problem.column, problem.rule, 1,
            problem.expected, problem.meaning, problem.fix,
        )  # fmt: skip


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("error_report.html")
