"""The command line in a process of its own, which finds nothing in its environment but what a test puts there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What `make coverage` tells the processes that it measures, or else those of the tests would go unseen.
_MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


def local_digital(
    *arguments: str, typed: str = "", folder: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `local-digital` to its end. typed: its standard input. folder: where it runs. variables: its environment."""
    return subprocess.run(
        [sys.executable, "-m", "local_digital", *arguments],
        env={"PATH": "/usr/bin:/bin", **_MEASURED, **variables},
        input=typed,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
