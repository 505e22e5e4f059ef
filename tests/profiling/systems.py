"""Made-up exports in the shapes of the systems that libraries, council tax and bus passes are run with.

The shapes are typical, the rows invented; each says what its draft has to map without anybody's help.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import openpyxl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LIBRARY, COUNCIL_TAX, BUS_PASS = "renew-library-book", "pay-council-tax", "renew-transport-concession"
START = dt.datetime(2025, 10, 6, 8, 5)  # noqa: DTZ001 - a local time, as the systems write it
# Whatever is about a person holds one of these, and none of them may ever be shown.
PLANTED = ("Zz", "zz", "Qq", "7799", "1951", "1987", "CV32 4")
BRANCHES = ("Leamington", "Nuneaton", "Rugby", "Stratford", "Atherstone")
_NAMES = ("Zzpatel", "Zzobrien", "Zznguyen", "Zzkowalski")
_BORN = ("1951", "1987")


class Chance:
    """What stands in one row: everything is invented from its number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._random = random.Random(number)  # noqa: S311 - invented rows
        self.at = START + dt.timedelta(minutes=number * 191 + self._random.randrange(60))
        self.later = self.at + dt.timedelta(hours=self._random.randrange(2, 200))

    def of(self, *words: Any) -> Any:
        """Return one of some words, the first ones more often than the last."""
        return words[min(self._random.randrange(len(words)), self._random.randrange(len(words)))]

    def upto(self, most: int) -> int:
        return self._random.randrange(1, most + 1)

    def day(self) -> str:
        return f"{self.at:%d/%m/%Y}"

    def time(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M}"

    def pounds(self) -> str:
        return f"{self._random.randrange(2_000, 24_000) / 100:.2f}"

    def name(self) -> str:
        return f"Jo {self.of(*_NAMES)} {self.number}"

    def card(self) -> str:
        return f"7799{self.number % 90 + 10:08}"

    def born(self) -> str:
        return f"{self.number % 28 + 1:02}/{self.number % 12 + 1:02}/{_BORN[self.number % 2]}"


@dataclass(frozen=True)
class System:
    """An export.

    maps: the column that each field has to be taken from. words: by field, the value of some of its words. rows: how
    many ingest has to accept. only: the filter's words, for exports of other services too. leaves: fields that the
    draft must not map. doubts: what it must say.
    """

    name: str
    transaction: str
    file: str
    header: str
    row: Callable[[Chance], list[Any]]
    maps: dict[str, str]
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    delivery: str = "snapshot"
    accepted: int | None = None
    only: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    count: int = 240

    def write(self, folder: Path) -> Path:
        """Write the export, in the format that its name ends with."""
        path = folder / self.file
        names = self.header.split("|")
        rows = [self.row(Chance(number + 1)) for number in range(self.count)]
        if path.suffix == ".xlsx":
            book = openpyxl.Workbook()
            sheet = book.active
            for row in [names, *rows]:
                sheet.append(row)
            book.save(path)
        elif path.suffix == ".ndjson":
            path.write_text("\n".join(json.dumps(_nested(names, row)) for row in rows), "utf-8")
        else:
            text = io.StringIO(newline="")
            csv.writer(text).writerows([names, *rows])
            path.write_bytes(text.getvalue().encode("windows-1252"))
        return path


def _nested(names: list[str], row: list[Any]) -> Mapping[str, Any]:
    """Return a record in which `pass.type` is the type inside of a pass."""
    record: dict[str, Any] = {}
    for name, cell in zip(names, row, strict=True):
        inside, _, last = name.rpartition(".")
        (record.setdefault(inside, {}) if inside else record)[last] = cell
    return record


def _weekly(chance: Chance, *kinds: tuple[str, ...]) -> list[str]:
    """Return the Monday and the kinds of a row of counts, each combination once."""
    combinations = [[]]  # type: list[list[str]]
    for words in kinds:
        combinations = [[*before, word] for before in combinations for word in words]
    number = chance.number - 1
    week = START.date() + dt.timedelta(days=7 * (number // len(combinations)))
    return [f"{week:%d/%m/%Y}", *combinations[number % len(combinations)]]


def _monthly(chance: Chance, *kinds: tuple[str, ...]) -> list[str]:
    monday, *words = _weekly(chance, *kinds)
    weeks = (dt.datetime.strptime(monday, "%d/%m/%Y") - START).days // 7 + 1  # noqa: DTZ007 - a day
    return [f"{dt.date(2024 + weeks // 12, weeks % 12 + 1, 1):%b %Y}", *words]


LIBRARIES = (
    System(
        "sirsi", LIBRARY, "translog_20251205.csv",
        "Transaction ID|Date/Time|Command|Station Library|Interface|User ID|User Profile|User Birth Date|Item ID|"
        "Item Title|Home Location",
        lambda c: [f"T{c.number:06}", f"{c.at:%d/%m/%Y %H:%M:%S}", c.of("Renew Item", "Charge Item", "Discharge Item"),
                   c.of(*BRANCHES), c.of("WorkFlows", "iBistro", "BookMyne", "Self Check"), c.card(),
                   c.of("ADULT", "CHILD", "OAP"), c.born(), f"3{c.number:09}", f"Book {c.number % 40}",
                   c.of("FICTION", "NONFIC")],
        {"record_ref": "Transaction ID", "reported_at": "Date/Time", "branch": "Station Library",
         "channel": "Interface", "age_group": "User Profile"},
        {"channel": {"WorkFlows": "face-to-face", "iBistro": "online", "BookMyne": "app", "Self Check": "kiosk"},
         "age_group": {"CHILD": "under-18", "OAP": "65-and-over"}},
        only=("Renew Item",), doubts=("not mapped: ADULT",),
    ),
    System(
        "alto", LIBRARY, "renewals 05-12-2025.csv",
        "Loan Id|Renewed On|Branch Name|Borrower No|Borrower Type|Age Band|Renewal Method|Due Date|New Due Date|Title",
        lambda c: [c.number + 500_000, c.time(), c.of(*BRANCHES), c.card(), c.of("Standard", "Staff", "Home library"),
                   c.of("0-4", "5-11", "12-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"),
                   c.of("Web OPAC", "Library counter", "Self-service kiosk", "Telerenewal", "Telephone"),
                   c.day(), f"{c.at + dt.timedelta(days=21):%d/%m/%Y}", f"Title {c.number % 50}"],
        {"record_ref": "Loan Id", "reported_at": "Renewed On", "branch": "Branch Name", "age_group": "Age Band",
         "channel": "Renewal Method"},
        {"age_group": {"0-4": "under-18", "12-17": "under-18", "18-24": "18-to-24", "65-74": "65-and-over",
                       "75+": "65-and-over"},
         "channel": {"Web OPAC": "online", "Library counter": "face-to-face", "Self-service kiosk": "kiosk",
                     "Telerenewal": "phone-automated", "Telephone": "phone"}},
    ),
    System(
        "sessions", LIBRARY, "renewals_05122025.csv",
        "Transaction No|Renewed On|Channel|Result|Age Band|Library|Items Renewed|Satisfaction (1-5)|Card Number|"
        "Borrower",
        lambda c: [f"LR-{c.number:05}", c.time(), c.of("My Library Account", "Library App", "Renewal Line (24h)",
                                                      "Telephone", "Library Desk", "Self-Service Unit"),
                   c.of("Completed", "Completed", "Completed", "Timed out", "Abandoned"),
                   c.of("Under 18", "18-24", "25-34", "65+"),
                   c.of(*BRANCHES), c.of(c.upto(12), c.upto(12), ""), c.of("", "N/A", 5, 4, 1), c.card(), c.name()],
        {"record_ref": "Transaction No", "reported_at": "Renewed On", "channel": "Channel", "status": "Result",
         "age_group": "Age Band", "branch": "Library", "items": "Items Renewed", "rating": "Satisfaction (1-5)"},
        {"status": {"Completed": "completed", "Timed out": "abandoned", "Abandoned": "abandoned"},
         "age_group": {"Under 18": "under-18", "65+": "65-and-over"},
         "channel": {"Library App": "app", "Renewal Line (24h)": "phone-automated", "Library Desk": "face-to-face",
                     "Self-Service Unit": "kiosk", "My Library Account": "online"}},
        doubts=("5 has to be very satisfied",),
    ),
    System(
        "counts by week", LIBRARY, "library renewals.csv", "Week Commencing|Library|Channel|Transactions|Items Renewed",
        lambda c: [*_weekly(c, BRANCHES, ("Online", "Kiosk", "Staff desk")), c.upto(90), c.upto(900)],
        {"period": "Week Commencing", "branch": "Library", "channel": "Channel", "count": "Transactions",
         "items": "Items Renewed"},
        {"channel": {"Online": "online", "Kiosk": "kiosk", "Staff desk": "face-to-face"}},
        delivery="aggregate", leaves=("record_ref", "reported_at"),
    ),
    System(
        "starts by month", LIBRARY, "take-up.csv", "Month|Access Channel|Age Group|Started|Completed",
        lambda c: [*_monthly(c, ("Website", "Library app"), ("Under 16", "16-17", "18-24", "65 and over")),
                   900 + c.number, 500 + c.upto(300)],
        {"period": "Month", "channel": "Access Channel", "age_group": "Age Group", "count": "Completed",
         "starts": "Started"},
        {"age_group": {"Under 16": "under-18", "16-17": "under-18", "65 and over": "65-and-over"}},
        delivery="aggregate", count=64,
        doubts=("`transactions-by-channel` cannot be published: counts by month make no weeks",),
    ),
    System(
        "spydus", LIBRARY, "spydus_20251205.csv",
        "Trans No.|Trans Date|Trans Time|Location|Borrower Category|Source|No. of Items|Operator",
        lambda c: [c.number + 90_000, c.day(), f"{c.at:%H:%M}", c.of(*BRANCHES),
                   c.of("Adult 18-24", "Adult 25-34", "Senior 65+", "Junior 0-11", "Adult 60+"),
                   c.of("OPAC", "Spydus Mobile", "SIP2", "Circulation"), c.upto(15), c.name()],
        {"record_ref": "Trans No.", "reported_at": "Trans Date", "branch": "Location",
         "age_group": "Borrower Category", "channel": "Source", "items": "No. of Items"},
        {"age_group": {"Adult 18-24": "18-to-24", "Senior 65+": "65-and-over", "Junior 0-11": "under-18"},
         "channel": {"OPAC": "online", "Spydus Mobile": "app", "SIP2": "kiosk", "Circulation": "face-to-face"}},
        doubts=("not mapped: Adult 60+",),
    ),
    System(
        "koha", LIBRARY, "action_logs.ndjson",
        "id|datetime|type|branch|interface|borrower.number|borrower.category|borrower.dateofbirth",
        lambda c: [c.number, f"{c.at:%Y-%m-%dT%H:%M:%S}", c.of("renew", "issue", "return"), c.of(*BRANCHES),
                   c.of("opac", "intranet", "sip"), c.card(), c.of("J", "S", "PT"), c.born()],
        {"record_ref": "id", "reported_at": "datetime", "branch": "branch", "channel": "interface"},
        {"channel": {"opac": "online", "sip": "kiosk"}}, only=("renew",), leaves=("age_group",),
    ),
    System(
        "exact ages", LIBRARY, "desk.csv", "Ref|Date|Method|Age|D.O.B.|Library|Loans",
        lambda c: [f"R{c.number}", c.time(), c.of("Counter", "Phone", "Email"), c.upto(90), c.born(), c.of(*BRANCHES),
                   c.upto(9)],
        {"record_ref": "Ref", "reported_at": "Date", "channel": "Method", "branch": "Library", "items": "Loans"},
        leaves=("age_group", "rating"),
    ),
    System(
        "side by side", LIBRARY, "pivot.csv", "Month|Library|Web|Telephone|Kiosk|Total",
        lambda c: [*_monthly(c, BRANCHES), c.upto(400), c.upto(90), c.upto(900), 1_400 + 7 * c.number],
        {"period": "Month", "branch": "Library", "count": "Total"}, delivery="aggregate", count=60,
        doubts=("THE CHANNELS STAND SIDE BY SIDE (`Web`, `Telephone`, `Kiosk`)", "no column says the channel"),
    ),
    System(
        "workbook", LIBRARY, "Renewals.xlsx",
        "Date Renewed|Library Name|How Renewed|Customer Age Group|Loans Renewed|Feedback Score|Ticket holder",
        lambda c: [c.at, c.of(*BRANCHES), c.of("On-line", "In person", "Self issue machine", "By phone"),
                   c.of("Child", "18 - 24", "25 - 34", "35 - 44", "65 +"), c.upto(8), c.of(None, 5, 4, 3), c.name()],
        {"reported_at": "Date Renewed", "branch": "Library Name", "channel": "How Renewed",
         "age_group": "Customer Age Group", "items": "Loans Renewed", "rating": "Feedback Score"},
        {"channel": {"In person": "face-to-face", "Self issue machine": "kiosk", "By phone": "phone"},
         "age_group": {"18 - 24": "18-to-24", "65 +": "65-and-over", "Child": "under-18"}},
    ),
)  # fmt: skip

PAYMENTS = (
    System(
        "icon", COUNCIL_TAX, "receipts_20251205.csv",
        "Receipt No|Receipt Date|Fund|Account Reference|Payer Name|MOP|Source|Amount|Cashier",
        lambda c: [f"{c.number:07}", c.time(), c.of("Council Tax", "NNDR", "Housing Rents", "Sundry Debtors"),
                   c.card(), c.name(), c.of("DEBIT CARD", "CREDIT CARD", "CASH", "CHEQUE", "BACS"),
                   c.of("Internet", "ATP", "Cash Office", "Post Office", "Call Centre"), f"£{c.pounds()}", c.name()],
        {"record_ref": "Receipt No", "reported_at": "Receipt Date", "channel": "Source", "payment_method": "MOP",
         "amount": "Amount"},
        {"channel": {"Internet": "online", "ATP": "phone-automated", "Cash Office": "face-to-face",
                     "Post Office": "paypoint", "Call Centre": "phone"},
         "payment_method": {"DEBIT CARD": "card", "CASH": "cash", "CHEQUE": "cheque", "BACS": "bank-transfer"}},
        only=("Council Tax",),
    ),
    System(
        "northgate", COUNCIL_TAX, "CTPAY.csv",
        "Account Ref|Payment Date|Payment Type|Amount Paid (£)|Liable Party|Property Address|Balance",
        lambda c: [c.card(), c.day(), c.of("Direct Debit", "DD", "Standing Order", "PayPoint", "Web Card", "Cheque"),
                   f"-{c.pounds()}", c.name(), f"{c.number} Qqhigh Street", c.pounds()],
        {"reported_at": "Payment Date", "channel": "Payment Type", "amount": "Amount Paid (£)"},
        {"channel": {"Direct Debit": "direct-debit", "DD": "direct-debit", "Standing Order": "bank-transfer",
                     "PayPoint": "paypoint", "Web Card": "online"}},
        leaves=("record_ref", "payment_method"),
        doubts=("MOST AMOUNTS ARE BELOW ZERO", "a column serves one field"),
    ),
    System(
        "pay360", COUNCIL_TAX, "payments_20251205.csv",
        "Transaction ID|Transaction Date|Payment Channel|Payment Method|Transaction Status|Amount Paid (£)|"
        "Reference 1|Email|Satisfaction",
        lambda c: [f"{c.number:012}", f"{c.at:%Y-%m-%dT%H:%M:%SZ}",
                   c.of("Web", "Touchtone", "Agent Telephone", "Kiosk"), c.of("Visa Debit", "Mastercard", "PayPal"),
                   c.of("Success", "Success", "Success", "Timed Out", "Cancelled by customer"), c.pounds(), c.card(),
                   f"{c.of(*_NAMES).lower()}@example.org", c.of("", "", 1, 2, 3)],
        {"record_ref": "Transaction ID", "reported_at": "Transaction Date", "channel": "Payment Channel",
         "payment_method": "Payment Method", "status": "Transaction Status", "amount": "Amount Paid (£)",
         "rating": "Satisfaction"},
        {"channel": {"Web": "online", "Touchtone": "phone-automated", "Agent Telephone": "phone",
                     "Kiosk": "face-to-face"},
         "payment_method": {"Visa Debit": "card", "Mastercard": "card", "PayPal": "other"},
         "status": {"Success": "completed", "Timed Out": "abandoned", "Cancelled by customer": "abandoned"}},
        doubts=("NO RATING OVER 3",),
    ),
    System(
        "govuk pay", COUNCIL_TAX, "GOVUK_Pay_2025-12-05.csv",
        "Amount|Reference|Description|Email|Card Brand|Cardholder Name|Card Expiry Date|Card Number|State|Finished|"
        "Error Message|GOV.UK Payment ID|Date Created|Time Created|Corporate Card Surcharge|Total Amount",
        lambda c: [c.pounds(), c.card(), "Council tax", f"{c.of(*_NAMES).lower()}@example.org",
                   c.of("Visa", "Mastercard"), c.name(), "11/27", "7799",
                   c.of("Success", "Success", "Success", "Declined", "Cancelled", "Timed out"), "true", "",
                   f"abc{c.number:05}xyz", c.day(), f"{c.at:%H:%M:%S}", "0.00", c.pounds()],
        {"record_ref": "GOV.UK Payment ID", "reported_at": "Date Created", "status": "State",
         "payment_method": "Card Brand", "amount": "Amount"},
        {"status": {"Success": "completed", "Timed out": "abandoned"}},
        doubts=("no column says the channel",),
    ),
    System(
        "counts by month", COUNCIL_TAX, "ctax payments.csv", "Month|Payment Method|Number of Payments|Total Paid (£)",
        lambda c: [*_monthly(c, ("Direct Debit", "Standing Order", "PayPoint", "Online", "Automated telephone")),
                   f"{1_000 + c.upto(40_000):,}", f"£{c.upto(900_000):,}.00"],
        {"period": "Month", "channel": "Payment Method", "count": "Number of Payments", "amount": "Total Paid (£)"},
        {"channel": {"Direct Debit": "direct-debit", "PayPoint": "paypoint"}},
        delivery="aggregate", count=60,
    ),
    System(
        "starts by week", COUNCIL_TAX, "online payments.csv",
        "Week Ending|Channel|Payments Started|Payments Completed|Value of Payments",
        lambda c: [f"{dt.datetime.strptime(day, '%d/%m/%Y') + dt.timedelta(days=6):%d/%m/%Y}", channel,  # noqa: DTZ007
                   900 + c.number, 300 + c.upto(500), f"{c.upto(90_000)}.55"]
        if (found := _weekly(c, ("Web", "IVR"))) and (day := found[0]) and (channel := found[1]) else [],
        {"period": "Week Ending", "channel": "Channel", "starts": "Payments Started", "count": "Payments Completed",
         "amount": "Value of Payments"},
        delivery="aggregate", count=60,
    ),
    System(
        "outlets", COUNCIL_TAX, "allpay_051225.csv", "Payment ID|Date Paid|Outlet Type|Method|Payment Amount|PAN|Fee",
        lambda c: [f"AP{c.number}", c.time(), c.of("Post Office", "PayPoint", "Internet", "Automated phone line"),
                   c.of("Cash", "Card", "Cheque"), c.pounds(), c.card(), "0.35"],
        {"record_ref": "Payment ID", "reported_at": "Date Paid", "channel": "Outlet Type",
         "payment_method": "Method", "amount": "Payment Amount"},
    ),
    System(
        "one method", COUNCIL_TAX, "cash book.csv", "Reference|Paid On|Method|Value|Taxpayer",
        lambda c: [c.card(), c.day(), c.of("DD", "BACS", "Internet", "Payzone", "Cash Office"), c.pounds(), c.name()],
        {"reported_at": "Paid On", "channel": "Method", "amount": "Value"},
        {"channel": {"DD": "direct-debit", "BACS": "bank-transfer", "Cash Office": "face-to-face"}},
        leaves=("record_ref",),
    ),
    System(
        "pence", COUNCIL_TAX, "pence.ndjson", "paymentId|paidAt|channel|method|amountPence|payer.name",
        lambda c: [f"p-{c.number}", f"{c.at:%Y-%m-%dT%H:%M:%S+01:00}", c.of("web", "phone", "paypoint"),
                   c.of("card", "cash"), c.upto(30_000), c.name()],
        {"record_ref": "paymentId", "reported_at": "paidAt", "channel": "channel", "payment_method": "method"},
        leaves=("amount",),
    ),
    System(
        "services", COUNCIL_TAX, "forms.csv",
        "Form Ref|Form Name|Started At|Completed At|Submission Method|Status|Amount|Rating",
        lambda c: [f"FS-{c.number}", c.of("Pay your council tax", "Council tax change of address",
                                         "Report a missed bin", "Council tax payment plan"), c.time(),
                   f"{c.later:%d/%m/%Y %H:%M}", c.of("Self", "Assisted", "Mobile app"),
                   c.of("Completed", "Abandoned", "Draft"), c.pounds(),
                   c.of("", "Very satisfied", "Satisfied", "Dissatisfied")],
        {"record_ref": "Form Ref", "reported_at": "Started At", "channel": "Submission Method", "status": "Status",
         "amount": "Amount"},
        {"channel": {"Assisted": "assisted-digital", "Mobile app": "app"}},
        only=("Pay your council tax",), leaves=("rating",),
        doubts=("`Rating` is called like `rating`, but it holds no whole numbers from 1 to 5",),
    ),
)  # fmt: skip

PASSES = (
    System(
        "euclid", BUS_PASS, "passes_20251205.csv",
        "Application Ref|Application Date|Pass Type|Application Type|Source|Status|Issue Date|Expiry Date|Pass Number|"
        "Surname|Date of Birth|Postcode",
        lambda c: [f"BP{c.number:05}", c.day(), c.of("Older Person", "Disabled Person", "Disabled Person + Companion",
                                                    "Young Person"),
                   c.of("Renewal", "New", "Replacement"), c.of("Online", "Library", "Post", "One Stop Shop"),
                   c.of("Issued", "Issued", "Awaiting evidence", "Withdrawn"), f"{c.later:%d/%m/%Y}",
                   f"{c.at + dt.timedelta(days=1826):%d/%m/%Y}", c.card(), c.of(*_NAMES), c.born(), "CV32 4QQ"],
        {"record_ref": "Application Ref", "reported_at": "Application Date", "concession": "Pass Type",
         "request": "Application Type", "channel": "Source", "status": "Status", "closed_at": "Issue Date"},
        {"concession": {"Older Person": "older", "Disabled Person": "disabled",
                        "Disabled Person + Companion": "companion", "Young Person": "young"},
         "request": {"Renewal": "renewal", "New": "application", "Replacement": "replacement"},
         "status": {"Issued": "completed", "Awaiting evidence": "open", "Withdrawn": "abandoned"}},
    ),
    System(
        "esp", BUS_PASS, "CardRequests.csv",
        "RequestID|ISRN|CardHolderID|ProductName|RequestType|DateRequested|DateProduced|DateDespatched|Channel",
        lambda c: [c.number, c.card(), c.card(), c.of("ENCTS Older Persons", "ENCTS Disabled Persons",
                                                    "ENCTS Disabled with Companion", "Discretionary Scholar"),
                   c.of("Renewal", "First Issue", "Lost", "Stolen", "Damaged"), f"{c.at:%Y-%m-%d %H:%M:%S}",
                   f"{c.later:%Y-%m-%d %H:%M:%S}", f"{c.later:%Y-%m-%d %H:%M:%S}",
                   c.of("Portal", "Contact Centre", "Paper form")],
        {"record_ref": "RequestID", "reported_at": "DateRequested", "concession": "ProductName",
         "request": "RequestType", "channel": "Channel", "closed_at": "DateDespatched"},
        {"concession": {"ENCTS Older Persons": "older", "ENCTS Disabled Persons": "disabled",
                        "ENCTS Disabled with Companion": "companion"},
         "request": {"First Issue": "application", "Lost": "replacement", "Stolen": "replacement"},
         "channel": {"Paper form": "post"}},
    ),
    System(
        "case system", BUS_PASS, "cases_20251205.csv",
        "Case Ref|Request Type|Created|Closed|Contact Channel|Case Status",
        lambda c: [f"C{c.number}", c.of("Bus Pass Renewal", "Bus Pass - New Application", "Replacement Bus Pass",
                                       "Blue Badge Renewal", "Missed Bin"), c.time(), f"{c.later:%d/%m/%Y %H:%M}",
                   c.of("Web", "Telephone", "Face to Face", "Agent Web"), c.of("Closed", "In Progress")],
        {"record_ref": "Case Ref", "reported_at": "Created", "closed_at": "Closed", "channel": "Contact Channel",
         "status": "Case Status", "request": "Request Type"},
        {"request": {"Bus Pass Renewal": "renewal", "Bus Pass - New Application": "application",
                     "Replacement Bus Pass": "replacement"},
         "channel": {"Agent Web": "assisted-digital"}, "status": {"Closed": "completed"}},
        only=("Bus Pass Renewal", "Bus Pass - New Application", "Replacement Bus Pass"),
    ),
    System(
        "objects", BUS_PASS, "passes-2025-12-05.ndjson",
        "ref|received|issued|how|outcome|pass.type|pass.request|feedback.stars|holder.name|holder.born",
        lambda c: [f"W{c.number}", f"{c.at:%Y-%m-%dT%H:%M:%S}", c.of(f"{c.later:%Y-%m-%dT%H:%M:%S}", None),
                   c.of("web", "one-stop-shop", "phone", "staff-web"), c.of("Issued", "With assessor", "Not submitted"),
                   c.of("Older Person's", "Disabled Person's", "Disabled Person's with Companion", "Student"),
                   c.of("New", "Renewal", "Lost or damaged"), c.of(None, 5, 4), c.name(), c.born()],
        {"record_ref": "ref", "reported_at": "received", "closed_at": "issued", "channel": "how", "status": "outcome",
         "concession": "pass.type", "request": "pass.request", "rating": "feedback.stars"},
        {"concession": {"Older Person's": "older", "Disabled Person's with Companion": "companion",
                        "Student": "young"},
         "request": {"Lost or damaged": "replacement"}, "channel": {"staff-web": "assisted-digital"},
         "status": {"Issued": "completed", "With assessor": "open", "Not submitted": "abandoned"}},
    ),
    System(
        "counts", BUS_PASS, "passes by month.csv",
        "Month|Concession|Request|Channel|Applications Started|Passes Issued",
        lambda c: [*_monthly(c, ("Older", "Disabled"), ("New", "Renewal"), ("Online", "Post")), 400 + c.number,
                   c.upto(300)],
        {"period": "Month", "concession": "Concession", "request": "Request", "channel": "Channel",
         "starts": "Applications Started", "count": "Passes Issued"},
        delivery="aggregate", count=64,
    ),
    System(
        "form", BUS_PASS, "form.csv",
        "Submission Id|Submitted|Completed|Eligibility|New or renewal|Submission Method|Age|Proof of disability",
        lambda c: [c.number, c.time(), f"{c.later:%d/%m/%Y %H:%M}",
                   c.of("State pension age", "Blind or partially sighted", "Learning disability", "Companion"),
                   c.of("New application", "Renewal", "Replacement (lost)"), c.of("Online", "Assisted", "Paper"),
                   60 + c.upto(30), f"Qqletter {c.number}"],
        {"record_ref": "Submission Id", "reported_at": "Submitted", "closed_at": "Completed",
         "concession": "Eligibility", "request": "New or renewal", "channel": "Submission Method"},
        {"concession": {"State pension age": "older", "Blind or partially sighted": "disabled",
                        "Learning disability": "disabled", "Companion": "companion"},
         "request": {"Replacement (lost)": "replacement"}},
    ),
    System(
        "card bureau", BUS_PASS, "orders.csv",
        "Order ID|Order Date|Card Type|Order Type|Dispatch Date|Valid From|Valid To|Card Serial|Route",
        lambda c: [f"O{c.number}", c.day(), c.of("Senior", "Disabled", "Companion"), c.of("Renewal", "New", "Reissue"),
                   f"{c.later:%d/%m/%Y}", c.day(), f"{c.at + dt.timedelta(days=1826):%d/%m/%Y}", c.card(),
                   c.of("Online", "Paper form")],
        {"record_ref": "Order ID", "reported_at": "Order Date", "closed_at": "Dispatch Date",
         "concession": "Card Type", "request": "Order Type", "channel": "Route"},
        {"concession": {"Senior": "older", "Companion": "companion"}, "request": {"Reissue": "replacement"}},
    ),
    System(
        "how long a pass holds", BUS_PASS, "x.csv", "Ref|Applied|Start Date|End Date|Pass|Channel",
        lambda c: [f"R{c.number}", c.day(), c.day(), f"{c.at + dt.timedelta(days=1826):%d/%m/%Y}",
                   c.of("Older Person's Bus Pass", "Disabled Bus Pass", "Companion"), c.of("Web", "Post")],
        {"record_ref": "Ref", "reported_at": "Applied", "concession": "Pass", "channel": "Channel"},
        leaves=("closed_at",),
    ),
    System(
        "health in columns", BUS_PASS, "y.csv", "Ref|Date Applied|Disabled|Disability Type|How Applied|Reason",
        lambda c: [f"R{c.number}", c.day(), c.of("Y", "N"), c.of("Qqblind", "Qqdeaf"), c.of("Web", "Letter"),
                   c.of("Renewal", "New", "Lost")],
        {"record_ref": "Ref", "reported_at": "Date Applied", "channel": "How Applied", "request": "Reason"},
        leaves=("concession",),
    ),
    System(
        "workbook", BUS_PASS, "Passes.xlsx",
        "Application No|Date Received|Type of Pass|Type of Application|Method of Application|Date Issued|Satisfaction|"
        "Applicant Name|Year of Birth",
        lambda c: [c.number, c.at, c.of("Elderly", "Disabled", "Disabled + carer"), c.of("Renewal", "First time"),
                   c.of("On-line", "Library", "By post"), c.later, c.of(None, 5, 4, 2), c.name(),
                   int(c.of(*_BORN))],
        {"record_ref": "Application No", "reported_at": "Date Received", "concession": "Type of Pass",
         "request": "Type of Application", "channel": "Method of Application", "closed_at": "Date Issued",
         "rating": "Satisfaction"},
        {"concession": {"Elderly": "older", "Disabled + carer": "companion"},
         "request": {"First time": "application"}},
    ),
)  # fmt: skip
SYSTEMS = (*LIBRARIES, *PAYMENTS, *PASSES)
