"""The nights that are run: the sample's thirteen councils, each feed with few deliveries, in an installation apart.

A unit is the night of one feed: what its source has new, through all steps of the chain. Everything before it has been
loaded and published already.
"""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import yaml

from demo.case_system import CaseSystem
from demo.council import FOLDER as SOLIHULL_FOLDER
from demo.council import put
from demo.sample import SOLIHULL, Sample
from demo.world.dealings import LAST_NIGHT, Delivery
from demo.world.feeds import FEEDS
from demo.world.missed_bins import MISSED_BIN
from local_digital.config.loading import load_councils
from local_digital.config.sources import FileFacts
from local_digital.settings import ROOT, Settings, connection_from_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from demo.sample import RemoteEnds
    from demo.sftp_server import Offer
    from demo.world.dealings import Dealing, FeedWorld
    from local_digital.config.models import Council
    from local_digital.settings import Connection

_DAY = dt.timedelta(days=1)
# The least that a source may be told.
_SETTLE_SECONDS = 0.1
_TIMEOUT_SECONDS = 4
# An API is asked for so many days; a feed of files has so many of them.
_API_DAYS = 21
_API_NIGHT = 3
_FILES = 4
# So many of them are new, where the night has no number of its own.
_NEW = 2
# Figures begin so long before the night: a Monday.
_WEEKS = 6
_AIRFLOW_PREFIX = "AIRFLOW_CONN_"


class Unit(NamedTuple):
    """The night of one feed. night: of `NIGHTS`."""

    night: str
    council: str
    transaction: str

    def __str__(self) -> str:
        return f"{self.council} {self.transaction} ({self.night})"


# The sample's last night, and those whose exports hold the day on which the clocks went forward or back.
NIGHTS = {"last": LAST_NIGHT, "spring": dt.date(2026, 3, 30), "autumn": dt.date(2025, 10, 27)}


@dataclass(eq=False)
class Few:
    """A feed of the sample with few deliveries. files: none of an API's, which answers as it always does."""

    whole: FeedWorld
    files: Sequence[Delivery] = ()

    def __post_init__(self) -> None:
        self.council, self.transaction, self.source = self.whole.council, self.whole.transaction, self.whole.source

    def dealings(self) -> Sequence[Dealing]:
        return self.whole.dealings()

    def deliveries(self) -> Iterator[Delivery]:
        return iter(self.files)

    def answers(self) -> Sequence[dict[str, object]]:
        return self.whole.answers()


@dataclass(eq=False)
class _MissedBinsOfSolihull:
    council: str = SOLIHULL
    transaction: str = MISSED_BIN
    source: Literal["sftp", "folder", "api", "open311"] = "sftp"

    def dealings(self) -> Sequence[Dealing]:
        return ()

    def deliveries(self) -> Iterator[Delivery]:
        for export in CaseSystem().exports():
            yield Delivery(f"{SOLIHULL_FOLDER}/{export.name}", export.content, export.made_at)

    def answers(self) -> Sequence[dict[str, object]]:
        return ()


@dataclass(frozen=True)
class World:
    """The sample of one night. folder: of this night alone. only: the councils that take part, all where empty."""

    night: str
    folder: Path
    secret: str
    only: frozenset[str] = frozenset()

    @property
    def day(self) -> dt.date:
        return NIGHTS[self.night]

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @cached_property
    def councils(self) -> dict[str, Council]:
        found, faults = load_councils(self.config)
        if faults:
            raise faults[0]
        return found

    @cached_property
    def units(self) -> dict[Unit, dt.date]:
        """Return every unit of this night, with the day that was the last one before it."""
        found = {}
        for (council, transaction), few in sorted(self._feeds.items()):
            facts = self.councils[council].feeds[transaction].source
            last = self.day - _API_NIGHT * _DAY
            if isinstance(facts, FileFacts):
                days = [_day(facts, delivery) for delivery in few.deliveries()]
                if len(days) <= _NEW:
                    continue
                # What is new in a night of a clock change is all that covers it.
                last = sorted(days)[-_NEW] - _DAY if self.night == "last" else self.day - 2 * _DAY
                new = sum(day > last for day in days)
                # In such a night the others have one file or none, as in any other.
                if not min(days) <= last < max(days) or new < _NEW:
                    continue
            found[Unit(self.night, council, transaction)] = last
        return found

    def new_files(self, unit: Unit) -> list[str]:
        """Return the paths of the files that are new in a unit's night, oldest first; none of an API."""
        facts = self.councils[unit.council].feeds[unit.transaction].source
        if not isinstance(facts, FileFacts):
            return []
        offered = self._feeds[unit.council, unit.transaction].deliveries()
        return [delivery.path for delivery in offered if _day(facts, delivery) > self.units[unit]]

    def lay_out(self) -> None:
        """Write the configuration, and what the councils' servers and drop folders hold."""
        shutil.copytree(ROOT / "include" / "transactions", self.config / "transactions")
        (self.config / "councils").mkdir()
        known, _ = load_councils(ROOT / "include")
        for slug in sorted(self._wanted & known.keys()):
            # As text, which is how the pipeline reads it.
            text = (ROOT / "include" / "councils" / f"{slug}.yaml").read_text("utf-8")
            facts = yaml.load(text, Loader=yaml.BaseLoader)
            for feed in facts["feeds"].values():
                self._shorten(feed)
            written = yaml.safe_dump(facts, allow_unicode=True, sort_keys=False)
            (self.config / "councils" / f"{slug}.yaml").write_text(written, "utf-8")
        for account in self.accounts:
            account.root.mkdir(parents=True, exist_ok=True)
        for (council, transaction), few in self._feeds.items():
            facts = self.councils[council].feeds[transaction].source
            if isinstance(facts, FileFacts):
                root = self.sample.root(council, facts.kind)
                (root / facts.folder).mkdir(parents=True, exist_ok=True)
                for delivery in few.deliveries():
                    put(root / delivery.path, delivery.content, delivery.modified)

    @cached_property
    def sample(self) -> Sample:
        return Sample(self.councils, self._feeds, self.folder, self.secret)

    @property
    def accounts(self) -> list[Offer]:
        # The file that grows for ever would be another one in each run. The nights share a server.
        return [replace(account, user=self._login(account.user), uploading=None) for account in self.sample.accounts()]

    def apis(self) -> dict[str, list[FeedWorld]]:
        """Return the feeds that an API serves, by council."""
        found: dict[str, list[FeedWorld]] = {}
        for (council, _), few in self._feeds.items():
            if few.source in {"api", "open311"}:
                found.setdefault(council, []).append(few)
        return found

    def settings(self, ends: RemoteEnds, *, warehouse: str, folder: Path) -> Settings:
        """Return the installation of this night at these servers. folder: of landing store, spool and site."""
        known = {
            name.removeprefix(_AIRFLOW_PREFIX).lower(): text for name, text in self.sample.connections(ends).items()
        }

        def connection(connection_id: str) -> Connection:
            found = connection_from_json(connection_id, known[connection_id])
            return replace(found, login=self._login(found.login)) if found.login else found

        return Settings(
            connection=connection,
            config=self.config,
            warehouse=warehouse,
            landing=str(folder / "landing"),
            spool=folder / "spool",
            site=str(folder / "site"),
        )

    def _login(self, user: str) -> str:
        return f"{self.night}-{user}"

    @property
    def _wanted(self) -> set[str]:
        return set(self.only) or {SOLIHULL, *(council for council, _ in FEEDS)}

    @cached_property
    def _feeds(self) -> dict[tuple[str, str], FeedWorld]:
        found: dict[tuple[str, str], FeedWorld] = {}
        for key, whole in {**FEEDS, (SOLIHULL, MISSED_BIN): _MissedBinsOfSolihull()}.items():
            council, transaction = key
            if council not in self.councils or transaction not in self.councils[council].feeds:
                continue
            facts = self.councils[council].feeds[transaction].source
            if not isinstance(facts, FileFacts):
                found[key] = Few(whole)
                continue
            dated = sorted((_day(facts, delivery), delivery.path, delivery) for delivery in whole.deliveries())
            offered = [delivery for day, _, delivery in dated if day <= self.day]
            new = sum(self.day - 2 * _DAY < day <= self.day for day, _, _ in dated) if self.night != "last" else 0
            found[key] = Few(whole, offered[-_FILES - new :])
        return found

    def _shorten(self, feed: dict[str, Any]) -> None:
        source = feed["source"]
        source["timeout_seconds"] = _TIMEOUT_SECONDS
        first = self.day - _API_DAYS * _DAY
        if source["kind"] in {"sftp", "folder"}:
            source["settle_seconds"] = _SETTLE_SECONDS
        elif source["kind"] == "api":
            source["window"] |= {"first_day": first.isoformat(), "overlap_days": 3}
        else:
            source |= {"first_day": first.isoformat(), "reread_days": 7}
        if feed["delivery"] != "aggregate":
            monday = self.day - (self.day.weekday() + 7 * _WEEKS) * _DAY
            feed["covers_from"] = max(feed.get("covers_from", ""), monday.isoformat())


def _day(facts: FileFacts, delivery: Delivery) -> dt.date:
    """Return the day that the name of a file carries."""
    day = facts.pattern.first_day(delivery.path.removeprefix(f"{facts.folder}/"))
    if day is None:
        raise ValueError(f"{delivery.path}: no day in the name")
    return day
