"""The services: light by default, no secret in them, least privilege, and settings that agree with each other."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from demo.containers import PORTS
from local_digital.settings import ROOT
from tests.deployment.reading import COMPOSE, VARIABLE, compose, services

LIGHT = {
    "postgres", "airflow-init", "airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer",
}  # fmt: skip
EXAMPLE = re.compile(r"^(?:# )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$", re.MULTILINE)
CELERY = {"EXECUTOR": "CeleryExecutor", "LANDING": "s3://bucket/landing"}
# Compose's own: it says which profiles are on.
OF_COMPOSE = {"COMPOSE_PROFILES"}


def every_service() -> dict[str, Any]:
    return dict(compose()["services"])


def airflows(found: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in found.items() if name.startswith("airflow-")}


def example() -> dict[str, str]:
    return {each["name"]: each["value"] for each in EXAMPLE.finditer((ROOT / ".env.example").read_text("utf-8"))}


def test_it_is_light_by_default_and_a_profile_adds_what_it_names() -> None:
    assert services().keys() == LIGHT
    assert services(None, "distributed").keys() == LIGHT | {"redis", "airflow-worker"}
    assert all(name.startswith("demo-") for name in services(None, "demo").keys() - LIGHT)


@pytest.mark.parametrize("name", every_service())
def test_every_service_says_how_it_is_or_ends_by_itself(name: str) -> None:
    service = every_service()[name]
    assert ("healthcheck" in service) != (service["restart"] == "no")


@pytest.mark.parametrize("name", every_service())
def test_no_service_is_root_or_may_become_it(name: str) -> None:
    service = every_service()[name]
    assert service["user"].split(":")[0] not in {"", "0", "root"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "network_mode", "pid"}


@pytest.mark.parametrize("name", airflows(every_service()))
def test_all_of_airflow_is_one_image_that_cannot_be_written(name: str) -> None:
    service = every_service()[name]
    assert (service["image"], service["build"]["target"]) == ("local-digital", "runtime")
    assert service["read_only"]


@pytest.mark.parametrize("name", every_service())
def test_images_of_others_are_pinned_by_digest(name: str) -> None:
    service = every_service()[name]
    assert "build" in service or re.fullmatch(r"[a-z/]+:[\w.-]+@sha256:[0-9a-f]{64}", service["image"])


def test_no_secret_stands_in_the_file_outside_of_the_demo() -> None:
    for name, service in services(None, "distributed").items():
        assert not re.search(r"://[^/\s]*:[^/\s]*@", json.dumps(service)), name
        for key, value in service["environment"].items() if "environment" in service else ():
            if re.search(r"PASSWORD|SECRET|TOKEN|_KEY|_CONN|BROKER_URL|CREDENTIALS|WAREHOUSE", key):
                assert "/run/secrets/" in str(value) or key in {
                    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", "AIRFLOW__SECRETS__BACKEND",
                }, f"{name}: {key}"  # fmt: skip
    assert not re.search(r"(PASSWORD|SECRET|KEY|TOKEN)=", "\n".join(f"{name}=" for name in example()))


def test_every_secret_that_a_service_reads_is_a_file_that_it_is_given() -> None:
    found = compose()
    for name, service in found["services"].items():
        given = set(service.get("secrets", ()))
        assert given <= found["secrets"].keys(), name
        assert set(re.findall(r"/run/secrets/([\w.]+)", json.dumps(service))) <= given, name
    # Nobody but the database itself can become its superuser.
    assert [n for n, s in found["services"].items() if "postgres_password" in s.get("secrets", ())] == ["postgres"]


def test_the_example_describes_every_variable_and_no_other() -> None:
    text = COMPOSE.read_text("utf-8")
    used = {each["name"] for each in VARIABLE.finditer(text)}
    passed = {
        name
        for service in every_service().values()
        for name, value in service.get("environment", {}).items()
        if value is None
    }
    assert example().keys() == used | passed | OF_COMPOSE


def test_the_example_shows_the_defaults_of_the_file() -> None:
    shown = example()
    defaults = {each["name"]: each["default"] for each in VARIABLE.finditer(COMPOSE.read_text("utf-8"))}
    differing = {name for name, default in defaults.items() if default and shown[name] != default}
    # There stands what the profile `distributed` needs.
    assert differing == {"EXECUTOR"}


def test_nothing_is_published_beyond_this_machine_by_default() -> None:
    for name, service in every_service().items():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), name


def test_the_database_in_compose_logs_no_value_of_a_statement() -> None:
    started = services()["postgres"]["command"]
    assert started[0] == "postgres"
    assert {"log_min_error_statement=panic", "log_error_verbosity=terse"} <= set(started)


def test_services_wait_for_services_that_are_there() -> None:
    found = every_service()
    for name, service in found.items():
        for other, how in service.get("depends_on", {}).items():
            needed = found[other]
            assert set(needed.get("profiles", ())) <= set(service.get("profiles", ())), f"{name}: {other}"
            one_shot = needed["restart"] == "no"
            assert how["condition"] == ("service_completed_successfully" if one_shot else "service_healthy"), name


def test_all_of_airflow_agrees_on_its_settings_and_secrets() -> None:
    for variables, executor in (({}, "LocalExecutor"), (CELERY, "CeleryExecutor")):
        found = airflows(services(variables, "distributed", "demo"))
        first = found["airflow-init"]
        assert first["environment"]["AIRFLOW__CORE__EXECUTOR"] == executor
        for name, service in found.items():
            assert service["environment"] == first["environment"], name
            assert service["secrets"] == first["secrets"], name
            assert service["volumes"] == first["volumes"], name
    assert services(CELERY, "distributed")["airflow-worker"]["deploy"]["replicas"] == "2"


def test_a_task_is_given_to_one_worker_with_a_free_slot() -> None:
    settings = services(CELERY, "distributed")["airflow-worker"]["environment"]
    assert settings["AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER"] == "1"
    assert settings["AIRFLOW__CELERY__TASK_ACKS_LATE"] == "True"


def test_every_setting_of_the_core_is_passed_and_no_other() -> None:
    read = set()
    for folder in ("include/local_digital", "plugins", "dags"):
        for file in (ROOT / folder).rglob("*.py"):
            read |= set(re.findall(r'"(LOCAL_DIGITAL_[A-Z_]*[A-Z])"', file.read_text("utf-8")))
    passed = {name for name in airflows(services())["airflow-scheduler"]["environment"] if name.startswith("LOCAL_")}
    # The warehouse is told by a file, and so are the connections.
    assert passed - {"LOCAL_DIGITAL_WAREHOUSE_FILE"} == read - {"LOCAL_DIGITAL_WAREHOUSE"}


def test_a_further_council_changes_no_service() -> None:
    councils = {file.stem.replace("-", "_").upper() for file in (ROOT / "include" / "councils").glob("*.yaml")}
    text = COMPOSE.read_text("utf-8").upper()
    assert councils
    assert not [council for council in councils if council in text]


def test_the_demos_servers_are_where_its_connections_say() -> None:
    found = services(None, "demo")
    for name, port in PORTS.items():
        assert f"--port={port}" in found[name]["command"]
        assert "--host=0.0.0.0" in found[name]["command"]
        assert str(port) in found[name]["healthcheck"]["test"][-1]
