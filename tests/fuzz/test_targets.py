"""Every target of the fuzzer, in short: on its seeds, on changed ones, and on what was once a find."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fuzz.session import fuzz
from fuzz.target import CANARY, Target
from fuzz.targets import TARGETS
from local_digital.errors import DataError
from local_digital.parsing import csv, plain_csv

# Inputs that broke a promise when they were found. Each is called by its target and by what is wrong with it.
FINDS = sorted((Path(__file__).parent / "finds").glob("*/*"))


@st.composite
def changed(draw: st.DrawFn, target: Target) -> bytes:
    """A seed in which some places hold something else."""
    content = draw(st.sampled_from(target.seeds))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        piece = draw(st.sampled_from(target.tokens) | st.binary(max_size=6))
        content = content[:at] + piece + content[at + draw(st.integers(0, 12)) :]
    return content


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_whole_exports_keep_every_promise(target: Target) -> None:
    for seed in target.seeds:
        target.check(seed)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_broken_exports_keep_every_promise(target: Target) -> None:
    @given(changed(target))
    @example(b"")
    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    def holds(content: bytes) -> None:
        target.check(content)

    holds()


@pytest.mark.parametrize("find", FINDS, ids=lambda find: f"{find.parent.name} {find.name}")
def test_what_was_once_found_keeps_every_promise(find: Path) -> None:
    TARGETS[find.parent.name].check(find.read_bytes())


ROWS = b"\0Ref,Opened,Closed,How,Ward,UPRN,Notes\nA1,2025-11-03,,Web,A,1,\nA2,2025-11-03,,Web,A,1,\nTotal,,,,,,\n"


def test_row_that_is_lost_is_a_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv, "without", lambda section, _: csv.Section(
        section.names, section.cells.slice(1), section.places[1:], section.ragged, twice=section.twice
    ))  # fmt: skip
    with pytest.raises(AssertionError, match="no line is lost"):
        TARGETS["csv"].check(ROWS)


def test_message_that_quotes_a_cell_is_a_find(monkeypatch: pytest.MonkeyPatch) -> None:
    def quoting(*_: object) -> None:
        raise DataError("here", expected="a date", found=f"`{CANARY.lower()}`", action="Mend it.")

    monkeypatch.setattr(csv, "layout", quoting)
    with pytest.raises(AssertionError, match="no message holds a value"):
        TARGETS["csv"].check(ROWS)


def test_readers_that_do_not_agree_are_a_find(monkeypatch: pytest.MonkeyPatch) -> None:
    TARGETS["csv-twice"].check(ROWS)
    monkeypatch.setattr(plain_csv, "is_totals_row", lambda *_: False)
    with pytest.raises(AssertionError, match="both readers"):
        TARGETS["csv-twice"].check(ROWS)


def test_the_fuzzer_itself_runs_and_tells_what_it_did(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="the fuzzer comes for Linux on x86-64 only")
    done = fuzz(TARGETS["folder"], 1, tmp_path)
    assert done.well, done.log.read_text("utf-8")
    assert (done.inputs > 100, done.edges > 50, done.peak_mib > 0, done.slowest > 0) == (True, True, True, True)
