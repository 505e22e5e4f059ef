"""Benchmarks are plain statistics over councils that tell the same; what is not there says why."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from demo.world.dealings import Dealing
from local_digital.compare import asked, compare
from local_digital.config.loading import load_councils
from local_digital.errors import ConfigurationError
from local_digital.kpis import CAVEATS
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for
from tests.commands import local_digital
from tests.kpis.exports import counts_of, deliver, feed_of, optional
from tests.kpis.recomputed import quantile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BINS = "report-missed-bin"
NOVEMBER = dt.date(2025, 11, 1)
UNTIL = dt.date(2025, 12, 1)
EVERYTHING = frozenset(optional(BINS))


@dataclass(frozen=True)
class Place:
    """A council and its feed. cases: how many there were in November; None: nothing has come yet. open_: not closed."""

    gss_code: str
    tier: str = "unitary"
    cases: int | None = 0
    open_: int = 0
    fields: frozenset[str] = EVERYTHING
    until: dt.date = UNTIL
    transaction: str = BINS
    collections: bool = True
    facts: tuple[tuple[str, Any], ...] = ()


PLACES = {
    "bath": Place("E06000022", cases=3),
    "bedford": Place("E06000055", cases=4, open_=1),
    "blackburn": Place("E06000008", cases=9, collections=False),
    "blackpool": Place("E06000009", cases=14, facts=(("compare_with", {"coast": ["bury", "adur", "bath", "bolton"]}),)),
    "barnsley": Place("E08000038", "metropolitan", cases=5),
    "bolton": Place("E08000001", "metropolitan", cases=6),
    "bury": Place("E08000002", "metropolitan", cases=20, fields=EVERYTHING - {"closed_at"}),
    "adur": Place("E07000223", "district", cases=0),
    "arun": Place("E07000224", "district", cases=8, until=dt.date(2025, 11, 20)),
    "ashford": Place("E07000105", "district", cases=None),
    "devon": Place("E10000008", "county", transaction="renew-library-book"),
    "barnet": Place("E09000003", "london-borough", transaction="renew-library-book"),
    "bexley": Place(
        "E09000004", "london-borough", transaction="renew-library-book",
        facts=(("elsewhere", {BINS: "its contractor does"}), ("compare_with", {"alone": ["bath", "bedford"]})),
    ),
}  # fmt: skip


def cases(place: Place) -> list[Dealing]:
    """Reports from 3 November on, one a day and a half, each open for some hours more than the one before."""
    found = []
    for number in range(place.cases or 0):
        reported = dt.datetime(2025, 11, 3, 9, tzinfo=dt.UTC) + dt.timedelta(hours=17 * number)
        closed = None if number < place.open_ else reported + dt.timedelta(hours=5 + number * (place.cases or 0))
        found.append(
            Dealing(
                f"{number}",
                reported,
                ["online", "phone", "assisted-digital"][number % 3],
                closed_at=closed,
                status="open",
                stream="refuse",
                outcome="justified" if number % 2 else "not-justified",
                premises=f"{number % 4}",
            )
        )
    return found


@pytest.fixture(scope="module")
def compared(workspace: Workspace) -> Workspace:
    """All places, loaded."""
    folder = workspace.settings.config.parent
    # Groups may name councils whose files are still to be written.
    for name, place in sorted(PLACES.items(), key=lambda item: bool(item[1].facts)):
        facts = dict(place.facts)
        anywhere = Anywhere(
            workspace, folder, place.transaction, council=name, name=f"{name.title()} Council",
            gss_code=place.gss_code, tier=place.tier, **facts,
        )  # fmt: skip
        supplied = [{"stream": "refuse", "a_week": 40_000, "valid_from": NOVEMBER, "source": "the test"}]
        fields = place.fields if place.transaction == BINS else ()
        more = {"collections": supplied} if place.collections and place.transaction == BINS else {}
        feed = anywhere.configure(**feed_of(place.transaction, fields, covers_from=dt.date(2025, 10, 27), **more))
        if place.transaction == BINS and place.cases is not None:
            deliver(anywhere, feed, place.until, cases(place))
    # Writes what the files offer.
    compare(workspace, asked(workspace, BINS, "volume"))
    return workspace


def rows(workspace: Workspace, query: str) -> list[Any]:
    with workspace.engine.connect() as db:
        return list(db.execute(text(query)))


def groups(workspace: Workspace) -> dict[tuple[str, str], set[str]]:
    """Who is compared with whom, as the councils' files say."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for slug, council in load_councils(workspace.settings.config)[0].items():
        found["all", ""].add(slug)
        found["tier", council.tier.value].add(slug)
        for name, members in council.compare_with.items():
            found["group", f"{slug}/{name}"] |= set(members)
    return found


def statistics(workspace: Workspace) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Median and quartiles of every figure in every group of which three councils or more have it."""
    told: dict[tuple[Any, ...], dict[str, Fraction]] = defaultdict(dict)
    known = load_councils(workspace.settings.config)[0]
    for row in rows(workspace, "select * from marts.kpi"):
        if row.council in known and row.basis in {"full", "estimated"} and row.value is not None:
            key = (row.transaction, row.period_kind, row.period_start, row.kpi, row.version, row.label, row.basis)
            told[key][row.council] = Fraction(row.value)
    found = {}
    for (key, values), (group, members) in itertools.product(told.items(), groups(workspace).items()):
        ordered = sorted(value for council, value in values.items() if council in members)
        if len(ordered) >= 3:
            quartiles = [float(quantile(ordered, Fraction(part, 4))) for part in (1, 2, 3)]
            found[*key, *group] = (len(ordered), *(pytest.approx(quartile, rel=1e-12) for quartile in quartiles))
    return found


def benchmarks(workspace: Workspace) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {
        (row.transaction, row.period_kind, row.period_start, row.kpi, row.version, row.label, row.basis,
         row.comparison, row.subject): (row.councils, row.lower_quartile, row.median, row.upper_quartile)
        for row in rows(workspace, "select * from marts.benchmark")
    }  # fmt: skip


def test_benchmarks_are_the_quartiles_of_three_councils_or_more_that_tell_the_same(compared: Workspace) -> None:
    found = benchmarks(compared)
    assert found == statistics(compared)
    # Each way of comparing is there, and each basis.
    assert {key[7:] for key in found} == {
        ("all", ""), ("tier", "unitary"), ("tier", "metropolitan"), ("group", "blackpool/coast"),
    }  # fmt: skip
    assert {key[6] for key in found} == {"full", "estimated"}


def test_partial_figures_and_other_versions_are_in_no_benchmark(compared: Workspace) -> None:
    found = benchmarks(compared)
    month = (BINS, "month", NOVEMBER)
    # Arun's November is not over, Ashford's has not begun.
    assert found[*month, "volume", "1", "", "full", "all", ""][0] == 8
    assert found[*month, "volume", "1", "", "full", "all", ""][2] == 5.5
    assert found[*month, "volume", "1", "", "full", "tier", "unitary"][1:] == (3.75, 6.5, 10.25)
    # Adur had nothing to divide.
    takeup = [found[*month, "digital-takeup", version, "", "full", "all", ""] for version in ("2013", "current")]
    assert [row[0] for row in takeup] == [7, 7]
    assert takeup[0][2] < takeup[1][2]
    # Blackburn supplies no collections.
    assert found[*month, "missed-per-100000", "1", "", "estimated", "all", ""][0] == 7
    assert found[*month, "missed-per-100000", "1", "", "estimated", "tier", "unitary"][0] == 3
    assert not [key for key in found if key[8] == "bexley/alone"]


@pytest.fixture
def without_bury(compared: Workspace) -> Iterator[Workspace]:
    path = compared.settings.config / "councils" / "bury.yaml"
    content = path.read_bytes()
    path.unlink()
    yield compared
    path.write_bytes(content)


def test_council_whose_file_is_gone_is_compared_no_longer(without_bury: Workspace) -> None:
    wanted = asked(without_bury, BINS, "volume", period_kind="month")
    found = compare(without_bury, wanted)
    assert "bury" not in {row["council"] for row in found.councils}
    assert benchmarks(without_bury) == statistics(without_bury)
    assert {(row["comparison"], row["subject"]): row["councils"] for row in found.benchmarks} == {
        ("all", ""): 7, ("tier", "unitary"): 4, ("group", "blackpool/coast"): 3,
    }  # fmt: skip
    assert rows(without_bury, "select * from marts.kpi where council = 'bury'")


def printed(workspace: Workspace, *arguments: str) -> str:
    """What the command line says on a wide terminal."""
    done = local_digital(
        "compare", BINS, *arguments, COLUMNS="220",
        LOCAL_DIGITAL_CONFIG=str(workspace.settings.config),
        LOCAL_DIGITAL_WAREHOUSE=str(workspace.settings.warehouse),
        LOCAL_DIGITAL_LANDING=workspace.settings.landing,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_comparison_says_why_a_figure_is_not_there(compared: Workspace) -> None:
    said = printed(compared, "--kpi", "median-hours-to-close", "--period", "month", "--start", "2025-11-01")
    lines = {line.split("│")[1].strip(): line for line in said.splitlines() if "Council" in line and "│" in line}
    for council, state in {
        "Devon": "not provided here: not a task of a county council",
        "Bexley": "not provided here: its contractor does",
        "Barnet": "no feed yet",
        "Bury": "not supplied",
        "Ashford": "no data yet",
        "Adur": "nothing to divide",
    }.items():
        assert f" {state} " in lines[f"{council} Council"], said
    assert " partial " in lines["Arun Council"]
    assert " full " in lines["Bath Council"]
    assert " 8 " in lines["Bath Council"]


def test_comparison_prints_benchmarks_and_what_a_reader_must_know_beneath(compared: Workspace) -> None:
    said = printed(compared, "--kpi", "median-hours-to-close", "--period", "month")
    assert [line for line in said.splitlines() if "All councils" in line and "│ 6 │" in " ".join(line.split())]
    assert "Tier: unitary" in said
    (open_,) = [line for line in said.splitlines() if "Bedford" in line]
    assert "[1]" in open_
    assert said.rstrip().endswith(f"[1] {CAVEATS['still-open']}")
    few = printed(compared, "--kpi", "cost-per-transaction", "--period", "quarter", "--start", "2025-10-01")
    assert "No benchmark: fewer than three councils have the whole figure." in few


def test_day_that_begins_no_period_is_refused_with_the_one_that_does(compared: Workspace) -> None:
    wanted = asked(compared, BINS, "volume")
    with pytest.raises(ConfigurationError, match=r"the first day of a month, such as 2025-11-01; found 2025-11-15"):
        compare(compared, replace(wanted, period_start=dt.date(2025, 11, 15)))


def test_shares_are_printed_as_such_the_channel_in_the_title(compared: Workspace) -> None:
    said = printed(compared, "--kpi", "channel-mix", "--label", "online")
    assert said.startswith("Share of each channel (online), version 1: month from 2025-11-01")
    (bedford,) = [line for line in said.splitlines() if "Bedford" in line]
    assert [cell.strip() for cell in bedford.split("│")[3:6]] == ["2", "4", "50.0 %"]


def test_programs_get_the_comparison_that_people_read(compared: Workspace) -> None:
    told = json.loads(printed(compared, "--json"))
    assert told["asked"] == {
        "transaction": BINS, "kpi": "volume", "version": "1", "period_kind": "month", "label": "",
        "period_start": "2025-11-01",
    }  # fmt: skip
    figures = {row["council"]: (row["state"], row["value"]) for row in told["councils"]}
    assert (figures["bath"], figures["arun"], figures["devon"]) == (
        ("figure", 3), ("partial", 8), ("not provided here", None),
    )  # fmt: skip
    assert {row["comparison"] for row in told["benchmarks"]} == {"all", "tier", "group"}


def test_weeks_stand_beside_the_same_point_of_the_round_of_collections(compared: Workspace) -> None:
    said = printed(compared, "--period", "week", "--start", "2025-11-17")
    (heading,) = [line for line in said.splitlines() if "Same point before" in line]
    assert "Working days" in heading
    (bolton,) = [line for line in said.splitlines() if "Bolton" in line]
    # Its round takes a week; all of its cases were in the week of 3 November.
    assert [cell.strip() for cell in bolton.split("│")[5:8]] == ["0", "5", "0"]


@pytest.mark.parametrize(
    ("transaction", "kpi", "more", "says"),
    [
        ("report-a-dragon", "volume", {}, r"transaction: expected one of .*missed-bin.*; found `report-a-dragon`"),
        (BINS, "dragons", {}, r"--kpi of report-missed-bin: expected one of .*volume.*; found `dragons`"),
        (BINS, "volume", {"version": "2013"}, r"--version of volume: expected one of 1; found `2013`"),
        (BINS, "volume", {"period_kind": "quarter"}, r"--period of volume: expected one of week, month; found"),
        (BINS, "volume", {"label": "online"}, r"--label: expected none with volume; found `online`"),
        (BINS, "channel-mix", {}, r"--label of channel-mix: expected one of .*online.*; found `none`"),
        (BINS, "channel-mix", {"label": "pigeon"}, r"--label of channel-mix: expected one of .*; found `pigeon`"),
    ],
)
def test_what_no_definition_has_is_refused_with_what_it_has(
    compared: Workspace, transaction: str, kpi: str, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        asked(compared, transaction, kpi, **more)


def test_figure_that_no_council_has_yet_is_refused_with_what_to_do(compared: Workspace) -> None:
    with pytest.raises(ConfigurationError, match="expected a whole month of at least one council; found none yet"):
        compare(compared, asked(compared, "renew-library-book", "volume"))


def test_councils_that_cannot_have_the_figure_are_told_from_those_that_have_none_yet(
    database_url: str, tmp_path: Path
) -> None:
    with Workspace.open(settings_for(database_url, tmp_path)) as workspace:
        codes = {"bath": ("E06000022", "week"), "bedford": ("E06000055", "month")}
        for name, (code, period) in codes.items():
            feed = counts_of(BINS, period, ())
            # Nobody writes an email to Bath.
            feed["columns"]["channel"]["map"] = {
                value: value for value in feed["columns"]["channel"]["map"] if (name, value) != ("bath", "email")
            }
            Anywhere(workspace, tmp_path, council=name, gss_code=code).configure(**feed)
        states = {
            (kind, label): [
                row["state"]
                for row in compare(
                    workspace,
                    replace(
                        asked(workspace, BINS, "channel-mix", period_kind=kind, label=label),
                        period_start=dt.date(2025, 9, 1),
                    ),
                ).councils
            ]
            for kind, label in itertools.product(("week", "month"), ("online", "email"))
        }
    assert states == {
        ("week", "online"): ["no data yet", "counted by month"],
        ("week", "email"): ["channel not offered", "counted by month"],
        ("month", "online"): ["counted by week", "no data yet"],
        ("month", "email"): ["counted by week", "no data yet"],
    }
