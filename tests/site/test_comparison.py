"""The comparison pages: councils side by side, without a rank and without a figure that is not comparable."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from typing import TYPE_CHECKING

import pytest

from local_digital.calendar import period_end
from local_digital.site.about import About
from local_digital.site.pages.comparison import groups
from local_digital.site.pages.layout import assets
from local_digital.site.pages.side_by_side import Named, dots, histogram, panel
from local_digital.site.pages.site import Site
from local_digital.site.pages.words import STATES
from local_digital.site.parts import Before, Parts
from local_digital.site.rows import Rows
from local_digital.site.sink import Index
from tests.site.handmade import BINS, MONDAY, Handmade
from tests.site.test_pages import Page
from tests.site.whole import comparison_pages, source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_digital.site.figures import Figures
    from local_digital.site.file import File
    from local_digital.site.pages.charts import Picture

ABOUT = About(publisher="Councils of the test")
ALL = f"compare/{BINS}/index.html"
FEBRUARY, MARCH, SPRING = dt.date(2026, 2, 1), dt.date(2026, 3, 1), dt.date(2026, 1, 1)
_HEAVIEST = 300_000


def built(figures: Figures) -> dict[str, File]:
    found: dict[str, File] = {}
    for file in comparison_pages(figures, ABOUT):
        # Groups may share a chart; nothing else is made twice.
        assert file.path not in found or file.named_by_content, file.path
        found[file.path] = file
    return found


def html(files: dict[str, File], path: str = ALL) -> str:
    return files[path].make().decode()


def text(files: dict[str, File], path: str = ALL) -> str:
    return Page(html(files, path)).text


def row(page: str, name: str) -> str:
    """Return what the first table says of a council, as HTML."""
    found = re.search(
        rf"<tr><th scope=\"row\"[^>]*>(?:<a [^>]*>)?{name}(.*?)(?=<tr>|</tbody>|</tfoot>)", page, re.DOTALL
    )
    assert found, name
    return found[1]


def cells(page: str, name: str) -> list[str]:
    """Return a row's cells as readers see them."""
    return [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in re.split(r"<td[^>]*>", row(page, name))[1:]]


def month(made: Handmade, council: str, takeup: float | None, *, start: dt.date = MARCH, reports: int = 100) -> None:
    made.period(council, start, reports, kind="month")
    made.kpi(council, "digital-takeup", start, takeup, kind="month", over=1, under=0 if takeup is None else 100)


def every_state() -> Handmade:
    """Four councils with figures of March, three without any, and groups of them."""
    made = Handmade()
    for slug, takeup in (("anytown", 0.2), ("bellford", 0.4), ("cormouth", 0.6), ("dunwick", 0.8)):
        made.council(slug, tier="unitary" if slug < "c" else "metropolitan")
        made.offer(slug, not_supplied=["missed-per-100000"] if slug == "anytown" else [])
        month(made, slug, takeup, start=FEBRUARY if slug == "dunwick" else MARCH)
    for slug, state, reason in (
        ("eastham", "not-provided", "not a task of a county council"), ("fordham", "awaited", None),
        ("granby", "not-published", None),
    ):  # fmt: skip
        made.council(slug, tier="county")
        made.offer(slug, state=state, reason=reason)
    for slug, rate in (("bellford", 40.0), ("cormouth", 0.0)):
        made.kpi(slug, "missed-per-100000", MARCH, rate, kind="month", basis="estimated",
                 caveats=["collections-spread"])  # fmt: skip
    made.kpi("anytown", "repeat-misses", MARCH, None, kind="month", over=0, under=0)
    made.kpi("bellford", "repeat-misses", MARCH, None, kind="month", under=9)
    made.kpi("cormouth", "repeat-misses", MARCH, 0.1, kind="month", caveats=["no-premises"])
    for number, slug in enumerate(("anytown", "bellford", "cormouth")):
        basis = "full" if slug == "anytown" else "estimated"
        made.kpi(slug, "cost-per-transaction", SPRING, 1.5 + number, kind="quarter", basis=basis)
    made.group("bellford", "near-us", ["bellford", "cormouth", "dunwick", "eastham"])
    return made


@pytest.fixture(scope="module")
def files() -> dict[str, File]:
    return built(every_state().figures())


def test_each_cell_has_its_figure_or_why_there_is_none(files: dict[str, File]) -> None:
    page = html(files)
    named = [
        "Transactions",
        "Digital take-up",
        "Missed per 100,000 collections",
        "Cost per transaction",
        "Repeat misses",
    ]
    assert re.findall(r"<span data-sorts>([^<]*)</span>", page) == ["Council", *named]
    no_data = STATES["no-data"][0]
    assert cells(page, "Anytown") == ["100", "20.0%", "Not supplied", "£1.50", "Nothing to divide"]
    assert cells(page, "Bellford") == ["100", "40.0%", "40.0 estimated", "£2.50 estimated", "Too little is known"]
    # Zero is a figure.
    assert cells(page, "Cormouth") == ["100", "60.0%", "0.0 estimated", "£3.50 estimated", "10.0% [b]"]
    assert cells(page, "Eastham") == ["Not provided Not a task of a county council."]
    assert cells(page, "Fordham")[0].startswith("No feed yet")
    assert cells(page, "Granby")[0].startswith("Not published yet")
    assert cells(page, "Dunwick")[2:] == [no_data] * 3
    lead = (
        "4 of 7 councils have published figures; 1 has not published its yet, 1 has no feed yet and 1 does not provide"
    )
    assert lead in text(files)


def test_an_older_figure_is_named_with_its_period_and_is_in_no_benchmark(files: dict[str, File]) -> None:
    page = html(files)
    assert "The figures are of March 2026" in text(files)
    assert "Cost per transaction: January to March 2026" in text(files)
    assert cells(page, "Dunwick")[:2] == ["No data yet February 2026: 100", "No data yet February 2026: 80.0%"]
    assert "data-order" not in row(page, "Dunwick").partition("<td")[2]
    assert cells(page, "Median")[1] == "40.0%"
    assert cells(page, "Councils with the figure")[1] == "3"
    assert "Dunwick" not in files[f"compare/{BINS}/digital-takeup.csv"].make().decode("utf-8-sig")


def test_one_council_that_is_early_leaves_no_other_without_a_figure() -> None:
    made = every_state()
    month(made, "anytown", 0.3, start=dt.date(2026, 4, 1), reports=500)
    files = built(made.figures())
    assert cells(html(files), "Anytown")[:2] == ["100", "20.0%"]
    assert cells(html(files), "Bellford")[:2] == ["100", "40.0%"]
    for slug in ("bellford", "cormouth"):
        month(made, slug, 0.5, start=dt.date(2026, 4, 1), reports=500)
    assert cells(html(built(made.figures())), "Anytown")[:2] == ["500", "30.0%"]


def test_weeks_stand_for_months_only_where_nobody_has_months() -> None:
    made = every_state()
    made.council("hamble")
    made.offer("hamble")
    made.period("hamble", MONDAY, 7)
    made.kpi("hamble", "median-hours-to-close", MONDAY, 5.0)
    files = built(made.figures())
    assert cells(html(files), "Hamble")[0] == "No data yet By week only. Week of 5 January 2026: 7"
    assert "Hours to close, median: the week of 5 January 2026" in text(files)
    assert "It has figures by week only." in text(files)


def test_benchmarks_are_over_three_councils_at_least_and_of_one_basis(files: dict[str, File]) -> None:
    page = html(files)
    assert cells(page, "Median") == ["100", "40.0%", *["Too few councils"] * 3]
    assert cells(page, "Councils with the figure")[2:] == ["2 estimated", "1 2 estimated", "1"]
    two = f"compare/{BINS}/unitary/index.html"
    assert "Median" not in page_foot(html(files, two))
    assert "2 councils have this figure: too few for a median." in text(files, two)
    assert "Middle half" not in html(files, two)


def page_foot(page: str) -> str:
    found = re.search(r"<tfoot>.*?</tfoot>", page, re.DOTALL)
    assert found
    return found[0]


def test_councils_that_came_after_the_benchmarks_were_taken_are_not_called_too_few() -> None:
    figures = every_state().figures()
    before = source(figures)._replace(benchmarks=lambda _: Rows.empty())
    parts = Parts(
        before, ABOUT, Before(Index(), lambda *_: b""), program="of the test", editions={},
        as_of={BINS: dt.date(2026, 3, 5)},
    )  # fmt: skip
    found = {file.path: file for part in parts.all() for file in part.make()}
    said = text(found)
    assert "3 councils have this figure. The median was last taken on 5 March 2026, before that many had it." in said
    assert "too few for a median" in said


def test_figures_of_another_basis_are_apart(files: dict[str, File]) -> None:
    for key, names in (("", ["Anytown"]), ("-estimated", ["Cormouth", "Bellford"])):
        csv = files[f"compare/{BINS}/cost-per-transaction{key}.csv"].make().decode("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in csv[1:]] == names
    made = every_state()
    made.kpi("dunwick", "cost-per-transaction", SPRING, 9.0, kind="quarter", basis="estimated")
    more = built(made.figures())
    assert cells(html(more), "Median")[3] == "Too few councils £3.50 estimated"
    assert "The median of 3 councils is £3.50" in text(more)


def test_a_target_and_the_good_direction_are_told_in_words_and_nobody_is_ranked(files: dict[str, File]) -> None:
    said = text(files)
    assert "The agreed target is at most 56." in said
    assert "Missed per 100,000 collections March 2026 lower is better target at most 56 [" in said
    assert "Digital take-up March 2026 higher is better" in said
    assert "Councils differ in size" in said
    assert "they are not ranked" in said
    assert not re.search(r"\b(1st|2nd|3rd|best|worst|rank\b)", said)


def test_caveats_are_marked_beside_figures_and_explained(files: dict[str, File]) -> None:
    marks = dict(re.findall(r'<li>(\[[a-z]\]) <a href="[./]*kpis/index.html#caveat-([a-z-]+)"', html(files)))
    assert sorted(marks.values()) == ["collections-spread", "no-premises"]
    # What holds for a whole column stands in its heading.
    assert "target at most 56 [a]" in text(files)


def test_tables_can_be_sorted_and_begin_in_the_order_of_names(files: dict[str, File]) -> None:
    page = html(files)
    assert '<table class="compared" data-sortable>' in page
    assert page.count('aria-sort="ascending"><span data-sorts>Council') == page.count('class="compared"')
    assert re.findall(r'<th scope="row"><a [^>]*>([A-Za-z]+)', page)[:4] == [
        "Anytown",
        "Bellford",
        "Cormouth",
        "Dunwick",
    ]
    # The script sorts by what a cell begins with: a figure, or a state within an element.
    assert re.findall(r"<td>([^<]*)", row(page, "Anytown")) == ["100", "20.0%", "", "£1.50", ""]
    # Those without figures are in a part of the table that is not sorted.
    assert page.index("</tbody>") < page.index("Eastham") < page.index("<tfoot>")
    assert 'role="region"' in page
    assert 'tabindex="0"' in page


def test_every_group_has_its_page_and_can_be_chosen_without_a_script(files: dict[str, File]) -> None:
    site = Site(every_state().figures(), ABOUT)
    keys = ["", "county", "metropolitan", "unitary", "bellford-near-us"]
    assert [group.key for group in groups(site, BINS)] == keys
    for key in keys:
        path = f"compare/{BINS}/{key}/index.html" if key else ALL
        page = html(files, path)
        for other in keys:
            there = f"../../{'../' if key else ''}compare/{BINS}/{other + '/' if other else ''}index.html"
            assert f'<a href="{there}"{" aria-current=" + chr(34) + "page" + chr(34) if other == key else ""}>' in page
    group = html(files, f"compare/{BINS}/bellford-near-us/index.html")
    assert "Anytown" not in group
    assert all(name in group for name in ("Bellford", "Cormouth", "Dunwick", "Eastham"))
    assert "None of these councils has published figures yet." in text(files, f"compare/{BINS}/county/index.html")


def test_groups_never_share_a_folder() -> None:
    made = every_state()
    made.council("met")
    made.council("over")
    for owner, name in (("met", "ropolitan"), ("bellford", "near-us-2"), ("bellford-near", "us"), ("over", "time")):
        made.group(owner, name, ["bellford"])
    made.council("bellford-near")
    made.offer("bellford-near")
    found = [group.key for group in groups(Site(made.figures(), ABOUT), BINS)]
    assert len(set(found)) == len(found)
    assert "over-time" not in found
    assert "over-time-2" in found


def test_links_lead_to_pages_that_the_site_has(files: dict[str, File]) -> None:
    there = {*files, *(file.path for file in assets())}
    ids = {path: Page(html(files, path)).ids for path in files if path.endswith(".html")}
    for path, found in ids.items():
        assert len(set(found)) == len(found)
        for address in Page(html(files, path)).addresses:
            if address.startswith("https://"):
                continue
            target, _, anchor = address.partition("#")
            full = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            assert full in there or re.match(r"(index|(councils|compare|kpis|data|changes)/.*)\.?html$", full), address
            assert not anchor or full not in ids or anchor in ids[full], address
    assert f'href="../../councils/anytown/{BINS}/index.html"' in html(files)
    assert 'href="../../kpis/index.html#digital-takeup"' in html(files)


def test_the_csv_has_every_figure_with_its_period_basis_and_state(files: dict[str, File]) -> None:
    lines = files[f"compare/{BINS}/figures.csv"].make().decode("utf-8-sig").splitlines()
    assert lines[0] == ("council,council_name,gss_code,kpi,version,period_kind,period_start,value,basis,state,caveats")
    assert len(lines) == 1 + 7 * 5
    assert "cormouth,Cormouth,E06000002,missed-per-100000,1,month,2026-03-01,0,estimated,,collections-spread" in lines
    assert "dunwick,Dunwick,E06000003,volume,1,month,2026-03-01,,,no-data," in lines
    assert "eastham,Eastham,E06000004,volume,1,month,2026-03-01,,,not-provided," in lines


def test_figures_that_are_not_released_and_old_versions_are_nowhere() -> None:
    made = every_state()
    # No reader of the figures gets these; if one did, they would still not be shown.
    made.period("granby", MARCH, 8642, kind="month")
    made.kpi("anytown", "digital-takeup", MARCH, 0.8642, kind="month", version="2013")
    for path, file in built(made.figures()).items():
        told = file.make().decode()
        assert not re.search(r"8,?642|86\.42", told), path


def test_equal_figures_give_equal_bytes(files: dict[str, File]) -> None:
    again = built(every_state().figures())
    assert list(again) == list(files)
    some = [path for path in files if not path.endswith(".svg")]
    assert all(again[path].make() == files[path].make() for path in some)
    svg = next(path for path in files if path.endswith(".svg"))
    assert again[svg].make() == files[svg].make()


def test_what_councils_call_themselves_is_escaped() -> None:
    made = every_state()
    made.council("ickford", "<script>alert(1)</script> & Council")
    made.offer("ickford")
    month(made, "ickford", 0.5)
    files = built(made.figures())
    assert "<script>alert" not in html(files)
    svg = next(path for path in re.findall(r"charts/[0-9a-f]+\.svg", html(files)))
    assert b"<script>" not in files[svg].make()


# Charts


def dots_of(picture: Picture) -> list[float]:
    """Return how far from the left each dot is."""
    paths = re.findall(r'<path d="(M[^"]*a[^"]*)" fill=', picture.content.decode())
    return [float(x) for path in paths for x in re.findall(r"M([\d.]+),", path)]


def test_a_dot_for_each_council_at_its_value_on_a_scale_from_zero() -> None:
    drawing = dots([Named("One", 0.5), Named("Two", 0.0), Named("Three", 1.0)], "share", None, None)
    for picture in (drawing.narrow, drawing.wide):
        half, least, most = dots_of(picture)
        assert half == pytest.approx((least + most) / 2, abs=0.1)
        assert least < most < picture.width
    drawn = drawing.wide.file().make().decode()
    assert all(said in drawn for said in ("One", "Three", "50.0%", "100%"))
    assert f'width="{drawing.wide.width}" height="{drawing.wide.height}"' in drawn


def test_a_histogram_counts_every_council_once() -> None:
    values = [0.0, 0.01, 0.05, 0.5, 0.97, 1.0]
    drawn = histogram([Named(str(value), value) for value in values], "share", None, None).wide.content.decode()
    bars = re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)"', drawn)
    heights = [round(float(height) / 94) for height in bars]
    # The lowest two are in one bar, and so are the highest two: the whole has no bar of its own.
    assert heights == [2, 1, 1, 2]


def test_a_saving_below_zero_has_its_place() -> None:
    for draw in (dots, histogram):
        drawing = draw([Named("One", -30.0), Named("Two", 20.0)], "pounds", None, None)
        assert b"-\xc2\xa3" in drawing.wide.file().make()


def months(number: int) -> Sequence[dt.date]:
    found = [dt.date(2025, 4, 1)]
    while len(found) < number:
        found.append(period_end("month", found[-1]))
    return found


def test_gaps_in_a_panel_stay_gaps() -> None:
    picture = panel("month", months(5), [0.2, 0.3, None, 0.5, 0.6], [1, None, None, None, 5])
    assert picture
    lines = re.findall(r'<path d="M([^M"]*)" stroke="[^"]*" stroke-width="2"', picture.content.decode())
    assert [len(line.split("L")) for line in lines] == [2, 2]
    # A figure between two gaps is a dot, and so is the newest.
    assert len(dots_of(picture)) == 3
    drawn = picture.file().make().decode()
    assert "60.0% digital" in drawn
    assert "5 transactions" in drawn
    assert "Apr 25" in drawn
    assert panel("month", months(2), [None, None], [None, None]) is None


def test_the_number_above_a_panel_is_of_the_newest_period_only() -> None:
    picture = panel("month", months(3), [0.2, 0.3, None], [5, 6, None])
    assert picture
    drawn = picture.file().make().decode()
    assert "30.0%" not in drawn
    assert "6 transactions" not in drawn


# Four hundred councils: more than there are in the kingdom


def many(number: int) -> Figures:
    made = Handmade()
    for index in range(number):
        slug = f"{chr(ord('a') + index % 20)}-council-number-{index}"
        made.council(slug, f"{slug.replace('-', ' ').title()} Borough Council")
        made.offer(slug)
        for back, start in enumerate(months(12)):
            month(made, slug, 0.2 + (index + back) % 60 / 100, start=start, reports=1000 + 37 * index + back)
        for kpi in ("median-hours-to-close", "closed-within-one-working-day", "repeat-misses", "p90-hours-to-close",
                    "justified", "rectified", "rectified-within-one-working-day", "missed-per-100000"):  # fmt: skip
            caveats = ["still-open"] if index % 2 else []
            # A fifth of them are late: a word and an older figure weigh more than a figure.
            made.kpi(slug, kpi, MARCH if index % 5 else FEBRUARY, (index % 50) / 51, kind="month", caveats=caveats)
        made.kpi(slug, "cost-per-transaction", SPRING, 1 + index / 100, kind="quarter",
                 basis="estimated" if index % 2 else "full", caveats=["national-unit-costs"])  # fmt: skip
    for index in range(number // 10):
        slug = f"{chr(ord('a') + index % 20)}-bare-council-number-{index}"
        made.council(slug, f"{slug.replace('-', ' ').title()} County Council", tier="county")
        made.offer(slug, state="not-provided", reason="not a task of a county council")
    made.group("a-council-number-0", "some-others", [f"{chr(ord('a') + n)}-council-number-{n}" for n in range(20)])
    return made.figures()


def loaded(files: dict[str, File], path: str, *, narrow: bool) -> int:
    """Return how many bytes a page and all that it loads have, lazily loaded images among them."""
    # A browser loads one of the two sizes of a chart.
    page = re.sub(r'<img class="drawing"[^>]*>' if narrow else r"<source [^>]*>", "", html(files, path))
    paths = {posixpath.normpath(posixpath.join(posixpath.dirname(path), address)) for address in Page(page).loads}
    return len(files[path].make()) + sum(len(files[one].make()) for one in paths)


def test_a_page_of_four_hundred_councils_is_light() -> None:
    files = built(many(400)) | {file.path: file for file in assets()}
    group = f"compare/{BINS}/a-council-number-0-some-others/index.html"
    letter = f"compare/{BINS}/over-time/a/index.html"
    for path in (ALL, group, letter):
        for narrow in (True, False):
            assert loaded(files, path, narrow=narrow) < _HEAVIEST, path
    assert f'<a href="../../compare/{BINS}/over-time/a/index.html">A</a>' in html(files)
    assert html(files, letter).count('loading="lazy"') == 20
    assert html(files, group).count('loading="lazy"') == 20
    assert "too many councils to name in a chart" in text(files)
