"""Invented exports in many shapes, with personal data that can be looked for afterwards."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import openpyxl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

START = dt.datetime(2025, 10, 6, 8, 5)  # noqa: DTZ001 - a local time, as the systems write it
WARDS = ("Olton", "Lyndon", "Knowle", "Meriden", "Blythe")
SURNAMES = ("Zzwilkinson", "Zzpatel", "Zzobrien", "Zzkowalski", "Zznguyen")
STREETS = ("Qqmarigold Close", "Qqstation Road", "Qqhawthorn Drive")
# Nothing that holds one of these may ever be printed.
CANARIES = ("Zz", "Qq", "zz", "qq", "100023336", "B91 3Q", "07700", "secretly")


@dataclass
class Case:
    """One report, with the personal data that comes with it."""

    number: int
    reported: dt.datetime
    closed: dt.datetime | None
    channel: str
    status: str
    bin: str
    ward: str
    person: list[str] = field(default_factory=list)


def cases(
    count: int,
    *,
    channels: Sequence[str] = ("Online", "Web", "Telephone", "IVR", "Face to Face", "Email"),
    days: int = 60,
    seed: int = 1,
    only_days: Sequence[int] | None = None,
) -> list[Case]:
    """Invent reports, the oldest first. only_days: days of the month that reports may be of."""
    chance = random.Random(seed)  # noqa: S311 - invented cases
    found: list[Case] = []
    minutes = sorted(chance.randrange(days * 24 * 60) for _ in range(count * (1 if only_days is None else 40)))
    for minute in minutes:
        reported = START + dt.timedelta(minutes=minute)
        if only_days is not None and (reported.day not in only_days or len(found) == count):
            continue
        closed = reported + dt.timedelta(hours=chance.randrange(1, 60)) if chance.random() < 0.8 else None
        if only_days is not None and closed is not None and closed.day not in only_days:
            closed = None
        number = len(found) + 1
        # No local time that the clocks skip or show twice.
        surname = chance.choice(SURNAMES)
        found.append(
            Case(
                number, reported, closed, chance.choice(channels),
                chance.choice(("Closed", "Closed (Duplicate)") if closed else ("Open", "In Progress")),
                chance.choice(("Black (Refuse)", "Brown (Recycling)", "Food Caddy")), chance.choice(WARDS),
                [f"Jo {surname}", f"{number} {chance.choice(STREETS)}, Solihull B91 3Q{chance.choice('ABC')}",
                 f"jo.{surname.lower()}@example.org", f"07700 9{number % 100000:05}",
                 f"1000233360{number % 100:02}", f"The bin behind {surname}'s gate was secretly moved, case {number}"],
            )
        )  # fmt: skip
    return found


def solihull(
    path: Path,
    found: Sequence[Case],
    *,
    delimiter: str = ",",
    encoding: str = "windows-1252",
    title: str = "",
    date: str = "%d/%m/%Y %H:%M",
    end: str = "\r\n",
) -> Path:
    """Write the export of a UK case system."""
    text = io.StringIO()
    if title:
        text.write(title)
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(["Case Ref", "Date Reported", "Date Closed", "Channel", "Status", "Bin Type", "Ward",
                     "Customer Name", "Address", "Email", "Phone", "UPRN", "Notes"])  # fmt: skip
    for case in found:
        writer.writerow([
            f"00{case.number:06}", case.reported.strftime(date), case.closed.strftime(date) if case.closed else "",
            case.channel, case.status, case.bin, case.ward, *case.person[:-1], f"Fee of £20 waived. {case.person[-1]}",
        ])  # fmt: skip
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def us_311(path: Path, found: Sequence[Case]) -> Path:
    """Write the export of all of a US city's services; every third row is a missed collection."""
    services = ("Missed Food Waste Collection", "Missed Grass Cutting", "Pothole")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Unique Key", "External Ticket ID", "Created Date", "Closed Date", "Agency Name", "Complaint Type",
                     "Incident Address", "Incident Zip", "Status", "Open Data Channel Type", "Latitude",
                     "Longitude"])  # fmt: skip
    for case in found:
        date = "%m/%d/%Y %I:%M:%S %p"
        writer.writerow([
            50_000_000 + case.number, f"EXT-{case.number * 7}", case.reported.strftime(date),
            case.closed.strftime(date) if case.closed else "1900-01-01T00:00:00", "Sanitation",
            services[case.number % 3], case.person[1], "10025", case.status,
            {"Web": "ONLINE", "Online": "ONLINE", "Telephone": "PHONE", "Email": "MOBILE"}.get(case.channel, "UNKNOWN"),
            f"{40.7 + case.number / 1e5:.6f}", f"{-73.9 - case.number / 1e5:.6f}",
        ])  # fmt: skip
    path.write_text(text.getvalue(), "utf-8")
    return path


def iso(path: Path, found: Sequence[Case]) -> Path:
    """Write ISO 8601 with fractional digits and Z."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["service_request_id", "requested_datetime", "closed_datetime", "source", "status", "address"])
    for case in found:
        moment = case.reported.strftime("%Y-%m-%dT%H:%M:%S.1234567Z")
        closed = case.closed.strftime("%Y-%m-%dT%H:%M:%S.1234567Z") if case.closed else ""
        writer.writerow([f"SR-{case.number}", moment, closed, case.channel, case.status, case.person[1]])
    path.write_text(text.getvalue(), "utf-8")
    return path


def xlsx(path: Path, found: Sequence[Case]) -> Path:
    """Write a workbook with native dates, a title above the header and an empty first sheet."""
    book = openpyxl.Workbook()
    book.create_sheet("About")
    sheet = book["Sheet"]
    sheet.title = "Data"
    sheet.append(["Missed bins report"])
    sheet.append([])
    sheet.append(
        ["Enquiry Number", "Logged Date", "Completed Date", "Contact Method", "Waste Type", "Resident", "UPRN"]
    )
    for case in found:
        sheet.append(
            [case.number, case.reported, case.closed, case.channel, case.bin, case.person[0], int(case.person[4])]
        )
    book.save(path)
    return path


def ndjson(path: Path, found: Sequence[Case]) -> Path:
    """Write a JSON object a line, with names inside names."""
    lines = [
        json.dumps({
            "id": f"c-{case.number}", "createdAt": case.reported.strftime("%Y-%m-%dT%H:%M:%S"),
            "contact": {"channel": case.channel, "name": case.person[0], "email": case.person[2]},
            "location": {"ward": case.ward, "lat": 52.41234, "address": case.person[1]},
            "case": {"status": case.status, "closedAt": case.closed.isoformat() if case.closed else None},
        })
        for case in found
    ]  # fmt: skip
    path.write_text("\n".join(lines), "utf-8")
    return path


def json_answer(path: Path, found: Sequence[Case]) -> Path:
    """Write an API's answer, with the records below a name."""
    records = [
        {"caseId": case.number, "created": case.reported.strftime("%Y-%m-%dT%H:%M:%SZ"), "channel": case.channel,
         "requester": case.person[0]}
        for case in found
    ]  # fmt: skip
    path.write_text(json.dumps({"meta": {"page": 1, "links": []}, "data": {"items": records}}), "utf-8")
    return path


def event_log(path: Path, found: Sequence[Case]) -> Path:
    """Write a row for each change of a case's status."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Event ID", "Case Ref", "Date Reported", "Status Date", "Status", "Channel", "Changed By"])
    number = 0
    for case in found:
        steps = [(case.reported, "Open"), (case.reported + dt.timedelta(minutes=20), "In Progress")]
        steps += [(case.closed, "Closed")] if case.closed else []
        for moment, status in steps:
            number += 1
            writer.writerow([number, f"MB{case.number}", f"{case.reported:%d/%m/%Y %H:%M}", f"{moment:%d/%m/%Y %H:%M}",
                             status, case.channel, case.person[0]])  # fmt: skip
    path.write_text(text.getvalue(), "utf-8")
    return path


def counts(path: Path) -> Path:
    """Write weekly counts by channel, and a row of totals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Week Commencing", "Channel", "Number of reports"])
    for week in range(10):
        for channel, number in (("Online", 1200 + week), ("Phone", 80), ("Letter", 2)):
            writer.writerow([f"{START.date() + dt.timedelta(days=7 * week):%d/%m/%Y}", channel, f"{number:,}"])
    writer.writerow(["Total", "", "12,865"])
    path.write_text(text.getvalue(), "utf-8")
    return path


def headerless(path: Path, found: Sequence[Case]) -> Path:
    """Write rows without a header."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="|", lineterminator="\n")
    for case in found:
        writer.writerow(
            [f"R{case.number:05}", f"{case.reported:%d-%b-%Y %H:%M}", case.channel, case.person[0], case.bin]
        )
    path.write_text(text.getvalue(), "utf-8")
    return path


def no_reference(path: Path, found: Sequence[Case]) -> Path:
    """Write an export without any reference and without a channel."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Reported", "Bin", "Property Address"])
    for case in found:
        writer.writerow([f"{case.reported:%d/%m/%Y %H:%M}", case.bin, case.person[1]])
    path.write_text(text.getvalue(), "utf-8")
    return path


@dataclass(frozen=True)
class Shape:
    """An export to profile. accepted: how many candidate records ingest has to make of it."""

    name: str
    write: Callable[[Path], Path]
    accepted: int
    delivery: str = "snapshot"
    first: dt.datetime | None = None


def shapes() -> list[Shape]:
    """Return every shape of a single file."""
    many, few = cases(300), cases(60)
    at = many[0].reported
    return [
        Shape("solihull", lambda folder: solihull(folder / "missed_20251205.csv", many), 300, first=at),
        Shape("semicolons", lambda folder: solihull(
            folder / "bins 05-12-2025.csv", many, delimiter=";", encoding="utf-8", end="\n"), 300, first=at),
        Shape("utf-16", lambda folder: solihull(
            folder / "export.txt", many, delimiter="\t", encoding="utf-16"), 300, first=at),
        Shape("title lines", lambda folder: solihull(
            folder / "x.csv", many, title="Missed bins report\r\nRun on,05/12/2025\r\n\r\n"), 300, first=at),
        Shape("two-digit years", lambda folder: solihull(folder / "x.csv", many, date="%d.%m.%y %H:%M"), 300, first=at),
        Shape("us 311", lambda folder: us_311(folder / "311_Service_Requests.csv", many), 100),
        Shape("iso", lambda folder: iso(folder / "requests-2025-12-05.csv", many), 300, first=at),
        Shape("xlsx", lambda folder: xlsx(folder / "bins.xlsx", many), 300, first=at),
        Shape("ndjson", lambda folder: ndjson(folder / "cases.ndjson", many), 300, first=at),
        Shape("json", lambda folder: json_answer(folder / "answer.json", few), 60, first=few[0].reported),
        Shape("event log", lambda folder: event_log(folder / "log.csv", few),
              180 - sum(case.closed is None for case in few), "event_log"),
        Shape("counts", lambda folder: counts(folder / "weekly.csv"), 30, "aggregate"),
        Shape("headerless", lambda folder: headerless(folder / "bins.dat", many), 300, first=at),
        Shape("no reference", lambda folder: no_reference(folder / "bins.csv", many), 300, first=at),
        Shape("undecidable", lambda folder: solihull(folder / "y.csv", cases(80, only_days=range(1, 13))), 80),
    ]  # fmt: skip
