"""Charts over time, drawn as SVG when the site is built, each in two sizes.

A chart never cuts or stretches: counts begin at 0, shares go from 0 to 100%, and a period without a figure is a gap.
Lines differ by dash and marker as well as by colour; what each is stands in the key beside the chart.
"""

from __future__ import annotations

import hashlib
import math
import re
import textwrap
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from local_digital.site.file import File
from local_digital.site.pages.svg import INK, PAGE, Sheet, at
from local_digital.site.pages.words import tick

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Sequence

    from local_digital.kpis import PeriodKind, Unit

NARROW, WIDE = 328, 720
QUIET, GRID = "#505a5f", "#dcdfe1"
BAND, BAND_EDGE = "#dfe9f3", "#7c93ab"
_HOLIDAY = "#8a6d00"
_TARGET = "#b3261e"
_LINE_HEIGHT = 17
# The room above and below a plot.
_TOP, _BOTTOM = 14, 46
_LABEL_ROOM = 186
_LABEL_LETTERS = 23
_DIGIT = 8.2
_FEW = 14


class Style(NamedTuple):
    """How a line is drawn."""

    colour: str
    dash: tuple[int, ...]
    shape: str


STYLES = (
    Style("#0b4f8a", (), "circle"),
    Style("#b3500a", (7, 3), "square"),
    Style("#6a2c91", (2, 2), "triangle-up"),
    Style("#00703c", (10, 3, 2, 3), "diamond"),
    Style("#55606a", (4, 5), "cross"),
)


# What each colour of a chart over time is on a dark page.
DARK_PAGE = "#111214"
_IN_THE_DARK = {
    PAGE: DARK_PAGE,
    INK: "#eef0f2",
    QUIET: "#b3bac1",
    GRID: "#363c42",
    BAND: "#22344a",
    BAND_EDGE: "#7390ad",
    _HOLIDAY: "#e3bd45",
    _TARGET: "#ff8f86",
    **dict(
        zip((style.colour for style in STYLES), ("#76b8ff", "#ffa566", "#d2a6ff", "#66d494", "#b6c0c9"), strict=True)
    ),
}
_COLOUR = re.compile('"(#[0-9a-f]{6})"')


class Line(NamedTuple):
    """values: one for each period of the chart, None where there is no figure."""

    name: str
    values: Sequence[float | None]


class Spread(NamedTuple):
    lower: float
    median: float
    upper: float


class Band(NamedTuple):
    """What other councils have: the middle half of them as a band, their median as a line. values: as in `Line`."""

    name: str
    median_name: str
    values: Sequence[Spread | None]


class Target(NamedTuple):
    name: str
    value: float


class KeyEntry(NamedTuple):
    """swatch: an asset that shows how something is drawn."""

    swatch: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A chart in one size, as SVG. width, height: in CSS pixels, exactly those of the drawing."""

    content: bytes
    width: int
    height: int

    @cached_property
    def path(self) -> str:
        return f"charts/{hashlib.sha256(self.content).hexdigest()[:20]}.svg"

    def in_the_dark(self) -> Picture:
        """Return the same chart for a dark page."""
        return Picture(_darkened(self.content.decode()).encode(), self.width, self.height)

    def file(self) -> File:
        return File(self.path, lambda: self.content, named_by_content=True)


@dataclass(frozen=True)
class Drawing:
    """The same chart for narrow and for wide screens, with its key."""

    narrow: Picture
    wide: Picture
    key: tuple[KeyEntry, ...]

    def files(self) -> Iterator[File]:
        yield self.narrow.file()
        yield self.wide.file()


def over_time(
    kind: PeriodKind,
    starts: Sequence[dt.date],
    lines: Sequence[Line],
    unit: Unit,
    *,
    band: Band | None = None,
    target: Target | None = None,
    marked: Collection[dt.date] = (),
) -> Drawing | None:
    """Draw lines over periods; None where fewer than two periods have a figure.

    starts: the first days of all periods from the first to the newest, without a leap. lines: at most as many as there
    are `STYLES`. marked: periods with a bank holiday.
    """
    if max((sum(value is not None for value in line.values) for line in lines), default=0) < 2:  # noqa: PLR2004 - a line
        return None
    known = [value for line in lines for value in line.values if value is not None]
    known += [spread.upper for spread in band.values if spread] if band else []
    known += [target.value] if target else []
    at = [index for index, start in enumerate(starts) if start in marked]
    spread = bool(band and any(band.values))
    chart = _Chart(kind, starts, lines, scale_of(unit, known), band if spread else None, target, at)
    key = [KeyEntry(f"line-{index}.svg", line.name) for index, line in enumerate(lines)]
    if band and spread:
        key += [KeyEntry("band.svg", band.name), KeyEntry("median.svg", band.median_name)]
    if target:
        key.append(KeyEntry("target.svg", target.name))
    if at:
        key.append(KeyEntry("holiday.svg", f"{kind.capitalize()} with a bank holiday"))
    return Drawing(chart.picture(NARROW), chart.picture(WIDE), tuple(key))


def swatches() -> dict[str, bytes]:
    """Return the assets that the keys show, by name; each is there for a dark page too, as `dark-` and its name."""
    found = {}
    for index, style in enumerate(STYLES):
        marker = {
            "circle": '<circle cx="22" cy="9" r="4"/>',
            "square": '<path d="M18.5 5.5h7v7h-7z"/>',
            "triangle-up": '<path d="M22 4.5l4.5 8h-9z"/>',
            "diamond": '<path d="M22 3.5l4 5.5-4 5.5-4-5.5z"/>',
            "cross": '<path d="M20.5 4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z"/>',
        }[style.shape]
        found[f"line-{index}.svg"] = (
            f'<path d="M1 9h42" fill="none" stroke="{style.colour}" stroke-width="2.5" '
            f'stroke-dasharray="{_dashes(style.dash)}"/><g fill="{style.colour}">{marker}</g>'
        )
    found["band.svg"] = f'<path d="M1 2.5h42v13H1z" fill="{BAND}" stroke="{BAND_EDGE}"/>'
    found["median.svg"] = f'<path d="M1 9h42" stroke="{QUIET}" stroke-width="1.5" stroke-dasharray="3 3"/>'
    found["target.svg"] = f'<path d="M1 9h42" stroke="{_TARGET}" stroke-width="1.5" stroke-dasharray="12 4"/>'
    found["holiday.svg"] = f'<path d="M22 5l5 8h-10z" fill="{_HOLIDAY}"/>'
    frame = '<svg xmlns="http://www.w3.org/2000/svg" width="44" height="18" viewBox="0 0 44 18">'
    found |= {f"dark-{name}": _darkened(drawn) for name, drawn in found.items()}
    return {name: f"{frame}{drawn}</svg>".encode() for name, drawn in found.items()}


def _darkened(drawn: str) -> str:
    # A colour that has no counterpart here is an error: it might not be seen at all.
    return _COLOUR.sub(lambda found: f'"{_IN_THE_DARK[found[1]]}"', drawn)


class Scale(NamedTuple):
    """bottom, top: of the axis. steps: where its labels stand. labels: what they say."""

    bottom: float
    top: float
    steps: list[float]
    labels: list[str]


def scale_of(unit: Unit, values: Sequence[float]) -> Scale:
    """Return an axis on which all values have room: shares from 0 to 100%, everything else from 0."""
    if unit in {"share", "score"}:
        return Scale(0, 1, [0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    low, high = min([0.0, *values]), max([0.0, *values]) or 1.0
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough)
    if unit == "count":
        step = max(1.0, math.ceil(step))
    first, last = math.floor(low / step), math.ceil(high / step)
    steps = [round(place * step, 10) for place in range(first, last + 1)]
    digits = max(0, -math.floor(math.log10(step)) + (step / power == 2.5)) if step < 10 else 0  # noqa: PLR2004
    if unit == "pounds" and digits:
        digits = 2
    labels = [
        ("-" if place < 0 else "") + ("£" if unit == "pounds" else "") + f"{abs(place):,.{digits}f}" for place in steps
    ]
    return Scale(steps[0], steps[-1], steps, labels)


@dataclass(frozen=True)
class _Chart:
    """scale: of what is counted. marked: indexes of the periods with a bank holiday."""

    kind: PeriodKind
    starts: Sequence[dt.date]
    lines: Sequence[Line]
    scale: Scale
    band: Band | None
    target: Target | None
    marked: Sequence[int]

    def picture(self, width: int) -> Picture:
        labelled = width > NARROW and len(self.lines) > 1
        left = round(max(map(len, self.scale.labels)) * _DIGIT) + 12
        # Half of the last period's name, which stands below the end of the plot.
        right = _LABEL_ROOM if labelled else 40 if self.kind == "quarter" else 26
        height = 300 if width > NARROW else 260
        room = _Room(width - left - right, height - _TOP - _BOTTOM, self.scale, len(self.starts))
        sheet = Sheet(width, height, left=left, top=_TOP, apart=_LINE_HEIGHT)
        _axes(sheet, room, self.kind, self.starts)
        if self.band:
            _band(sheet, room, self.band)
        if self.target:
            level = room.y(self.target.value)
            sheet.rules([(0, level, room.width, level)], colour=_TARGET, width=1.5, dash=(12, 4))
        floor = at(room.height - 4)
        sheet.markers([(room.xs[index], floor) for index in self.marked], shape="triangle-up", size=55, colour=_HOLIDAY)
        for line, style in zip(self.lines, STYLES, strict=False):
            _line(sheet, room, line, style)
        if labelled:
            _labels(sheet, room, self.lines)
        return Picture(sheet.content(), width, height)


class _Room:
    """Where things are in a plot of so many pixels. xs: of the periods, as SVG has them."""

    def __init__(self, width: int, height: int, scale: Scale, periods: int) -> None:
        self.width, self.height, self.scale = width, height, scale
        self.apart = width / max(1, periods - 1)
        self.xs = [at(index * self.apart) for index in range(periods)]

    def y(self, value: float) -> float:
        return self.height * (1 - (value - self.scale.bottom) / (self.scale.top - self.scale.bottom))

    def points(self, values: Sequence[tuple[int, float]]) -> list[tuple[str, str]]:
        """Return where values are. values: each with the index of its period."""
        return [(self.xs[index], at(self.y(value))) for index, value in values]


def _axes(sheet: Sheet, room: _Room, kind: PeriodKind, starts: Sequence[dt.date]) -> None:
    heights = [room.y(step) for step in room.scale.steps]
    # A line of one pixel is sharp in the middle of one.
    sheet.rules(((0, round(y) + 0.5, room.width, round(y) + 0.5) for y in heights), colour=GRID)
    newest = len(starts) - 1
    # From the newest backwards, so that it is always named.
    step = max(1, math.ceil(len(starts) / max(2, room.width // (105 if kind == "quarter" else 72))))
    places = list(range(newest, -1, -step))[::-1]
    floor = room.height + 0.5
    ticks = [round(place * room.apart) + 0.5 for place in places]
    sheet.rules([(x, floor, x, floor + 6) for x in ticks] + [(0, floor, room.width, floor)], colour=QUIET)
    for place in places:
        sheet.text(place * room.apart, room.height + 17, tick(kind, starts[place]), align="middle")
    for y, label in zip(heights, room.scale.labels, strict=True):
        sheet.text(-8, y, label, align="end")


def _band(sheet: Sheet, room: _Room, band: Band) -> None:
    runs = runs_of([spread and spread.median for spread in band.values])
    medians = []
    for run in runs:
        spreads = [(index, spread) for index, _ in run if (spread := band.values[index])]
        lower = room.points([(index, spread.lower) for index, spread in spreads])
        upper = room.points([(index, spread.upper) for index, spread in spreads])
        if len(run) > 1:
            sheet.between(upper, lower, colour=BAND)
            sheet.line(lower, colour=BAND_EDGE, width=1)
            sheet.line(upper, colour=BAND_EDGE, width=1)
            medians.append(room.points(run))
    for median in medians:
        sheet.line(median, colour=QUIET, width=1.5, dash=(3, 3))


def runs_of(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Return the runs of known values, each with its index. A gap ends a run, and no line leads across it."""
    found = groupby(enumerate(values), key=lambda pair: pair[1] is None)
    return [[(index, value) for index, value in run if value is not None] for gap, run in found if not gap]


def _line(sheet: Sheet, room: _Room, line: Line, style: Style) -> None:
    each = 1 if len(line.values) <= _FEW else math.ceil(len(line.values) / 9)
    newest = len(line.values) - 1
    shown: list[tuple[int, float]] = []
    for run in runs_of(line.values):
        if len(run) > 1:
            sheet.line(room.points(run), colour=style.colour, width=2.5, dash=style.dash)
        # A figure between two gaps has no line, so it has its marker.
        shown += [point for point in run if (newest - point[0]) % each == 0 or len(run) == 1]
    sheet.markers(room.points(shown), shape=style.shape, size=60, colour=style.colour)


def _labels(sheet: Sheet, room: _Room, lines: Sequence[Line]) -> None:
    """Name the lines at their ends, moved apart where they would cover each other."""
    ends = []
    for line, style in zip(lines, STYLES, strict=False):
        last = next((value for value in reversed(line.values) if value is not None), None)
        if last is not None:
            ends.append((room.y(last), textwrap.wrap(line.name, _LABEL_LETTERS)[:2], style.colour))
    ends.sort(key=lambda end: (end[0], end[1]))
    half = [len(words) * _LINE_HEIGHT / 2 for _, words, _ in ends]
    places = [end[0] for end in ends]
    for upper, lower in pairwise(range(len(ends))):
        places[lower] = max(places[lower], places[upper] + half[upper] + half[lower])
    floor = room.height + _LINE_HEIGHT / 2
    for index in reversed(range(len(ends))):
        places[index] = min(places[index], floor - half[index])
        floor = places[index] - half[index]
    for (height, words, colour), place in zip(ends, places, strict=True):
        sheet.rules([(room.width + 6, height, room.width + 16, place)], colour=colour)
        top = place - (len(words) - 1) * _LINE_HEIGHT / 2
        sheet.text(room.width + 20, top, words, colour=colour, bold=True)


def _dashes(dash: tuple[int, ...]) -> str:
    return " ".join(map(str, dash)) or "none"
