"""A new council: its file with every fact that has to be found out marked, and a made-up sample with its figures.

The file is valid from the start, so that `local-digital check` reads it; the tests fail until no mark is left.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import TYPE_CHECKING

import yaml

from local_digital.authorities import called
from local_digital.calendar import midnight, period_end, period_start
from local_digital.config.formats import CsvFormat
from local_digital.config.loading import load_council, load_transactions
from local_digital.config.models import UNKNOWN_GSS_CODE, Council, Division, Tier
from local_digital.config.sources import FileFacts
from local_digital.errors import ConfigurationError
from local_digital.fields import FIELDS, Kind
from local_digital.settings import from_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.config.models import Feed, Transaction

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ENDING = "-local-authority"
# What the platform allows for a data group, which is the slug with an ending.
_LONGEST_SLUG = 60 - len(_ENDING)
_MONDAY = dt.date(2026, 1, 5)
_EXPORT_DAY = dt.date(2026, 1, 9)
_ROWS = 3
_PERSONAL = "Customer Name"


def scaffold(slug: str, transaction: str, folder: Path, sample: Path | None = None) -> list[Path]:
    """Write the files of a new council into a checkout of this project; return them.

    Those are `include/councils/<slug>.yaml`, unless it is there and the sample is made for it, and, below
    `tests/councils/<slug>/`, `expected.yaml` and, for a CSV with a header on top, `sample.csv`. sample: an export of
    the council's, from which the file is drafted; no row of it is copied. Raises ConfigurationError when the slug is
    none, the transaction is unknown, or a file of its tests is there already, DataError when the export cannot be used:
    nothing is written then.
    """
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST_SLUG:
        raise ConfigurationError(
            f"council {slug!r}",
            expected=f"small letters and digits with single hyphens between them, {_LONGEST_SLUG} at most",
            found="something else",
            action="For example `make council NAME=east-riding-of-yorkshire`.",
        )
    contracts, errors = load_transactions(folder / "include")
    if transaction not in contracts:
        raise ConfigurationError(
            f"{folder / 'include' / 'transactions'}: {transaction}",
            expected=f"one of {', '.join(contracts) or 'the contracts of a checkout of this project'}",
            found="no such contract",
            action=str(errors[0]) if errors else "Check the spelling, or write the contract first.",
        )
    contract = contracts[transaction]
    path = folder / "include" / "councils" / f"{slug}.yaml"
    files: dict[Path, bytes] = {}
    header, monday = None, _MONDAY
    if path.exists():
        feed = load_council(folder / "include", slug).feeds.get(transaction)
        if feed is None:
            raise ConfigurationError(
                str(path),
                expected=f"a feed for {transaction}",
                found="none",
                action="Add it to the council's file first, or name another transaction.",
            )
    else:
        council = _council(slug, contract)
        if sample is not None:
            council, header, monday = _drafted(slug, contract, sample)
        files[path] = council.encode()
        # As the loader reads it: every scalar is text.
        feed = Council.model_validate(yaml.load(council, Loader=yaml.BaseLoader)).feeds[transaction]
    delivered_as = sample.name if sample else _name_of_an_export(feed)
    made_up = _sample(feed, header, monday)
    tests = folder / "tests" / "councils" / slug
    if made_up:
        files[tests / "sample.csv"] = made_up
    expected = _expected(transaction, "sample.csv" if made_up else "", delivered_as, monday)
    files[tests / "expected.yaml"] = expected.encode()
    there = [str(path) for path in files if path.exists()]
    if there:
        raise ConfigurationError(
            f"council {slug}",
            expected="none of its files to be there yet",
            found=", ".join(there),
            action="Go on with these, or remove them first; nothing is overwritten.",
        )
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    return list(files)


def _who(slug: str, contract: Transaction) -> str:
    """Return what the reference table knows of the council, or placeholders where no authority is called so."""
    authority = called(slug)
    if authority is not None and authority.tier in contract.provided_by:
        division = {"scotland": Division.SCOTLAND, "northern-ireland": Division.NORTHERN_IRELAND}.get(
            authority.nation, Division.ENGLAND_AND_WALES
        )
        return (
            f"name: {_scalar(authority.official_name)}\ngss_code: {authority.gss_code}\ntier: {authority.tier}\n"
            f"bank_holidays: {division}"
        )
    tier = Tier.UNITARY if Tier.UNITARY in contract.provided_by else contract.provided_by[0]
    return f"""\
name: {_scalar(slug.replace("-", " ").title())} # CHECK: the council's full name
gss_code: {UNKNOWN_GSS_CODE} # CHECK: the nine characters that the Office for National Statistics gave it
tier: {tier} # CHECK: {" or ".join(contract.provided_by)}
bank_holidays: england-and-wales # CHECK: or scotland, northern-ireland"""


def _council(slug: str, contract: Transaction) -> str:
    name = contract.transaction
    connection = slug.replace("-", "_")
    return f"""\
# Facts only; docs/adding-a-council.md goes through the keys. Each CHECK is a fact to find out: correct it, then take
# the comment away. The tests fail until none is left.
council: {slug}
{_who(slug, contract)}
phase: 2 # CHECK: 1, 2 or 3
schedule: "20 5 * * *" # CHECK: when to look for the export (cron, Europe/London); spread the councils over the hour

privacy:
  connection: {connection}_privacy
  retention_days: 90 # CHECK: days until raw files go, as agreed

platform:
  connection: {connection}_platform
  data_group: {slug}{_ENDING} # CHECK: as the platform calls it

feeds:
  {name}:
    delivery: snapshot # CHECK: or delta, rolling, event_log, aggregate
    covers_from: {_MONDAY} # CHECK: the first day for which the exports are complete
    source:
      kind: sftp # CHECK: or folder, api, open311
      connection: {connection}_sftp
      folder: outgoing # CHECK: where the exports are
      files: "{name}_{{date:%Y%m%d}}.csv" # CHECK: what they are called
      name_date: extract-day # CHECK: or data-day, when the name carries the last day in the file
      expected_by: "09:00" # CHECK: until when a run waits for the night's export
    format: {{ kind: csv }} # CHECK: encoding and delimiter are found out when not given
    columns:
{"".join(_columns(contract))}\
    # CHECK: columns that are sent and must never be read: names, addresses, notes
    ignored_columns: [{_PERSONAL}]
    # CHECK: once the council has signed off its figures: {_offered(contract) or "no data sets yet"}
    publish: {{}}
"""


def _offered(contract: Transaction) -> str:
    # Availability needs the council's `page` first.
    return ", ".join(name for name, data_set in contract.data_sets.items() if not data_set.availability)


def _columns(contract: Transaction) -> Iterator[str]:
    for name, field in contract.fields.items():
        needed = "" if field.required else "; take the line away when there is no such column"
        column = _scalar(_title(name))
        if FIELDS[name] is Kind.INSTANT:
            facts = f'{{ from: {column}, formats: ["%d/%m/%Y %H:%M"] }}'
            yield f"      {name}: {facts} # CHECK: column and format{needed}\n"
        elif field.values:
            yield f"      {name}:\n        from: {column} # CHECK: the column{needed.replace('line', 'lines')}\n"
            yield "        map: # CHECK: every word that the council uses, with its value\n"
            for value, label in field.values.items():
                yield f"          {_scalar(label.name)}: {value}\n"
        else:
            yield f"      {name}: {{ from: {column} }} # CHECK: the column{needed}\n"


def _drafted(slug: str, contract: Transaction, sample: Path) -> tuple[str, list[str], dt.date]:
    """Return the council's file as profiled from an export, the export's header, and the last Monday in it."""
    from local_digital.profiling.draft import draft, look_up  # noqa: PLC0415 - only with an export at hand
    from local_digital.profiling.profile import profile  # noqa: PLC0415

    found = profile([sample], contract, connection=from_environment().connection)
    names = [column.name for column in found.columns]
    return draft(found, contract, look_up(slug)), names, max(found.weeks, default=_MONDAY)


def _sample(feed: Feed, header: list[str] | None, monday: dt.date) -> bytes | None:
    """Return made-up rows that the feed's mapping can read, None when its exports are no CSV with a header on top.

    header: the export's, the columns of the mapping and one of a person's name when not given.
    """
    facts = feed.format
    if not isinstance(facts, CsvFormat) or facts.names or (facts.header_line or 1) > 1:
        return None
    if header is None:
        named = [name for column in feed.columns.values() for name in (column.source, column.time_from) if name]
        others = [*(row.column for row in feed.rows), *(feed.ignored_columns or [_PERSONAL])]
        header = list(dict.fromkeys([*named, *others]))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter="," if facts.delimiter == "auto" else facts.delimiter)
    writer.writerow(header)
    fields = {column.source: name for name, column in feed.columns.items() if column.source}
    chosen = {row.column: (*row.in_, *(pattern.replace("*", "") for pattern in row.like)) for row in feed.rows}
    for number in range(_ROWS):
        cells = {name: _cell(feed, field, number, monday) for name, field in fields.items()}
        cells |= {
            column.time_from: _date_and_time(feed, name, number, monday)[1]
            for name, column in feed.columns.items()
            if column.time_from
        }
        cells |= {name: words[0] for name, words in chosen.items() if words}
        writer.writerow([cells.get(name, f"made-up {number + 1}") for name in header])
    return text.getvalue().encode("utf-8" if facts.encoding == "auto" else facts.encoding)


def _cell(feed: Feed, name: str, number: int, monday: dt.date) -> str:
    column = feed.columns[name]
    match FIELDS[name]:
        case Kind.INSTANT:
            return _date_and_time(feed, name, number, monday)[0]
        case Kind.LABEL:
            words = list(column.words) or [f"{column.source} {row + 1}" for row in range(_ROWS)]
            return words[number % len(words)]
        case Kind.NUMBER:
            return str(number + 1)
        case Kind.MONEY:
            return f"{number + 1}.50"
        case _:
            return f"10000000000{number + 1}"


def _date_and_time(feed: Feed, name: str, number: int, monday: dt.date) -> tuple[str, str]:
    """Return the cell of a date, and that of its time where the two stand apart."""
    column = feed.columns[name]
    moment = _moment(feed, name, number, monday)
    pattern = column.formats[0]
    if not column.time_from:
        return _written(moment, pattern), ""
    if pattern == "iso":
        return f"{moment:%Y-%m-%d}", f"{moment:%H:%M}"
    hour = re.search("%H|%I", pattern)
    end = hour.start() if hour else len(pattern)
    return moment.strftime(pattern[:end].strip()), moment.strftime(pattern[end:])


def _name_of_an_export(feed: Feed) -> str:
    """Return a name that fits the feed's pattern, as the export of the sample's day would have it."""
    if not isinstance(feed.source, FileFacts):
        return "answers.json"
    named = re.sub(r"\{date:([^{}]+)\}", lambda date: _EXPORT_DAY.strftime(date[1]), feed.source.files)
    return re.sub(r"\*\*/|\[[^\]]+\]", "", named).replace("*", "1").replace("?", "1")


def _moment(feed: Feed, name: str, number: int, monday: dt.date) -> dt.datetime:
    if name == "period" and feed.aggregate:
        start = period_start(feed.aggregate.period, monday)
        last = period_end(feed.aggregate.period, start) - dt.timedelta(days=1)
        return midnight(start if feed.aggregate.named_by == "start" else last)
    return midnight(monday) + dt.timedelta(hours=10 + number + (5 if name == "closed_at" else 0))


def _written(moment: dt.datetime, pattern: str) -> str:
    """Write a moment in one of the formats of `Column.formats`."""
    match pattern:
        case "iso":
            return f"{moment:%Y-%m-%dT%H:%M:%S}"
        case "epoch":
            return f"{moment.timestamp():.0f}"
        case "epoch-ms":
            return f"{moment.timestamp() * 1000:.0f}"
        case "excel":
            return str((moment.replace(tzinfo=None) - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1))  # noqa: DTZ001 - a spreadsheet's days have no zone
        case _:
            return moment.strftime(pattern)


def _expected(transaction: str, sample: str, delivered_as: str, monday: dt.date) -> str:
    return f"""\
# What must come of the sample. Count it by hand: the test is worth what you know without the program.
{transaction}:
  sample: {sample} # CHECK: the council's own header, and made-up rows of every kind that its exports hold
  delivered_as: {_scalar(delivered_as)} # CHECK: a name that the source would give it
  read: # CHECK: rows, without the header
  accepted: # CHECK: rows that are good
  quarantined: # CHECK: rows that break a rule
  duplicates: # CHECK: rows that repeat another one exactly
  filtered: 0 # CHECK: rows of other services
  warnings: 0 # CHECK: warnings, such as new columns and unmapped words
  weeks: # CHECK: transactions by the Monday of their week, such as `{{ {monday}: 3 }}`; duplicates and tests are none
"""


def _title(name: str) -> str:
    return {"record_ref": "Reference", "premises_key": "UPRN"}.get(name, name.replace("_", " ").title())


def _scalar(text: str) -> str:
    """Write a text as YAML, in quotes where it needs them."""
    return str(yaml.safe_dump(text, width=1000, allow_unicode=True)).removesuffix("...\n").strip()
