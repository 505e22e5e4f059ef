"""The shape of council and transaction files. Facts only; an unknown key is an error."""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from local_digital.fields import ALWAYS_REQUIRED, FIELDS, UNMAPPED, Kind

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
# The platform's rule for data groups and data types (reference: performance-platform contract).
PlatformName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", min_length=1, max_length=60)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
ConnectionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$", max_length=120)]


def _known_field(name: str) -> str:
    if name not in FIELDS:
        raise ValueError(f"a canonical field ({', '.join(FIELDS)})")
    return name


FieldName = Annotated[str, AfterValidator(_known_field)]


class Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Tier(StrEnum):
    COUNTY = "county"
    DISTRICT = "district"
    UNITARY = "unitary"
    METROPOLITAN = "metropolitan"
    LONDON_BOROUGH = "london-borough"


class Division(StrEnum):
    """Whose bank holidays count."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


class Sftp(Facts):
    """A folder on an SFTP server. `files` holds one `{date:...}` (strptime codes) when the name carries a date."""

    kind: Literal["sftp"]
    connection: ConnectionId
    folder: str = "."
    files: Word
    name_date: Literal["extract-day", "data-day"] = Field(
        default="extract-day",
        description="What the date in the name means: the day the export was made, or the last day it covers.",
    )
    settle_seconds: float = Field(default=30, ge=0.1, le=3600)
    timeout_seconds: float = Field(default=300, ge=1, le=7200)
    expected_by: dt.time | None = Field(
        default=None, description="Local time by which a scheduled run's export must have arrived."
    )

    @model_validator(mode="after")
    def _pattern_is_usable(self) -> Self:
        codes = re.findall(r"\{date:([^{}]+)\}", self.files)
        rest = re.sub(r"\{date:[^{}]+\}", "", self.files)
        if len(codes) > 1 or "{" in rest or "}" in rest or "/" in rest:
            raise ValueError("a file name pattern with * or ?, and at most one {date:%Y%m%d}; no folder")
        if codes and not all(part in {"%Y", "%m", "%d", "%H", "%M", "%S", "%y", "%b"}
                             for part in re.findall(r"%.", codes[0])):  # fmt: skip
            raise ValueError("a date pattern of %Y, %y, %m, %b, %d, %H, %M and %S")
        return self


class CsvFormat(Facts):
    kind: Literal["csv"] = "csv"
    encoding: Literal["utf-8", "windows-1252", "utf-16"] = "utf-8"
    delimiter: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1)] = ","


class Column(Facts):
    """Where a canonical field comes from in a feed's export.

    source: the column's name. formats: for instants, tried in order; strptime codes. map: for labels, the
    council's word to the contract's value, compared without case or surrounding space.
    """

    source: Word = Field(alias="from")
    formats: tuple[Word, ...] = ()
    map: dict[Word, Word] = Field(default_factory=dict)


class Publication(Facts):
    """A data set that this council publishes from a feed. labels: contract value to the platform's spelling."""

    labels: dict[Word, Word] = Field(default_factory=dict)


class Feed(Facts):
    """One council's offer of one transaction."""

    delivery: Literal["snapshot", "delta", "rolling"]
    covers_from: dt.date | None = Field(
        default=None, description="First local day for which the deliveries are complete."
    )
    max_fall: float = Field(
        default=0.5, gt=0, lt=1, description="A snapshot smaller by more than this share is rejected."
    )
    source: Sftp
    format: CsvFormat = CsvFormat()
    time_zone: str = "Europe/London"
    columns: dict[FieldName, Column]
    ignored_columns: tuple[Word, ...] = Field(
        default=(), description="Columns known to be sent and never kept; any other unmapped one is reported."
    )
    publish: dict[PlatformName, Publication] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _columns_make_sense(self) -> Self:
        for name in ALWAYS_REQUIRED:
            if name not in self.columns:
                raise ValueError(f"a mapping for `{name}`, which every record needs")
        for name, column in self.columns.items():
            kind = FIELDS[name]
            if kind is Kind.INSTANT and not column.formats:
                raise ValueError(f"`formats` for `{name}`: dates are never guessed")
            if column.formats and kind is not Kind.INSTANT:
                raise ValueError(f"`formats` only on dates, not on `{name}`")
            if column.map and kind is not Kind.LABEL:
                raise ValueError(f"`map` only on labels, not on `{name}`")
        sources = [column.source for column in self.columns.values()]
        twice = {name for name in sources if sources.count(name) > 1 or name in self.ignored_columns}
        if twice:
            raise ValueError(f"each column once; {', '.join(sorted(twice))} is named twice")
        return self


class Privacy(Facts):
    """connection: its password is the secret that turns premises identifiers into keys."""

    connection: ConnectionId
    retention_days: int = Field(default=90, ge=1, le=3650)


class Platform(Facts):
    """connection: host is the base URL, extra.tokens holds one bearer token per data type."""

    connection: ConnectionId
    data_group: PlatformName


class Council(Facts):
    """An authority that takes part."""

    council: Slug
    name: Word
    gss_code: Annotated[str, StringConstraints(pattern=r"^[EWSN]\d{8}$")]
    tier: Tier
    bank_holidays: Division
    phase: int = Field(ge=1, le=3)
    owner: Word = "local-digital"
    schedule: Word = Field(description="Cron expression, Europe/London.")
    privacy: Privacy
    platform: Platform
    feeds: dict[Slug, Feed] = Field(min_length=1)


class Label(Facts):
    """A value of a contract's field. demand=False: such a record is kept but is not demand (a duplicate, a test).

    digital, assisted: for channels. An assisted digital transaction was keyed by somebody else for the person.
    """

    name: Word
    demand: bool = True
    digital: bool = False
    assisted: bool = False


class ContractField(Facts):
    """required: a row without it is quarantined. values: the closed list; without one the council's words stand."""

    required: bool = False
    values: dict[Slug, Label] = Field(default_factory=dict)


class DataSet(Facts):
    """A data set of records by period: counts by a breakdown, or one KPI.

    The platform contract's record shapes: `transactions-by-channel`, `missed-bin-by-ward`, `digital-takeup`.
    """

    period: Literal["week", "month"]
    breakdown: FieldName | None = None
    dimension: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]+$")] | None = None
    measure: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]+$")]
    kpi: Slug | None = None
    version: str | None = None

    @model_validator(mode="after")
    def _counts_or_kpi(self) -> Self:
        counts = bool(self.breakdown and self.dimension) and not (self.kpi or self.version)
        kpi = bool(self.kpi and self.version) and not (self.breakdown or self.dimension)
        if counts == kpi:
            raise ValueError("either `breakdown` with `dimension`, or `kpi` with `version`")
        return self


class Transaction(Facts):
    """The agreed contract of a kind of dealing with the public."""

    transaction: Slug
    name: Word
    lgsl: int = Field(ge=0)
    lgil: int = Field(ge=0)
    provided_by: tuple[Tier, ...] = Field(min_length=1)
    fields: dict[FieldName, ContractField]
    breakdowns: tuple[FieldName, ...] = ()
    data_sets: dict[PlatformName, DataSet] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        for name in ALWAYS_REQUIRED:
            if name not in self.fields or not self.fields[name].required:
                raise ValueError(f"`{name}` among the fields, with `required: true`")
        for name, contract in self.fields.items():
            if contract.values and FIELDS[name] is not Kind.LABEL:
                raise ValueError(f"`values` only on labels, not on `{name}`")
            if UNMAPPED in contract.values:
                raise ValueError(f"no value called `{UNMAPPED}` in `{name}`: the pipeline gives it itself")
        for name in self.breakdowns:
            if name not in self.fields or FIELDS[name] is not Kind.LABEL:
                raise ValueError(f"a breakdown by a label of this contract, not `{name}`")
        for data_set in self.data_sets.values():
            if data_set.breakdown and data_set.breakdown not in (*self.breakdowns, "channel"):
                raise ValueError(f"`{data_set.breakdown}` among the breakdowns, since a data set needs it")
        return self
