"""Whose site it is, where it stands, and under which terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from local_digital.errors import ConfigurationError

if TYPE_CHECKING:
    from local_digital.settings import Settings


@dataclass(frozen=True)
class About:
    """What every file of the site may say of itself. It holds no moment of building: equal figures give equal files.

    publisher: a name. url: the public address with a slash at the end, None where nobody knows it yet. licence_id: as
    the Open Definition calls it. source: one sentence for the public, where the figures are from.
    """

    publisher: str
    url: str | None = None
    title: str = "Local digital transactions"
    licence_id: str = "OGL-UK-3.0"
    licence_name: str = "Open Government Licence v3.0"
    licence_url: str = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
    source: str = "Transaction records of the councils named here, counted and released by them."


def about(settings: Settings) -> About:
    """Return what the settings say of the site. Raises ConfigurationError where its address is none of the web."""
    if settings.site_url is not None and not _of_the_web(settings.site_url):
        raise ConfigurationError(
            "LOCAL_DIGITAL_SITE_URL", expected="the public address of a folder, such as https://figures.example.org/",
            found="something else", action="Name it with https://, without a name, a password, `?` or `#`.",
        )  # fmt: skip
    return About(publisher=settings.publisher, url=settings.site_url)


def _of_the_web(url: str) -> bool:
    if any(letter.isspace() or not letter.isprintable() or letter in '?#@\\<>"`{}|^' for letter in url):
        return False
    try:
        parts = urlsplit(url)
        # A number that is none is found only when it is asked for.
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
