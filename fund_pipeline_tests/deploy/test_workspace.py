"""The workspace file serves the same two locations as `fund up` and the compose file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, ManagedGrpcPythonEnvCodeLocationOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths

import fund_pipeline
from fund_pipeline.services.plan import LOCATIONS, code_server, workspace_of

FILE = Path(fund_pipeline.__file__).parent.parent / "workspace.yaml"


def modules() -> dict[str, str | None]:
    origins = location_origins_from_yaml_paths([str(FILE)])
    assert all(isinstance(origin, ManagedGrpcPythonEnvCodeLocationOrigin) for origin in origins)
    return {origin.location_name: origin.loadable_target_origin.module_name for origin in origins}


def test_the_file_names_research_and_trading_with_modules_that_exist() -> None:
    assert tuple(modules()) == LOCATIONS
    assert all(module and importlib.util.find_spec(module) for module in modules().values())


def test_fund_up_serves_the_same_modules() -> None:
    for location, module in modules().items():
        command = code_server(location, Path("s")).command
        assert command[command.index("--module-name") + 1] == module


def test_the_generated_workspace_is_one_that_dagster_accepts(tmp_path: Path) -> None:
    written = tmp_path / "workspace.yaml"
    written.write_text(workspace_of({"research": Path("/run/r.sock"), "trading": Path("/run/t.sock")}))
    origins = location_origins_from_yaml_paths([str(written)])
    found = [(o.location_name, o.socket) for o in origins if isinstance(o, GrpcServerCodeLocationOrigin)]
    assert found == [("research", "/run/r.sock"), ("trading", "/run/t.sock")]
