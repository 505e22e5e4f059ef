"""A made-up fleet: council files after the reference table of authorities, a feed of every contract in each, and
exports to go with them.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from typing import TYPE_CHECKING, Any

import yaml

from local_digital.authorities import authorities
from local_digital.config.loading import load_councils, load_transactions
from local_digital.config.models import UNKNOWN_GSS_CODE, Division, Nation, Tier

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.authorities import Authority
    from local_digital.config.models import Transaction

_DATE = "%d/%m/%Y %H:%M"
_TEN_YEARS_AGO = dt.date(2016, 1, 4)
PLACES = [f"Area {number:02}" for number in range(1, 18)]
_IGNORED = ("Customer Name", "Address", "Email", "Notes")
_MADE_UP = ("Jordan Example", "1 Example Gardens, Sampleton", "jordan@example.org", "Please come back, it is full")
_INSTANTS = ("reported_at", "closed_at")
_ONE_IN = 10
# So few labels of a field that no count of a small export is a small one, which somebody would have to look at.
_COMMON = 3
_FOUR_WEEKS = dt.timedelta(weeks=4)
# The longest that a case is open.
_MOST_HOURS = 70


def write_councils(
    config: Path, councils: int, *, drop: str = "drop", covers_from: dt.date = _TEN_YEARS_AGO, markers: bool = True
) -> list[str]:
    """Write the files of so many councils into `config/councils`; return their slugs.

    Each has a feed of every contract. Authorities that provide all of them keep code and tier; the others, whose tier
    would not, stand as unitary ones of no known code. drop: the folder of the exports, which are in a folder for each
    council and in that one for each transaction. covers_from: of all feeds. markers: whether each export has one (its
    name with `.done`). Raises ValueError when the table has not so many authorities, ConfigurationError when a file is
    not right.
    """
    contracts = load_transactions(config)[0]
    known = sorted(authorities(), key=lambda one: (not _provides_all(one, contracts), not one.current, one.slug))
    if councils > len(known):
        raise ValueError(f"the reference table has {len(known)} authorities, {councils} were wanted")
    for number, authority in enumerate(known[:councils]):
        facts = _facts(authority, number, contracts, drop, covers_from, markers)
        path = config / "councils" / f"{authority.slug}.yaml"
        path.write_text(yaml.dump(facts, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
    read, errors = load_councils(config)
    if errors:
        raise errors[0]
    return list(read)


def write_export(path: Path, contract: Transaction, rows: int, night: dt.date, seed: int) -> None:
    """Write an export of so many cases as CSV, reported within four weeks, newest last, all closed by the night (05:00
    UTC). seed: tells exports apart; the same one writes the same file.
    """
    generator = random.Random(seed)  # noqa: S311 - made-up rows, no secret
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*map(_header, contract.fields), *_IGNORED])
        last = dt.datetime.combine(night, dt.time(5), dt.UTC) - dt.timedelta(hours=_MOST_HOURS + 2)
        for number in range(rows):
            reported = last - _FOUR_WEEKS * (rows - 1 - number) / rows
            cells = (_cell(contract, name, number, reported, generator) for name in contract.fields)
            writer.writerow([*cells, *_MADE_UP])


def data_sets(contract: Transaction) -> list[str]:
    """Return the data sets that every feed of the fleet publishes: all of the contract but those about availability."""
    return [name for name, data_set in contract.data_sets.items() if not data_set.availability]


def data_group(council: str, transaction: str) -> str:
    """Return the platform's data group of a feed; it has 60 characters at most."""
    return f"{council[:48]}-{transaction.rpartition('-')[2]}"


def _provides_all(authority: Authority, contracts: dict[str, Transaction]) -> bool:
    return authority.current and all(
        authority.tier in contract.provided_by and (not contract.nations or authority.nation in contract.nations)
        for contract in contracts.values()
    )


def _facts(
    authority: Authority,
    number: int,
    contracts: dict[str, Transaction],
    drop: str,
    covers_from: dt.date,
    markers: bool,
) -> dict[str, Any]:
    own = _provides_all(authority, contracts)
    scotland = own and authority.nation == Nation.SCOTLAND
    return {
        "council": authority.slug,
        "name": authority.official_name,
        "gss_code": authority.gss_code if own else UNKNOWN_GSS_CODE,
        "tier": Tier.UNITARY.value,
        "bank_holidays": (Division.SCOTLAND if scotland else Division.ENGLAND_AND_WALES).value,
        "phase": 1 + number % 3,
        "schedule": f"{number % 60} 5 * * *",
        "privacy": {"connection": "privacy"},
        "platform": {"connection": "platform", "data_group": authority.slug},
        "feeds": {
            name: {
                **_feed(contract, data_group(authority.slug, name), covers_from),
                "source": {
                    "kind": "folder",
                    "folder": f"{drop}/{authority.slug}/{name}",
                    "files": "{date:%Y%m%d}.csv",
                    **({"marker": "{name}.done"} if markers else {}),
                },
            }
            for name, contract in contracts.items()
        },
    }


def _feed(contract: Transaction, group: str, covers_from: dt.date) -> dict[str, Any]:
    return {
        "stage": "live",
        "delivery": "rolling",
        "covers_from": covers_from.isoformat(),
        "format": {"kind": "csv", "encoding": "utf-8", "delimiter": ","},
        "columns": {name: _column(contract, name) for name in contract.fields},
        "ignored_columns": list(_IGNORED),
        "data_group": group,
        "publish": {name: {} for name in data_sets(contract)},
    }


def _column(contract: Transaction, field: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"from": _header(field)}
    if field in _INSTANTS:
        facts["formats"] = [_DATE]
    if contract.fields[field].values:
        facts["map"] = {label.name: name for name, label in contract.fields[field].values.items()}
    return facts


def _header(field: str) -> str:
    return field.replace("_", " ").title()


def _cell(contract: Transaction, field: str, number: int, reported: dt.datetime, generator: random.Random) -> str:
    labels = contract.fields[field].values
    if field == "status" and labels and generator.randrange(_ONE_IN):
        # Most are done, whatever the contract calls that.
        return next(label.name for label in labels.values() if label.closes and label.demand)
    if labels:
        return generator.choice([label.name for label in labels.values()][:_COMMON])
    cells = {
        "record_ref": f"C-{reported:%y%m%d}-{number:05}",
        "reported_at": f"{reported:{_DATE}}",
        "closed_at": f"{reported + dt.timedelta(hours=generator.randint(1, _MOST_HOURS)):{_DATE}}",
        "rating": f"{generator.randint(1, 5)}",
        "items": f"{generator.randint(1, 8)}",
        "starts": "1",
        "amount": f"{generator.randint(1000, 30000) / 100:.2f}",
        "premises_key": f"100071{generator.randrange(90_000):06}",
    }
    return cells.get(field) or generator.choice(PLACES[:_COMMON])
