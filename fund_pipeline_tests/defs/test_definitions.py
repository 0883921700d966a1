from dagster import AssetKey, Definitions

from fund_pipeline.defs.research.definitions import defs as research
from fund_pipeline.defs.trading.definitions import defs as trading


def test_every_asset_says_what_it_is_who_owns_it_and_what_it_is_made_with() -> None:
    for key, node in [*_nodes(research), *_nodes(trading)]:
        assert node.description, key
        assert node.group_name in {"research", "registry"}, key
        assert node.owners, key
        assert any(tag.startswith("dagster/kind/") for tag in node.tags), key


def test_every_check_says_what_it_asks() -> None:
    checks = [spec for check in research.asset_checks or () for spec in check.check_specs]
    assert len(checks) == 20
    assert all(spec.description and spec.description.endswith(".") for spec in checks)


def test_the_two_locations_are_one_graph_from_the_registry_to_the_recommendation() -> None:
    recommended = AssetKey("recommended_allocation")
    upstream = research.resolve_asset_graph().get(recommended).parent_keys
    served = set(trading.resolve_asset_graph().get_all_asset_keys())
    assert {AssetKey("fund_registry"), AssetKey("strategy_registry")} <= upstream & served


def _nodes(definitions: Definitions):
    graph = definitions.resolve_asset_graph()
    return [(key, graph.get(key)) for key in graph.executable_asset_keys]
