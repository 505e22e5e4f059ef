"""The open data: every file says what it holds, CSV and JSON hold the same, and nothing withheld is in any of them."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import yaml
from frictionless import Package
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from local_digital.errors import ConfigurationError
from local_digital.formulas import harmless
from local_digital.kpis import CAVEATS, KPIS
from local_digital.site.about import About
from local_digital.site.benchmarks import benchmarks
from local_digital.site.rows import Rows
from local_digital.site.tables import Column, Table
from tests.site.released import FORMULA, PLANTED, WARDS
from tests.site.whole import open_data, read, unpacked

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.site.figures import Figures
    from local_digital.workspace import Workspace

ABOUT = About("Councils of the test", "https://figures.example.org/")
BINS = "data/report-missed-bin"

# What begins a formula, and what may stand before it unseen.
SIGNS = "=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b-"
UNSEEN = "[ \u00a0\u200b\u202e\ufeff\x00]"

Row = dict[str, Any]


@pytest.fixture
def files(figures: Figures) -> dict[str, bytes]:
    """All files by path."""
    return {file.path: file.make() for file in open_data(figures, ABOUT)}


@pytest.fixture
def made(files: dict[str, bytes]) -> dict[str, bytes]:
    """All files by path, with what is in the compressed ones."""
    return unpacked(files)


@pytest.fixture
def folder(files: dict[str, bytes], tmp_path: Path) -> Path:
    for path, content in files.items():
        (tmp_path / "out" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / path).write_bytes(content)
    return tmp_path / "out" / "data"


def rows(made: dict[str, bytes], path: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(made[path].decode(), newline="")))


def records(made: dict[str, bytes], path: str) -> list[Row]:
    found: list[Row] = json.loads(made[path])
    return found


def word_of(cell: str) -> str:
    """The council's word in a cell, as docs/open-data.md tells readers to get it back."""
    return re.sub(r"(^|[;\t\r\n])'", r"\1", cell)


def asked(workspace: Workspace, query: str, **facts: object) -> list[Any]:
    with workspace.engine.connect() as db:
        return list(db.execute(text(query), facts))


def faults(package: Path) -> list[str]:
    return [str(fault) for fault in Package(str(package)).validate().flatten(["type", "message"])]


def test_every_package_is_valid_and_lists_every_csv(folder: Path) -> None:
    packages = sorted(folder.rglob("datapackage.json"))
    assert {str(package.parent.relative_to(folder)) for package in packages} == {
        ".", "report-missed-bin", *(f"report-missed-bin/{slug}" for slug in ("barnsley", "bath", "bury", "fife")),
    }  # fmt: skip
    for package in packages:
        assert faults(package) == []
        told = {resource["path"] for resource in json.loads(package.read_bytes())["resources"]}
        assert told == {path.name for path in package.parent.glob("*.csv*")}


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (b",shown\r\n", b",hidden\r\n", "constraint-error"),
        (b",2025-11-03,", b",3 November,", "type-error"),
        (b"count,state", b"counts,state", "incorrect-label"),
    ],
)
def test_a_file_that_is_not_as_described_is_found_out(folder: Path, before: bytes, after: bytes, fault: str) -> None:
    broken = folder / "report-missed-bin" / "fife" / "missed-bin-by-ward.csv"
    broken.write_bytes(broken.read_bytes().replace(before, after, 1))
    assert any(fault in found for found in faults(broken.with_name("datapackage.json")))


def test_a_file_that_was_cut_short_is_found_out(folder: Path) -> None:
    cut = folder / "report-missed-bin" / "fife" / "kpis.csv"
    cut.write_bytes(b"".join(cut.read_bytes().splitlines(keepends=True)[:-1]))
    assert any("hash-count" in found for found in faults(cut.with_name("datapackage.json")))


def test_the_table_of_all_councils_is_their_own_tables_behind_each_other(made: dict[str, bytes]) -> None:
    wholes = [path for path in made if path.endswith(".csv.gz")]
    assert len(wholes) > 3
    for path in (path.removesuffix(".gz") for path in wholes):
        folder, _, name = path.rpartition("/")
        councils = sorted(
            {one.split("/")[2] for one in made if one.startswith(folder) and one.endswith(f"/{name}")} - {name}
        )
        parts = [made[f"{folder}/{council}/{name}"].split(b"\r\n", 1) for council in councils]
        assert made[path] == parts[0][0] + b"\r\n" + b"".join(rows for _, rows in parts)


def test_csv_and_json_hold_the_same(made: dict[str, bytes]) -> None:
    paths = [path for path in made if path.endswith(".csv")]
    assert len(paths) > 10
    for path in paths:
        from_csv, from_json = rows(made, path), records(made, path.replace(".csv", ".json"))
        assert from_csv, path
        assert len(from_csv) == len(from_json)
        for one, other in zip(from_csv, from_json, strict=True):
            assert list(one) == list(other)
            for name, value in other.items():
                if isinstance(value, str):
                    assert word_of(one[name]) == value
                else:
                    assert (float(one[name]) if one[name] else None) == value


def test_rows_are_told_apart_by_what_identifies_them(made: dict[str, bytes]) -> None:
    identity = {
        f"{BINS}/kpis.csv": ["council", "kpi", "version", "label", "period_kind", "period_start"],
        f"{BINS}/benchmarks.csv": [
            "comparison", "subject", "kpi", "version", "label", "basis", "period_kind", "period_start",
        ],
    }  # fmt: skip
    for path, columns in identity.items():
        keys = [tuple(row[column] for column in columns) for row in rows(made, path)]
        assert len(set(keys)) == len(keys)


def test_a_withheld_count_is_in_no_file(workspace: Workspace, made: dict[str, bytes]) -> None:
    assert asked(workspace, "select from marts.volume where reports = :reports and breakdown = 'ward'", reports=PLANTED)
    withheld = [row for row in rows(made, f"{BINS}/missed-bin-by-ward.csv") if row["ward"] == "Big"]
    assert {(row["count"], row["state"]) for row in withheld} == {("", "withheld")}
    assert [path for path, content in made.items() if str(PLANTED).encode() in content] == []


def test_what_is_shown_is_what_the_marts_hold(workspace: Workspace, made: dict[str, bytes]) -> None:
    for path, breakdown in (("missed-bin-by-ward", "ward"), ("transactions-by-channel", "channel")):
        marts = {
            (row.council, row.period_start.isoformat(), row.label): row.reports
            for row in asked(
                workspace,
                "select * from marts.volume where period_kind = 'week' and basis = 'full' and council <> 'bedford'"
                " and breakdown = :breakdown and across = ''",
                breakdown=breakdown,
            )
        }
        found = records(made, f"{BINS}/{path}.json")
        shown = {
            (row["council"], row["period_start"], row[breakdown]): row["count"]
            for row in found if row["state"] == "shown"
        }  # fmt: skip
        assert shown
        assert {key: marts[key] for key in shown} == shown
        assert {(row["council"], row["period_start"], row[breakdown]) for row in found} == marts.keys()
    totals = asked(
        workspace, "select sum(reports) as sum from marts.volume where breakdown = 'channel' and period_kind = 'week' "
        "and basis = 'full' and council <> 'bedford'",
    )  # fmt: skip
    assert sum(shown.values()) == totals[0].sum


def test_zero_is_a_figure_and_not_a_gap(made: dict[str, bytes]) -> None:
    never = [row for row in rows(made, f"{BINS}/missed-bin-by-ward.csv") if row["ward"] == "Never"]
    assert never
    assert {(row["count"], row["state"]) for row in never} == {("0", "shown")}


def test_no_word_of_a_council_runs_as_a_formula(made: dict[str, bytes]) -> None:
    for path, content in made.items():
        if path.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(content.decode(), newline="")) for cell in row]
            assert [
                cell for cell in cells if cell[:1] in set("=+@\t\r") or (cell[:1] == "-" and cell[1:2].isalpha())
            ] == []
    # Nothing is lost by it: without the apostrophe it is the council's word, which the JSON has as it is.
    wards = {row["ward"].removeprefix("'") for row in rows(made, f"{BINS}/missed-bin-by-ward.csv")}
    assert {*WARDS, "Big", "Few"} == wards
    assert {row["ward"] for row in records(made, f"{BINS}/missed-bin-by-ward.json")} == wards
    assert f"'{FORMULA}" in {row["ward"] for row in rows(made, f"{BINS}/missed-bin-by-ward.csv")}


@pytest.mark.parametrize(
    "word",
    [
        "=1", "+1", "-1", "@a", "\t=1", "\r=1", "'=1", "a=1", "1-2", 'a "b", c', "ŵ", "\uff1d1", "\uff0b1", "\uff0d1",
        "\uff20a", "\ufe661", "\ufe621", "\ufe631", "\ufe6ba", " =1", "\u00a0 =1", "\u200b=1", "\u202e=1", "\ufeff=1",
        "\x00=1", "a;=1", "a; =1;b", "a\t=1", "a\n=1", "a\r\n=1", "';'", "'';'';", "a;'b", ";", "a; b", "Quay; -Road",
        "It's; 'tis", "\t\t", "\n'\n",
    ],
)  # fmt: skip
def test_a_word_survives_a_csv_whatever_it_begins_with(word: str) -> None:
    table = Table("words", "", "Words", "Words.", (Column("word", "Word", "A word."),), pd.DataFrame({"word": [word]}))
    ((_,), (cell,)) = csv.reader(io.StringIO(table.content("csv").decode(), newline=""))
    assert word_of(cell) == word
    # Whatever a spreadsheet takes for the separator, none of the cells that it finds is a formula.
    assert cell[0] not in "\t\r\n"
    assert [part for part in re.split(r"[;\t\r\n]", cell) if re.match(f"{UNSEEN}*[{SIGNS}]", part)] == []
    assert json.loads(table.content("json")) == [{"word": word}]


@pytest.mark.parametrize("word", ["a=1", "1-2", "It's", "a; b", "St Mary's; x", "a\r\nb", "Quay;", ""])
def test_a_word_without_a_formula_stays_as_it_is(word: str) -> None:
    assert harmless(word) == word


@pytest.mark.parametrize(
    ("value", "cell"),
    [(3.0, "3"), (0.1, "0.1"), (1e-07, "0.0000001"), (-2.5, "-2.5"), (1e21, "1000000000000000000000")],
)
def test_a_number_is_written_in_plain_digits(value: float, cell: str) -> None:
    column = Column("value", "Value", "A value.", "number")
    table = Table("values", "", "Values", "Values.", (column,), pd.DataFrame({"value": [value, None]}))
    assert table.content("csv").decode().splitlines()[1:] == [cell, '""']
    assert json.loads(table.content("json")) == [{"value": value}, {"value": None}]


@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=False, allow_infinity=False) | st.none(), st.integers(-(2**60), 2**60) | st.none(),
            st.text(st.characters(exclude_categories=["Cs"])) | st.none(),
        ),
        min_size=1,
    )
)  # fmt: skip
def test_any_rows_are_written_as_python_would_write_them(given_rows: list[tuple[Any, ...]]) -> None:
    names = ("number", "count", "word")
    columns = tuple(Column(name, name, "Something.") for name in names)
    frame = pd.DataFrame(
        {
            "number": pd.array([row[0] for row in given_rows], dtype="float64"),
            "count": pd.array([row[1] for row in given_rows], dtype="Int64"),
            "word": [row[2] for row in given_rows],
        }
    )
    table = Table("any", "", "Any", "Any rows.", columns, frame)
    told = [(number, count, word or None) for number, count, word in given_rows]
    read_back = json.loads(table.content("json"))
    assert read_back == [dict(zip(names, row, strict=True)) for row in told]
    assert table.content("json").count(b"\n") == len(told) + 2
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(names)
    for number, count, word in told:
        digits = "" if number is None else f"{Decimal(repr(number)):f}"
        whole = digits if number is None or not number.is_integer() else str(int(number))
        writer.writerow([whole, "" if count is None else count, harmless(word or "")])
    assert table.content("csv").decode() == written.getvalue()


def test_a_council_has_its_code_of_today(made: dict[str, bytes]) -> None:
    (fife,) = (row for row in rows(made, "data/councils.csv") if row["council"] == "fife")
    assert (fife["gss_code"], fife["former_gss_codes"]) == ("S12000047", "S12000015")
    codes = {row["gss_code"] for row in rows(made, f"{BINS}/kpis.csv") if row["council"] == "fife"}
    assert codes == {"S12000047"}


def test_who_publishes_what_is_told_with_the_reason(made: dict[str, bytes]) -> None:
    states = {
        (row["council"], row["transaction"]): (row["state"], row["reason"]) for row in rows(made, "data/offers.csv")
    }
    assert states["bath", "report-missed-bin"] == ("shown", "")
    assert states["bedford", "report-missed-bin"] == ("not-published", "")
    assert states["devon", "report-missed-bin"] == ("not-provided", "not a task of a county council")
    assert states["bath", "pay-council-tax"] == ("awaited", "")


def test_nothing_of_a_council_that_has_not_released_is_public(made: dict[str, bytes]) -> None:
    for path in made:
        if path.startswith(BINS) and path.endswith(".csv"):
            assert "bedford" not in {row.get("council") for row in rows(made, path)}


def test_labels_have_the_names_of_the_contract(made: dict[str, bytes]) -> None:
    names = {(row["channel"], row["channel_name"]) for row in rows(made, f"{BINS}/transactions-by-channel.csv")}
    assert {("online", "Online form"), ("phone", "Phone")} <= names


def test_a_period_ends_on_its_last_day(made: dict[str, bytes]) -> None:
    ends = {(row["period_start"], row["period_end"]) for row in rows(made, f"{BINS}/periods.csv")}
    assert {("2025-11-03", "2025-11-09"), ("2025-11-24", "2025-11-30")} <= ends


def test_every_kpi_version_unit_and_caveat_is_explained(made: dict[str, bytes]) -> None:
    explained = {(row["kpi"], row["version"]): row for row in rows(made, "data/kpi-definitions.csv")}
    assert explained.keys() == {(name, version) for name, kpi in KPIS.items() for version in kpi.versions}
    assert all(row["definition"].endswith(".") and row["source"] for row in explained.values())
    used = rows(made, f"{BINS}/kpis.csv")
    assert {(row["kpi"], row["version"]) for row in used} <= explained.keys()
    assert {row["unit"] for row in used} <= {row["unit"] for row in explained.values()}
    assert {row["caveat"] for row in rows(made, "data/caveats.csv")} == set(CAVEATS)


def test_a_package_tells_licence_period_and_provenance(made: dict[str, bytes]) -> None:
    package = json.loads(made[f"{BINS}/datapackage.json"])
    assert package["licenses"][0]["name"] == "OGL-UK-3.0"
    assert package["temporal"] == {"start": "2025-11-03", "end": "2025-11-30"}
    assert package["contributors"] == [{"title": "Councils of the test", "role": "publisher"}]
    assert package["sources"]
    assert all(field["description"] for resource in package["resources"] for field in resource["schema"]["fields"])
    assert {one["kpi"] for one in package["definitions"]} == {row["kpi"] for row in rows(made, f"{BINS}/kpis.csv")}


def test_the_change_log_tells_what_became_public(made: dict[str, bytes]) -> None:
    found = {(row["council"], row["what"], row["data_set"]) for row in rows(made, "data/changes.csv")}
    assert ("bath", "added", "missed-bin-by-ward") in found
    assert {data_set for _, _, data_set in found} <= {
        path.rpartition("/")[2].removesuffix(".csv") for path in made if path.startswith(BINS)
    }


def test_nothing_released_is_a_site_all_the_same(figures: Figures, tmp_path: Path) -> None:
    frames = {name: value[:0] for name, value in vars(figures).items() if isinstance(value, pd.DataFrame)}
    made = {file.path: file.make() for file in open_data(replace(figures, **frames), ABOUT)}
    assert {path for path in made if path.endswith(".csv")} == {
        "data/transactions.csv", "data/kpi-definitions.csv", "data/caveats.csv",
    }  # fmt: skip
    for path, content in made.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert faults(tmp_path / "data" / "datapackage.json") == []


@pytest.mark.parametrize("name", ["kpis", "benchmarks", "periods", "datapackage"])
def test_a_data_set_may_not_be_called_like_another_file_of_its_folder(figures: Figures, name: str) -> None:
    contract = figures.contracts["report-missed-bin"]
    clash = contract.model_copy(update={"data_sets": {name: contract.data_sets["missed-bin-by-ward"]}})
    with pytest.raises(ConfigurationError, match="another name"):
        list(open_data(replace(figures, contracts={contract.transaction: clash}), ABOUT))


def test_a_feed_that_a_council_has_no_longer_is_in_no_table(workspace: Workspace) -> None:
    before = read(workspace)
    councils = workspace.settings.config / "councils"
    facts = yaml.safe_load((councils / "bath.yaml").read_text("utf-8"))
    other = yaml.safe_load((councils / "devon.yaml").read_text("utf-8"))
    facts["feeds"] = other["feeds"]
    (councils / "bath.yaml").write_text(yaml.safe_dump(facts), "utf-8")
    figures = read(workspace)
    assert any(row["council"] == "bath" for row in before.kpis.to_dict("records"))
    made = {file.path: file.make() for file in open_data(figures, ABOUT)}
    holding = {
        path for path in made
        if path.endswith(".csv") and any(row.get("council") == "bath" for row in rows(made, path))
    }  # fmt: skip
    # The log stays: who has used the figures must learn what they were.
    assert holding == {"data/councils.csv", "data/offers.csv", "data/changes.csv"}
    assert len(figures.changes) == len(before.changes)
    states = {row["transaction"]: row["state"] for row in rows(made, "data/offers.csv") if row["council"] == "bath"}
    assert states["report-missed-bin"] == "awaited"
    assert "bath" not in set(figures.feeds["council"])
    # Benchmarks are over those that are left.
    assert {row["councils"] for row in rows(made, f"{BINS}/benchmarks.csv")} == {"3"}
    assert "4" in {row["councils"] for row in records_of(before)}


def records_of(figures: Figures) -> list[Row]:
    made = {file.path: file.make() for file in open_data(figures, ABOUT)}
    return rows(made, f"{BINS}/benchmarks.csv")


def test_equal_figures_give_equal_bytes(figures: Figures, files: dict[str, bytes]) -> None:
    assert {file.path: file.make() for file in open_data(figures, ABOUT)} == files


def test_benchmarks_are_those_of_the_marts_once_everything_is_released(workspace: Workspace, figures: Figures) -> None:
    # The council that has not released is in the marts' benchmarks and in none of the public's.
    with workspace.engine.begin() as db:
        db.execute(text("delete from marts.kpi where council = 'bedford'"))
    quartiles = ["lower_quartile", "median", "upper_quartile"]
    with workspace.engine.connect() as db:
        marts = list(db.execute(text("select * from marts.benchmark")).mappings())
    there = {
        tuple(value for name, value in row.items() if name not in quartiles): [float(row[name]) for name in quartiles]
        for row in marts
    }
    found = {
        tuple(value for name, value in row.items() if name not in quartiles): [row[name] for name in quartiles]
        for transaction, kpis in figures.kpis.groupby("transaction")
        for row in benchmarks(Rows.of(kpis), figures.councils, figures.groups)
        .assign(transaction=transaction)[list(marts[0])]
        .to_dict("records")
    }
    assert len(there) > 20
    assert found.keys() == there.keys()
    for key, numbers in there.items():
        assert found[key] == pytest.approx(numbers, rel=1e-12)
