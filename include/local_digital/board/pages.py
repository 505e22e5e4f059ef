"""The pages of the board as HTML, and the assets that go with them."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from local_digital.board.states import STATES
from local_digital.site.pages import words
from local_digital.site.pages.charts import DARK_PAGE
from local_digital.site.pages.page_folder import PageFolder
from local_digital.site.pages.svg import FONT, INK, PAGE

if TYPE_CHECKING:
    from local_digital.board.rollout import Cell, Rollout

_DAY = dt.timedelta(days=1)
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_OWN = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
_FRAME = "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
POLICY = _OWN + _FRAME
# For documents that others have made: they are looked at, run nothing and fetch nothing.
DOCUMENT_POLICY = f"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; {_FRAME}"


class Html(NamedTuple):
    """A page with the content security policy that it needs."""

    content: str
    policy: str


class Addresses(NamedTuple):
    """Where things are. board: the path of the board, airflow: of Airflow's UI, each with a slash at the end. site: the
    address of the public pages, None where nobody knows. as_of: the day that is looked from, empty for now.
    """

    board: str
    airflow: str
    site: str | None
    as_of: str = ""

    @property
    def home(self) -> str:
        return f"{self.board}{self._from_the_day}"

    @property
    def _from_the_day(self) -> str:
        return f"?as_of={self.as_of}" if self.as_of else ""

    def council(self, slug: str) -> str:
        return f"{self.board}councils/{slug}{self._from_the_day}"

    def volumes(self, council: str, transaction: str) -> str:
        """Return a feed's totals as a table."""
        return f"{self.board}councils/{council}/{transaction}/volumes"

    def chart(self, council: str, transaction: str, size: str, theme: str) -> str:
        """Return a feed's totals as a chart. size: `narrow` or `wide`. theme: `light` or `dark`."""
        return f"{self.volumes(council, transaction)}-{size}-{theme}.svg"

    def delivery(self, delivery_id: int) -> str:
        return f"{self.board}deliveries/{delivery_id}"

    def dag(self, council: str) -> str:
        return f"{self.airflow}dags/council_{council}"

    def run(self, council: str, run_id: str | None) -> str | None:
        """Return the page of a run in Airflow; None for what a terminal did."""
        if not run_id or run_id.startswith("cli-"):
            return None
        return f"{self.dag(council)}/runs/{quote(run_id, safe='')}"

    def public(self, council: str, transaction: str = "") -> str | None:
        """Return a council's public page, or its dashboard of a transaction."""
        if self.site is None:
            return None
        return f"{self.site}councils/{council}/{transaction + '/' if transaction else ''}index.html"


def page(template: str, addresses: Addresses, *, title: str, style: str = "", **facts: Any) -> Html:
    """Return a page of the board. style: CSS of this page alone."""
    content = _FOLDER.render(template, at=addresses, title=title, nonce=None, style=style, **facts)
    if not style:
        return Html(content, POLICY)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Html(content, POLICY.replace("style-src 'self'", f"style-src 'self' 'sha256-{digest}'"))


def board_page(addresses: Addresses, board: Rollout) -> Html:
    """Return the page of councils by transactions."""
    names = [_css_text(contract.name) for contract in board.contracts]
    # Once a column and not in every cell, of which there are thousands.
    style = "".join(f".board td:nth-child({at})::before{{content:{name}}}" for at, name in enumerate(names, start=2))
    return page("board.html", addresses, title="Board", style=style, board=board)


def notice(addresses: Addresses, title: str, *paragraphs: str, link: tuple[str, str] | None = None) -> Html:
    """Return a page that says why there is no other. It needs no asset, since those are for signed-in users too.

    link: the address and the words of what to do about it.
    """
    nonce = secrets.token_urlsafe(16)
    style, *scripts = (_FOLDER.assets[name].decode() for name in ("board.css", "theme.js", "leave.js"))
    content = _FOLDER.render(
        "notice.html", at=addresses, title=title, nonce=nonce, paragraphs=paragraphs, link=link, style=style,
        script="".join(scripts),
    )  # fmt: skip
    return Html(content, f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; {_FRAME}")


def asset(path: str) -> tuple[bytes, str] | None:
    """Return the content and the type of an asset by its path below `assets/`; None when there is none."""
    for name, content in _FOLDER.assets.items():
        if f"assets/{path}" == _FOLDER.asset(name):
            return content, _TYPES[name.rpartition(".")[2]]
    return None


def no_chart(theme: str) -> bytes:
    """Return what stands where a chart would, of a feed with too few periods for one. theme: `light` or `dark`."""
    page, ink = (DARK_PAGE, PAGE) if theme == "dark" else (PAGE, INK)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="328" height="48" viewBox="0 0 328 48" '
        f'font-family="{FONT}" font-size="14"><path fill="{page}" d="M0 0h328v48H0z"/>'
        f'<text x="0" y="29" fill="{ink}">Too few periods for a chart yet.</text></svg>'
    ).encode()


def age(time: dt.timedelta) -> str:
    """Return how old something is: `5 hours`, `1 day`, `12 days`."""
    if time < _DAY:
        hours = max(0, int(time.total_seconds() // 3600))
        return f"{hours} hour{'' if hours == 1 else 's'}"
    return f"{time.days} day{'' if time.days == 1 else 's'}"


def address_of(board: Rollout, addresses: Addresses, **changed: Any) -> str:
    """Return the address of the board as somebody wants it, with some wishes changed."""
    wanted = board.wanted
    wishes = {"phase": wanted.phase, "tier": wanted.tier, "state": wanted.state, "search": wanted.search, **changed}
    asked = {name: value for name, value in (wishes | {"as_of": addresses.as_of}).items() if value}
    return f"{addresses.board}?{urlencode(asked)}" if asked else addresses.board


def without(message: str, *places: str) -> str:
    """Return a message of the pipeline as a sentence, without places in it that the page around it names already."""
    for place in places:
        message = message.replace(f"{place}: ", "")
    return words.sentence(message)


def told(cell: Cell, now: dt.datetime) -> str:
    """Return what there is to say of a cell beside its states, each on a line after a line break. now: aware."""
    lines = [cell.note] if cell.note else []
    if cell.failed_steps:
        lines.append(f"failed: {', '.join(cell.failed_steps)}")
    if cell.cadence:
        lines.append(freshness(cell, now))
    if cell.accepted is not None and cell.quarantined is not None:
        lines.append(f"{words.number(cell.accepted)} used, {words.number(cell.quarantined)} quarantined")
    if cell.published_at:
        lines.append(f"published {words.moment(cell.published_at).partition(',')[0]}")
    return "".join(f"\n{line}" for line in lines)


def freshness(cell: Cell, now: dt.datetime) -> str:
    """Return how old what a feed has loaded is, against its cadence."""
    if cell.age is None or cell.late_from is None:
        return f"{cell.cadence}, nothing loaded"
    if "late" in cell.states:
        return f"{age(cell.age)} old, {cell.cadence}, late by {age(now - cell.late_from)}"
    return f"{age(cell.age)} old, {cell.cadence}"


def _css_text(text: str) -> str:
    """Return a text as CSS has it; what is no letter, digit or space is escaped, so that none of it ends the rule."""
    return '"' + re.sub("[^A-Za-z0-9 ]", lambda found: f"\\{ord(found[0]):x} ", text) + '"'


_FOLDER = PageFolder(
    Path(__file__).parent,
    {
        "words": words,
        "STATES": STATES,
        "age": age,
        "freshness": freshness,
        "told": told,
        "address_of": address_of,
        "without": without,
    },
)
