"""Whose site it is, where it stands, and under which terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """Return what the settings say of the site."""
    return About(publisher=settings.publisher, url=settings.site_url)
