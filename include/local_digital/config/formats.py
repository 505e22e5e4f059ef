"""What a feed's exports look like. Wrappings (gzip, zip, OpenPGP) are recognised by their first bytes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from local_digital.config.facts import ConnectionId, Facts, Word
from local_digital.config.sources import MIB, JmesPath

# No line end, and no zero character: those end a row and a text.
Character = Annotated[str, StringConstraints(strip_whitespace=False, pattern=r"^[\x01-\x09\x0b\x0c\x0e-\x7f]$")]


class Wrapped(Facts):
    """member: which files of a zip are read (a pattern on their path in it); all that fit are read as one delivery.

    pgp: the connection with the OpenPGP key (extra.private_key, armoured; password: its passphrase). max_bytes,
    max_members: limits on what comes out of a wrapping; max_ratio: how many times its size may be.
    """

    member: Word = "*"
    pgp: ConnectionId | None = None
    max_bytes: int = Field(default=4096 * MIB, ge=1)
    max_members: int = Field(default=100_000, ge=1)
    max_ratio: int = Field(default=200, ge=1)


class Tabular(Wrapped):
    """header_line: where the header stands; looked for in the first lines when not given. names: columns of an export
    that has no header. totals: first cells that make a last row one of totals. short_rows: what becomes of rows with
    cells missing at their end.
    """

    header_line: int | None = Field(default=None, ge=1)
    names: tuple[Word, ...] = ()
    totals: tuple[Word, ...] = ("total", "totals", "grand total", "sum")
    short_rows: Literal["quarantine", "fill"] = "quarantine"

    @model_validator(mode="after")
    def _header_or_names(self) -> Self:
        if self.names and self.header_line:
            raise ValueError("either `header_line` or `names`")
        return self


class CsvFormat(Tabular):
    """encoding, delimiter: `auto` finds them out from each delivery and records them; given, anything else is rejected.

    quote: the character round cells that hold delimiters, or none. escape: a character before quotes inside quotes, for
    exports that do not double them.
    """

    kind: Literal["csv"] = "csv"
    encoding: Literal["auto", "utf-8", "windows-1252", "utf-16"] = "auto"
    delimiter: Literal["auto"] | Character = "auto"
    quote: Character | Literal["none"] = '"'
    escape: Character | None = None

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        signs = [sign for sign in (self.delimiter, self.quote, self.escape) if sign not in {None, "auto", "none"}]
        if len(signs) != len(set(signs)):
            raise ValueError("three different characters as `delimiter`, `quote` and `escape`")
        return self


class XlsxFormat(Tabular):
    """sheet: its name, or its position from 1."""

    kind: Literal["xlsx"]
    sheet: Word = "1"


class TreeFormat(Wrapped):
    """records: JMESPath to the records in an answer or file; for XML the root element is left out of it.

    Columns are named by dots (`location.ward`), attributes of XML elements with an @, anything else by JMESPath.
    """

    kind: Literal["json", "xml"]
    records: JmesPath | None = None


class NdjsonFormat(Wrapped):
    kind: Literal["ndjson"]


Format = Annotated[CsvFormat | XlsxFormat | TreeFormat | NdjsonFormat, Field(discriminator="kind")]
