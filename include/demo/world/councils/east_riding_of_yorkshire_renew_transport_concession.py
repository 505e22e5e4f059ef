"""East Riding of Yorkshire: bus passes as what changed, in XML that its system uploads."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from demo.world.concessions import Passes
from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import Entries, Entry, FileFeed, Way, after_weeks, changed, known, london, written_at
from demo.world.writing import element, text_element, xml_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import Dealing, FeedWorld

_WAYS = {
    "Web": Way("online", 36, 48),
    "Telephone": Way("phone", 18, 12, staffed=True),
    "Customer Service Point": Way("face-to-face", 26, 18, staffed=True),
    "Post": Way("post", 18, 10),
    "E-mail": Way("email", 2, 3),
}
_PASSES = {
    "older": "Senior", "disabled": "Disabled", "companion": "Disabled with carer", "young": "Youth", "other": "Special"
}  # fmt: skip
_REQUESTS = {"application": "new", "renewal": "renew", "replacement": "lost"}


@cache
def _passes() -> Entries:
    return Passes(seed=273_05, ref="ER-{}", first=7_204, usual=82, spread=10, ways=_WAYS, asks_rating=True).entries()


def _files() -> Iterator[Delivery]:
    since = STARTS
    for day in after_weeks(22, 23, 24, 25, 26):
        content = xml_file("passes", (_pass(entry, asked) for entry, asked in changed(_passes(), since, day)))
        yield Delivery(f"bus-passes/passes_{day:%Y-%m-%d}.xml", content, written_at(day, 0, 50))
        since = day


def _pass(entry: Entry, asked: Dealing) -> str:
    kind = element("kind", scheme=_PASSES[str(asked.concession)], request=_REQUESTS[str(asked.request)])
    issued = text_element("issued", f"{london(asked.closed_at):%Y-%m-%d %H:%M}") if asked.closed_at else ""
    score = text_element("score", str(asked.rating)) if asked.rating else ""
    received = text_element("received", f"{london(asked.reported_at):%Y-%m-%d %H:%M}")
    inside = received + issued + text_element("via", entry.word) + kind + score + text_element("name", entry.person)
    return element("pass", inside, number=asked.ref, state="Issued" if asked.status == "completed" else "Pending")


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed(
        "east-riding-of-yorkshire",
        "renew-transport-concession",
        "folder",
        lambda: known(_passes(), LAST_NIGHT),
        _files,
    ),
)
