"""The reference pages say what the files, the definitions, the DAGs and the warehouse say; `make docs` writes them."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from sqlalchemy import create_engine

from local_digital.config.loading import load_councils, load_transactions
from local_digital.errors import ConfigurationError
from local_digital.fields import FIELDS, MEANS
from local_digital.kpis import KPIS
from local_digital.migrations import migrate
from local_digital.settings import ROOT
from reference_docs import kpis
from reference_docs.councils import councils_page, in_words
from reference_docs.markdown import table, with_sections
from reference_docs.pages import out_of_date, pages

if TYPE_CHECKING:
    from pathlib import Path

_RUNBOOK = "runbook.md"


@pytest.fixture
def dags(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `make docs` reads, in the environment that it makes."""
    monkeypatch.setenv("LOCAL_DIGITAL_CONFIG", str(ROOT / "include"))
    monkeypatch.setenv("LOCAL_DIGITAL_RUNBOOK_URL", _RUNBOOK)
    bag = DagBag(ROOT / "dags")
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_generated_pages_are_what_make_docs_would_write_now(dags: dict[str, Any], database_url: str) -> None:
    migrate(database_url)
    engine = create_engine(database_url)
    wanted = pages(dags, engine)
    engine.dispose()
    stale = out_of_date(wanted)
    differences = [
        line
        for path in stale
        for line in difflib.unified_diff(
            path.read_text("utf-8").splitlines() if path.is_file() else [],
            wanted[path].splitlines(),
            f"{path.name} as it is",
            f"{path.name} as it should be",
            lineterm="",
            n=0,
        )
    ]
    if stale:
        names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        pytest.fail("\n".join([f"Run `make docs` and commit {names}.", *differences[:40]]), pytrace=False)


def test_a_page_that_says_something_else_or_is_missing_is_out_of_date(tmp_path: Path) -> None:
    right, wrong, missing = (tmp_path / name for name in ("right.md", "wrong.md", "missing.md"))
    right.write_text("so", encoding="utf-8")
    wrong.write_text("otherwise", encoding="utf-8")
    assert out_of_date({right: "so", wrong: "so", missing: "so"}) == [wrong, missing]


def test_every_dag_and_task_says_what_it_promises_and_what_to_do_when_it_fails(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert f"[runbook]({_RUNBOOK})" in dag.doc_md, dag.dag_id
        for task in dag.tasks:
            for part in ("**Promises**", "**When it fails**", f"[runbook]({_RUNBOOK})"):
                assert part in (task.doc_md or ""), f"{dag.dag_id} {task.task_id}"


def test_without_an_address_of_the_runbook_the_texts_name_its_file(
    dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    del dags
    monkeypatch.delenv("LOCAL_DIGITAL_RUNBOOK_URL")
    told = DagBag(ROOT / "dags" / "watch.py").dags["watch"].get_task("look").doc_md
    assert "runbook (`docs/runbook.md`)" in told
    assert "{" not in told


def test_every_kpi_and_every_field_is_explained_by_hand_too() -> None:
    computed = re.findall(r"`([a-z0-9-]+)`", _between("## How each is computed", "\n\n- **"))
    assert set(KPIS) <= set(computed)
    assert list(MEANS) == list(FIELDS)


def _between(start: str, end: str) -> str:
    text = (ROOT / "docs" / "kpis.md").read_text("utf-8")
    return text.partition(start)[2].partition(end)[0]


def test_a_new_fact_of_a_file_or_a_definition_is_in_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    councils, _ = load_councils(ROOT / "include")
    contracts, _ = load_transactions(ROOT / "include")
    before = councils_page(councils, contracts)
    councils["solihull"] = councils["solihull"].model_copy(update={"schedule": "41 4 * * *", "phase": 3})
    after = councils_page(councils, contracts)
    assert "| metropolitan | England | 3 | 04:41 every day |" in after
    assert "04:41" not in before
    monkeypatch.setitem(KPIS, "volume", replace(KPIS["volume"], means="Another sentence."))
    assert "Another sentence." in kpis.kpi_sections(contracts)["kpi-list"]


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("5 4 * * *", "04:05 every day"),
        ("7 * * * *", "7 minutes past every hour"),
        ("0 5 * * 1", "`0 5 * * 1`"),
        ("*/5 * * * *", "`*/5 * * * *`"),
    ],
)
def test_a_time_table_is_told_in_words_only_where_they_say_all_of_it(cron: str, words: str) -> None:
    assert in_words(cron) == words


def test_no_cell_breaks_its_table() -> None:
    assert table(("a", "b"), [("x|y", "two\nlines")]).splitlines()[-1] == r"| x\|y | two lines |"


def test_only_what_stands_between_the_marks_is_written_and_a_lost_mark_is_an_error() -> None:
    text = "By hand.\n<!-- generated: a-list -->\nold\n<!-- end -->\nBy hand too.\n"
    written = with_sections(text, {"a-list": "new"})
    assert written == "By hand.\n<!-- generated: a-list -->\n\nnew\n\n<!-- end -->\nBy hand too.\n"
    assert with_sections(written, {"a-list": "new"}) == written
    with pytest.raises(ConfigurationError, match=r"a-list once.*found none.*Put the marks back"):
        with_sections("By hand.\n<!-- generated: a-list -->\n", {"a-list": "new"})
