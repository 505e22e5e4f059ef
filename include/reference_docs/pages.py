"""Which pages there are, and what should stand in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_digital.config.loading import load_councils, load_transactions
from local_digital.settings import ROOT
from reference_docs.councils import councils_page
from reference_docs.dictionary import dictionary_page
from reference_docs.kpis import kpi_sections
from reference_docs.markdown import with_sections

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow.sdk import DAG
    from sqlalchemy import Engine

_DOCS = ROOT / "docs"


def pages(dags: Mapping[str, DAG], engine: Engine) -> dict[Path, str]:
    """Return what should stand in each generated page, by path.

    dags: all of `dags/`, by id. engine: of a migrated warehouse. Raises the first ConfigurationError of the files.
    """
    from reference_docs.dags import dags_page  # noqa: PLC0415 - Airflow reads its settings when it is first imported

    config = ROOT / "include"
    contracts, _ = load_transactions(config)
    councils, errors = load_councils(config)
    if errors:
        raise errors[0]
    by_hand = _DOCS / "kpis.md"
    return {
        _DOCS / "councils.md": councils_page(councils, contracts),
        _DOCS / "dags.md": dags_page(dags),
        by_hand: with_sections(by_hand.read_text(encoding="utf-8"), kpi_sections(contracts)),
        _DOCS / "data-dictionary.md": dictionary_page(contracts, engine),
    }


def out_of_date(wanted: Mapping[Path, str]) -> list[Path]:
    """Return the pages that hold something else than they should, or are not there."""
    return [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
