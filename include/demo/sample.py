"""The councils of the sample: what lies on their servers, who may fetch it, and the connections that say so."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from demo import council as solihull
from demo.council import put
from demo.sftp_server import Offer
from local_digital.config.loading import load_councils
from local_digital.config.sources import Api, Folder, Open311, Sftp
from local_digital.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from demo.world.dealings import FeedWorld
    from local_digital.config.models import Council

SOLIHULL = "solihull"
UPLOADING = "missed_bins_20260407.csv"


@dataclass(frozen=True)
class RemoteEnds:
    """Where the running servers are, and what proves that it is them.

    ca: the private authority's certificate. platform_ca_file: the same in a file, where the platform needs it.
    """

    sftp_port: int
    host_key: str
    https_url: str
    ca: str
    platform_url: str
    sftp_host: str = "127.0.0.1"
    platform_ca_file: str | None = None


@dataclass(frozen=True)
class Sample:
    """councils: those that take part, by slug. worlds: what truly happened there, by council and transaction; the case
    system of Solihull's missed bins is `demo.case_system`. folder: where their servers' folders are. secret: of this
    installation; every password and token is derived from it.
    """

    councils: Mapping[str, Council]
    worlds: Mapping[tuple[str, str], FeedWorld]
    folder: Path
    secret: str

    @classmethod
    def of_the_world(cls, folder: Path, secret: str) -> Sample:
        """Return the sample world's councils; those of other councils' files have no sample, and stay paused."""
        from demo.world.feeds import FEEDS  # noqa: PLC0415 - tests have worlds of their own

        known, _ = load_councils(ROOT / "include")
        wanted = {SOLIHULL, *(council for council, _ in FEEDS)}
        return cls({slug: known[slug] for slug in sorted(wanted & known.keys())}, FEEDS, folder, secret)

    def lay_out(self) -> None:
        """Write what all councils deliver; a file that is there and right stays untouched."""
        for account in self.accounts():
            account.root.mkdir(parents=True, exist_ok=True)
        if SOLIHULL in self.councils:
            solihull.lay_out(self.root(SOLIHULL, "sftp"))
        for (council, transaction), world in self._served.items():
            source = self.councils[council].feeds[transaction].source
            if isinstance(source, Sftp | Folder):
                root = self.root(council, source.kind)
                # A drop folder is there before its first file.
                (root / source.folder).mkdir(parents=True, exist_ok=True)
                for delivery in world.deliveries():
                    put(root / delivery.path, delivery.content, delivery.modified)

    def root(self, council: str, kind: str) -> Path:
        """Return the folder that a council's account or drop folder shows. kind: `sftp` or `folder`."""
        return self.folder / kind / council

    def accounts(self) -> list[Offer]:
        """Return the SFTP server's accounts."""
        return [
            Offer(
                self.root(slug, "sftp"),
                slug,
                self._secret_of(connection),
                f"{solihull.FOLDER}/{UPLOADING}" if slug == SOLIHULL else None,
            )
            for slug, connection in self._connections_of(Sftp)
        ]

    def api_secrets(self) -> list[dict[str, str]]:
        """Return what the councils' APIs let in, as their server reads it."""
        return [
            {"connection": connection, "password": self._secret_of(connection)}
            for _, connection in self._connections_of(Api, Open311)
        ]

    def data_sets(self) -> list[dict[str, str]]:
        """Return every data set that some council publishes, as the platform's stand-in reads it."""
        return [
            {"data_group": group, "data_type": name, "token": self._token(group, name)}
            for council in self.councils.values()
            for group, name in _published(council)
        ]

    def connections(self, ends: RemoteEnds) -> dict[str, str]:
        """Return the connections of all councils as Airflow's environment variables."""
        found: dict[str, dict[str, object]] = {}
        for slug, council in self.councils.items():
            found[council.privacy.connection] = {
                "conn_type": "generic", "password": self._secret_of(council.privacy.connection),
            }  # fmt: skip
            tokens = {f"{group}/{name}": self._token(group, name) for group, name in _published(council)}
            trusted = {"ca_file": ends.platform_ca_file} if ends.platform_ca_file else {}
            found[council.platform.connection] = {
                "conn_type": "http", "host": ends.platform_url, "extra": {"tokens": tokens, **trusted},
            }  # fmt: skip
            for feed in council.feeds.values():
                if feed.source.connection:
                    found[feed.source.connection] = self._source(slug, feed.source, feed.source.connection, ends)
        return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(facts) for name, facts in found.items()}

    def _source(
        self, slug: str, source: Sftp | Folder | Api | Open311, connection: str, ends: RemoteEnds
    ) -> dict[str, object]:
        match source:
            case Folder():
                return {"conn_type": "generic", "host": str(self.root(slug, "folder"))}
            case Sftp():
                return {
                    "conn_type": "sftp", "host": ends.sftp_host, "port": ends.sftp_port, "login": slug,
                    "password": self._secret_of(connection), "extra": {"host_key": ends.host_key},
                }  # fmt: skip
            case _:
                return {
                    "conn_type": "http", "host": f"{ends.https_url}/{slug}",
                    "password": self._secret_of(connection), "extra": {"ca": ends.ca},
                }  # fmt: skip

    @cached_property
    def _served(self) -> dict[tuple[str, str], FeedWorld]:
        """The worlds that a council's file knows a feed for."""
        return {
            (council, transaction): world
            for (council, transaction), world in self.worlds.items()
            if council in self.councils and transaction in self.councils[council].feeds
        }

    def _connections_of(self, *kinds: type[Sftp | Api | Open311]) -> Iterator[tuple[str, str]]:
        """Yield council and connection once for each connection that a source of these kinds uses."""
        seen = set()
        for slug, council in self.councils.items():
            for feed in council.feeds.values():
                connection = feed.source.connection
                if isinstance(feed.source, kinds) and connection and connection not in seen:
                    seen.add(connection)
                    yield slug, connection

    def _token(self, group: str, data_type: str) -> str:
        return self._secret_of(f"{group}/{data_type}")

    def _secret_of(self, name: str) -> str:
        return hmac.new(self.secret.encode(), name.encode(), hashlib.sha256).hexdigest()


def _published(council: Council) -> list[tuple[str, str]]:
    """Return data group and data type of every data set of a council."""
    return [
        (council.data_group(transaction), name) for transaction, feed in council.feeds.items() for name in feed.publish
    ]
