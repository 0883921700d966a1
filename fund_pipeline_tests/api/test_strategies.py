"""The registry over HTTP: the terminal's rules, one word at a time, and every change with whose key it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fund_pipeline.accounts.accounts import close_account, put_account
from fund_pipeline.accounts.registry import StrategyEntry
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.model import StrategyStatus, TradingMode
from fund_pipeline.ledger.strategies import get_strategy, put_strategy
from fund_pipeline_tests.api.registries import PATH, Registry, account, registry_at
from fund_pipeline_tests.databases import new_database
from fund_pipeline_tests.samples import ACT, strategy

FULL = {
    "strategy_id": "full",
    "name": "Full Names",
    "status": "ACTIVE",
    "trading_mode": "PAPER",
    "sizing": "target_weight",
    "include_in_optimization": False,
    "accounts": ["a1", "a2"],
    "risk_limits": {"fixed_pct": "0.5", "drift_band": "0.1"},
    "developer_contact": "dev@example.com",
    "notes": "first line\nsecond line",
    "unit_notional": "52500",
    "margin_per_unit": "12500.5",
    "lot_step": "0.5",
    "max_gross": "1.5",
    "expected_alpha_per_trade": "-0.002",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    home = tmp_path_factory.mktemp("registry") / "home"
    if request.param == "sqlite":
        with registry_at(home) as made:
            yield made
        return
    with new_database(request.getfixturevalue("postgres_server")) as url, registry_at(home, url) as made:
        yield made


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_at(tmp_path_factory.mktemp("embedded") / "home") as made:
        yield made


def add(registry: Registry, strategy_id: str, **fields: Any) -> dict[str, Any]:
    answer = registry.ask("POST", json={"strategy_id": strategy_id} | fields)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_strategy_is_registered_shown_changed_and_deactivated_with_whose_key_it_was(registry: Registry) -> None:
    added = registry.ask("POST", json=FULL)
    assert (added.status_code, added.json(), added.headers["Location"]) == (201, FULL, f"{PATH}/full")
    assert registry.ask("GET", "/full").json() == FULL
    changed = registry.ask("PUT", "/full", json={"notes": "other", "max_gross": None})
    assert (changed.status_code, changed.json()) == (200, FULL | {"notes": "other", "max_gross": None})
    for _ in range(2):
        gone = registry.ask("DELETE", "/full")
        assert (gone.status_code, gone.json()["status"]) == (200, "INACTIVE")
    actor = f"key:{registry.key.key.key_id}"
    assert registry.actions("full") == [("strategy_added", actor), *[("strategy_changed", actor)] * 2]
    assert history(registry.ledger, "strategy", "full")[0].correlation_id == added.headers["X-Correlation-ID"]


def test_what_is_not_told_starts_as_testing_on_paper(registry: Registry) -> None:
    told = add(registry, "plain")
    assert (told["status"], told["trading_mode"], told["name"], told["lot_step"]) == ("TESTING", "PAPER", "plain", "1")


def test_the_list_is_by_id_and_of_one_status_where_one_is_asked_for(registry: Registry) -> None:
    for name in ("list-b", "list-a"):
        add(registry, name, status="ACTIVE")
    add(registry, "list-c", status="INACTIVE")

    def listed(**query: str) -> list[str]:
        found = registry.ask("GET", params=query).json()["strategies"]
        return [one["strategy_id"] for one in found if one["strategy_id"].startswith("list-")]

    assert listed() == ["list-a", "list-b", "list-c"]
    assert listed(status="ACTIVE") == ["list-a", "list-b"]
    assert listed(status="INACTIVE") == ["list-c"]
    wrong = registry.ask("GET", params={"status": "BUSY"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "status")
    assert "'BUSY'" in wrong.json()["message"]


def test_what_was_shown_can_be_put_back_and_changes_nothing(registry: Registry) -> None:
    shown = add(registry, "round", **{key: value for key, value in FULL.items() if key != "strategy_id"})
    assert registry.ask("PUT", "/round", json=shown).json() == shown
    assert len(registry.actions("round")) == 1


def test_of_ten_that_register_one_id_at_once_one_does(registry: Registry) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(lambda n: registry.ask("POST", json={"strategy_id": "race", "name": str(n)}), range(10))
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    (won,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert registry.ask("GET", "/race").json() == won
    (lost, *_) = [answer.json() for answer in answers if answer.status_code == 409]
    assert (lost["error"], "registered already" in lost["message"]) == ("CONFLICT", True)
    assert len(registry.actions("race")) == 1


def test_changes_of_different_fields_at_once_are_all_kept(registry: Registry) -> None:
    add(registry, "busy")
    changes: list[dict[str, Any]] = [
        {"notes": "n"},
        {"max_gross": "2"},
        {"accounts": ["a1"]},
        {"developer_contact": "d"},
        {"unit_notional": "5"},
        {"sizing": "fixed_pct"},
    ]
    with ThreadPoolExecutor(len(changes)) as pool:
        answers = list(pool.map(lambda one: registry.ask("PUT", "/busy", json=one), changes))
    assert {answer.status_code for answer in answers} == {200}
    after = registry.ask("GET", "/busy").json()
    assert [one for one in changes if not one.items() <= after.items()] == []


IMPOSSIBLE = ["ghost", "%00", "..%2Fx", "x" * 101, "a%20b", "%F0%9F%92%A9", "'%3B--", "A%0A"]


@pytest.mark.parametrize("strategy_id", IMPOSSIBLE)
@pytest.mark.parametrize(
    ("method", "more"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/sync-backtest")], ids=lambda each: each
)
def test_an_unknown_strategy_is_404(registry: Registry, method: str, more: str, strategy_id: str) -> None:
    answer = registry.ask(method, f"/{strategy_id}{more}", **({"json": {}} if method == "PUT" else {}))
    assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")


INVALID: list[tuple[dict[str, Any], str, str]] = [
    ({"status": "BUSY"}, "status", "'BUSY': Input should be 'ACTIVE', 'INACTIVE' or 'TESTING'"),
    ({"sizing": 7}, "sizing", "7: "),
    ({"max_gross": 1.5}, "max_gross", 'put the number in quotes, "1.5"'),
    ({"max_gross": "-1"}, "max_gross", "'-1': Input should be greater than 0"),
    ({"max_gross": "NaN"}, "max_gross", "finite"),
    ({"unit_notional": "1e400"}, "unit_notional", "'1e400': "),
    ({"unit_notional": "1" * 27}, "unit_notional", "digits"),
    ({"margin_per_unit": "0.1234567890123"}, "margin_per_unit", "12 decimal places"),
    ({"lot_step": "0"}, "lot_step", "greater than 0"),
    ({"lot_step": None}, "lot_step", "lot_step"),
    ({"name": "x" * 201}, "name", "at most 200"),
    ({"name": "a\0b"}, "name", "control characters"),
    ({"notes": "half \ud800 a character"}, "notes", "control characters"),
    ({"accounts": "a1"}, "accounts", "'a1': "),
    ({"accounts": ["\0"]}, "accounts.0", "control characters"),
    ({"accounts": ["a1", "nowhere"]}, "accounts", "no account 'nowhere'"),
    ({"risk_limits": {"fixed_pct": "much"}}, "risk_limits.fixed_pct", "'much': "),
    ({"risk_limits": {"fixed_pct": "1e999"}}, "risk_limits.fixed_pct", "'1e999': "),
    ({"risk_limits": {"a\0": 1}}, "risk_limits.a\0", "there is no such field"),
    ({"include_in_optimization": "perhaps"}, "include_in_optimization", "'perhaps': "),
    ({"colour": "red"}, "colour", "there is no such field"),
]


@pytest.mark.parametrize(("fields", "field", "told"), INVALID, ids=lambda each: str(each)[:40])
def test_what_a_field_cannot_be_is_told_with_its_value_and_nothing_changes(
    embedded: Registry, fields: dict[str, Any], field: str, told: str
) -> None:
    content, header = json.dumps({"strategy_id": "wrong"} | fields), {"Content-Type": "application/json"}
    answers = [embedded.ask("POST", content=content, headers=header)]
    put_strategy(embedded.ledger, strategy("right"), ACT)
    answers.append(embedded.ask("PUT", "/right", content=json.dumps(fields), headers=header))
    for answer in answers:
        body = answer.json()
        assert (answer.status_code, body["error"], body["field"]) == (422, "INVALID_INPUT", field)
        assert told in body["message"]
        assert body["remedy"]
    assert embedded.ask("GET", "/wrong").status_code == 404
    assert get_strategy(embedded.ledger, "right") == strategy("right")


@pytest.mark.parametrize("strategy_id", ["", "a b", "../x", "x" * 101, "naïve", "date", "Strategy_ID", "a\n", 7, None])
def test_an_id_that_cannot_be_one_is_refused(embedded: Registry, strategy_id: object) -> None:
    answer = embedded.ask("POST", json={"strategy_id": strategy_id})
    assert (answer.status_code, answer.json()["field"]) == (422, "strategy_id")


def test_an_id_is_missing_or_another_than_the_path_names(embedded: Registry) -> None:
    missing = embedded.ask("POST", json={"name": "x"}).json()
    assert (missing["field"], missing["message"]) == ("strategy_id", "strategy_id is missing")
    put_strategy(embedded.ledger, strategy("mine"), ACT)
    other = embedded.ask("PUT", "/mine", json={"strategy_id": "yours"})
    assert (other.status_code, other.json()["field"]) == (422, "strategy_id")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"x"', b'{"a": 1, "a": 2}', b'{"x": NaN}', b"[" * 20_000, b"\xff", b"1" * 5000]
)
def test_what_is_no_json_object_is_refused(embedded: Registry, content: bytes) -> None:
    put_strategy(embedded.ledger, strategy("mine"), ACT)
    for method, path in (("POST", ""), ("PUT", "/mine")):
        answer = embedded.ask(method, path, content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]) == (422, "INVALID_INPUT")


def test_a_body_that_is_too_large_is_refused(embedded: Registry) -> None:
    assert embedded.ask("POST", json={"strategy_id": "x", "notes": "n" * 70_000}).status_code == 413


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1e400", "NaN", "0.5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(fields=st.dictionaries(st.sampled_from([*StrategyEntry.model_fields, "x"]), JSON, max_size=6))
def test_no_body_makes_the_service_fail(registry: Registry, fields: dict[str, Any]) -> None:
    put_strategy(registry.ledger, strategy("any"), ACT)
    header = {"Content-Type": "application/json"}
    added = registry.ask("POST", content=json.dumps(fields), headers=header)
    assert added.status_code in {201, 409, 422}, added.text
    changed = registry.ask("PUT", "/any", content=json.dumps(fields), headers=header)
    assert changed.status_code in {200, 422}, changed.text


def test_no_key_alone_makes_a_strategy_live(registry: Registry) -> None:
    refused = registry.ask("POST", json={"strategy_id": "brave", "trading_mode": "LIVE"})
    told = refused.json()
    assert (refused.status_code, told["error"], told["field"]) == (422, "LIVE_NEEDS_A_PERSON", "trading_mode")
    assert told["remedy"].endswith("fund strategies set brave trading_mode=LIVE")
    assert registry.ask("GET", "/brave").status_code == 404
    add(registry, "brave")
    again = registry.ask("PUT", "/brave", json={"trading_mode": "LIVE", "notes": "new"})
    assert (again.status_code, again.json()["error"]) == (422, "LIVE_NEEDS_A_PERSON")
    assert get_strategy(registry.ledger, "brave") == strategy("brave", status=StrategyStatus.TESTING)
    assert [action for action, _ in registry.actions("brave")] == [
        "strategy_change_refused",
        "strategy_added",
        "strategy_change_refused",
    ]


def test_a_live_strategy_can_be_stopped_by_a_key_but_not_started(registry: Registry) -> None:
    live = strategy("live", trading_mode=TradingMode.LIVE, status=StrategyStatus.ACTIVE)
    put_strategy(registry.ledger, live, ACT)
    shown = registry.ask("GET", "/live").json()
    assert registry.ask("PUT", "/live", json=shown | {"notes": "new"}).status_code == 200
    assert registry.ask("DELETE", "/live").json()["trading_mode"] == "LIVE"
    refused = registry.ask("PUT", "/live", json={"status": "ACTIVE"})
    assert (refused.status_code, refused.json()["field"]) == (422, "status")
    assert refused.json()["remedy"].endswith("fund strategies set live status=ACTIVE")
    on_paper = registry.ask("PUT", "/live", json={"status": "ACTIVE", "trading_mode": "PAPER"})
    assert on_paper.status_code == 200
    assert get_strategy(registry.ledger, "live") == replace(live, notes="new", trading_mode=TradingMode.PAPER)


def test_no_key_alone_gives_a_live_strategy_an_account(embedded: Registry) -> None:
    put_strategy(embedded.ledger, strategy("rich", trading_mode=TradingMode.LIVE, accounts=("a1",)), ACT)
    refused = embedded.ask("PUT", "/rich", json={"accounts": ["a1", "a2"]})
    assert (refused.status_code, refused.json()["field"]) == (422, "accounts")
    assert refused.json()["remedy"].endswith("fund accounts allow rich a2")
    assert embedded.ask("PUT", "/rich", json={"accounts": []}).json()["accounts"] == []


def test_an_account_that_is_closed_is_a_conflict(embedded: Registry) -> None:
    put_account(embedded.ledger, account("shut"), ACT)
    close_account(embedded.ledger, "shut", ACT)
    refused = embedded.ask("POST", json={"strategy_id": "late", "accounts": ["shut"]})
    assert (refused.status_code, "shut is CLOSED" in refused.json()["message"]) == (409, True)


def test_the_description_tells_bodies_keys_and_refusals(embedded: Registry) -> None:
    described = embedded.app.openapi()
    for path, methods in described["paths"].items():
        if path.startswith(PATH):
            for what in methods.values():
                assert what["security"] == [{"HTTPBearer": []}, {"APIKeyHeader": []}]
                assert {"401", "403", "429", "503"} <= set(what["responses"])
                assert "strategies:" in what["description"]
    change = described["paths"][PATH + "/{strategy_id}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(change["properties"]) == set(StrategyEntry.model_fields)
    assert (change["additionalProperties"], "required" in change) == (False, False)
    assert described["components"]["schemas"]["StrategyEntry"]["additionalProperties"] is False
