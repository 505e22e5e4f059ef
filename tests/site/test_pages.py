"""The pages: what readers see of released figures, and what they can never see."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from local_digital.calendar import period_end
from local_digital.kpis import CAVEATS, KPIS
from local_digital.site.about import About
from local_digital.site.pages.charts import STYLES, Band, Line, Spread, over_time, scale_of, swatches
from local_digital.site.pages.dashboard import _TOPICS, _TOPICS_BEFORE_BREAKDOWNS
from local_digital.site.pages.svg import Sheet
from local_digital.site.pages.words import STATES, change, figure, in_period, moment, period, target
from local_digital.site.sink import in_order
from tests.site.handmade import BINS, MONDAY, Handmade, contracts
from tests.site.whole import open_data, pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.kpis import PeriodKind, Unit
    from local_digital.site.figures import Figures
    from local_digital.site.file import File

ABOUT = About(publisher="Councils of the test")
DASHBOARD = f"councils/anytown/{BINS}/index.html"
_HEAVIEST = 300_000
WEEK = dt.timedelta(weeks=1)


class Page(HTMLParser):
    """What a page says and what it points to."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.words: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if re.fullmatch(r"h\d", tag):
            self.levels.append(int(tag[1]))
        if told.get("id"):
            self.ids.append(str(told["id"]))
        for name in ("href", "src", "srcset"):
            address = told.get(name)
            if address and told.get("rel") != "canonical":
                self.addresses.append(address)
                if tag != "a":
                    self.loads.append(address)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def built(figures: Figures) -> dict[str, File]:
    """Return all files of the pages by path."""
    files = list(pages(figures, ABOUT))
    assert len({file.path for file in files}) == len(files)
    return {file.path: file for file in files}


def html(files: dict[str, File], path: str = DASHBOARD) -> str:
    return files[path].make().decode()


def text(files: dict[str, File], path: str = DASHBOARD) -> str:
    return Page(html(files, path)).text


def anytown() -> Handmade:
    """A council with five weeks of a missed bin, the third of them without any figure."""
    made = Handmade()
    made.council("anytown", "Anytown Council")
    made.offer("anytown", not_supplied=["missed-per-100000"])
    for number in (0, 1, 3, 4):
        start = MONDAY + number * WEEK
        holidays = ["A bank holiday"] if number == 1 else []
        made.period("anytown", start, 100 + number, bank_holidays=holidays, same_point=MONDAY if number == 4 else None)
        made.kpi("anytown", "digital-takeup", start, 0.27, over=27, under=100, caveats=["unmapped-channels"])
        made.count("anytown", "transactions-by-channel", start, "online", 27)
        made.count("anytown", "transactions-by-channel", start, "phone", 73 + number)
    return made


def whole_site() -> Figures:
    """Five councils with every state, every kind of figure and every kind of breakdown."""
    made = anytown()
    newest = MONDAY + 4 * WEEK
    for other in ("bellford", "cormouth", "dunwick"):
        made.council(other)
        made.offer(other)
        for number in range(5):
            made.period(other, MONDAY + number * WEEK, 50)
            made.kpi(other, "digital-takeup", MONDAY + number * WEEK, 0.4)
    made.council("eastham", tier="county")
    made.offer("eastham", state="not-provided", reason="not a task of a county council")
    made.offer("bellford", "pay-council-tax", "awaited")
    made.offer("cormouth", "pay-council-tax", "not-published")
    for ward, count in (("Abbey", 12), ("NULL", 0), ("<script>alert(1)</script>", 9), ("=1+1", 7), ("Quay", None)):
        made.count("anytown", "missed-bin-by-ward", newest, ward, count)
        made.count("anytown", "missed-bin-by-ward", newest - WEEK, ward, count)
    january = dt.date(2026, 1, 1)
    made.count("anytown", "missed-bin-by-stream-and-reason", january, "refuse", 8, kind="month", across="blocked")
    made.kpi("anytown", "median-hours-to-close", newest, 12.5, under=90, caveats=["still-open"])
    made.kpi("anytown", "repeat-misses", newest, None, over=0, under=0)
    for label, pounds in (("phone", 2.83), ("online", 0.15)):
        made.kpi("anytown", "cost-by-channel", january, pounds, kind="quarter", label=label, basis="estimated")
    made.kpi("anytown", "cost-per-transaction", january, 0.82, kind="quarter", basis="estimated",
             caveats=["national-unit-costs"])  # fmt: skip
    made.change("anytown", "kpis", MONDAY, figures=20)
    made.change("anytown", "missed-bin-by-ward", newest, what="revised", figures=2)
    return made.figures()


@pytest.fixture(scope="module")
def site() -> dict[str, File]:
    return built(whole_site())


# How figures are written


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        ("count", 1234, "1,234"), ("count", 0, "0"), ("share", 0.27, "27.0%"), ("score", 0.75, "75.0%"),
        ("hours", 12.5, "12.5 hours"), ("pounds", 0.82, "£0.82"), ("pounds", 1234567.8, "£1,234,568"),
        ("pounds", -3.5, "-£3.50"), ("rate", 56, "56.0"),
    ],
)  # fmt: skip
def test_figures_are_written_with_their_unit(unit: Unit, value: float, written: str) -> None:
    assert figure(unit, value) == written


@pytest.mark.parametrize(
    ("kind", "start", "name", "within"),
    [
        ("week", MONDAY, "Week of 5 January 2026", "in the week of 5 January 2026"),
        ("month", dt.date(2026, 1, 1), "January 2026", "in January 2026"),
        ("quarter", dt.date(2026, 1, 1), "January to March 2026", "from January to March 2026"),
    ],
)
def test_periods_have_names(kind: PeriodKind, start: dt.date, name: str, within: str) -> None:
    assert period(kind, start) == name
    assert in_period(kind, start) == within


def test_changes_are_told_in_words_and_moments_on_the_london_clock() -> None:
    assert change("count", 5, 8) == "3 fewer"
    assert change("share", 0.302, 0.27) == "up 3.2 percentage points"
    assert change("share", 0.27001, 0.27) == "no change"
    assert change("pounds", 0.8, 0.82) == "down £0.02"
    assert moment(dt.datetime(2026, 7, 1, 12, 30, tzinfo=dt.UTC)) == "1 July 2026, 13:30"
    assert target("rate", 56.0) == "56"
    assert period_end("month", dt.date(2025, 12, 1)) == dt.date(2026, 1, 1)
    assert period_end("quarter", dt.date(2025, 10, 1)) == dt.date(2026, 1, 1)


# Charts


def test_a_period_without_a_figure_is_a_gap_and_never_zero() -> None:
    starts = [MONDAY + number * WEEK for number in range(5)]
    drawing = over_time("week", starts, [Line("One", [4, 5, None, 7, 8])], "count")
    assert drawing
    for picture in (drawing.narrow, drawing.wide):
        lines = re.findall(rf'<path d="M([^M"]*)" stroke="{STYLES[0].colour}"', picture.content.decode())
        runs = [[tuple(map(float, point.split(","))) for point in line.split("L")] for line in lines]
        assert [len(run) for run in runs] == [2, 2]
        across = [x for run in runs for x, _ in run]
        assert [round(4 * x / across[-1]) for x in across] == [0, 1, 3, 4]
        (first, second), (third, fourth) = [[y for _, y in run] for run in runs]
        # Equal steps upwards are of equal height, so nothing between is at zero.
        assert first - second == pytest.approx(third - fourth, abs=0.2)
        assert (second - third) / 2 == pytest.approx(first - second, abs=0.2)


def test_a_drawn_gap_is_two_lines() -> None:
    starts = [MONDAY + number * WEEK for number in range(5)]
    band = Band("band", "median", [Spread(1, 2, 3)] * 2 + [None] + [Spread(1, 2, 3)] * 2)
    drawing = over_time("week", starts, [Line("One", [4, 5, None, 7, 8])], "count", band=band)
    assert drawing
    drawn = drawing.wide.content.decode()
    colour = STYLES[0].colour
    assert len(re.findall(rf'<path d="M[^M"]*" stroke="{colour}"', drawn)) == 2
    assert "5 Jan" in drawn
    assert "</text>" in drawn


def test_a_chart_has_the_size_that_the_page_says() -> None:
    starts = [MONDAY, MONDAY + WEEK]
    drawing = over_time("week", starts, [Line("A long name of a line", [4, 5]), Line("Two", [3, 2])], "hours")
    assert drawing
    for picture in (drawing.narrow, drawing.wide):
        assert f'width="{picture.width}" height="{picture.height}"' in picture.content.decode()[:200]
        assert picture.file().named_by_content


@pytest.mark.parametrize("unit", ["count", "hours", "pounds", "rate"])
@pytest.mark.parametrize("highest", [0.0, 0.03, 0.9, 7, 99, 100, 12345, 9.9e6])
def test_scales_begin_at_zero_and_hold_all(unit: Unit, highest: float) -> None:
    scale = scale_of(unit, [highest / 2, highest])
    assert scale.bottom == 0
    assert scale.top >= highest
    assert len(set(scale.labels)) == len(scale.steps)
    assert 2 <= len(scale.steps) <= 7


def test_a_saving_may_be_below_zero_and_shares_go_to_the_whole() -> None:
    scale = scale_of("pounds", [-30.0, 20.0])
    assert scale.bottom <= -30
    assert 0 in scale.steps
    assert (scale_of("share", [0.01]).bottom, scale_of("share", [0.01]).top) == (0, 1)


def test_lines_differ_by_dash_and_marker() -> None:
    assert len({style.dash for style in STYLES}) == len({style.shape for style in STYLES}) == len(STYLES)
    assert all(f"line-{index}.svg" in swatches() for index in range(len(STYLES)))


def test_marker_that_nobody_has_drawn_is_refused() -> None:
    sheet = Sheet(100, 100, left=0, top=0, apart=10)
    with pytest.raises(ValueError, match="no marker is called star"):
        sheet.markers([("1", "1")], shape="star", size=60, colour="#000")


def test_one_period_is_no_chart() -> None:
    assert over_time("week", [MONDAY], [Line("One", [4])], "count") is None
    assert over_time("week", [MONDAY, MONDAY + WEEK], [Line("One", [None, 4])], "count") is None


# What stands where there is no figure


def test_states_are_told_apart(site: dict[str, File]) -> None:
    for path, key in (
        ("councils/eastham/report-missed-bin/index.html", "not-provided"),
        ("councils/bellford/pay-council-tax/index.html", "awaited"),
        ("councils/cormouth/pay-council-tax/index.html", "not-published"),
    ):
        assert f'class="state state-{key}">{STATES[key][0]}<' in html(site, path)
        others = {"not-provided", "awaited", "not-published"} - {key}
        assert not any(f"state-{other}" in html(site, path) for other in others)
    assert "Why: not a task of a county council" in text(site, "councils/eastham/report-missed-bin/index.html")
    front = html(site, "index.html")
    assert all(f'class="s-{key}"' in front for key in ("not-provided", "awaited", "not-published"))
    dashboard = html(site)
    for key in ("withheld", "no-data", "not-supplied", "nothing-to-divide"):
        assert f'class="state state-{key}"' in dashboard


def test_every_state_has_words_and_a_shape_of_its_own(site: dict[str, File]) -> None:
    style = next(file.make().decode() for path, file in site.items() if path.endswith(".css"))
    assert len({words for words, _ in STATES.values()}) == len(STATES)
    signs = re.findall(r'\.state-([a-z-]+)::before \{ content: "([^"]+)"', style)
    assert {key for key, _ in signs} == set(STATES)
    assert len({sign for _, sign in signs}) == len(STATES)


def test_zero_is_a_figure(site: dict[str, File]) -> None:
    row = re.search(r'<tr><th scope="row"[^>]*><bdi>NULL</bdi></th>(.*?)</tr>', html(site))
    assert row
    assert re.findall(r">([^<]+)</td>", row[1]) == ["0", "0.0%", "0"]
    made = Handmade()
    made.council("anytown")
    made.offer("anytown")
    made.period("anytown", MONDAY, 0)
    assert "In the week of 5 January 2026, 0 transactions were counted." in text(built(made.figures()))


def test_a_withheld_count_is_nowhere() -> None:
    made = anytown()
    newest = MONDAY + 4 * WEEK
    # No reader of the figures gets these; if one did, they would still not be shown.
    made.count("anytown", "missed-bin-by-ward", newest, "Quay", 8642, state="withheld")
    made.count("anytown", "missed-bin-by-ward", newest - WEEK, "Abbey", 8642, state="withheld")
    made.count("anytown", "missed-bin-by-ward", newest, "Abbey", 11)
    made.count("anytown", "transactions-by-channel", newest, "post", 8642, state="withheld")
    files = built(made.figures())
    for path, file in files.items():
        if path.endswith((".html", ".csv", ".svg")):
            told = file.make().decode()
            assert "8642" not in told, path
            assert "8,642" not in told, path
    assert "1 of 2 counts are withheld" in text(files)
    assert 'href="../../../kpis/index.html#withheld"' in html(files)
    csv = files[f"councils/anytown/{BINS}/counts-missed-bin-by-ward.csv"].make().decode("utf-8-sig").splitlines()
    assert csv == ["ward,transactions,share,change", "Abbey,11,0.105769,", "Quay,withheld,,"]


def test_a_week_without_figures_says_so_in_the_table(site: dict[str, File]) -> None:
    gap = f"Week of {(MONDAY + 2 * WEEK).day} January 2026"
    row = re.search(rf'<tr><th scope="row">{gap}</th>(.*?)</tr>', html(site))
    assert row
    assert set(re.findall(r"state-([a-z-]+)", row[1])) == {"no-data"}
    csv = site[f"councils/anytown/{BINS}/transactions-by-channel.csv"].make().decode("utf-8-sig")
    assert "2026-01-19,,,,\r\n" in csv


# What is said beside figures


def test_the_summary_compares_with_the_same_point_of_the_round(site: dict[str, File]) -> None:
    said = text(site)
    assert (
        "In the week of 2 February 2026, 104 transactions were counted, 4 more than in the week of 5 January 2026"
        in said
    )
    assert "27.0% of them were digital." in said
    assert "Last updated 1 July 2026, 13:30." in said
    assert "since the week of 5 January: it is at the same point of the round of collections" in said


def changes_since(made: Handmade, council: str, transaction: str = BINS) -> str:
    """What the page says of all changes beside its newest figures."""
    page = html(built(made.figures()), f"councils/{council}/{transaction}/index.html")
    found = re.search(r'</dl>\n<p class="quiet">(Changes[^<]*)</p>', page)
    return found[1] if found else ""


def test_what_changes_are_since_is_true_of_every_kind_of_figure() -> None:
    made = Handmade()
    made.council("anytown")
    made.offer("anytown", "pay-council-tax")
    for number, start in enumerate((dt.date(2026, 5, 1), dt.date(2026, 6, 1))):
        made.period("anytown", start, 100 + number, kind="month", transaction="pay-council-tax")
    assert changes_since(made, "anytown", "pay-council-tax") == "Changes are since the month before."
    for number, start in enumerate((dt.date(2026, 1, 1), dt.date(2026, 4, 1))):
        made.kpi("anytown", "cost-per-transaction", start, 0.5 + number, kind="quarter", transaction="pay-council-tax")
    assert changes_since(made, "anytown", "pay-council-tax") == (
        "Changes of monthly figures are since the month before. "
        "Changes of quarterly figures are since the quarter before."
    )


def test_weeks_at_the_same_point_of_the_round_are_not_said_of_others() -> None:
    # The newest share is of a week that has no other at its point of the round.
    made = Handmade()
    made.council("anytown")
    made.offer("anytown")
    for number in range(5):
        made.period("anytown", MONDAY + number * WEEK, 100 + number, same_point=MONDAY if number == 4 else None)
    assert changes_since(made, "anytown").startswith("Changes are since the week of 5 January: it is at the same point")
    for number in (2, 3):
        made.kpi("anytown", "digital-takeup", MONDAY + number * WEEK, 0.2 + number / 10)
    assert changes_since(made, "anytown") == (
        "Changes are since the newest earlier week at the same point of the round of collections, or the week before "
        "where none is."
    )


def test_nothing_is_said_of_changes_where_there_are_none() -> None:
    made = Handmade()
    made.council("anytown")
    made.offer("anytown")
    made.period("anytown", MONDAY, 100)
    assert changes_since(made, "anytown") == ""


def test_caveats_and_definitions_stand_beside_figures(site: dict[str, File]) -> None:
    dashboard = html(site)
    assert CAVEATS["unmapped-channels"] in text(site)
    assert CAVEATS["national-unit-costs"] in text(site)
    assert 'href="../../../kpis/index.html#digital-takeup"' in dashboard
    assert "£0.82</b> (estimated)" in dashboard
    assert "A bank holiday" in dashboard
    assert "£2.83" in dashboard


def test_a_benchmark_says_over_whom(site: dict[str, File]) -> None:
    assert "Middle half of 4 unitary councils" in text(site)
    assert "Their median (4 unitary councils)" in text(site)


def test_all_kpis_and_caveats_are_explained(site: dict[str, File]) -> None:
    page = Page(html(site, "kpis/index.html"))
    used = {kpi for contract in contracts().values() for kpi in contract.kpis}
    assert used <= set(page.ids)
    assert {f"caveat-{key}" for key in CAVEATS} <= set(page.ids)
    assert "withheld" in page.ids
    assert KPIS["digital-takeup"].means in page.text
    assert "at most 56 (Report a missed bin)" in page.text


def test_only_what_the_contracts_use_is_explained_and_shown() -> None:
    figures = replace(whole_site(), contracts={"pay-council-tax": contracts()["pay-council-tax"]})
    files = built(figures)
    page = Page(html(files, "kpis/index.html"))
    assert "digital-takeup" in page.ids
    assert "repeat-misses" not in page.ids
    # None of its counts is of a small group, so there is no threshold to tell.
    assert "Counts below a threshold are withheld, and with them" in page.text
    assert not any(BINS in path for path in files)
    assert "Nothing has been published yet." in text(files, "changes/index.html")


def test_group_names_those_of_its_councils_that_take_part() -> None:
    made = anytown()
    made.council("bellford")
    made.group("anytown", "near-us", ["bellford", "gone-away"])
    made.group("gone-away", "far-off", ["anytown", "bellford"])
    files = built(made.figures())
    assert "Near us : Bellford About this council" in text(files, "councils/anytown/index.html")
    assert "Far off" not in "".join(html(files, path) for path in files if path.endswith(".html"))


def test_the_change_log_tells_what_changed(site: dict[str, File]) -> None:
    said = text(site, "changes/index.html")
    assert "Revised : 2 figures, transactions by ward: Week of 2 February 2026" in said
    assert "Added : 20 figures, KPIs: periods from 5 January 2026" in said


# Safety


def test_what_a_council_wrote_is_escaped(site: dict[str, File]) -> None:
    for path, file in site.items():
        if path.endswith(".html"):
            told = file.make().decode()
            assert "<script>alert" not in told
            assert re.findall(r"<script(?! src=)", told) == []
            assert not re.search(r"<[^>]+ (?:style|on[a-z]+)=", told)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html(site)
    csv = site[f"councils/anytown/{BINS}/counts-missed-bin-by-ward.csv"].make().decode("utf-8-sig")
    assert "'=1+1,7" in csv


def test_a_word_that_runs_the_other_way_turns_nothing_around_it() -> None:
    made = anytown()
    turned = "\u202eyebbA"
    made.council("bellford", f"Bellford {turned}")
    made.offer("bellford", state="not-provided", reason=f"see {turned}")
    made.count("anytown", "missed-bin-by-ward", MONDAY + 4 * WEEK, turned, 12)
    files = built(made.figures())
    assert f"<bdi>{turned}</bdi>" in html(files)
    for path in (f"councils/bellford/{BINS}/index.html", "councils/bellford/index.html", "index.html"):
        body = html(files, path).partition("<body>")[2]
        assert turned in body
        # A cell, a list's entry and the like are apart from others as they are; this is about words in one line.
        assert not re.search(rf"{turned}(?!</bdi>)", body), path


@pytest.mark.parametrize(
    "name",
    [
        *(section.key for section in (*_TOPICS, *_TOPICS_BEFORE_BREAKDOWNS)), "transactions-by-channel",
        "cost-by-channel", "index", "channels", "newest", "source", "main",
    ],
)  # fmt: skip
def test_a_contract_may_call_its_data_sets_as_it_likes(name: str) -> None:
    figures = whole_site()
    contract = contracts()[BINS]
    ward = contract.data_sets["missed-bin-by-ward"]
    kept = {key: value for key, value in contract.data_sets.items() if key not in {name, "missed-bin-by-ward"}}
    renamed = contract.model_copy(update={"data_sets": {**kept, name: ward}})
    volumes = figures.volumes[figures.volumes["data_set"] != name].replace({"missed-bin-by-ward": name})
    changed = replace(figures, contracts={**contracts(), BINS: renamed}, volumes=volumes)
    made = list(in_order([*open_data(changed, ABOUT), *pages(changed, ABOUT)]))
    page = Page(next(file.make().decode() for file in made if file.path == DASHBOARD))
    assert "Transactions by ward" in page.text
    assert len(set(page.ids)) == len(page.ids)


def test_pages_load_nothing_from_elsewhere(site: dict[str, File]) -> None:
    for path, file in site.items():
        if path.endswith(".html"):
            page = Page(file.make().decode())
            assert not [address for address in page.loads if "//" in address], path


def test_links_lead_to_files_of_the_site(site: dict[str, File]) -> None:
    known = set(site) | {file.path for file in open_data(whole_site(), ABOUT)}
    anchors = {path: set(Page(html(site, path)).ids) for path in site if path.endswith(".html")}
    for path in anchors:
        for address in Page(html(site, path)).addresses:
            if address.startswith("https://"):
                continue
            where, _, fragment = address.partition("#")
            aim = posixpath.normpath(posixpath.join(posixpath.dirname(path), where)) if where else path
            assert aim in known, f"{path}: {address}"
            assert not fragment or fragment in anchors[aim], f"{path}: {address}"
            assert not where.endswith("/"), f"{path}: {address} does not open from a disk"


def test_headings_are_in_order_and_ids_unique(site: dict[str, File]) -> None:
    for path in site:
        if path.endswith(".html"):
            page = Page(html(site, path))
            assert page.levels.count(1) == 1, path
            assert page.levels[0] == 1, path
            assert all(after - before <= 1 for before, after in zip(page.levels, page.levels[1:], strict=False)), path
            assert len(set(page.ids)) == len(page.ids), path


# Building


def test_equal_figures_give_equal_bytes() -> None:
    first, second = built(whole_site()), built(whole_site())
    assert list(first) == list(second)
    for path, file in first.items():
        if not path.startswith("charts/"):
            assert file.make() == second[path].make(), path


def test_files_named_by_content_change_their_name_with_it() -> None:
    made = anytown()
    before = {path for path in built(made.figures()) if path.startswith("charts/")}
    made.period("anytown", MONDAY + 5 * WEEK, 1)
    assert before != {path for path in built(made.figures()) if path.startswith("charts/")}


def test_no_councils_are_a_site_all_the_same() -> None:
    files = built(Handmade().figures())
    assert "0 councils take part" in text(files, "index.html")
    assert "Nothing has been published yet." in text(files, "changes/index.html")


def test_a_released_feed_without_a_whole_period_says_so() -> None:
    made = Handmade()
    made.council("anytown")
    made.offer("anytown")
    files = built(made.figures())
    assert "None of its figures are there yet." in text(files)
    assert 'class="s-no-data"' in html(files, "index.html")
    assert "What is not here, and why" in text(files)


def test_channels_of_months_are_counted_from_their_shares_where_no_counts_are_published() -> None:
    made = Handmade()
    made.council("anytown")
    made.offer("anytown")
    january, february = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
    for start in (january, february):
        made.period("anytown", start, 100, kind="month")
        made.kpi("anytown", "channel-mix", start, 0.6, kind="month", label="online", over=60, under=100)
        made.kpi("anytown", "channel-mix", start, 0.4, kind="month", label="phone", over=40, under=100)
    made.kpi("anytown", "channel-mix", january, None, kind="month", label="post", under=100)
    made.kpi("anytown", "channel-mix", MONDAY, 0.9, label="online", over=90, under=100)
    page = html(built(made.figures()))
    said = Page(page).text
    assert "Transactions by channel and month" in said
    assert "In February 2026: Online form 60 and Phone 40." in page
    assert "January 2026 60 40 Withheld 100" in said


def test_counts_without_any_period_of_their_own_are_shown_all_the_same() -> None:
    made = Handmade()
    made.council("anytown")
    made.offer("anytown")
    for week in (MONDAY, MONDAY + 2 * WEEK):
        made.count("anytown", "transactions-by-channel", week, "online", 27)
    said = text(built(made.figures()))
    assert "Week of 5 January 2026 27 No data yet" in said


def weight(files: dict[str, File], path: str) -> int:
    """Return the bytes of a page with all it loads, in the wide or the narrow size, whichever is more."""
    content = html(files, path)
    loads = {posixpath.normpath(posixpath.join(posixpath.dirname(path), address)) for address in Page(content).loads}
    return len(content.encode()) + sum(len(files[load].make()) for load in loads)


def test_pages_are_light(site: dict[str, File]) -> None:
    for path in site:
        if path.endswith(".html"):
            # Both sizes of every chart are counted, and a reader loads one.
            assert weight(site, path) < _HEAVIEST, path


def test_the_front_page_has_room_for_all_councils() -> None:
    made = Handmade()
    names = [f"{first}{second}" for first in "abcdefghijklmnopqrst" for second in "abcdefghijklmnopqrst"]
    for name in names:
        made.council(f"{name}-and-the-other-town", f"{name.title()} and the Other Town Borough Council")
        for transaction in contracts():
            made.offer(f"{name}-and-the-other-town", transaction)
            made.period(f"{name}-and-the-other-town", dt.date(2026, 1, 1), 12345, kind="month", transaction=transaction)
    figures = made.figures()
    files = first_of(pages(figures, ABOUT), "index.html")
    assert weight(files, "index.html") < _HEAVIEST
    assert Page(html(files, "index.html")).ids.count("a") == 1


def first_of(found: Iterable[File], path: str) -> dict[str, File]:
    """Return the files up to one of them: the assets come first."""
    files: dict[str, Any] = {}
    for file in found:
        files[file.path] = file
        if file.path == path:
            break
    return files
