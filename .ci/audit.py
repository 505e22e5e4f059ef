"""Reads what `pip-audit --format json` says and ends with 1 where a locked package has a known hole.

Where the service that knows of holes cannot be asked, or does not know a package, it says so and lets the run pass:
nothing that anybody changed would be at fault.
"""

import json
import sys


def judged(said: str) -> tuple[list[str], list[str]]:
    """Return the holes, and what could not be found out, each in words."""
    if not said.strip():
        return [], ["the service that knows of holes in packages could not be asked; pip-audit says above why"]
    packages = json.loads(said)["dependencies"]
    holes = [
        f"{package['name']} {package['version']} has {hole['id']}, "
        f"mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for package in packages
        for hole in package.get("vulns", [])
    ]
    unknown = sum("skip_reason" in package for package in packages)
    return holes, [f"of {len(packages)} packages {unknown} could not be looked up"] if unknown else []


if __name__ == "__main__":
    found, left_open = judged(sys.stdin.read())
    sys.stderr.writelines(f"audit: {line}\n" for line in (*found, *left_open))
    sys.exit(1 if found else 0)
