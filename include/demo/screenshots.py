"""Pictures of the rollout board for docs/: `python -m demo.screenshots FOLDER` in another terminal while `make run` is
up. It needs chromium.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from playwright.sync_api import sync_playwright

from local_digital.settings import LOCAL

if TYPE_CHECKING:
    from playwright.sync_api import Page

_THEMES = ("light", "dark")
_WIDE, _NARROW = 1400, 390
# The council whose newest file is turned down on purpose.
_COUNCIL = "kirklees"
_TURNED_DOWN = "missed-bins_2026-W14.zip"
_FAILING = f"/plugin/rollout/board/councils/{_COUNCIL}"


class Shot(NamedTuple):
    """path: within Airflow. height: of the window. follow: links within the board to follow from there."""

    name: str
    path: str
    height: int
    follow: tuple[str, ...] = ()


_SHOTS = (
    Shot("rollout", "/plugin/rollout/board/?as_of=2026-04-07", 1000),
    Shot("council", f"{_FAILING}?as_of=2026-04-07", 1400),
    Shot("delivery", _FAILING, 1250, ("missed-bins_2026-W13.zip",)),
    Shot("turned-down", _FAILING, 800, (_TURNED_DOWN,)),
    Shot("totals", f"{_FAILING}/report-missed-bin/volumes", 700),
)
# It has one look whatever the theme: it is for the council.
_REPORT = Shot("report", _FAILING, 700, (_TURNED_DOWN, "Report"))
_IN_SIGHT = (
    "() => Promise.all([...document.images]"
    ".filter(image => image.checkVisibility() && image.getBoundingClientRect().top < innerHeight)"
    ".map(image => image.decode().catch(() => undefined)))"
)
_QUESTIONS = "/required_actions?response_received=false"


def main() -> int:
    """Take all pictures; return the exit code."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if len(sys.argv) != 2 or program is None:  # noqa: PLR2004 - the program and the folder
        sys.stderr.write("usage: python -m demo.screenshots FOLDER (needs chromium)\n")
        return 2
    folder = Path(sys.argv[1])
    flags = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"]
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=flags) as browser:
        for theme in _THEMES:
            context = browser.new_context(base_url=_airflow(), viewport={"width": _WIDE, "height": 900})
            context.add_init_script(f"localStorage.setItem('theme', '{theme}')")
            page = context.new_page()
            _sign_in(page)
            for shot in _SHOTS:
                _take(page, shot, folder / f"board-{shot.name}-{theme}.png")
            _take_question(page, folder / f"board-question-{theme}.png")
            if theme == "light":
                _take(page, _REPORT, folder / "board-report.png")
                page.set_viewport_size({"width": _NARROW, "height": 844})
                _take(
                    page,
                    _SHOTS[0]._replace(height=844, path="/board/?as_of=2026-04-07"),
                    folder / "board-telephone.png",
                )
            context.close()
    return 0


def _airflow() -> str:
    written = (LOCAL / "demo" / "airflow.env").read_text("utf-8")
    found = re.search(r"AIRFLOW__API__BASE_URL=(.*)", written)
    if found is None:
        raise LookupError("the demo has noted no address of Airflow")
    return shlex.split(found[1])[0]


def _sign_in(page: Page) -> None:
    secrets = json.loads((LOCAL / "demo" / "secrets.json").read_text("utf-8"))
    page.goto("/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(secrets["airflow"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Rollout").wait_for()


def _take(page: Page, shot: Shot, file: Path) -> None:
    width = (page.viewport_size or {"width": _WIDE})["width"]
    page.set_viewport_size({"width": width, "height": shot.height})
    page.goto(shot.path)
    board = page.frame_locator("iframe[title=Rollout]") if "/plugin/" in shot.path else page
    for name in shot.follow:
        link = board.get_by_role("link", name=name, exact=True).first
        link.wait_for()
        # Airflow's own address follows, which is not what is waited for.
        with page.expect_event("framenavigated", lambda frame: frame.parent_frame is not None):
            link.click()
        page.frames[-1].wait_for_load_state()
    board.get_by_role("heading").first.wait_for()
    _pictures(page)
    # A sandboxed document has a process of its own, which paints when it likes.
    page.wait_for_timeout(1000)
    page.screenshot(path=file)


def _pictures(page: Page) -> None:
    """Wait for the pictures that are in sight."""
    for frame in page.frames:
        frame.evaluate(_IN_SIGHT)


def _take_question(page: Page, file: Path) -> None:
    page.set_viewport_size({"width": _WIDE, "height": 900})
    page.goto(_QUESTIONS)
    page.get_by_role("link", name="release").first.click()
    page.get_by_text("waits for a decision").wait_for()
    _pictures(page)
    page.screenshot(path=file)


if __name__ == "__main__":
    sys.exit(main())
