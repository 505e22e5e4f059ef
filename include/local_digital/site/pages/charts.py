"""Charts over time, as Vega-Lite specifications that are drawn when the site is built, each in two sizes.

A chart never cuts or stretches: counts begin at 0, shares go from 0 to 100%, and a period without a figure is a gap.
Lines differ by dash and marker as well as by colour; what each is stands in the key beside the chart.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import textwrap
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import vl_convert

from local_digital.site.file import File
from local_digital.site.pages.words import tick

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Sequence

    from local_digital.kpis import PeriodKind, Unit

FONT = "Arial, Helvetica, sans-serif"
VEGA_LITE = "6.4"
NARROW, WIDE = 328, 720
PAGE, INK, QUIET, GRID = "#ffffff", "#0b0c0c", "#505a5f", "#dcdfe1"
BAND, BAND_EDGE = "#dfe9f3", "#7c93ab"
_HOLIDAY = "#8a6d00"
_TARGET = "#b3261e"
_TEXT = 14
_LINE_HEIGHT = 17
_LABEL_ROOM = 186
_LABEL_LETTERS = 23
_DIGIT = 8.2
_FEW = 14
_DRAWN_BY = version("vl-convert-python")


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
    """A chart in one size. width, height: in CSS pixels, exactly those of the drawing."""

    spec: dict[str, Any]
    width: int
    height: int

    @cached_property
    def path(self) -> str:
        told = json.dumps([_DRAWN_BY, VEGA_LITE, self.spec], sort_keys=True)
        return f"charts/{hashlib.sha256(told.encode()).hexdigest()[:20]}.svg"

    def in_the_dark(self) -> Picture:
        """Return the same chart for a dark page."""
        return Picture(json.loads(_darkened(json.dumps(self.spec))), self.width, self.height)

    def file(self) -> File:
        return File(self.path, partial(draw, self.spec), named_by_content=True)


@dataclass(frozen=True)
class Drawing:
    """The same chart for narrow and for wide screens, with its key."""

    narrow: Picture
    wide: Picture
    key: tuple[KeyEntry, ...]

    def files(self) -> Iterator[File]:
        yield self.narrow.file()
        yield self.wide.file()


def draw(spec: dict[str, Any]) -> bytes:
    """Return a specification drawn as SVG, with text as text."""
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    if "</text>" not in drawn:
        # What goes wrong within an expression is only logged, and the drawing ends there.
        raise ValueError("the chart was not drawn whole")
    # What is for screen readers of an inline drawing has no use in an image, which has its alternative text.
    drawn = re.sub(r' (?:aria-[a-z]+|role|pointer-events|class)="[^"]*"', "", drawn)
    return re.sub(r"(\d\.\d\d)\d+", r"\1", drawn).encode()


def sized(layers: list[dict[str, Any]], *, width: int, height: int, padding: dict[str, int]) -> Picture:
    """Return layers as a picture of a size that does not depend on the fonts of the machine that draws it.

    width, height: of the whole; padding: the room for axes and labels around the plot (left, top, right, bottom).
    """
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width - padding["left"] - padding["right"],
        "height": height - padding["top"] - padding["bottom"],
        "padding": padding,
        "autosize": {"type": "none"},
        "background": PAGE,
        "config": {
            "font": FONT,
            "aria": False,
            "view": {"stroke": None},
            "axis": {
                "labelFontSize": _TEXT, "labelColor": INK, "labelFont": FONT, "gridColor": GRID,
                "domainColor": QUIET, "tickColor": QUIET, "title": None,
            },
            "text": {"font": FONT, "fontSize": _TEXT, "color": INK},
        },
        "layer": layers,
    }  # fmt: skip
    return Picture(spec, width, height)


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
        padding = {
            "left": round(max(map(len, self.scale.labels)) * _DIGIT) + 12,
            "top": 14,
            "bottom": 46,
            # Half of the last period's name, which stands below the end of the plot.
            "right": _LABEL_ROOM if labelled else 40 if self.kind == "quarter" else 26,
        }
        height = 300 if width > NARROW else 260
        plot_width = width - padding["left"] - padding["right"]
        plot_height = height - padding["top"] - padding["bottom"]
        x, y = _axes(self.kind, self.starts, self.scale, plot_width)
        # The axes are drawn whatever there is to draw.
        layers = [{"data": {"values": [{}]}, "mark": {"type": "point", "opacity": 0}, "encoding": {"x": x, "y": y}}]
        if self.band:
            layers += _band(self.band, x, y)
        if self.target:
            layers.append(
                {
                    "data": {"values": [{"y": self.target.value}]},
                    "mark": {"type": "rule", "color": _TARGET, "strokeWidth": 1.5, "strokeDash": [12, 4]},
                    "encoding": {"y": y},
                }
            )
        if self.marked:
            layers.append(
                {
                    "data": {"values": [{"x": index} for index in self.marked]},
                    "mark": _marker("triangle-up", _HOLIDAY, 55),
                    "encoding": {"x": x, "y": {"value": plot_height - 4}},
                }
            )
        for line, style in zip(self.lines, STYLES, strict=False):
            layers += _line(line, style, x, y)
        if labelled:
            layers += _labels(self.lines, self.scale, plot_width, plot_height)
        return sized(layers, width=width, height=height, padding=padding)


def _band(band: Band, x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    runs = _runs([spread and spread.median for spread in band.values])
    values = [
        {"x": index, "run": run, "lower": spread.lower, "median": spread.median, "upper": spread.upper}
        for index, run in runs
        if (spread := band.values[index])
    ]
    edge = {"type": "line", "color": BAND_EDGE, "strokeWidth": 1}
    median = {"type": "line", "color": QUIET, "strokeWidth": 1.5, "strokeDash": [3, 3]}
    area = {"type": "area", "color": BAND}
    encoding = {"x": x, "detail": _RUN}
    lower, upper = y | {"field": "lower"}, {"field": "upper"}
    return [
        {"data": {"values": values}, "mark": area, "encoding": encoding | {"y": lower, "y2": upper}},
        {"data": {"values": values}, "mark": edge, "encoding": encoding | {"y": lower}},
        {"data": {"values": values}, "mark": edge, "encoding": encoding | {"y": y | upper}},
        {"data": {"values": values}, "mark": median, "encoding": encoding | {"y": y | {"field": "median"}}},
    ]


def _marker(shape: str, colour: str, size: int) -> dict[str, Any]:
    return {"type": "point", "shape": shape, "filled": True, "size": size, "opacity": 1, "color": colour}


_RUN = {"field": "run", "type": "nominal"}


def _named(places: Sequence[float], names: Sequence[str | list[str]]) -> str:
    """Return the expression of Vega that gives every place of an axis its name."""
    return f"{json.dumps(names)}[indexof({json.dumps(places)}, datum.value)]"


def _axes(
    kind: PeriodKind, starts: Sequence[dt.date], scale: Scale, plot_width: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    newest = len(starts) - 1
    # From the newest backwards, so that it is always named.
    step = max(1, math.ceil(len(starts) / max(2, plot_width // (105 if kind == "quarter" else 72))))
    places = list(range(newest, -1, -step))[::-1]
    names = [tick(kind, starts[place]) for place in places]
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [0, max(1, newest)], "nice": False, "zero": False},
        "axis": {
            "values": places, "labelExpr": _named(places, names), "grid": False,
            "labelFlush": False, "labelOverlap": False, "labelBound": False, "labelPadding": 4, "tickSize": 6,
            "labelLineHeight": _LINE_HEIGHT,
        },
    }  # fmt: skip
    y = {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [scale.bottom, scale.top], "nice": False, "zero": True},
        "axis": {
            "values": scale.steps, "labelExpr": _named(scale.steps, scale.labels), "domain": False, "ticks": False,
            "labelPadding": 8, "labelOverlap": False, "labelBound": False,
        },
    }  # fmt: skip
    return x, y


def _runs(values: Sequence[float | None]) -> list[tuple[int, int]]:
    """Return index and number of the run of every known value. A gap ends a run, and no line leads across it."""
    run, found = 0, []
    for index, value in enumerate(values):
        if value is None:
            run += 1
        else:
            found.append((index, run))
    return found


def _line(line: Line, style: Style, x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    placed = _runs(line.values)
    points = [{"x": index, "y": line.values[index], "run": run} for index, run in placed]
    each = 1 if len(line.values) <= _FEW else math.ceil(len(line.values) / 9)
    numbers = [run for _, run in placed]
    # A figure between two gaps has no line, so it has its marker.
    shown = [
        point for (index, run), point in zip(placed, points, strict=True)
        if (len(line.values) - 1 - index) % each == 0 or numbers.count(run) == 1
    ]  # fmt: skip
    return [
        {
            "data": {"values": points},
            "mark": {"type": "line", "color": style.colour, "strokeWidth": 2.5, "strokeDash": list(style.dash)},
            "encoding": {"x": x, "y": y, "detail": _RUN},
        },
        {
            "data": {"values": [{"x": point["x"], "y": point["y"]} for point in shown]},
            "mark": _marker(style.shape, style.colour, 60),
            "encoding": {"x": x, "y": y},
        },
    ]  # fmt: skip


def _labels(lines: Sequence[Line], scale: Scale, plot_width: int, plot_height: int) -> list[dict[str, Any]]:
    """Return layers that name the lines at their ends, moved apart where they would cover each other."""
    ends = []
    for line, style in zip(lines, STYLES, strict=False):
        last = next((value for value in reversed(line.values) if value is not None), None)
        if last is not None:
            height = plot_height * (1 - (last - scale.bottom) / (scale.top - scale.bottom))
            ends.append((height, textwrap.wrap(line.name, _LABEL_LETTERS)[:2], style.colour))
    ends.sort(key=lambda end: (end[0], end[1]))
    half = [len(words) * _LINE_HEIGHT / 2 for _, words, _ in ends]
    places = [end[0] for end in ends]
    for upper, lower in pairwise(range(len(ends))):
        places[lower] = max(places[lower], places[upper] + half[upper] + half[lower])
    floor = plot_height + _LINE_HEIGHT / 2
    for index in reversed(range(len(ends))):
        places[index] = min(places[index], floor - half[index])
        floor = places[index] - half[index]
    encoding = {"y": {"field": "at", "type": "quantitative", "scale": None}}
    layers: list[dict[str, Any]] = []
    for (height, words, colour), place in zip(ends, places, strict=True):
        layers += [
            {
                "data": {"values": [{"from": round(height, 1), "at": round(place, 1)}]},
                "mark": {"type": "rule", "color": colour, "strokeWidth": 1},
                "encoding": {
                    "x": {"value": plot_width + 6}, "x2": {"value": plot_width + 16},
                    "y": {"field": "from", "type": "quantitative", "scale": None}, "y2": {"field": "at"},
                },
            },
            {
                "data": {"values": [{"at": round(place - (len(words) - 1) * _LINE_HEIGHT / 2, 1)}]},
                "mark": {
                    "type": "text", "align": "left", "baseline": "middle", "dx": 20, "color": colour, "text": words,
                    "lineHeight": _LINE_HEIGHT, "fontWeight": "bold",
                },
                "encoding": encoding | {"x": {"value": plot_width}},
            },
        ]  # fmt: skip
    return layers


def _dashes(dash: tuple[int, ...]) -> str:
    return " ".join(map(str, dash)) or "none"
