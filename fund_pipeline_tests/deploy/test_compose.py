"""The compose file names services that exist, wait for each other, and keep secrets and ports to themselves."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.workspace.load import location_origins_from_config

import fund_pipeline
from fund_pipeline.settings import PROJECT, Settings

FILE = Path(fund_pipeline.__file__).parent.parent / "docker-compose.yml"
TEXT = FILE.read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if service["image"] == "fund-pipeline")
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
COMMANDS = [(name, SERVICES[name]["command"]) for name in OURS] + [
    (f"{name} health", SERVICES[name]["healthcheck"]["test"][1:]) for name in OURS if "healthcheck" in SERVICES[name]
]


def test_the_services_are_the_database_its_migrations_two_code_servers_the_daemon_and_two_fronts() -> None:
    assert set(SERVICES) == {"postgres", "migrations", "research", "trading", "webserver", "daemon", "api"}


@pytest.mark.parametrize("name", OURS)
def test_a_service_waits_only_for_services_that_can_meet_the_condition(name: str) -> None:
    for other, terms in SERVICES[name]["depends_on"].items():
        assert terms["condition"] in CONDITIONS
        assert terms["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]
        restarts = SERVICES[other]["restart"]
        assert (terms["condition"] == "service_completed_successfully") == restarts.startswith("on-failure")


@pytest.mark.parametrize("name", sorted(set(OURS) - {"migrations"}))
def test_no_service_starts_before_the_migrations_are_done(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrations"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_command_exists_and_understands_its_arguments(
    name: str, command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if command[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(command[2]) is not None
        if command[3:]:
            told = subprocess.run([sys.executable, *command[1:], "--help"], capture_output=True, text=True, check=True)
            assert "Usage:" in told.stdout
        return
    [script] = importlib.metadata.entry_points(group="console_scripts", name=command[0])
    # With --help the arguments are parsed, and refused when unknown, but nothing is run.
    monkeypatch.setattr(sys, "argv", [*command, "--help"])
    with pytest.raises(SystemExit) as ended:
        script.load()()
    assert ended.value.code == 0
    assert "Usage:" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["research", "trading"])
def test_a_code_server_serves_the_location_of_its_own_name(name: str) -> None:
    options = dict(part.split("=", 1) for part in SERVICES[name]["command"] if "=" in part)
    assert options["--location-name"] == name
    assert importlib.util.find_spec(options["--module-name"]) is not None
    assert options["--module-name"] == f"fund_pipeline.defs.{name}.definitions"


def test_the_workspace_names_exactly_the_two_code_servers() -> None:
    workspace = yaml.safe_load(COMPOSE["configs"]["workspace"]["content"])
    origins = location_origins_from_config(workspace, "workspace.yaml")
    assert set(origins) == {"research", "trading"}
    for name, origin in origins.items():
        assert isinstance(origin, GrpcServerCodeLocationOrigin)
        assert (origin.host, origin.port) == (name, 4000)
        assert "--port=4000" in SERVICES[name]["command"]


@pytest.mark.parametrize("name", ["webserver", "daemon"])
def test_a_front_reads_the_workspace_where_it_is_mounted(name: str) -> None:
    [mount] = SERVICES[name]["configs"]
    assert mount["source"] == "workspace"
    assert f"--workspace={mount['target']}" in SERVICES[name]["command"]


def test_the_only_published_ports_are_the_page_and_the_api_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "webserver": ["127.0.0.1:${FUND_PORT:-3000}:3000"],
        "api": ["127.0.0.1:${FUND_API_PORT:-8000}:8000"],
    }
    assert all("network_mode" not in service for service in SERVICES.values())


def test_the_api_answers_only_the_network_of_the_containers_in_which_the_published_port_ends() -> None:
    environment = COMPOSE["x-fund"]["environment"]
    [network] = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert environment["FUND_TRUSTED_PROXIES"] == network["subnet"]
    assert ip_network(network["subnet"].removeprefix("${SUBNET:-").removesuffix("}")).is_private
    assert "--port=8000" in SERVICES["api"]["command"]


def test_every_secret_comes_from_outside_and_must_be_given() -> None:
    secrets = {
        value
        for service in SERVICES.values()
        for key, value in service["environment"].items()
        if re.search("PASSWORD|SECRET|TOKEN|KEY", key)
    }
    assert [value for value in secrets if not re.fullmatch(r"\$\{POSTGRES_PASSWORD:\?[^}]+\}", value)] == []
    assert secrets


def test_no_database_address_holds_a_password() -> None:
    addresses = [value for value in SERVICES["trading"]["environment"].values() if "://" in value]
    assert len(addresses) == 2
    assert [urlsplit(address).password for address in addresses] == [None, None]


def test_ledger_and_dagster_have_a_database_each_and_both_are_made() -> None:
    environment = SERVICES["migrations"]["environment"]
    names = [urlsplit(environment[key]).path[1:] for key in ("FUND_DATABASE_URL", "FUND_DAGSTER_DATABASE_URL")]
    assert names[0] == SERVICES["postgres"]["environment"]["POSTGRES_DB"]
    assert COMPOSE["configs"]["second-database"]["content"].strip() == f"CREATE DATABASE {names[1]};"


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_or_is_explained_at_the_top_of_the_file(name: str) -> None:
    settings = {f"FUND_{field.upper()}" for field in Settings.model_fields}
    explained = set(re.findall(r"^# ([A-Z_]+)  ", TEXT, re.MULTILINE))
    assert set(SERVICES[name]["environment"]) - settings - explained == set()
    assert set(re.findall(r"\$\{([A-Z_]+)", TEXT)) - explained == set()


@pytest.mark.parametrize("name", OURS)
def test_every_process_sees_the_same_environment_and_home(name: str) -> None:
    assert SERVICES[name]["environment"] == COMPOSE["x-fund"]["environment"]
    assert SERVICES[name]["volumes"] == ["home:/var/lib/fund", "${INBOX:-./data}:/inbox:ro"]


def test_the_inbox_that_is_mounted_is_the_one_that_is_read_and_its_default_is_the_sample_data() -> None:
    environment = COMPOSE["x-fund"]["environment"]
    assert environment["FUND_BACKTESTS_DIR"] == "/inbox/backtests"
    assert environment["FUND_MARKET_PRICES"] == "${MARKET_PRICES:-/inbox/prices/sp500_index.csv}"
    assert (PROJECT / "data" / "backtests").is_dir()
    assert (PROJECT / "data" / "prices" / "sp500_index.csv").is_file()


def test_every_volume_and_config_that_is_used_is_declared() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    volumes = {mount.split(":")[0] for mount in mounts if not mount.startswith("${INBOX")}
    configs = {mount["source"] for service in SERVICES.values() for mount in service.get("configs", [])}
    assert volumes == set(COMPOSE["volumes"])
    assert configs == set(COMPOSE["configs"])
