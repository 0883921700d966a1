"""The image holds what it runs and nothing else, and does not run as root."""

from __future__ import annotations

import re
from pathlib import Path

import fund_pipeline
from fund_pipeline.settings import Settings

REPOSITORY = Path(fund_pipeline.__file__).parent.parent
DOCKERFILE = re.sub(r"\\\n\s*", "", (REPOSITORY / "Dockerfile").read_text())
INSTRUCTIONS = [tuple(line.split(" ", 1)) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
ADMITTED = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}


def values_of(instruction: str) -> list[str]:
    return [value for name, value in INSTRUCTIONS if name == instruction]


def test_the_python_is_the_one_the_product_is_tested_with() -> None:
    assert values_of("FROM") == ["python:3.11-slim"]


def test_every_library_is_installed_by_hash() -> None:
    installs = [run for run in values_of("RUN") if "pip install" in run]
    assert "--require-hashes --requirement requirements.lock" in installs[0]
    assert all("--require-hashes" in run or "--no-deps --no-build-isolation" in run for run in installs)


def test_the_image_does_not_run_as_root() -> None:
    assert values_of("USER") == ["fund"]
    assert INSTRUCTIONS.index(("USER", "fund")) > max(i for i, (name, _) in enumerate(INSTRUCTIONS) if name == "RUN")


def test_what_is_copied_exists_and_is_all_that_the_build_can_see() -> None:
    copied = {source.removeprefix("./") for value in values_of("COPY") for source in value.split()[:-1]}
    assert copied == ADMITTED
    assert [source for source in sorted(copied) if not (REPOSITORY / source).exists()] == []


def test_the_build_sees_nothing_that_is_not_named() -> None:
    rules = [line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert rules[0] == "*"
    assert ".env" not in ADMITTED


def test_home_is_a_volume_and_dagster_looks_inside_it() -> None:
    environment = dict(pair.split("=", 1) for value in values_of("ENV") for pair in value.split())
    assert values_of("VOLUME") == [environment["FUND_HOME"]]
    home = Settings.model_construct(home=Path(environment["FUND_HOME"]))
    assert environment["DAGSTER_HOME"] == str(home.dagster_home)
