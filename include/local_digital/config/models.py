"""The shape of council and transaction files. Facts only; an unknown key is an error."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from local_digital.addresses import is_page
from local_digital.config.alerts import Channel
from local_digital.config.facts import ConnectionId, Day, Facts, Slug, Text, TimeZone, Word
from local_digital.config.formats import CsvFormat, Format, NdjsonFormat, TreeFormat
from local_digital.config.jmespaths import check_column
from local_digital.config.schedules import check_schedule
from local_digital.config.sources import FileFacts, Open311, Source
from local_digital.date_formats import check_format
from local_digital.fields import ALWAYS_REQUIRED, DELIVERY_FIELDS, FIELDS, NO, RECORD_FIELDS, UNMAPPED, YES, Kind
from local_digital.kpis import KPIS, LEFT_OUT

# The platform's rule for data groups and data types (reference: performance-platform contract).
PlatformName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", min_length=1, max_length=60)]


# A count that is known to be below 2 is known.
_LOWEST_THRESHOLD = 3
# In the file of a council that is being drafted: nobody has looked it up yet.
UNKNOWN_GSS_CODE = "E00000000"
# For so many days raw files are kept where no council's file says otherwise.
RETENTION_DAYS = 90


def _known_field(name: str) -> str:
    if name not in FIELDS:
        raise ValueError(f"a canonical field ({', '.join(FIELDS)})")
    return name


def _a_page(url: str) -> str:
    if not is_page(url):
        raise ValueError("the address of a page: http or https, without user name or fragment")
    return url


FieldName = Annotated[str, AfterValidator(_known_field)]
PageAddress = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_a_page)]


class Tier(StrEnum):
    COUNTY = "county"
    DISTRICT = "district"
    UNITARY = "unitary"
    METROPOLITAN = "metropolitan"
    LONDON_BOROUGH = "london-borough"
    # Runs passenger transport for the districts of an area; no local authority of its own.
    TRANSPORT_EXECUTIVE = "transport-executive"


class Nation(StrEnum):
    ENGLAND = "england"
    WALES = "wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


class Division(StrEnum):
    """Whose bank holidays count."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


class Column(Facts):
    """Where a canonical field comes from in a feed's export.

    from: the column's name. renamed_from: names it had before, tried when it is not there. otherwise: columns whose
    cell is taken where this one's is blank. time_from: for instants, the column with the time where the date stands
    alone. value: one fixed value for every row. from_file_name: the date in the file's name. derived_from: columns that
    together tell records apart, for exports without any reference (`record_ref` only). added_on: the day the column
    appeared; older deliveries may lack it. blank: texts that mean nothing is there.

    For instants: formats, tried in order: strptime codes, `iso` (ISO 8601, with or without time, fraction and offset),
    `epoch`, `epoch-ms`, `excel` (days since 1899-12-30). time_zone: of times without an offset, the feed's when not
    given. ignore_offset: the offset in the text is wrong and the time is local.

    For labels: map, the council's word to the contract's value, compared without case or spacing; yes, no: values for
    the usual spellings of a boolean.
    """

    source: Word | None = Field(default=None, alias="from")
    renamed_from: tuple[Word, ...] = ()
    otherwise: tuple[Word, ...] = ()
    time_from: Word | None = None
    value: Word | None = None
    from_file_name: bool = False
    derived_from: tuple[Word, ...] = ()
    added_on: Day | None = None
    blank: tuple[Word, ...] = ()
    formats: tuple[Word, ...] = ()
    time_zone: TimeZone | None = None
    ignore_offset: bool = False
    map: dict[Word, Word] = Field(default_factory=dict)
    yes: Word | None = None
    no: Word | None = None
    when_blank: Word | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [self.source, self.value, self.from_file_name or None, self.derived_from or None]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("exactly one of `from`, `value`, `from_file_name` and `derived_from`")
        if (self.otherwise or self.renamed_from or self.time_from) and not self.source:
            raise ValueError("`renamed_from`, `otherwise` and `time_from` only beside `from`")
        for pattern in self.formats:
            check_format(pattern)
        if set(self.formats) & {
            pattern.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
            for pattern in self.formats if "%d" in pattern and "%m" in pattern
        }:  # fmt: skip
            raise ValueError("day first or month first, not both: which one the export has is a fact to find out")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every column of the export that this field may read."""
        named = (self.source, self.time_from)
        return (*(name for name in named if name), *self.renamed_from, *self.otherwise, *self.derived_from)

    @property
    def words(self) -> dict[str, str]:
        """The council's words with the contract's values, booleans spelt out."""
        spelt = {word: self.yes for word in YES if self.yes} | {word: self.no for word in NO if self.no}
        return spelt | self.map


class RowFilter(Facts):
    """Which rows belong to the feed; every filter must hold.

    Words are compared without case or spacing; `*` and `?` stand for anything in `like` and `not_like`.
    """

    column: Word
    in_: tuple[Word, ...] = Field(default=(), alias="in")
    not_in: tuple[Word, ...] = ()
    like: tuple[Word, ...] = ()
    not_like: tuple[Word, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.in_ or self.not_in or self.like or self.not_like):
            raise ValueError("`in`, `not_in`, `like` or `not_like`")
        return self


class Drift(Facts):
    """What happens when an export changes. A missing column of a required field always rejects the delivery."""

    unknown_column: Literal["report", "ignore", "reject"] = "report"
    missing_optional: Literal["warn", "reject"] = "warn"
    new_category: Literal["keep", "quarantine"] = "keep"


class Aggregate(Facts):
    """For deliveries of counts: how long a period is, and whether its date is its first or its last day."""

    period: Literal["day", "week", "month"]
    named_by: Literal["start", "end"] = "start"


class UnitCost(Facts):
    """What one transaction by a channel costs from a day on, until another entry for the channel takes its place.

    estimate: whether it is one, rather than the outcome of the council's accounts. source: where the figure is from.
    """

    channel: Slug
    pounds: Decimal = Field(ge=0, max_digits=10, decimal_places=4)
    valid_from: Day
    estimate: bool = True
    source: Word


class Collections(Facts):
    """How many collections of a bin type are scheduled a week, from a day on: what missed ones are a share of.

    valid_until: the last day, where none were supplied for later. Without such an entry there is no rate.
    """

    stream: Slug
    a_week: int = Field(gt=0, le=100_000_000)
    valid_from: Day
    valid_until: dt.date | None = None
    source: Word

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("`valid_until` not before `valid_from`")
        return self


class Cycle(Facts):
    """The round of collections: after so many weeks it is the same bins again. starts: a Monday of its first week."""

    weeks: int = Field(ge=1, le=4)
    starts: Day

    @model_validator(mode="after")
    def _starts_on_a_monday(self) -> Self:
        if self.starts.weekday():
            raise ValueError("`starts` on a Monday")
        return self


class Publication(Facts):
    """A data set that this council publishes from a feed. labels: contract value to the platform's spelling."""

    labels: dict[Word, Word] = Field(default_factory=dict)


class Feed(Facts):
    """One council's offer of one transaction.

    delivery: what a delivery holds. `snapshot`: everything there is. `delta`: what changed. `rolling`: the last days.
    `event_log`: one row for each change of a case's status; needs `event_at`. `aggregate`: counts by period and
    channel; needs `period` and `count` in place of `record_ref` and `reported_at`. rows: filters, for exports of
    several services.
    """

    delivery: Literal["snapshot", "delta", "rolling", "event_log", "aggregate"]
    aggregate: Aggregate | None = None
    covers_from: Day | None = Field(default=None, description="First local day for which the deliveries are complete.")
    covers_until: Day | None = Field(
        default=None, description="Last local day that the deliveries cover, for exports that have come to an end."
    )
    quiet_days: int = Field(
        default=35,
        ge=1,
        le=3660,
        description="Rows that end more than so many days before the delivery end its coverage too: what comes after "
        "is not provided, and not zero. Raise it for transactions that are rare.",
    )
    max_fall: float = Field(
        default=0.5, gt=0, lt=1, description="A snapshot smaller by more than this share is rejected."
    )
    source: Source
    format: Format = CsvFormat()
    time_zone: TimeZone = "Europe/London"
    rows: tuple[RowFilter, ...] = ()
    columns: dict[FieldName, Column]
    ignored_columns: tuple[Word, ...] = Field(
        default=(), description="Columns known to be sent and never kept; any other unmapped one is reported."
    )
    drift: Drift = Drift()
    cadence: Literal["nightly", "weekly", "monthly"] = Field(
        default="nightly", description="How often a delivery comes; one that is missing for longer is late."
    )
    unit_costs: tuple[UnitCost, ...] = Field(
        default=(), description="The council's own costs by channel; the contract's estimates hold for the others."
    )
    collections: tuple[Collections, ...] = ()
    cycle: Cycle | None = None
    data_group: PlatformName | None = Field(
        default=None, description="For this feed's data sets; the council's, when not given."
    )
    stage: Literal["draft", "trial", "live"] = Field(
        default="draft",
        description="`draft`: nothing is published. `trial`: to the sink for trials only. `live`: to everybody, once "
        "somebody has approved it.",
    )
    embargo_until: dt.date | None = Field(
        default=None, description="Before this local day nothing more is published; what is public stays as it is."
    )
    publish: dict[PlatformName, Publication] = Field(default_factory=dict)
    page: PageAddress | None = Field(
        default=None, description="Where the council's website offers this transaction: looked at once an hour."
    )

    @model_validator(mode="after")
    def _columns_make_sense(self) -> Self:
        for name in self.required_fields:
            if name not in self.columns:
                raise ValueError(f"a mapping for `{name}`, which every row of {self.delivery} deliveries needs")
        unfit = {"event_at"} - {"event_log": {"event_at"}}.get(self.delivery, set())
        unfit |= {"period", "count"} if self.delivery != "aggregate" else {"record_ref", "reported_at", "closed_at"}
        wrong = sorted(unfit & self.columns.keys())
        if wrong:
            raise ValueError(f"no mapping for {', '.join(wrong)}, which {self.delivery} deliveries do not have")
        if isinstance(self.reads_as, TreeFormat | NdjsonFormat):
            named = [name for column in self.columns.values() for name in column.names]
            for name in (*named, *(row.column for row in self.rows)):
                check_column(name)
        if isinstance(self.source, Open311) and "format" in self.model_fields_set:
            raise ValueError("no `format` with an Open311 source, which lays it down (`source.answers`)")
        if (self.aggregate is not None) != (self.delivery == "aggregate"):
            raise ValueError("`aggregate` exactly with `delivery: aggregate`")
        dated = [("collections", entry.stream, entry.valid_from) for entry in self.collections]
        dated += [("unit_costs", entry.channel, entry.valid_from) for entry in self.unit_costs]
        if self.covers_from and self.covers_until and self.covers_until < self.covers_from:
            raise ValueError("`covers_until` not before `covers_from`")
        repeated = sorted(
            {f"{key}: {what} from {day}" for key, what, day in dated if dated.count((key, what, day)) > 1}
        )
        if repeated:
            raise ValueError(f"one entry for each day; {', '.join(repeated)} stands there twice")
        for name, column in self.columns.items():
            self._column_fits(name, column)
        sources = [column.source for column in self.columns.values() if column.source]
        # A closing time may well come from the same column as an event's, but two meanings of one column are a slip.
        twice = {name for name in sources if sources.count(name) > 1 or name in self.ignored_columns}
        if twice:
            raise ValueError(f"each column once; {', '.join(sorted(twice))} is named twice")
        return self

    def _column_fits(self, name: str, column: Column) -> None:
        kind = FIELDS[name]
        if kind is Kind.INSTANT and not column.formats and not column.from_file_name:
            raise ValueError(f"`formats` for `{name}`: dates are never guessed")
        if (
            column.formats or column.time_zone or column.ignore_offset or column.time_from
        ) and kind is not Kind.INSTANT:
            raise ValueError(f"`formats`, `time_from`, `time_zone`, `ignore_offset` only on dates, not on `{name}`")
        if (column.words or column.when_blank) and kind is not Kind.LABEL:
            raise ValueError(f"`map`, `yes`, `no` and `when_blank` only on labels, not on `{name}`")
        if column.from_file_name and (kind is not Kind.INSTANT or not self.file_name_has_date):
            raise ValueError(
                f"`from_file_name` only on dates, where `source.files` has a `{{date:...}}`; not on `{name}`"
            )
        if column.derived_from and kind is not Kind.REF:
            raise ValueError(f"`derived_from` only on `record_ref`, not on `{name}`")
        if column.value and kind is not Kind.LABEL:
            raise ValueError(f"`value` only on labels, not on `{name}`")

    @property
    def shortest_period(self) -> Literal["week", "month"]:
        """The shortest kind of period that the feed has figures of."""
        return "month" if self.aggregate and self.aggregate.period == "month" else "week"

    @property
    def says_stage(self) -> bool:
        """Whether the file says what stage the feed is at, rather than nothing."""
        return "stage" in self.model_fields_set

    @property
    def required_fields(self) -> tuple[str, ...]:
        """The fields without which a row of this kind of delivery says nothing."""
        match self.delivery:
            case "aggregate":
                return ("period", "channel", "count")
            case "event_log":
                return ("record_ref", "event_at", "channel")
            case _:
                return ALWAYS_REQUIRED

    @property
    def reads_as(self) -> Format:
        """The format of the deliveries: the feed's, or the one that Open311 lays down."""
        if isinstance(self.source, Open311):
            # Some servers put the list into an object.
            listed = "[@, requests][?type(@) == 'array'] | [0]"
            return TreeFormat(kind=self.source.answers, records="request" if self.source.answers == "xml" else listed)
        return self.format

    @property
    def expected_by(self) -> dt.time | None:
        """Local time by which a scheduled run's export must have arrived; None when the run takes what there is."""
        return self.source.expected_by if isinstance(self.source, FileFacts) else None

    @property
    def file_name_has_date(self) -> bool:
        return isinstance(self.source, FileFacts) and self.source.pattern.has_date


class Privacy(Facts):
    """connection: its password is the secret that turns premises identifiers into keys."""

    connection: ConnectionId
    retention_days: int = Field(default=RETENTION_DAYS, ge=1, le=3650)


class Platform(Facts):
    """connection: host is the base URL, extra.tokens holds one bearer token per data type. trial: the same for the sink
    to which feeds on trial are published.
    """

    connection: ConnectionId
    trial: ConnectionId | None = None
    data_group: PlatformName

    @model_validator(mode="after")
    def _trials_stay_apart(self) -> Self:
        if self.trial == self.connection:
            raise ValueError("`trial` another connection than `connection`, which everybody sees")
        return self


class Council(Facts):
    """An authority that takes part.

    elsewhere: transactions that councils of its tier provide but this one does not, with who does. covers: for
    transport executives, the authorities (slugs of the reference table) that it serves. compare_with: groups of
    councils of its own choice, such as its statistical neighbours.
    """

    council: Slug
    name: Word
    gss_code: Annotated[str, StringConstraints(pattern=r"^[EWSN]\d{8}$")]
    tier: Tier
    bank_holidays: Division
    phase: int = Field(ge=1, le=3)
    owner: Word = "local-digital"
    schedule: Annotated[Word, AfterValidator(check_schedule)] = Field(description="Cron expression, Europe/London.")
    elsewhere: dict[Slug, Word] = Field(default_factory=dict)
    covers: tuple[Slug, ...] = ()
    compare_with: dict[Slug, tuple[Slug, ...]] = Field(default_factory=dict)
    alerts: tuple[Channel, ...] | None = Field(
        default=None, min_length=1, description="Whom to tell what went wrong; the installation's people otherwise."
    )
    privacy: Privacy
    platform: Platform
    feeds: dict[Slug, Feed] = Field(min_length=1)

    @property
    def nation(self) -> Nation:
        """The country that the GSS code names in its first letter."""
        return {"E": Nation.ENGLAND, "W": Nation.WALES, "S": Nation.SCOTLAND, "N": Nation.NORTHERN_IRELAND}[
            self.gss_code[0]
        ]

    def data_group(self, transaction: str) -> str:
        """Return the platform's data group for the data sets of one feed."""
        return self.feeds[transaction].data_group or self.platform.data_group

    @property
    def stored_data_sets(self) -> list[str]:
        """The names under which the platform stores the data sets: it writes `_` for every `-`."""
        return [
            f"{self.data_group(transaction)}_{data_set}".replace("-", "_")
            for transaction, feed in self.feeds.items() for data_set in feed.publish
        ]  # fmt: skip

    @model_validator(mode="after")
    def _facts_agree(self) -> Self:
        of_nation = {
            Nation.SCOTLAND: Division.SCOTLAND,
            Nation.NORTHERN_IRELAND: Division.NORTHERN_IRELAND,
        }.get(self.nation, Division.ENGLAND_AND_WALES)
        if self.bank_holidays is not of_nation:
            raise ValueError(f"`bank_holidays: {of_nation}`, as in {self.nation}, where the GSS code is from")
        if bool(self.covers) != (self.tier is Tier.TRANSPORT_EXECUTIVE):
            raise ValueError("`covers` exactly with `tier: transport-executive`")
        both = sorted(self.elsewhere.keys() & self.feeds.keys())
        if both:
            raise ValueError(f"{', '.join(both)} either among the feeds or under `elsewhere`")
        on_trial = [transaction for transaction, feed in self.feeds.items() if feed.stage == "trial"]
        if on_trial and not self.platform.trial:
            raise ValueError(f"`platform.trial`, the sink for trials, since {', '.join(on_trial)} has `stage: trial`")
        stored = self.stored_data_sets
        twice = sorted({name for name in stored if stored.count(name) > 1})
        if twice:
            raise ValueError(
                f"every data set under a name of its own: {', '.join(twice)} would hold those of several feeds; "
                "give all but one feed a `data_group`"
            )
        return self


class Label(Facts):
    """A value of a contract's field. demand=False: such a record is kept but is not demand (a duplicate, a test).

    closes: for statuses, nothing more is to be done. completed=False: for statuses, begun and given up, so that it
    counts for the completion rate only. digital, assisted: for channels. An assisted digital transaction was keyed by
    somebody else for the person. upheld: for outcomes, the report was right. sensitive: it tells something of a
    person's health, and small counts are withheld up to a higher threshold.
    """

    name: Word
    demand: bool = True
    closes: bool = False
    completed: bool = True
    digital: bool = False
    assisted: bool = False
    upheld: bool = False
    sensitive: bool = False


class ContractField(Facts):
    """required: a row without it is quarantined. values: the closed list; without one the council's words stand."""

    required: bool = False
    values: dict[Slug, Label] = Field(default_factory=dict)


SafeKey = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]+$")]


class DataSet(Facts):
    """A data set of records by period: counts by a breakdown (or by two, with `across`), one KPI, or availability.

    The platform contract's record shapes: `transactions-by-channel`, `missed-bin-by-ward`, `digital-takeup`,
    `user-satisfaction-score` (the KPI with how many gave each rating), `cost-per-transaction` (by quarter, one record
    for each channel and one for all), `monitoring` (by hour). dimension: the record's key for the breakdown; the one
    for `across` is its field's name. threshold: counts from 1 up to below it are withheld, and with them as many others
    as it takes that nobody can work them out; 0 for figures about a whole council, which are of no small group.
    """

    period: Literal["hour", "week", "month", "quarter"]
    breakdown: FieldName | None = None
    across: FieldName | None = None
    dimension: SafeKey | None = None
    measure: SafeKey
    kpi: Slug | None = None
    version: Text | None = None
    availability: bool = Field(
        default=False, description="How long the council's page was up in each hour, and how fast it answered."
    )
    threshold: int = Field(default=5, ge=0)
    sensitive_threshold: int = Field(default=10, ge=0)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        counts = bool(self.breakdown and self.dimension)
        kpi = bool(self.kpi and self.version)
        given = [self.breakdown, self.dimension, self.across, self.kpi, self.version, self.availability or None]
        wanted = 2 + bool(self.across) if counts else 2 if kpi else 1
        if sum(fact is not None for fact in given) != wanted or counts + kpi + self.availability != 1:
            raise ValueError("`breakdown` with `dimension`, or `kpi` with `version`, or `availability: true`")
        periods = ("week", "month") if counts else ("hour",) if self.availability else ("week", "month", "quarter")
        if self.period not in periods:
            raise ValueError(f"`period: {'` or `'.join(periods)}` for such a data set")
        if 0 < self.threshold < _LOWEST_THRESHOLD:
            raise ValueError(f"`threshold: 0` for no control, or {_LOWEST_THRESHOLD} and more")
        if self.threshold > self.sensitive_threshold and self.threshold:
            raise ValueError("`sensitive_threshold` not below `threshold`")
        if self.across and self.across == self.breakdown:
            raise ValueError("`across` another breakdown than `breakdown`")
        if self.kpi and (self.kpi not in KPIS or self.version not in KPIS[self.kpi].versions):
            raise ValueError(f"a KPI that is defined ({', '.join(KPIS)}), in a version that it has")
        return self


class KpiFacts(Facts):
    """What a contract says of a KPI. target: what the field holds to be good. weeks: for `repeat-misses`, how far back
    an earlier report of the same premises counts.
    """

    target: Decimal | None = Field(default=None, max_digits=12, decimal_places=4)
    weeks: int = Field(default=12, ge=1, le=52)


class Holds(Facts):
    """When figures are held back until somebody has looked at them, each against the periods before.

    periods: how many of those make the usual one, their median; fewer than four make none. volume_factor: the total
    may be so many times the usual one or as small a part of it. takeup_points: take-up may differ by so much, 0.2 being
    20 points. withheld_share: so much of the total may be withheld to protect privacy, or withheld_points more than
    usual. Small numbers get the room that chance alone gives them.
    """

    periods: int = Field(default=8, ge=4, le=52)
    volume_factor: float = Field(default=2.5, gt=1)
    takeup_points: float = Field(default=0.2, gt=0, le=1)
    withheld_share: float = Field(default=0.5, gt=0, le=1)
    withheld_points: float = Field(default=0.2, gt=0, le=1)


class Transaction(Facts):
    """The agreed contract of a kind of dealing with the public.

    lgsl, lgil: codes of the service and the interaction in the local government lists, as GOV.UK uses them.
    provided_by: the tiers of councils whose task it is. nations: where it exists at all.
    """

    transaction: Slug
    name: Word
    lgsl: tuple[Annotated[int, Field(ge=0, le=100_000)], ...] = Field(min_length=1)
    lgil: int = Field(ge=0, le=100_000)
    provided_by: tuple[Tier, ...] = Field(min_length=1)
    nations: tuple[Nation, ...] = Field(default=tuple(Nation), min_length=1)
    fields: dict[FieldName, ContractField]
    breakdowns: tuple[FieldName, ...] = ()
    kpis: dict[Slug, KpiFacts] = Field(default_factory=lambda: {"volume": KpiFacts()})
    unit_costs: tuple[UnitCost, ...] = ()
    data_sets: dict[PlatformName, DataSet] = Field(default_factory=dict)
    holds: Holds = Holds()

    def not_provided_by(self, council: Council) -> str | None:
        """Return why a council does not provide this, None when it does."""
        if council.nation not in self.nations:
            return f"there is no such service in {council.nation.replace('-', ' ').title()}"
        if council.tier not in self.provided_by:
            return f"not a task of a {council.tier.replace('-', ' ')} council"
        return council.elsewhere.get(self.transaction)

    @property
    def controlled(self) -> frozenset[str]:
        """The breakdowns of which small counts are withheld."""
        return frozenset(
            breakdown
            for data_set in self.data_sets.values() if data_set.threshold
            for breakdown in (data_set.breakdown, data_set.across) if breakdown
        )  # fmt: skip

    @property
    def telling_kpis(self) -> list[str]:
        """The KPIs that are counts by a breakdown of which small counts are withheld, and would tell those."""
        return [
            name for name in self.kpis
            if (KPIS[name].unit == "count" and self.controlled & set(KPIS[name].fields))
            or (KPIS[name].labelled and "channel" in self.controlled)
        ]  # fmt: skip

    @property
    def telling_caveats(self) -> list[str]:
        """The caveats of figures that leave some labels of a controlled breakdown out: beside a figure that leaves none
        out, they would tell the small counts of those.
        """
        return [caveat for caveat, field in LEFT_OUT.items() if field in self.controlled]

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
        for name in self.fields:
            if name not in RECORD_FIELDS or name in DELIVERY_FIELDS:
                raise ValueError(f"only fields of records ({', '.join(RECORD_FIELDS)}), not `{name}`")
        for name in self.breakdowns:
            if name not in self.fields or FIELDS[name] is not Kind.LABEL:
                raise ValueError(f"a breakdown by a label of this contract, not `{name}`")
        return self

    @model_validator(mode="after")
    def _figures_fit(self) -> Self:
        for name in self.kpis:
            if name not in KPIS:
                raise ValueError(f"a KPI that is defined ({', '.join(KPIS)}), not `{name}`")
            missing = [field for field in KPIS[name].fields if field not in self.fields]
            if missing:
                raise ValueError(f"{', '.join(missing)} among the fields, which `{name}` is made of")
        channels = self.fields["channel"].values
        for cost in self.unit_costs:
            if cost.channel not in channels:
                raise ValueError(f"unit costs of channels among {', '.join(channels)}, not `{cost.channel}`")
        for data_set in self.data_sets.values():
            if data_set.kpi is None:
                continue
            if data_set.kpi not in self.kpis:
                raise ValueError(f"`{data_set.kpi}` among the KPIs, since a data set needs it")
            definition = KPIS[data_set.kpi]
            if definition.labelled or data_set.period not in definition.periods:
                raise ValueError(f"`{data_set.kpi}` in a period that it has, and one figure a period")
            if data_set.kpi == "cost-per-transaction" and "cost-by-channel" not in self.kpis:
                raise ValueError("`cost-by-channel` among the KPIs, since the data set of costs has both")
        return self

    @model_validator(mode="after")
    def _small_counts_stay_hidden(self) -> Self:
        tables = [frozenset(filter(None, (data_set.breakdown, data_set.across)))
                  for data_set in self.data_sets.values() if data_set.breakdown]  # fmt: skip
        controlled = self.controlled
        if any(tables.count(table) > 1 and table & controlled for table in tables):
            raise ValueError("at most one data set by the same breakdowns, where small counts of them are withheld")
        periods: dict[str, str] = {}
        for data_set in self.data_sets.values():
            if data_set.kpi in self.telling_kpis:
                raise ValueError(
                    f"no data set of `{data_set.kpi}`, which tells what is withheld in another by the same field"
                )
            for breakdown in filter(None, (data_set.breakdown, data_set.across)):
                if breakdown not in (*self.breakdowns, "channel"):
                    raise ValueError(f"`{breakdown}` among the breakdowns, since a data set needs it")
                if breakdown in controlled and not data_set.threshold:
                    raise ValueError(f"a `threshold` on every data set by `{breakdown}`, since another has one")
                if breakdown in controlled and periods.setdefault(breakdown, data_set.period) != data_set.period:
                    raise ValueError(
                        f"all data sets by `{breakdown}` by week or all by month: from both together a withheld count "
                        "could be worked out"
                    )
        return self
