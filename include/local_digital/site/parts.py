"""The parts of the site: what each is made from, and how it is made.

A part is made again where what it is made from has another version, and only then. So one council's night costs its own
pages and tables, the comparisons of its transactions, and what lists all councils.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, replace
from functools import cache, cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from local_digital.site.catalogue import PATH, catalogue
from local_digital.site.figures import Dates
from local_digital.site.file import File, Part
from local_digital.site.open_data import (
    Piece,
    benchmark_table,
    council_tables,
    named_councils,
    package,
    pieces,
    put_together,
    shared_tables,
    whole_tables,
)
from local_digital.site.pages.comparison import comparisons
from local_digital.site.pages.council import council_page, groups_of
from local_digital.site.pages.dashboard import dashboard
from local_digital.site.pages.front import front_page
from local_digital.site.pages.layout import assets
from local_digital.site.pages.reference_pages import changes_page, data_page, kpi_page
from local_digital.site.pages.site import Feed, Site, bands_of
from local_digital.site.rows import Rows
from local_digital.site.tables import FORMS, Form, Made, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from local_digital.site.about import About
    from local_digital.site.figures import FeedFigures, Figures
    from local_digital.site.open_data import Named
    from local_digital.site.pages.comparison import Comparison
    from local_digital.site.sink import Index


class Source(NamedTuple):
    """Where the figures come from: see `figures.Released`, which this is for tests too. change_log: all of it."""

    overview: Figures
    dates: Mapping[str, Dates]
    changes: tuple[int, int]
    feed: Callable[[str, str], FeedFigures]
    side_by_side: Callable[[str], pd.DataFrame]
    benchmarks: Callable[[str], Rows]
    change_log: Callable[[], pd.DataFrame]


class FeedFiles(NamedTuple):
    """What a council's transaction gives; None for what was not asked for.

    pages: its dashboard with charts and CSVs. tables: its open data. pieces: its part of the tables of all councils.
    """

    pages: list[File] | None
    tables: list[File] | None
    pieces: list[Piece] | None


class Task(NamedTuple):
    """A council's transaction, and whether its pages and its tables are to be made."""

    council: str
    transaction: str
    pages: bool = False
    tables: bool = False


class _Feed(NamedTuple):
    version: str
    dates: Dates


class Before(NamedTuple):
    """The site as it is.

    known: its index, an empty one where there is none. read: returns bytes of a file, from one place up to another.
    """

    known: Index
    read: Callable[[str, int, int], bytes]


class Parts:
    """All parts of a site.

    program: a digest of what makes it. editions: digest of each transaction's benchmarks. as_of: as in `Site`. before:
    the site as it is.
    """

    def __init__(
        self, source: Source, about: About, before: Before, *, program: str, editions: Mapping[str, str],
        as_of: Mapping[str, dt.date],
    ) -> None:  # fmt: skip
        self.source = source
        self.site = Site(source.overview, about, cache(lambda of: bands_of(source.benchmarks(of))), as_of)
        self._before = before
        self._editions = editions
        contracts = {slug: one.model_dump(mode="json") for slug, one in sorted(source.overview.contracts.items())}
        told = {slug: day.isoformat() for slug, day in as_of.items()}
        self._common = digest([program, contracts, asdict(about), told])
        self._pieces: dict[tuple[str, str], list[Piece]] = {}
        self._notes: dict[str, dict[str, Any]] = {slug: {} for slug in source.overview.contracts}
        self._sizes: dict[str, Made] = {}
        self._newest: tuple[Task, FeedFiles] | None = None
        # Replaced where other processes make the files.
        self.make: Callable[[Task], FeedFiles] = self.made_here

    def made_here(self, task: Task) -> FeedFiles:
        """Make the files of a council's transaction whose figures are shown."""
        council, contract = self.site.councils[task.council], self.site.contracts[task.transaction]
        named = self.named[council.slug]
        figures = self.source.feed(council.slug, contract.transaction)
        found = council_tables(contract, figures, named, self._feeds[council.slug, contract.transaction].dates)
        pages: list[File] | None = None
        if task.pages:
            names = [table.name for table in found]
            drawn = dashboard(self.site, council, contract, lambda: Feed(*figures), names)
            pages = [File(file.path, partial(bytes, file.make()), file.named_by_content) for file in _once(drawn)]
        if not task.tables:
            return FeedFiles(pages, None, None)
        files = [_content(table.path(form), table.content(form)) for table in found for form in FORMS]
        if found:
            path = f"data/{contract.transaction}/{council.slug}/datapackage.json"
            files.append(_content(path, package(contract, found, self.site.about, named)))
        return FeedFiles(pages, files, pieces(found))

    def tasks(self) -> Iterator[Task]:
        """Yield what is to be made of councils' transactions, in the order in which it is asked for."""
        for transaction in sorted(self.site.contracts):
            for council in self.shown[transaction]:
                task = self._task(council, transaction)
                if task.pages or task.tables:
                    yield task

    def _task(self, council: str, transaction: str) -> Task:
        stale = [
            not (known := self._before.known.parts.get(f"{kind}/{transaction}/{council}")) or known.version != version
            for kind, version in zip(("page", "tables"), self.versions_of_feed(council, transaction), strict=True)
        ]
        return Task(council, transaction, pages=stale[0], tables=stale[1])

    def _files(self, council: str, transaction: str) -> FeedFiles:
        """Return what is to be made of a council's transaction; the part with its page and that with its tables ask."""
        task = self._task(council, transaction)
        if self._newest is None or self._newest[0] != task:
            self._newest = (task, self.make(task))
        return self._newest[1]

    def all(self) -> Iterator[Part]:
        """Yield every part. A part that is put together from others comes after them."""
        yield Part("assets", self._version(), assets)
        for transaction in sorted(self.site.contracts):
            for council in self.site.councils:
                yield from self._feed(council, transaction)
            yield Part(f"data/{transaction}", self._whole_version(transaction),
                       partial(self._whole, transaction), self._notes[transaction])  # fmt: skip
            yield from self._comparisons(transaction)
        yield from self._of_all()

    @cached_property
    def named(self) -> dict[str, Named]:
        """How tables name every council."""
        return named_councils(self.source.overview.councils)

    @cached_property
    def shown(self) -> dict[str, list[str]]:
        """The councils with public figures by transaction, in the order of the tables."""
        found: dict[str, list[str]] = {slug: [] for slug in self.site.contracts}
        for council, transaction in sorted(self._feeds):
            if transaction in found and self.site.offer(council, transaction).state == "shown":
                found[transaction].append(council)
        return found

    @cached_property
    def _feeds(self) -> dict[tuple[str, str], _Feed]:
        feeds = self.source.overview.feeds
        columns = ("council", "transaction", "version", "first_released_at", "released_at")
        return {
            (council, transaction): _Feed(version, Dates(first.to_pydatetime(), last.to_pydatetime()))
            for council, transaction, version, first, last in zip(
                *(feeds[name].tolist() for name in columns), strict=True
            )
        }

    def versions_of_feed(self, council: str, transaction: str) -> tuple[str, str]:
        """Return the versions of its pages and of its tables."""
        feed = self._feeds.get((council, transaction), ())
        who = self.site.councils[council]
        tables = self._version(feed, self.named[council], "tables")
        if not feed or self.site.offer(council, transaction).state != "shown":
            return self._version(who, self.site.offer(council, transaction)), ""
        return self._version(feed, who, self.site.offer(council, transaction), self._editions.get(transaction)), tables

    def _feed(self, council: str, transaction: str) -> Iterator[Part]:
        pages, tables = self.versions_of_feed(council, transaction)
        key = f"{transaction}/{council}"
        if not tables:
            contract = self.site.contracts[transaction]
            yield Part(
                f"page/{key}", pages,
                lambda: dashboard(self.site, self.site.councils[council], contract, _no_feed),
            )  # fmt: skip
            return
        note: dict[str, Any] = {}
        yield Part(f"page/{key}", pages, lambda: self._pages(council, transaction))
        yield Part(f"tables/{key}", tables, lambda: self._tables(council, transaction, note), note)

    def _pages(self, council: str, transaction: str) -> list[File]:
        found = self._files(council, transaction).pages
        # A file of it may be gone, though nothing is new.
        return self.made_here(Task(council, transaction, pages=True)).pages or [] if found is None else found

    def _tables(self, council: str, transaction: str, note: dict[str, Any]) -> list[File]:
        made = self._files(council, transaction)
        if made.tables is None:
            made = self.made_here(Task(council, transaction, tables=True))
        self._pieces[transaction, council] = made.pieces or []
        note |= {one.table: one.told() for one in made.pieces or []}
        return made.tables or []

    def _whole_version(self, transaction: str) -> str:
        tables = [self.versions_of_feed(council, transaction)[1] for council in self.shown[transaction]]
        return self._version(tables, self._editions.get(transaction), self.source.dates.get(transaction), "whole")

    def _pieces_of(self, transaction: str) -> dict[str, list[Piece]]:
        """Return what every council's part of the tables is, with rows where they were made in this build."""
        found = {}
        for council in self.shown[transaction]:
            made = self._pieces.get((transaction, council))
            if made is None:
                known = self._before.known.parts[f"tables/{transaction}/{council}"].note
                made = [Piece.of_told(table, told) for table, told in known.items()]
            found[council] = made
        return found

    def _tables_of(self, transaction: str) -> list[Table]:
        contract, dates = self.site.contracts[transaction], self.source.dates.get(transaction)
        return whole_tables(contract, self._pieces_of(transaction), self.named, dates)

    def _whole(self, transaction: str) -> Iterator[File]:
        """Yield the tables of all councils, put together from their pieces: new ones, and those of the site before."""
        note = self._notes[transaction]
        spans = note["spans"] = {}
        having = self._pieces_of(transaction)
        tables = self._tables_of(transaction)
        for table in tables:
            for form in FORMS:
                here = {slug: one for slug, ones in having.items() for one in ones if one.table == table.name}
                lines = self._lines(transaction, table, form, here)
                made, places = put_together(table, form, lines)
                spans[table.path(form)] = {slug: list(span) for slug, span in zip(here, places, strict=True)}
                yield self._sized(table.path(form), made)
        contract = self.site.contracts[transaction]
        compared = benchmark_table(contract, self.source.benchmarks(transaction), self.source.dates.get(transaction))
        note["benchmarks"] = [
            len(compared),
            *(day and day.isoformat() for day in (compared.first_day, compared.last_day)),
        ]
        if len(compared):
            tables.append(compared)
            for form in FORMS:
                yield self._sized(compared.path(form), compared.content(form))
        if tables:
            yield _content(f"data/{transaction}/datapackage.json", package(contract, tables, self.site.about))
        # They are in the file now.
        for council in self.shown[transaction]:
            if made_now := self._pieces.get((transaction, council)):
                self._pieces[transaction, council] = [replace(one, lines={}) for one in made_now]

    def _lines(self, transaction: str, table: Table, form: Form, here: Mapping[str, Piece]) -> Iterator[bytes]:
        path = table.path(form)
        known = self._before.known.parts.get(f"data/{transaction}")
        spans = known.note.get("spans", {}).get(path, {}) if known else {}
        entry = self._before.known.files.get(path)
        old = self._before.read(path, 0, entry.bytes) if spans and entry else b""
        whole = entry is not None and Made.of(old) == Made(entry.bytes, entry.sha256)
        for council, piece in here.items():
            if form in piece.lines:
                yield piece.lines[form]
            elif whole and council in spans:
                begin, size = spans[council]
                yield old[begin : begin + size]
            else:
                # Somebody has changed the file: what it had of this council is made again.
                again = self.made_here(Task(council, transaction, tables=True)).pieces or []
                yield next(one.lines[form] for one in again if one.table == table.name)

    def _sized(self, path: str, content: bytes) -> File:
        self._sizes[path] = Made.of(content)
        return _content(path, content)

    def _comparisons(self, transaction: str) -> Iterator[Part]:
        contract = self.site.contracts[transaction]
        load = cache(lambda: self.source.side_by_side(transaction))
        for one in comparisons(self.site, contract, load):
            facts = [
                (council, self.site.offer(council.slug, transaction), self._feeds.get((council.slug, transaction)))
                for council in one.councils
            ]
            version = self._version(one.around, facts, self._editions.get(transaction))
            yield Part(f"compare/{transaction}/{one.key}", version, partial(_comparison, one))

    def _of_all(self) -> Iterator[Part]:
        overview = self.source.overview
        facts = [
            [tuple(council) for council in self.site.councils.values()],
            sorted((*key, tuple(offer)) for key, offer in self.site.offers.items()),
        ]
        newest = [(*key, *map(str, one)) for key, one in sorted(self.site.newest.items())]
        yield Part("front", self._version(facts, newest), lambda: [front_page(self.site)])
        yield Part("kpis", self._version("kpis"), lambda: [kpi_page(self.site)])
        changes = self._version(facts[0], self.source.changes)
        yield Part("changes", changes, lambda: [changes_page(self.site, self.source.changes[0])])
        groups = groups_of(self.site)
        for slug, council in self.site.councils.items():
            mine = [
                (key, offer, self.site.newest.get(key), str(self.site.released_at.get(key)))
                for key in ((slug, transaction) for transaction in sorted(self.site.contracts))
                for offer in [self.site.offer(*key)]
            ]
            version = self._version(council, mine, groups.get(slug, {}))
            yield Part(
                f"council/{slug}", version, partial(_one, council_page, self.site, council, groups.get(slug, {}))
            )
        whole = [self._whole_version(transaction) for transaction in sorted(self.site.contracts)]
        version = self._version(facts, overview.councils.to_numpy().tolist(), self.source.changes, whole,
                                sorted(self.source.dates.items()))  # fmt: skip
        yield Part("data", version, self._data)

    def _data(self) -> Iterator[File]:
        """Yield the tables about all councils, the catalogue and the page that lists all tables."""
        dates = self.source.dates.values()
        of_all = None
        if dates:
            of_all = Dates(min(one.issued for one in dates), max(one.modified for one in dates))
        shared = shared_tables(self.source.overview, self.source.change_log(), of_all)
        for table in shared:
            for form in FORMS:
                yield _content(table.path(form), table.content(form))
        yield _content("data/datapackage.json", package(None, shared, self.site.about))
        found = [*shared, *chain.from_iterable(map(self._listed, sorted(self.site.contracts)))]
        yield _content(PATH, catalogue(found, self.site.about))
        yield data_page(self.site, found)

    def _listed(self, transaction: str) -> list[Table]:
        """Return the tables of a transaction with their sizes, without their rows."""
        tables = self._tables_of(transaction)
        known = self._before.known.parts.get(f"data/{transaction}")
        note = self._notes[transaction] or (known.note if known else {})
        rows, *days = note["benchmarks"]
        if rows:
            first, last = (dt.date.fromisoformat(day) for day in days)
            contract, dates = self.site.contracts[transaction], self.source.dates.get(transaction)
            nothing = benchmark_table(contract, Rows.empty(), dates)
            tables.append(replace(nothing, frame=None, height=rows, first_day=first, last_day=last))
        for table in tables:
            for form in FORMS:
                path = table.path(form)
                if (made := self._sizes.get(path)) is None:
                    # The file of the site before was left as it was.
                    entry = self._before.known.files[path]
                    made = Made(entry.bytes, entry.sha256)
                table.sizes[form] = made
        return tables

    def _version(self, *facts: object) -> str:
        return digest([self._common, *facts])


def digest(facts: object) -> str:
    """Return a short name of facts: equal ones have equal names."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:20]


def _no_feed() -> Feed:
    raise AssertionError("a page without figures asked for figures")


def _content(path: str, content: bytes) -> File:
    # Unlike a function of here, this can be sent from one process to another.
    return File(path, partial(bytes, content))


def _one(make: Callable[..., File], *of: Any) -> Iterable[File]:
    return [make(*of)]


def _comparison(of: Comparison) -> Iterator[File]:
    return _once(of.files())


def _once(files: Iterable[File]) -> Iterator[File]:
    """Yield the files of a page; a drawing that it shows twice once."""
    seen = set()
    for file in files:
        if file.path not in seen or not file.named_by_content:
            yield file
        seen.add(file.path)
