"""What all parts of council and transaction files share: words, names, days, and the refusal of unknown keys."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from local_digital.plain_text import UNSOUND_IN_LINES

# As word processors set them in place of `"` and `'`; to YAML they are letters.
_CURLY_QUOTES = tuple("\u201c\u201d\u201e\u2018\u2019\u201a")


def _plain(text: str) -> str:
    if UNSOUND_IN_LINES.search(text):
        raise ValueError("text without control characters")
    return text


def unquoted(text: str) -> str:
    """Return a path or pattern as it is; raise ValueError where it stands in a word processor's curly quotes."""
    if text.startswith(_CURLY_QUOTES):
        raise ValueError("text without curly quotes round it (straight ones, or none)")
    return text


def _known_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone such as Europe/London or UTC") from None
    return name


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_plain)]
# An address, a folder: longer than a word, and it may be empty.
Text = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_plain)]
ConnectionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$", max_length=120)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
# Between these, days can be counted on and back in every time zone.
Day = Annotated[dt.date, Field(ge=dt.date(1900, 1, 1), le=dt.date(2999, 12, 31))]


class Facts(BaseModel):
    # A limit of NaN or infinity is none.
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)
