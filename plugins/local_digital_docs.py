"""What Airflow's UI shows beside a DAG and its tasks: a Markdown file beside the DAG's own, a section for each task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from local_digital.settings import from_environment

_SECTION = re.compile(r"^## (\w+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Docs:
    """dag: about the DAG as a whole. tasks: about each task, by the last part of its id."""

    dag: str
    tasks: dict[str, str]


def docs_beside(dag_file: str) -> Docs:
    """Read the Markdown file beside a DAG file: what comes before the first `## task` is about the DAG.

    `{runbook}` becomes a link where LOCAL_DIGITAL_RUNBOOK_URL says where people read it, else the file's name. Raises
    OSError without such a file.
    """
    text = Path(dag_file).with_suffix(".md").read_text(encoding="utf-8")
    url = from_environment().runbook_url
    runbook = f"[runbook]({url})" if url else "runbook (`docs/runbook.md`)"
    about, *sections = _SECTION.split(text.replace("{runbook}", runbook))
    return Docs(about.strip(), {name: told.strip() for name, told in zip(sections[::2], sections[1::2], strict=True)})
