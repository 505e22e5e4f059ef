"""Unmistakable personal data and secrets, made up; wherever one of them turns up, something has leaked."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

GIVEN, FAMILY = "Zebulonqx", "Quillfeatherqx"
UPRN = "100099988877"
TELEPHONE = "07700 900461"
POSTCODE = "ZX99 9QZ"
INSURANCE = "QQ 12 34 56 C"
STREET = "77 Hiddenlarkqx Lane"
NOTE = "the key lies beneath the gnomesqx"
# A reference is no secret until somebody is to be forgotten.
FORGOTTEN = "MB-ERASEQX-48151"

PERSONAL = {
    "given name": GIVEN,
    "family name": FAMILY,
    "e-mail": "zqmail.example",
    "street": "Hiddenlarkqx",
    "postcode": POSTCODE,
    "telephone": TELEPHONE.removeprefix("0"),
    "National Insurance number": INSURANCE,
    "premises": UPRN,
    "free text": "gnomesqx",
}

_SECRETS = (
    "sftp-password", "sftp-passphrase", "wrong-sftp-password", "api-password", "wrong-api-password", "issued-token",
    "open311-key", "wrong-open311-key", "platform-token", "wrong-platform-token", "privacy-secret", "pgp-passphrase",
    "webhook-address", "webhook-token", "smtp-password", "wrong-smtp-password", "database-password",
    "wrong-database-password", "store-key",
)  # fmt: skip
SECRETS = {name: f"hushqx-{name}-7Kq2Wz9f" for name in _SECRETS}

HEADER = (
    "Ref", "Reported", "How", "State", "Ward", "UPRN", "Customer", "Address", "Email", "Telephone", "NI", "Notes",
    "Comments", f"{GIVEN}.{FAMILY}header@zqmail.example", f"{FAMILY}header {TELEPHONE}",
)  # fmt: skip
FIRST_DAY = dt.date(2025, 10, 6)


def person(slot: str) -> dict[str, str]:
    """Somebody whose family name ends in where they were planted."""
    return {
        "Customer": f"Mr {GIVEN} {FAMILY}{slot}",
        "Address": f"{STREET}, {POSTCODE}",
        "Email": f"{GIVEN}.{FAMILY}{slot}@zqmail.example".lower(),
        "Telephone": TELEPHONE,
        "NI": INSURANCE,
        "Notes": f"{GIVEN} {FAMILY}{slot} of {STREET} says {NOTE}, {TELEPHONE}",
    }


def row(ref: str, slot: str, day: dt.date = FIRST_DAY, **cells: str) -> dict[str, str]:
    """A row that is fine but for what `cells` say, with a person in every column that nobody maps."""
    someone = person(slot)
    return {
        "Ref": ref, "Reported": f"{day}T10:00:00", "How": "Web", "State": "Open", "Ward": "Blythe", "UPRN": UPRN,
        **someone, "Comments": someone["Notes"], HEADER[-2]: someone["Customer"], HEADER[-1]: someone["Email"], **cells,
    }  # fmt: skip


def weeks(prefix: str, slot: str) -> list[dict[str, str]]:
    """Four weeks with enough reports in each of two wards for all to be published."""
    return [
        row(
            f"{prefix}-{week}-{number}", slot, FIRST_DAY + dt.timedelta(days=7 * week + number % 7),
            How=("Web", "Phone")[number % 2], Ward=("Blythe", "Olton")[number // 15],
            State=("Open", "Closed")[number % 2],
        )
        for week in range(4) for number in range(30)
    ]  # fmt: skip


def odd_rows(prefix: str, slot: str) -> list[dict[str, str]]:
    """Rows in which a person stands where nobody expects one: every mapped column, once each and more than once."""
    someone = person(f"{slot}cell")
    name = f"{GIVEN} {FAMILY}{slot}cell"
    loose = [someone["Email"], TELEPHONE, POSTCODE, someone["Customer"], STREET, f"{someone['Notes']}. " * 3]
    found = [
        {"Reported": f"{name} rang"}, {"Reported": "31/02/2025 10:00"}, {"How": name}, {"State": name}, {"UPRN": name},
        {"Ref": ""}, {"Ref": f"{name} " * 30},
        *({"Ward": word} for word in loose), *({"How": word} for word in loose * 2),
        *({"State": word} for word in loose * 2),
    ]  # fmt: skip
    return [row(f"{prefix}-odd-{number}", f"{slot}odd", **cells) for number, cells in enumerate(found)]


def as_csv(rows: Iterable[dict[str, str]], header: Iterable[str] = HEADER) -> str:
    """The rows as an export; columns that the header lacks are left out."""
    names = list(header)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([cells.get(name, "") for name in names] for cells in rows)
    return text.getvalue()
