"""Funds, accounts, halts and alerts at the terminal."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.samples import NOW, snapshot, trouble

PAPER = ("--fund", "alpha", "--broker", "paper", "--asset-class", "STOCK", "--asset-class", "ETF", "--currency", "USD")
REAL = (
    "--fund",
    "alpha",
    "--broker",
    "ibkr",
    "--number",
    "U1",
    "--asset-class",
    "STOCK",
    "--currency",
    "USD",
    "--live",
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An embedded home with the fund `alpha`, its account `main`, and the strategy A."""
    made = Home(tmp_path_factory.mktemp("accounts") / "home")
    for command in (
        ("ledger", "upgrade"),
        ("funds", "add", "alpha", "name=Alpha Fund", "currency=USD", "capital=1000000"),
        ("accounts", "add", "main", *PAPER, "--number", "P1"),
        ("strategies", "add", "A"),
    ):
        done = made.fund(*command)
        assert done.returncode == 0, done.stderr
    return made


def told(home: Home, *arguments: str) -> Any:
    """What a command tells a program."""
    done = home.fund(*arguments, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_fund_is_shown_with_every_limit_and_changed_one_by_one(here: Home) -> None:
    limits = ("risk_limits.cvar_limit=0.02", "risk_limits.sizing.daily_loss=0.01", "capital=2000000")
    rehearsed = told(here, "funds", "set", "alpha", *limits, "--dry-run")
    assert (rehearsed["changed"], told(here, "funds", "show", "alpha")["capital"]) == (True, "1000000")
    assert here.fund("funds", "set", "alpha", *limits).stdout == "changed alpha\n"
    assert here.fund("funds", "set", "alpha", *limits).stdout == "alpha already was so\n"
    shown = told(here, "funds", "show", "alpha")
    assert (shown["capital"], shown["limits"]["cvar_limit"]) == ("2000000", 0.02)
    assert (shown["limits"]["sizing"]["daily_loss"], shown["limits"]["sizing"]["margin_cap"]) == ("0.01", "0.40")
    here.fund("funds", "set", "alpha", "risk_limits.sizing.daily_loss=", "capital=1000000")
    assert told(here, "funds", "show", "alpha")["risk_limits"] == {"cvar_limit": 0.02, "sizing": {}}
    assert [
        word for word in ("Alpha Fund", "sizing.daily_loss") if word not in here.fund("funds", "show", "alpha").stdout
    ] == []
    assert "ACTIVE" in here.fund("funds", "list").stdout


def test_a_fund_or_an_account_without_history_comes_and_goes(here: Home) -> None:
    assert told(here, "funds", "add", "brief", "name=Brief", "currency=EUR", "capital=1")["currency"] == "EUR"
    added = told(here, "accounts", "add", "short", *PAPER, "--number", "P9", "--fund", "brief")
    assert (added["mode"], added["asset_classes"], added["dry_run"]) == ("PAPER", ["ETF", "STOCK"], False)
    assert here.fund("funds", "delete", "brief").returncode == 4
    assert "would have deleted short" in here.fund("accounts", "delete", "short", "--dry-run").stdout
    assert here.fund("accounts", "delete", "short").returncode == 0
    assert told(here, "accounts", "list", "--fund", "brief") == []
    assert told(here, "funds", "delete", "brief") == {"fund_id": "brief", "dry_run": False}
    assert [fund["fund_id"] for fund in told(here, "funds", "list")] == ["alpha"]


def test_an_account_lives_through_its_commands(here: Home) -> None:
    changed = told(here, "accounts", "set", "main", "--name", "The main one", "--asset-class", "CRYPTO")
    assert (changed["name"], changed["asset_classes"], changed["currency"]) == ("The main one", ["CRYPTO"], "USD")
    assert told(here, "accounts", "allow", "A", "main") == {"strategy_id": "A", "accounts": ["main"]}
    assert told(here, "accounts", "close", "main", "--dry-run")["status"] == "CLOSED"
    assert here.fund("accounts", "close", "main").stdout == "closed main\n"
    assert here.fund("accounts", "close", "main").returncode == 4
    assert here.fund("accounts", "reopen", "main").stdout == "reopened main\n"
    ledger = open_ledger(f"sqlite:///{here.path / 'ledger.sqlite'}")
    record_snapshot(ledger, snapshot("main", "1234.5"))
    ledger.close()
    shown = told(here, "accounts", "show", "main")
    assert (shown["state"]["equity"], shown["state"]["available"], shown["strategies"]) == ("1234.5", "1234.5", ["A"])
    words = here.fund("accounts", "show", "main").stdout
    assert [word for word in ("The main one", "1234.5 USD", "account_closed") if word not in words] == []
    assert "OPEN" in here.fund("accounts", "list").stdout
    assert here.fund("accounts", "forbid", "A", "main").stdout == "A may use no account\n"


def test_real_money_is_confirmed_with_the_accounts_id(here: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for said, code in (("", 2), ("yes\n", 2), ("real\n", 0)):
        monkeypatch.setattr(sys, "stdin", io.StringIO(said))
        assert here.fund("accounts", "add", "real", *REAL).returncode == code
    assert here.fund("accounts", "close", "real").returncode == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO("main\n"))
    assert here.fund("accounts", "reopen", "real").returncode == 2
    assert here.fund("accounts", "reopen", "real", "--yes").returncode == 0
    refused = here.fund("accounts", "allow", "A", "real")
    assert (refused.returncode, "strategy A is PAPER, and account real is LIVE" in refused.stderr) == (4, True)
    assert told(here, "accounts", "set", "real", "--paper")["mode"] == "PAPER"
    assert here.fund("accounts", "delete", "real").returncode == 0


def test_a_halt_is_rehearsed_made_and_ended(here: Home) -> None:
    effect = {"fund_id": "alpha", "before": "ACTIVE", "after": "REDUCING"}
    rehearsed = told(here, "halt", "--fund", "alpha", "--reducing", "--note", "odd fills", "--dry-run")
    assert rehearsed == {"dry_run": True, "effects": [effect]}
    assert told(here, "halts") == {"funds": {"alpha": "ACTIVE"}, "halts": [], "drawdown_stops": []}
    assert "exits and cancels only" in here.fund("halt", "--all", "--reducing", "--note", "odd fills").stdout
    assert told(here, "halts")["funds"] == {"alpha": "REDUCING"}
    assert [word for word in ("all funds", "odd fills") if word not in here.fund("halts").stdout] == []
    assert here.fund("resume", "--all", "--note", "they were right").returncode == 0
    assert told(here, "halts")["funds"] == {"alpha": "ACTIVE"}


def test_an_alert_is_shown_until_it_is_acknowledged(here: Home) -> None:
    ledger = open_ledger(f"sqlite:///{here.path / 'ledger.sqlite'}")
    alert = raise_alert(ledger, trouble(message="refused \x1b[31m"), NOW)
    ledger.close()
    (listed,) = told(here, "alerts", "list", "--open")
    assert (listed["alert_id"], listed["kind"], listed["raised"], listed["is_open"]) == (alert, "EXIT_FAILED", 1, True)
    assert "\x1b" not in here.fund("alerts", "list").stdout
    assert here.fund("alerts", "acknowledge", alert, "--note", " ").returncode == 2
    assert told(here, "alerts", "acknowledge", alert, "--note", "closed by hand")["note"] == "closed by hand"
    assert told(here, "alerts", "list", "--open") == []
    assert "acknowledged by" in here.fund("alerts", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("accounts", "add", "main", *PAPER, "--number", "P2"), 4, "there already"),
        (("accounts", "add", "second", *PAPER, "--number", "P1"), 4, "account main has the number P1 at paper"),
        (("accounts", "add", "second", *PAPER, "--number", "P2", "--live"), 2, "no LIVE accounts"),
        (("accounts", "allow", "A", "nowhere"), 2, "there is no account 'nowhere'"),
        (("strategies", "set", "A", "accounts=[nowhere]"), 2, "there is no account 'nowhere'"),
        (("strategies", "add", "B", "accounts=[nowhere]"), 2, "there is no account 'nowhere'"),
        (("strategies", "set", "A", "risk_limits={max_nothing: 1}"), 2, "risk_limits.max_nothing is 1"),
        (("funds", "add", "alpha", "name=A", "currency=USD", "capital=1"), 4, "there already"),
        (("funds", "set", "alpha", "capital"), 2, "'capital' is not FIELD=VALUE"),
        (("funds", "set", "alpha", "capital.a=1"), 2, "capital.a leads nowhere"),
        (("funds", "set", "alpha", "risk_limits.sizing.daily_los=1"), 2, "risk_limits.sizing.daily_los is 1"),
        (("halt", "--note", "why"), 2, "either --fund F or --all"),
        (("halt", "--fund", "alpha", "--all", "--note", "why"), 2, "either --fund F or --all"),
        (("resume", "--fund", "alpha", "--note", "why"), 4, "fund alpha is ACTIVE already"),
        (("alerts", "acknowledge", "nowhere", "--note", "why"), 2, "there is no alert 'nowhere'"),
    ],
)
def test_what_cannot_be_done_says_so(here: Home, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = here.fund(*arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


@pytest.mark.parametrize(
    ("noun", "commands"),
    [
        ("accounts", ("list", "show", "add", "set", "close", "reopen", "delete", "allow", "forbid")),
        ("funds", ("list", "show", "add", "set", "delete")),
        ("alerts", ("list", "acknowledge")),
    ],
)
def test_every_noun_names_its_commands(here: Home, noun: str, commands: tuple[str, ...]) -> None:
    shown = here.fund(noun, "--help").stdout
    assert [one for one in commands if f" {one} " not in shown] == []
