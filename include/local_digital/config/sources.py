"""Where a feed's exports come from: an SFTP folder, a drop folder, an HTTPS API, or an Open311 server."""

from __future__ import annotations

import datetime as dt
import re
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from local_digital.config.facts import ConnectionId, Day, Facts, Text, TimeZone, Word, unquoted
from local_digital.config.jmespaths import check_path
from local_digital.config.names import NamePattern

MIB = 2**20
# What senders call a file while they write it; such a name is never taken, whatever the pattern says.
UNFINISHED = (
    ".part", ".partial", ".filepart", ".csv-part", ".tmp", ".temp", ".crdownload", ".uploading", "-part", "~",
)  # fmt: skip


def _usable_pattern(pattern: str) -> str:
    NamePattern.parse(pattern)
    return pattern


def _below(folder: str) -> str:
    parts = [part for part in folder.split("/") if part not in {"", "."}]
    if folder.startswith("/") or ".." in parts or not parts:
        raise ValueError("a folder below the feed's own, without `..` or a leading `/`")
    return "/".join(parts)


Pattern = Annotated[Word, AfterValidator(unquoted), AfterValidator(_usable_pattern)]
FolderBelow = Annotated[Word, AfterValidator(unquoted), AfterValidator(_below)]


class FileFacts(Facts):
    """What holds for any folder of files.

    files: a pattern relative to the folder, see `NamePattern`. name_date: what the date in the name means: the day the
    export was made, or the (last) day it covers. files_a_night: how many files make a night's export, told apart by
    what the wildcards stand for. marker: a name that appears, or is written anew, once a file is whole (`{name}.done`,
    `{stem}.ok`, `_SUCCESS`). manifest: a pattern of files that list the finished ones, a name a line (further words of
    the line may be a SHA-256). archive, report_folder: folders, relative to `folder`; only when given is anything moved
    or written there.
    """

    folder: Annotated[Text, AfterValidator(unquoted)] = "."
    files: Pattern
    name_date: Literal["extract-day", "data-day"] = "extract-day"
    files_a_night: int = Field(default=1, ge=1, le=100)
    settle_seconds: float = Field(default=30, ge=0.1, le=3600)
    timeout_seconds: float = Field(default=300, ge=1, le=7200)
    max_bytes: int = Field(default=2048 * MIB, ge=1)
    unfinished: tuple[Word, ...] = ()
    marker: Annotated[Word, AfterValidator(unquoted)] | None = None
    manifest: Pattern | None = None
    archive: FolderBelow | None = None
    report_folder: FolderBelow | None = None
    expected_by: dt.time | None = Field(
        default=None, description="Local time by which a scheduled run's export must have arrived."
    )

    @model_validator(mode="after")
    def _one_sign_of_the_end(self) -> Self:
        if self.pattern.has_date and not self.pattern.names_a_day and self.name_date == "extract-day":
            raise ValueError(
                "`name_date: data-day` where the name carries no day: it is the period that the file covers"
            )
        if self.marker and self.manifest:
            raise ValueError("either `marker` or `manifest`")
        if self.marker and "/" in self.marker:
            raise ValueError("a `marker` that is a name in the file's own folder, such as `{name}.done`")
        return self

    @cached_property
    def pattern(self) -> NamePattern:
        return NamePattern.parse(self.files)

    @property
    def unfinished_endings(self) -> tuple[str, ...]:
        return (*UNFINISHED, *(ending.lower() for ending in self.unfinished))

    @property
    def has_own_markers(self) -> bool:
        """Whether each file has a marker of its own, and not one with all others of its folder."""
        return self.marker is not None and ("{name}" in self.marker or "{stem}" in self.marker)

    def marker_of(self, path: str) -> str | None:
        """Return the path whose presence says that this file is whole, None when the feed has no marker."""
        if self.marker is None:
            return None
        folder, slash, name = path.rpartition("/")
        stem = name.rpartition(".")[0] or name
        return folder + slash + self.marker.replace("{name}", name).replace("{stem}", stem)


class Sftp(FileFacts):
    """A folder on an SFTP server."""

    pool: ClassVar[str] = "sftp"
    kind: Literal["sftp"]
    connection: ConnectionId


class Folder(FileFacts):
    """A drop folder: a path, or any fsspec URL such as an object store's.

    connection: its host is the root that a relative `folder` lies below, its extra holds the options of the store
    (keys, endpoint); none is needed for a path.
    """

    pool: ClassVar[str] = "folder"
    kind: Literal["folder"]
    connection: ConnectionId | None = None

    @field_validator("folder")
    @classmethod
    def _leads_nowhere_else(cls, value: str) -> str:
        # A chain such as `filecache::s3://...` keeps copies of raw files where nobody removes them.
        if ".." in value.split("/") or "::" in value:
            raise ValueError("a path without `..`, or the URL of one store")
        if "://" in value and not _is_without_login(value):
            # Messages name the folder, and the file is everybody's to read.
            raise ValueError("a URL without user name and password, which belong into the `extra` of a `connection`")
        return value


def _is_without_login(url: str) -> bool:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it raises for one that is no number, as a password may be
    except ValueError:
        return False
    return "@" not in parts.netloc


JmesPath = Annotated[Word, AfterValidator(check_path)]
# The codes of strptime that tell a moment, whatever the machine and its language.
_BOUND_CODES = frozenset("YymdjHIMSfpzGVubBaA%")


def _usable_bound(date_format: str) -> str:
    codes = set(re.findall(r"%(.?)", date_format, re.DOTALL))
    if not codes <= _BOUND_CODES or not codes & {"Y", "y", "G"}:
        raise ValueError(f"a format with a year, of the codes %{', %'.join(sorted(_BOUND_CODES))}")
    return date_format


BoundFormat = Annotated[Word, AfterValidator(_usable_bound)]
Parameter = Annotated[str, StringConstraints(pattern=r"^[^\s&=#]+$", max_length=100)]


class Window(Facts):
    """A range of days that a request asks for.

    first_day: how far back the first extract goes. from_parameter, until_parameter: the query's keys. date_format:
    strptime codes of the bounds in UTC (`%z` writes +00:00). time_zone: zone in which they are written. until_is:
    whether the upper bound is the last moment asked for or the first one after. overlap_days: how many days before the
    newest delivery are read again. days: the longest range of one request.
    """

    first_day: Day
    from_parameter: Parameter
    until_parameter: Parameter | None = None
    date_format: BoundFormat = "%Y-%m-%dT%H:%M:%SZ"
    time_zone: TimeZone = "UTC"
    until_is: Literal["inclusive", "exclusive"] = "exclusive"
    overlap_days: int = Field(default=14, ge=0, le=3660)
    days: int = Field(default=31, ge=1, le=3660)


class PageNumber(Facts):
    """`?page=1`, 2, 3 until an answer has fewer records than `size` (or none, where no size is known)."""

    kind: Literal["page"]
    parameter: Parameter = "page"
    first: int = Field(default=1, ge=0, le=1)
    size_parameter: Parameter | None = None
    size: int | None = Field(default=None, ge=1, le=100_000)


class Offset(Facts):
    """`?offset=0`, then as many as there were records so far, until an answer has fewer than `size`."""

    kind: Literal["offset"]
    parameter: Parameter = "offset"
    size_parameter: Parameter = "limit"
    size: int = Field(ge=1, le=100_000)


class Cursor(Facts):
    """A cursor in each answer (JMESPath) that asks for the next one; none, null or empty ends it."""

    kind: Literal["cursor"]
    parameter: Parameter = "cursor"
    path: JmesPath
    size_parameter: Parameter | None = None
    size: int | None = Field(default=None, ge=1, le=100_000)


class NextLink(Facts):
    """A link to the next answer, same origin only: in the body (JMESPath), or in the Link header without a path."""

    kind: Literal["next-link"]
    path: JmesPath | None = None


class Api(Facts):
    """A council's HTTPS API; the connection's host is its base URL.

    path: below the base URL. query: fixed parameters. auth: how the connection's secrets are used: its password as a
    bearer token or in a header, login and password as basic or as OAuth2 client credentials. window: none reads
    everything each time. max_bytes: of one answer. max_pages: of one window. The format of the answers is the feed's
    `format`.
    """

    pool: ClassVar[str] = "api"
    kind: Literal["api"]
    connection: ConnectionId
    path: Text = ""
    query: dict[Parameter, Text] = Field(default_factory=dict)
    auth: Literal["none", "bearer", "header", "basic", "oauth2"] = "none"
    auth_header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")] = "X-API-Key"
    token_path: Text = Field(default="/oauth/token", description="Where OAuth2 tokens are; a path or an https URL.")
    scope: Text | None = None
    window: Window | None = None
    paging: Annotated[PageNumber | Offset | Cursor | NextLink, Field(discriminator="kind")] | None = None
    timeout_seconds: float = Field(default=60, ge=1, le=600)
    requests_a_minute: int | None = Field(default=None, ge=1, le=6000)
    max_bytes: int = Field(default=256 * MIB, ge=1)
    max_pages: int = Field(default=10_000, ge=1)


class Open311(Facts):
    """An Open311 GeoReport v2 server; the connection's host is its endpoint, its password the API key, if it has one.

    services: service codes, all when empty. first_day: how far back the first extract goes. reread_days: how many days
    before the newest delivery are read again, so that later closures arrive: the window is one of report times. limit:
    the most requests that the server answers with. page_size: none for servers without pages.
    """

    pool: ClassVar[str] = "api"
    kind: Literal["open311"]
    connection: ConnectionId
    jurisdiction_id: Word | None = None
    services: tuple[Word, ...] = ()
    answers: Literal["json", "xml"] = "json"
    first_day: Day
    reread_days: int = Field(default=60, ge=0, le=3660)
    days: int = Field(default=90, ge=1, le=90)
    limit: int = Field(default=1000, ge=1, le=100_000)
    page_size: int | None = Field(default=None, ge=1, le=10_000)
    query: dict[Parameter, Text] = Field(default_factory=dict)
    timeout_seconds: float = Field(default=60, ge=1, le=600)
    requests_a_minute: int | None = Field(default=None, ge=1, le=6000)
    max_bytes: int = Field(default=64 * MIB, ge=1)


Source = Annotated[Sftp | Folder | Api | Open311, Field(discriminator="kind")]
