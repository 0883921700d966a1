"""From the ledger to the page: one real build, and every figure on its way compared with the ledger's own."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from dagster import AssetKey, DagsterEventType
from playwright.sync_api import Browser, expect, sync_playwright

from fund_pipeline.dashboards import AdminDashboard, admin_dashboard, all_funds, fund_ids, sender_dashboard
from fund_pipeline.dashboards.words import amount, percent, signed
from fund_pipeline.ledger.dashboards import columns_of, newest_build, published_marts
from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline.ledger.orders import list_orders
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.ledger.signals import list_signals
from fund_pipeline.users import UserRole
from fund_pipeline.warehouse.marts import Site, marts_of, read_marts
from fund_pipeline.warehouse.marts.project import manifest
from fund_pipeline_tests.api.people import Person, Served
from fund_pipeline_tests.browser_setup import INSTALL, find_browser
from fund_pipeline_tests.dashboards.conftest import Built
from fund_pipeline_tests.dashboards.world import BROUGHT, EARNED, HOSTILE, SECOND
from fund_pipeline_tests.decisions.floor import SENDER, STRATEGY

DASHBOARD = "/api/v1/dashboards/admin"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="module")
def fund(built: Built) -> AdminDashboard:
    return admin_dashboard(built.ledger, "demo")[1]


@pytest.fixture(scope="module")
def ada(api: Served) -> Person:
    return api.person()


@pytest.fixture(scope="module")
def login(ada: Person) -> dict[str, str]:
    return _login(ada)


@pytest.fixture(scope="module")
def token(api: Served, login: dict[str, str]) -> str:
    answer = api.client.post("/api/v1/login", json=login)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def _login(person: Person) -> dict[str, str]:
    return {"user_id": person.user_id, "password": person.password, "code": person.app.now()}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_job_builds_checks_and_publishes(built: Built) -> None:
    failed = [event.message for event in built.run.all_events if event.is_failure]
    assert built.run.success, failed
    checks = [
        event.asset_check_evaluation_data
        for event in built.run.all_events
        if event.event_type is DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    assert [one.check_name for one in checks if not one.passed] == []
    by_dbt = {one.check_name for one in checks if one.asset_key.path[0] in ("staging", "marts")}
    assert {"positions_are_what_their_fills_sum_to", "every_fund_has_one_overview"} <= by_dbt
    assert {one.check_name for one in checks} >= {f"{mart}_is_as_expected" for mart in published_marts()}
    build = newest_build(built.ledger)
    assert build is not None
    assert built.began <= build.as_of <= build.built_at
    site = Site(built.settings.marts)
    assert {path.name for path in site.folder.iterdir()} == {"export", "marts.duckdb"}
    kept = read_marts(site.finished, published_marts())
    assert {mart: frame.height for mart, frame in kept.items()} == build.rows


def test_the_lineage_leads_from_the_inbox_of_signals_to_what_is_published() -> None:
    from fund_pipeline.defs.research.definitions import research_definitions

    graph = research_definitions(()).resolve_asset_graph()
    upstream, ahead = set(), [AssetKey("published_dashboards")]
    while ahead:
        key = ahead.pop()
        upstream.add(key)
        ahead += [parent for parent in graph.get(key).parent_keys if parent not in upstream]
    named = {"signals", "decisions", "orders", "executions", "positions", "fund_registry", "strategy_registry"}
    assert {AssetKey(name) for name in named} <= upstream


def test_every_mart_has_a_table_with_the_columns_of_its_contract_and_words_for_each() -> None:
    contracts = marts_of()
    assert contracts.keys() == set(published_marts())
    for mart, columns in contracts.items():
        assert columns == columns_of(mart)
    for node in manifest()["nodes"].values():
        if node["resource_type"] == "model":
            assert node["description"], node["name"]
            if node["name"] in contracts:
                assert node["contract"]["enforced"], node["name"]
                assert all(column["description"] for column in node["columns"].values()), node["name"]


def test_money_is_exact_and_a_deposit_is_no_profit(fund: AdminDashboard) -> None:
    it = fund.overview
    assert it["equity"] == 1_000_000 + EARNED + BROUGHT
    assert (it["equity_day_start"], it["flows_today"], it["pnl_today"]) == (1_000_000, BROUGHT, EARNED)
    assert it["pnl_today_share"] == round(EARNED / 1_000_000, 10)
    assert (it["margin_used"], it["margin_cap"]) == (105_000, Decimal("0.4"))
    assert it["margin_used_of_max"] == round(Decimal(105_000) / (it["equity"] * Decimal("0.4")), 10)
    assert [(row["equity"], row["pnl"]) for row in fund.equity_history] == [
        (1_000_000, None),
        (1_000_000 + EARNED + BROUGHT, EARNED),
    ]


def test_positions_orders_and_signals_are_the_ledgers_with_a_reason_for_each(
    built: Built, fund: AdminDashboard
) -> None:
    held = {(one.strategy, one.account_id, one.instrument_key): one for one in list_positions(built.ledger)}
    assert held
    assert fund.overview["open_positions"] == len(fund.positions) == len(held)
    for row in fund.positions:
        one = held[row["strategy"], row["account_id"], row["instrument_key"]]
        assert (row["quantity"], row["average_price"]) == (one.quantity, one.average_price)
        assert (row["realised_pnl"], row["cost"]) == (one.realised_pnl, one.cost * one.multiplier)
    orders = {one.client_order_id: one for one in list_orders(built.ledger)}
    assert {row["client_order_id"] for row in fund.orders} == orders.keys()
    for row in fund.orders:
        one = orders[row["client_order_id"]]
        assert (row["state"], row["filled_quantity"], row["average_price"]) == (
            one.state.value,
            one.filled_quantity,
            one.average_price,
        )
        assert row["reason"]
        assert row["meaning"]
    signals = {one.signal_id: one for one in list_signals(built.ledger)}
    decided = {one.signal_id: one for one in list_decisions(built.ledger, fund_id="demo")}
    assert {row["signal_id"] for row in fund.signals} == signals.keys()
    assert [row["place"] for row in fund.signals] == list(range(1, len(signals) + 1))
    for row in fund.signals:
        one = decided.get(row["signal_id"])
        outcome, reason = (one.outcome.value, one.reason) if one else (None, signals[row["signal_id"]].reason)
        assert (row["outcome"], row["reason"]) == (outcome, reason)
        assert row["meaning"]
    assert {"NO_POSITION", "UNKNOWN_INSTRUMENT"} <= {row["reason"] for row in fund.signals}


def test_a_strategy_is_told_live_against_its_backtest(built: Built, fund: AdminDashboard) -> None:
    (row,) = [row for row in fund.scorecard if row["strategy_id"] == STRATEGY]
    realised = sum(one.realised_pnl for one in list_positions(built.ledger, strategy=STRATEGY, only_open=False))
    assert (row["realised_pnl"], row["capital"], row["live_days"]) == (realised, 400_000, 1)
    assert row["live_return"] == round(realised / 400_000, 10)
    assert (row["backtest_annual_return"], row["backtest_sharpe"]) == (Decimal("0.1825"), Decimal("1.25"))
    assert row["backtest_return_same_days"] == Decimal("0.0005")
    assert row["decisions"] == row["ordered"] + row["refused"]


def test_a_sender_sees_what_became_of_its_own_signals(built: Built) -> None:
    it = sender_dashboard(built.ledger, SENDER)[1].statement
    sent = list_signals(built.ledger, sender=SENDER)
    assert (it["signals"], it["unread"]) == (len(sent), 1)
    assert it["ordered"] + it["refused"] == len(list_decisions(built.ledger))


def test_a_fund_that_does_not_trade_is_told_all_the_same(built: Built) -> None:
    assert fund_ids(built.ledger) == ("demo", SECOND)
    assert [one.fund_id for one in all_funds(built.ledger)[1]] == ["demo", SECOND]
    other = admin_dashboard(built.ledger, SECOND)[1]
    assert other.overview["pnl_today"] == -1000
    assert (other.overview["health"], other.overview["health_reasons"]) == ("ATTENTION", "BOOKS_DIFFER")
    assert (other.positions, other.orders) == ((), ())
    assert {row["outcome"] for row in other.signals} <= {"REJECTED", "DROPPED"}  # it has no weights in force


def test_the_report_says_what_to_do_in_words(built: Built, tmp_path: Path) -> None:
    page = tmp_path / "fund.html"
    said = built.home.fund("report", "admin", "--fund", "demo", "--html", str(page))
    assert said.returncode == 0, said.stderr
    assert f"It is worth {amount(1_000_000 + EARNED + BROUGHT)} USD, +{amount(EARNED)} USD" in said.stdout
    assert "STOCK:AAPL" in said.stdout
    assert "<svg" in page.read_text()
    assert "<form" not in page.read_text()
    several = built.home.fund("report", "admin")
    assert (several.returncode, "name one with --fund: demo, second" in several.stderr) == (2, True)
    assert built.home.fund("report", "sender", SENDER).stdout.startswith(f"{SENDER} is ACTIVE: ")
    assert "No NAV has been struck yet" in built.home.fund("report", "client", "cleo").stdout
    assert built.home.fund("report", "sender", "nobody").returncode == 2
    assert "demo" in built.home.fund("report", "list").stdout


def test_the_api_tells_an_admin_who_is_logged_in_and_nobody_else(api: Served, token: str, fund: AdminDashboard) -> None:
    told = api.client.get(DASHBOARD, params={"fund": "demo"}, headers=_bearer(token))
    assert told.status_code == 200
    (demo,) = told.json()["funds"]
    assert demo["overview"]["equity"] == format(fund.overview["equity"], "f")
    assert len(demo["orders"]) == len(fund.orders)
    assert [one["fund_id"] for one in api.client.get(DASHBOARD, headers=_bearer(token)).json()["funds"]] == [
        "demo",
        SECOND,
    ]
    assert api.client.get(DASHBOARD, params={"fund": "none"}, headers=_bearer(token)).status_code == 404
    for headers in ({}, _bearer("x"), _bearer(f"{token}x"), {"Authorization": f"Basic {token}"}):
        refused = api.client.get(DASHBOARD, headers=headers)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Fund Pipeline"')
    cookie = {"Cookie": f"fund_login={token}"}
    assert api.client.get(DASHBOARD, headers=cookie).status_code == 401


def test_logging_in_wants_an_admin_a_password_and_a_fresh_code(api: Served, login: dict[str, str], token: str) -> None:
    quant, fresh = api.person(UserRole.QUANT), api.person()
    refused = (
        login,  # with the code that gave `token`
        _login(quant),
        _login(fresh) | {"password": "another"},
        _login(fresh) | {"code": "000000"},
        _login(fresh) | {"user_id": "nobody-here"},
    )
    told = [api.client.post("/api/v1/login", json=body) for body in refused]
    assert {answer.status_code for answer in told} == {401}
    assert len({answer.json()["message"] for answer in told}) == 1
    assert api.client.post("/api/v1/login", json=_login(fresh) | {"more": "x"}).status_code == 422


def test_whoever_logs_out_is_out(api: Served) -> None:
    token = api.client.post("/api/v1/login", json=_login(api.person())).json()["token"]
    assert api.client.get(DASHBOARD, headers=_bearer(token)).status_code == 200
    assert api.client.post("/api/v1/logout", headers=_bearer(token)).status_code == 204
    assert api.client.get(DASHBOARD, headers=_bearer(token)).status_code == 401


def test_a_form_of_another_site_logs_nobody_in(api: Served) -> None:
    form = _login(api.person())
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Content-Type": "text/plain"}):
        answer = api.client.post("/login", data=form, headers=headers)
        assert (answer.status_code, "set-cookie" in answer.headers) == (400, False)
    answer = api.client.post("/login", data=form)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    api.client.cookies.clear()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    assert path, f"no Chromium is installed; run as root: {INSTALL}"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


def test_a_person_logs_in_with_a_code_and_sees_the_ledgers_figures_and_charts(
    api: Served, browser: Browser, fund: AdminDashboard, built: Built
) -> None:
    person, root = api.person(), str(api.client.base_url)
    # Without scripts: the page needs none.
    page = browser.new_context(viewport={"width": 1360, "height": 900}, java_script_enabled=False).new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(root)
    expect(page).to_have_url(f"{root}/login")
    for name, value in (_login(person) | {"code": "000000"}).items():
        page.locator(f"#{name}").fill(value)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("Not accepted")
    for name, value in _login(person).items():
        page.locator(f"#{name}").fill(value)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("h1")).to_have_text("Demo Fund PAPER")
    it = fund.overview
    for name, text in {
        "equity": amount(it["equity"]),
        "cash": amount(it["cash"]),
        "pnl_today": signed(it["pnl_today"]),
        "margin_used_of_max": percent(it["margin_used_of_max"]),
        "open_positions": str(len(list_positions(built.ledger))),
        "health": it["health"],
    }.items():
        expect(page.locator(f"#{name}")).to_have_text(text)
    expect(page.locator("#positions tbody tr")).to_have_count(len(fund.positions))
    expect(page.locator("#orders tbody tr")).to_have_count(len(fund.orders))
    expect(page.locator("#signals tbody tr")).to_have_count(len(fund.signals))
    for chart in page.locator("svg.chart").all():
        box = chart.bounding_box()
        assert box is not None
        assert box["width"] > 300
    expect(page.locator("svg.chart")).to_have_count(2)
    assert page.locator(".chart .line").get_attribute("points")
    expect(page.locator("time").first).to_have_attribute("datetime", newest_build(built.ledger).as_of.isoformat())
    expect(page.locator("#signals")).to_contain_text("NO_POSITION")
    page.get_by_role("link", name=SECOND).click()
    expect(page.locator("h1")).to_have_text(f"{HOSTILE} PAPER")
    assert [text for text in told if "Content Security Policy" in text] == []
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{root}/login")
    page.goto(root)
    expect(page).to_have_url(f"{root}/login")


def test_a_page_may_load_nothing_and_run_nothing(api: Served) -> None:
    answer = httpx.get(f"{api.client.base_url}/login", trust_env=False)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
