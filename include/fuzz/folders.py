"""Folders: names of files, markers, and what manifests say."""

from __future__ import annotations

from fuzz.target import Target, chosen, each, hold
from local_digital.config.sources import Folder
from local_digital.sources import RemoteFile
from local_digital.sources.files import whole_files

_HASH = "ab" * 32
_FOLDERS = tuple(
    Folder.model_validate({"kind": "folder", **facts})
    for facts in (
        {"files": "*"},
        {"files": "bins_{date:%Y%m%d}_*.csv", "marker": "{name}.done"},
        {"files": "**/*{date:%d-%m-%Y}*", "marker": "_SUCCESS"},
        {"files": "{date:%Y/%m}/bins_?.csv", "name_date": "data-day", "manifest": "*.txt"},
        {"files": "{date:%G}W{date:%V}*", "name_date": "data-day", "manifest": "**/manifest*"},
        {"files": "bins {date:%d %B %y}[!x]*", "marker": "{stem}.ok", "unfinished": [".wip"]},
        {"files": "*{date:%Y%j}.csv", "manifest": "m"},
    )
)
_NAMES = (
    b"bins_20251103_a.csv\nbins_20251103_a.csv.done\nin/bins 03-11-2025.csv\nin/_SUCCESS\n2025/11/bins_1.csv\n"
    b"2025W45.csv\nbins 3 November 25 .csv\nbins 3 November 25 .ok\n2025307.csv\nx.part\nm\nmanifest.txt"
)
_MANIFEST = f'2025/11/bins_1.csv {_HASH}\n{_HASH} *2025W45.csv\n./2025307.csv;ABCD\n"a b.csv",{_HASH}\n'.encode()
_BETWEEN = b"\n\n"
_TOKENS = (
    b"\n", b"\n\n", b"/", b"..", b"./", b"../", b"//", b"20251103", b"99991231", b"00010101", b"2025/13/", b"0000W00",
    b"9999W53", b"2025366", b"31-02-2025", b"29-02-2023", b"_SUCCESS", b".done", b".ok", b".part", b".wip", b"~", b"_",
    b" ", b"\t", b"*", b"?", b"[", b"]", b"{date}", b"\\", b'"', b"'", b",", b";", b"|", b"\xd9\xa1", b"\xef\xbc\x91",
    b"\r", b"\x1b", b"\xe2\x80\xa8", b"\x85", b"a" * 64, b"A" * 32, b"0" * 63, b"\xed\xa0\x80", b"November", b"m",
)  # fmt: skip


def _check(data: bytes) -> None:
    """An input is names, a line each, then after a blank line the text of every manifest."""
    facts, content = chosen(data, _FOLDERS)
    names, _, manifest = content.partition(_BETWEEN)
    listed = [
        RemoteFile(name, size=1, modified=number % 3)
        for number, name in enumerate(dict.fromkeys(names.decode("utf-8", "replace").split("\n")))
    ]
    text = manifest.decode("utf-8-sig", "replace")
    taken = whole_files(facts, listed, {file: text for file in listed if facts.manifest and "m" in file.name})
    hold("a file is taken once", kept=len({file.name for file in taken}) == len(taken))
    hold("what is taken was listed, and fits", kept=all(facts.pattern.matches(file.name) for file in taken)
         and {file.name for file in taken} <= {file.name for file in listed})  # fmt: skip
    hold("no hash but a SHA-256 is believed", kept=all(len(file.sha256) in {0, 64} for file in taken))
    markers = {facts.marker_of(file.name) for file in listed}
    hold("no marker is a delivery", kept=not markers & {file.name for file in taken})
    for file in listed:
        facts.pattern.series(file.name)
        facts.pattern.may_lead_to(file.name)
        try:
            first, last = facts.pattern.first_day(file.name), facts.pattern.last_day(file.name)
        except ValueError:
            continue
        hold("a period ends after its first day", kept=first is None or last is None or first <= last)


TARGETS = (
    Target(
        "folder", "names of files, markers and manifests", _check,
        each(_FOLDERS, _NAMES + _BETWEEN + _MANIFEST), _TOKENS, 1024,
    ),
)  # fmt: skip
