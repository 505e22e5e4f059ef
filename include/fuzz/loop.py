"""`python -m fuzz.loop TARGET FOLDER OPTION...`: fuzz one target in this process, with libFuzzer's options.

It notes in `slowest.json`, as soon as it is so, how long the slowest input took; that input lies beside it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import atheris

# What is watched for new branches: the project's own readers and those of Python. A module that something has imported
# before cannot be watched.
_WATCHED = ["local_digital", "csv", "gzip", "zipfile", "json", "jmespath", "defusedxml", "xml.etree"]


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer ends the process: with 0, or with another code when there is a find."""
    name, folder, *options = arguments
    with atheris.instrument_imports(include=_WATCHED):
        from fuzz.targets import TARGETS  # noqa: PLC0415 - what is watched has to be imported here
    check = TARGETS[name].check
    slowest = 0.0

    def one(data: bytes) -> None:
        nonlocal slowest
        begun = time.perf_counter()
        check(data)
        took = time.perf_counter() - begun
        if took > slowest:
            slowest = took
            Path(folder, "slowest").write_bytes(data)
            Path(folder, "slowest.json").write_text(json.dumps({"seconds": took, "bytes": len(data)}), encoding="utf-8")

    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
