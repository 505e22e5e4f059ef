"""One target after another, each in a process of its own, and what came of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fuzz.target import Target

_LONGEST_SECONDS = 20
_MOST_MEMORY_MIB = 2048
# Importing what is fuzzed, trying the seeds, and a last input that takes its time.
_PATIENCE_SECONDS = 300
_COVERED = re.compile(r"\bcov: (\d+)")
_FINAL = re.compile(r"^stat::(\w+): +(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """edges: branches that were reached, counted by where from and to. slowest: seconds. find: the input that broke a
    promise, took too long or too much memory, None when there is none. log: of the process.
    """

    target: str
    inputs: int
    edges: int
    seconds: float
    slowest: float
    peak_mib: int
    corpus: int
    find: Path | None
    log: Path

    @property
    def well(self) -> bool:
        return self.find is None


def fuzz(target: Target, seconds: int, place: Path) -> Outcome:
    """Fuzz a target for so many seconds, beginning with what earlier runs have kept below `place`, finds among it.

    It ends at the first find. Raises RuntimeError when the fuzzer itself fails.
    """
    folder = place / target.name
    corpus, finds, log = folder / "corpus", folder / "finds", folder / "log"
    for each in (corpus, finds):
        each.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number:03d}").write_bytes(seed)
    words = folder / "tokens"
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in target.tokens), encoding="ascii")
    (folder / "slowest.json").unlink(missing_ok=True)
    begun = time.monotonic()
    at = time.time()
    with log.open("wb") as said:
        done = subprocess.run(  # noqa: S603 - this very program
            [
                sys.executable, "-m", "fuzz.loop", target.name, str(folder), str(corpus), str(finds),
                f"-max_total_time={seconds}", f"-timeout={_LONGEST_SECONDS}", f"-report_slow_units={_LONGEST_SECONDS}",
                f"-rss_limit_mb={_MOST_MEMORY_MIB}", f"-max_len={target.longest}", f"-dict={words}",
                f"-artifact_prefix={finds}/", "-print_final_stats=1", "-reduce_inputs=0",
            ],
            stdout=said, stderr=subprocess.STDOUT, check=False, timeout=seconds + _PATIENCE_SECONDS,
            # For each refusal a library in Rust may look up where it is, which takes a hundred times as long.
            env={**os.environ, "RUST_BACKTRACE": "0"},
        )  # fmt: skip
    text = log.read_text(encoding="utf-8", errors="replace")
    stats = {name: int(value) for name, value in _FINAL.findall(text)}
    found = sorted(
        (file for file in finds.iterdir() if file.stat().st_mtime >= at - 1), key=lambda file: file.stat().st_mtime
    )
    if done.returncode and not found:
        raise RuntimeError(f"the fuzzer of {target.name} failed, see {log}")
    slowest = folder / "slowest.json"
    return Outcome(
        target=target.name,
        inputs=stats.get("number_of_executed_units", 0),
        edges=max(map(int, _COVERED.findall(text)), default=0),
        seconds=time.monotonic() - begun,
        slowest=float(json.loads(slowest.read_text(encoding="utf-8"))["seconds"]) if slowest.exists() else 0.0,
        peak_mib=stats.get("peak_rss_mb", 0),
        corpus=sum(1 for _ in corpus.iterdir()),
        find=found[-1] if found else None,
        log=log,
    )


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)
