"""Which files of a listing are deliveries, and which of them are finished."""

from __future__ import annotations

from typing import Any

import pytest

from local_digital.config.sources import Folder
from local_digital.sources import RemoteFile
from local_digital.sources.files import whole_files

SHA256 = "ab" * 32


def whole(*names: str, manifests: dict[str, str] | None = None, **facts: Any) -> list[str]:
    return [file.name for file in _whole(*names, manifests=manifests, **facts)]


def _whole(*names: str, manifests: dict[str, str] | None = None, **facts: Any) -> list[RemoteFile]:
    given = {"kind": "folder", "files": "bins_*"} | facts
    texts = {RemoteFile(name, 1, 0): text for name, text in (manifests or {}).items()}
    return whole_files(Folder.model_validate(given), [*(RemoteFile(name, 1, 0) for name in names), *texts], texts)


def test_names_of_unfinished_files_are_never_taken() -> None:
    names = ["bins_1.csv.part", "bins_1.PARTIAL", "bins_1.filepart", "bins_1.csv-part", "bins_1.tmp", "bins_1.csv~"]
    assert whole(*names) == []


def test_a_sender_may_have_its_own_name_for_unfinished_files() -> None:
    assert whole("bins_1.csv", "bins_2.WIP", unfinished=[".wip"]) == ["bins_1.csv"]


@pytest.mark.parametrize(
    ("marker", "present"),
    [("{name}.done", "bins_1.csv.done"), ("{stem}.ok", "bins_1.ok"), ("_SUCCESS", "_SUCCESS")],
)
def test_a_file_without_its_marker_is_left(marker: str, present: str) -> None:
    assert whole("bins_1.csv", marker=marker) == []
    assert whole("bins_1.csv", present, marker=marker) == ["bins_1.csv"]


def test_a_marker_older_than_its_file_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    facts = Folder.model_validate({"kind": "folder", "files": "*.csv", "marker": "{stem}.ok"})
    listed = [RemoteFile("a.csv", 1, 7), RemoteFile("a.ok", 0, 6), RemoteFile("b.csv", 1, 7), RemoteFile("b.ok", 0, 7)]
    assert [file.name for file in whole_files(facts, listed, {})] == ["b.csv"]
    assert "a.csv is left as unfinished: its marker a.ok is older" in caplog.text


def test_a_marker_in_another_folder_says_nothing() -> None:
    names = ["a/bins_1.csv", "b/bins_1.csv", "b/_SUCCESS"]
    assert whole(*names, files="*/bins_*", marker="_SUCCESS") == ["b/bins_1.csv"]


def test_a_marker_is_never_a_delivery() -> None:
    assert whole("bins_1.csv", "bins_1.csv.done", "bins_1.csv.done.done", marker="{name}.done") == ["bins_1.csv"]
    assert whole("_SUCCESS", "bins_1.csv", files="*", marker="_SUCCESS") == ["bins_1.csv"]


def test_a_manifest_is_never_a_delivery() -> None:
    assert whole("bins_1.csv", manifests={"bins_list.txt": "bins_1.csv\nbins_list.txt"}, manifest="bins_list*") == [
        "bins_1.csv"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "bins_1.csv",
        "./bins_1.csv",
        f"bins_1.csv {SHA256.upper()}",
        f"{SHA256}  bins_1.csv",
        f"{SHA256} *bins_1.csv",
        f'"bins_1.csv";1234;{SHA256}',
        "bins_1.csv,12,rows",
    ],
)
def test_a_manifest_names_a_file_a_line(line: str) -> None:
    [file] = _whole("bins_1.csv", "bins_2.csv", manifests={"all.txt": f"\n{line}\r\n"}, manifest="all.txt")
    assert (file.name, file.sha256) == ("bins_1.csv", SHA256 if SHA256 in line.lower() else "")


@pytest.mark.parametrize("word", ["ab" * 16, "ab" * 20, SHA256[:-1], SHA256 + "ab"])
@pytest.mark.parametrize("line", ["bins_1.csv {}", "{} *bins_1.csv", '"bins_1.csv";"{}"'])
def test_a_file_whose_hash_is_cut_or_of_another_kind_is_left(
    line: str, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert whole("bins_1.csv", manifests={"all.txt": line.format(word)}, manifest="all.txt") == []
    assert (
        f"bins_1.csv is left as unfinished: expected a SHA-256 of 64 hex digits in its manifest, found {len(word)}"
        in (caplog.text)
    )


def test_a_sha256_counts_beside_other_hashes() -> None:
    [file] = _whole("bins_1.csv", manifests={"all.txt": f"bins_1.csv {'0' * 32} {SHA256}"}, manifest="all.txt")
    assert file.sha256 == SHA256


def test_a_name_may_look_like_a_hash() -> None:
    assert whole("ab" * 16, files="*", manifests={"all.txt": "ab" * 16}, manifest="all.txt") == ["ab" * 16]


def test_a_name_in_a_manifest_may_hold_spaces() -> None:
    assert whole("bins 1.csv", files="bins*", manifests={"all.txt": f"bins 1.csv {SHA256}"}, manifest="all.txt") == [
        "bins 1.csv"
    ]


def test_a_manifest_speaks_for_its_own_folder_and_those_below() -> None:
    names = ["a/bins_1.csv", "b/bins_1.csv", "b/c/bins_1.csv"]
    found = whole(*names, files="**/bins_*", manifests={"b/all.txt": "bins_1.csv"}, manifest="**/all.txt")
    assert found == ["b/bins_1.csv", "b/c/bins_1.csv"]


def test_a_manifest_may_name_files_by_path() -> None:
    names = ["a/bins_1.csv", "b/bins_1.csv"]
    assert whole(*names, files="*/bins_*", manifests={"all.txt": "b/bins_1.csv"}, manifest="all.txt") == [
        "b/bins_1.csv"
    ]
