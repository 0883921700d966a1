from pathlib import Path

import pytest
from dagster import AssetKey, Definitions

from fund_pipeline.defs.funds import fund_ids, step_of
from fund_pipeline.defs.research.definitions import research_definitions
from fund_pipeline.defs.trading.definitions import trading_definitions
from fund_pipeline.ledger.dashboards import published_marts
from fund_pipeline.settings import load_settings

FUNDS = ("alpha", "beta-1", "beta_1")
research, trading = research_definitions(FUNDS), trading_definitions(FUNDS)

OF_DBT = ("staging", "intermediate", "marts")
"""Models; a test that fails there stops what is built from it, in the same build."""


def test_every_asset_says_what_it_is_who_owns_it_and_what_it_is_made_with() -> None:
    for key, node in [*_nodes(research), *_nodes(trading)]:
        assert node.description, key
        assert node.group_name in {"research", "registry", "allocation", "signals", "trading", "marts"}, key
        assert node.owners, key
        assert any(tag.startswith("dagster/kind/") for tag in node.tags), key


def test_every_check_says_what_it_asks() -> None:
    ours = [spec for check in research.asset_checks or () for spec in check.check_specs]
    assert len(ours) == 18 + 4 * len(FUNDS)
    assert all(spec.description and spec.description.endswith(".") for spec in ours)
    keys = research.resolve_asset_graph().asset_check_keys
    assert sum(key.name.endswith("_is_as_expected") for key in keys) == len(published_marts())
    assert sum(key.asset_key.path[0] in OF_DBT for key in keys) > 50  # named as what they ask


def test_the_two_locations_are_one_graph_from_the_registry_to_what_is_in_force() -> None:
    served = set(trading.resolve_asset_graph().get_all_asset_keys())
    for fund_id in FUNDS:
        recommended = AssetKey(["recommended_allocation", fund_id])
        upstream = research.resolve_asset_graph().get(recommended).parent_keys
        assert {AssetKey("fund_registry"), AssetKey("strategy_registry")} <= upstream & served
        active = trading.resolve_asset_graph().get(AssetKey(["active_allocation", fund_id]))
        assert active.parent_keys == {recommended}


def test_each_fund_is_decided_on_by_itself_and_only_deciding_blocks() -> None:
    graph = research.resolve_asset_graph()
    checks = [key for key in graph.asset_check_keys if key.asset_key.path[0] not in OF_DBT]
    blocking = {key for key in checks if graph.get(key).blocking}
    assert {(key.asset_key.path[-1], key.name) for key in blocking} == {(fund, "allocation_approved") for fund in FUNDS}
    job = research.resolve_job_def("approve_allocations")
    assert set(job.asset_layer.asset_graph.asset_check_keys) >= blocking
    assert job.asset_layer.executable_asset_keys == set()


def test_no_two_funds_share_a_step() -> None:
    names = ["a-b", "a_b", "a_db", "a_ub", "a-_b", "a_-b"]
    assert len({step_of("x", name) for name in names}) == len(names)


def test_locations_load_without_a_ledger_and_leave_none_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUND_HOME", str(tmp_path / "home"))
    assert fund_ids(load_settings()) == ()
    assert not (tmp_path / "home").exists()
    for nothing in (research_definitions(()), trading_definitions(())):
        assert nothing.resolve_asset_graph().get_all_asset_keys()


def test_locations_load_while_the_ledger_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUND_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert fund_ids(load_settings()) == ()


def _nodes(definitions: Definitions):
    graph = definitions.resolve_asset_graph()
    return [(key, graph.get(key)) for key in graph.executable_asset_keys]
