"""All feeds of the sample world. A module of `demo.world.councils` offers those of its council as `FEEDS`."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from demo.world import councils

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import FeedWorld


def _all() -> Iterator[FeedWorld]:
    for module in pkgutil.iter_modules(councils.__path__, f"{councils.__name__}."):
        yield from importlib.import_module(module.name).FEEDS


# By council and transaction. Nothing is made up before a feed is asked for it.
FEEDS: dict[tuple[str, str], FeedWorld] = {(feed.council, feed.transaction): feed for feed in _all()}
