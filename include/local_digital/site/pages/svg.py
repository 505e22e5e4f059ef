"""Drawings as SVG, put together from marks at pixels; text stays text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Points = Sequence[tuple[str, str]]

FONT = "Arial, Helvetica, sans-serif"
TEXT = 14
PAGE, INK = "#ffffff", "#0b0c0c"


def at(place: float) -> str:
    """Return a coordinate as SVG has it, to a tenth of a pixel."""
    # Zero has no sign.
    return f"{round(place, 1) + 0.0:g}"


class Sheet:
    """A drawing under construction: marks cover those before them.

    left, top: where the point 0, 0 of all marks is. apart: how far below each other the lines of a text are.
    """

    def __init__(self, width: int, height: int, *, left: int = 0, top: int = 0, apart: int = 16) -> None:
        self._apart = apart
        size = f'width="{width}" height="{height}"'
        self._marks = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}">',
            f'<rect {size} fill="{PAGE}"/>',
            f'<g fill="none" font-family="{FONT}" font-size="{TEXT}" transform="translate({left},{top})">',
        ]

    def area(self, left: float, top: float, right: float, bottom: float, *, colour: str, edge: str = "") -> None:
        stroke = f' stroke="{edge}"' if edge else ""
        self._marks.append(
            f'<rect x="{at(left)}" y="{at(top)}" width="{at(right - left)}" height="{at(bottom - top)}" '
            f'fill="{colour}"{stroke}/>'
        )

    def rules(
        self, ends: Iterable[tuple[float, float, float, float]],
        *, colour: str, width: float = 1, dash: Sequence[int] = (),
    ) -> None:  # fmt: skip
        """Draw straight lines. ends: x and y of the beginning, x and y of the end."""
        self._stroke("".join(f"M{at(x)},{at(y)}L{at(x2)},{at(y2)}" for x, y, x2, y2 in ends), colour, width, dash)

    def line(self, points: Points, *, colour: str, width: float, dash: Sequence[int] = ()) -> None:
        """Draw a line through points."""
        self._stroke(f"M{_through(points)}", colour, width, dash)

    def between(self, above: Points, below: Points, *, colour: str) -> None:
        """Fill what lies between two lines from the same left to the same right."""
        self._marks.append(f'<path d="M{_through(above)}L{_through(below[::-1])}Z" fill="{colour}"/>')

    def markers(self, points: Points, *, shape: str, size: float, colour: str) -> None:
        """Draw a marker at each point. size: the square of its width."""
        if points:
            drawn = _shape(shape, size**0.5 / 2)
            self._marks.append(f'<path d="{"".join(f"M{x},{y}{drawn}" for x, y in points)}" fill="{colour}"/>')

    def text(
        self, x: float, y: float, words: str | Sequence[str],
        *, align: str = "start", size: int = TEXT, bold: bool = False, colour: str = INK,
    ) -> None:  # fmt: skip
        """Write words with the middle of their first line at a height; several are lines below each other."""
        look = f' fill="{colour}"'
        look += f' text-anchor="{align}"' if align != "start" else ""
        look += f' font-size="{size}"' if size != TEXT else ""
        look += ' font-weight="bold"' if bold else ""
        first, *others = [words] if isinstance(words, str) else words
        said = escape(first)
        said += "".join(f'<tspan x="{at(x)}" dy="{self._apart}">{escape(line)}</tspan>' for line in others)
        # The base line, so that the middle of most fonts lies there.
        self._marks.append(f'<text x="{at(x)}" y="{at(y + 0.3 * size)}"{look}>{said}</text>')

    def content(self) -> bytes:
        """Return the drawing."""
        return "".join([*self._marks, "</g></svg>"]).encode()

    def _stroke(self, path: str, colour: str, width: float, dash: Sequence[int]) -> None:
        look = f' stroke-width="{width:g}"' if width != 1 else ""
        look += f' stroke-dasharray="{",".join(map(str, dash))}"' if dash else ""
        self._marks.append(f'<path d="{path}" stroke="{colour}"{look}/>')


def _through(points: Points) -> str:
    return "L".join([f"{x},{y}" for x, y in points])


def _shape(shape: str, half: float) -> str:
    """Return the way around a marker from its middle. half: of its width."""
    r, d = at(half), at(2 * half)
    match shape:
        case "circle":
            return f"m-{r},0a{r},{r} 0 1,0 {d},0a{r},{r} 0 1,0 -{d},0"
        case "square":
            return f"m-{r},-{r}h{d}v{d}h-{d}z"
        case "triangle-up":
            high = half * 3**0.5
            return f"m0,-{at(high / 2)}l{r},{at(high)}h-{d}z"
        case "diamond":
            return f"m0,-{r}l{r},{r}l-{r},{r}l-{r},-{r}z"
        case "cross":
            arm, wide = at(half * 0.6), at(half * 0.8)
            far = at(half * 0.4)
            return f"m-{far},-{r}h{wide}v{arm}h{arm}v{wide}h-{arm}v{arm}h-{wide}v-{arm}h-{arm}v-{wide}h{arm}z"
        case _:
            raise ValueError(f"no marker is called {shape}")
