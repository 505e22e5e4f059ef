"""Charts of many councils: one figure of each beside the others, and each one's own year in a small panel.

Every chart is laid out here to the pixel, so that it does not depend on the fonts of the machine that draws it.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from local_digital.site.pages.charts import (
    BAND,
    BAND_EDGE,
    GRID,
    NARROW,
    QUIET,
    STYLES,
    WIDE,
    Drawing,
    KeyEntry,
    Picture,
    Spread,
    Target,
    runs_of,
    scale_of,
)
from local_digital.site.pages.svg import INK, PAGE, Sheet, at
from local_digital.site.pages.words import figure, number, tick

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from local_digital.kpis import PeriodKind, Unit

_COLOUR = STYLES[0].colour
# Lighter, so that the median is seen on it.
_BAR = "#5b8fc0"
_TARGET = "#b3261e"
_SMALL = 13
_LETTERS = 38
_BARS = 20
_PANEL_WIDTH, _PANEL_HEIGHT = NARROW, 122
_PANEL_TOP, _PANEL_FLOOR = 30, 92


class Named(NamedTuple):
    """name: of the council. value: its figure."""

    name: str
    value: float


def dots(figures: Sequence[Named], unit: Unit, spread: Spread | None, target: Target | None) -> Drawing:
    """Draw a dot for each figure, in the order given, each in a line with its name and its value.

    spread: the quartiles and the median of these figures, drawn as a band and a line.
    """
    narrow, wide = (_dots(width, figures, unit, spread, target) for width in (NARROW, WIDE))
    return Drawing(narrow, wide, _key(KeyEntry("dot.svg", "A council"), spread, target))


def histogram(figures: Sequence[Named], unit: Unit, spread: Spread | None, target: Target | None) -> Drawing:
    """Draw how many of the councils have a figure of about which size; for more of them than can be named."""
    narrow, wide = (_histogram(width, figures, unit, spread, target) for width in (NARROW, WIDE))
    return Drawing(narrow, wide, _key(KeyEntry("bar.svg", "Number of councils"), spread, target))


def panel(
    kind: PeriodKind,
    starts: Sequence[dt.date],
    takeup: Sequence[float | None],
    volume: Sequence[float | None],
) -> Picture | None:
    """Draw a council's take-up (from 0 to 100%) and its transactions (on a scale of their own) side by side.

    takeup, volume: one for each period, None where there is no figure. Returns None where there is none at all.
    """
    known = [value for value in volume if value is not None]
    if not known and all(value is None for value in takeup):
        return None
    scale = scale_of("count", known)
    half = _PANEL_WIDTH // 2
    sheet = Sheet(_PANEL_WIDTH, _PANEL_HEIGHT)
    said = f"{figure('share', newest)} digital" if (newest := takeup[-1]) is not None else "Digital take-up"
    ends = _ends(kind, starts)
    _plot(sheet, _Frame(0, 44, half - 16, (0, 1), ("0%", "100%"), ends), said, takeup)
    said = f"{number(newest)} transactions" if (newest := volume[-1]) is not None else "Transactions"
    room = 10 + 8 * len(scale.labels[-1])
    reach, labels = (scale.bottom, scale.top), (scale.labels[0], scale.labels[-1])
    _plot(sheet, _Frame(half, half + room, _PANEL_WIDTH - 8, reach, labels, ends), said, volume)
    return Picture(sheet.content(), _PANEL_WIDTH, _PANEL_HEIGHT)


class _Frame(NamedTuple):
    """A plot of a panel.

    edge: where its heading begins. reach: of its axis, with labels. ends: the first and the last period.
    """

    edge: int
    left: int
    right: int
    reach: tuple[float, float]
    labels: tuple[str, str]
    ends: tuple[str, str]


def _rule(
    sheet: Sheet, ends: tuple[float, float, float, float],
    *, colour: str = GRID, width: float = 1, dash: tuple[int, ...] = (),
) -> None:  # fmt: skip
    sheet.rules([ends], colour=colour, width=width, dash=dash)


def _key(first: KeyEntry, spread: Spread | None, target: Target | None) -> tuple[KeyEntry, ...]:
    key = [first]
    if spread:
        key += [KeyEntry("band.svg", "Middle half of these councils"), KeyEntry("median-up.svg", "Their median")]
    if target:
        key.append(KeyEntry("target-up.svg", target.name))
    return tuple(key)


def _values(figures: Sequence[Named], target: Target | None) -> list[float]:
    return [one.value for one in figures] + ([target.value] if target else [])


def _dots(width: int, figures: Sequence[Named], unit: Unit, spread: Spread | None, target: Target | None) -> Picture:
    wide = width > NARROW
    names = [textwrap.wrap(one.name, _LETTERS) for one in figures]
    told = [figure(unit, one.value) for one in figures]
    value_room = round(max(map(len, told)) * 8) + 12
    # On a narrow screen a council's name stands above its line.
    row = 44 if not wide else 40 if any(len(name) > 1 for name in names) else 26
    left, right = (272, width - value_room) if wide else (18, width - 22)
    top, bottom = 8, 8 + row * len(figures)
    scale = scale_of(unit, _values(figures, target))

    def along(value: float) -> float:
        return left + (right - left) * (value - scale.bottom) / (scale.top - scale.bottom)

    sheet = Sheet(width, bottom + 30)
    if spread:
        # Quartiles that are the same still show.
        upper = max(along(spread.upper), along(spread.lower) + 1)
        sheet.area(along(spread.lower), top, upper, bottom, colour=BAND, edge=BAND_EDGE)
    each = 1 if wide or len(scale.steps) < 7 else 2  # noqa: PLR2004 - labels that have room
    for step, label in list(zip(scale.steps, scale.labels, strict=True))[::each]:
        _rule(sheet, (along(step), top, along(step), bottom + 5), colour=QUIET if step == 0 else GRID)
        sheet.text(along(step), bottom + 17, label, align="middle", size=_SMALL)
    if spread:
        _rule(sheet, (along(spread.median), top, along(spread.median), bottom), colour=QUIET, width=1.5, dash=(3, 3))
    if target:
        _rule(sheet, (along(target.value), top, along(target.value), bottom), colour=_TARGET, width=1.5, dash=(12, 4))
    for index, (one, name, words) in enumerate(zip(figures, names, told, strict=True)):
        begin = top + row * index
        middle = begin + row / 2 if wide else begin + 32
        if wide:
            sheet.text(0, middle - 8 * (len(name) - 1), name)
        else:
            # Nothing shines through the names.
            sheet.area(0, begin - 1, width, begin + 22, colour=PAGE)
            sheet.text(0, begin + 11, _short(one.name, (width - value_room) // 8))
        sheet.text(width - 2, middle if wide else begin + 11, words, align="end", bold=True)
        _rule(sheet, (left, middle, right, middle))
        sheet.markers([(at(along(one.value)), at(middle))], shape="circle", size=90, colour=_COLOUR)
    return Picture(sheet.content(), width, bottom + 30)


def _short(name: str, letters: int) -> str:
    return name if len(name) <= letters else textwrap.shorten(name.removesuffix(" Council"), letters, placeholder="…")


def _histogram(
    width: int, figures: Sequence[Named], unit: Unit, spread: Spread | None, target: Target | None
) -> Picture:
    scale = scale_of(unit, _values(figures, target))
    # Bars end where the axis has its labels.
    between = max(1, _BARS // (len(scale.steps) - 1))
    bars = between * (len(scale.steps) - 1)
    size = (scale.top - scale.bottom) / bars
    counts = [0] * bars
    for one in figures:
        counts[min(bars - 1, int((one.value - scale.bottom) / size + 1e-9))] += 1
    upwards = scale_of("count", [float(max(counts))])
    left, right, top, bottom = 40, width - 24, 34, 222

    def along(value: float) -> float:
        return left + (right - left) * (value - scale.bottom) / (scale.top - scale.bottom)

    def up(count: float) -> float:
        return bottom - (bottom - top) * count / upwards.top

    sheet = Sheet(width, bottom + 30)
    if spread:
        # Quartiles that are the same still show.
        upper = max(along(spread.upper), along(spread.lower) + 1)
        # Above the bars, which would hide it.
        sheet.area(along(spread.lower), 6, upper, 20, colour=BAND, edge=BAND_EDGE)
    for step, label in zip(upwards.steps, upwards.labels, strict=True):
        _rule(sheet, (left, up(step), right, up(step)))
        sheet.text(left - 8, up(step), label, align="end", size=_SMALL)
    for index, count in enumerate(counts):
        if count:
            begin = along(scale.bottom + index * size)
            sheet.area(begin + 1, up(count), begin + (right - left) / bars - 1, bottom, colour=_BAR)
    _rule(sheet, (left, bottom, right, bottom), colour=QUIET)
    for step, label in zip(scale.steps, scale.labels, strict=True):
        _rule(sheet, (along(step), bottom, along(step), bottom + 5), colour=QUIET)
        sheet.text(along(step), bottom + 17, label, align="middle", size=_SMALL)
    if spread:
        _rule(sheet, (along(spread.median), 6, along(spread.median), bottom), colour=INK, width=1.5, dash=(3, 3))
    if target:
        _rule(sheet, (along(target.value), top, along(target.value), bottom), colour=_TARGET, width=1.5, dash=(12, 4))
    return Picture(sheet.content(), width, bottom + 30)


def _ends(kind: PeriodKind, starts: Sequence[dt.date]) -> tuple[str, str]:
    first, last = (tick(kind, start)[0] if kind == "week" else f"{start:%b %y}" for start in (starts[0], starts[-1]))
    return first, last


def _plot(sheet: Sheet, frame: _Frame, said: str, values: Sequence[float | None]) -> None:
    """said: stands above the plot."""
    left, right, (low, high) = frame.left, frame.right, frame.reach
    sheet.text(frame.edge, 12, said, size=_SMALL, bold=True)
    for height, label in zip((_PANEL_FLOOR, _PANEL_TOP), frame.labels, strict=True):
        _rule(sheet, (left, height, right, height))
        sheet.text(left - 6, height, label, align="end", size=_SMALL, colour=QUIET)
    first, last = frame.ends
    sheet.text(left, _PANEL_FLOOR + 16, first, size=_SMALL, colour=QUIET)
    if last != first:
        sheet.text(right, _PANEL_FLOOR + 16, last, align="end", size=_SMALL, colour=QUIET)
    apart = (right - left - 4) / max(1, len(values) - 1)
    tall = _PANEL_FLOOR - _PANEL_TOP
    dots = []
    for run in runs_of(values):
        points = [
            (at(left + apart * index), at(_PANEL_FLOOR - tall * (value - low) / (high - low))) for index, value in run
        ]
        if len(points) > 1:
            sheet.line(points, colour=_COLOUR, width=2)
        # A figure between two gaps has no line; the newest is the one that is written out.
        if len(points) == 1 or run[-1][0] == len(values) - 1:
            dots.append(points[-1])
    sheet.markers(dots, shape="circle", size=24, colour=_COLOUR)
