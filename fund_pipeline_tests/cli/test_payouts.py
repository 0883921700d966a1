"""`fund payouts` as a person uses it, from terms to a payment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fund_pipeline.ledger import open_ledger
from fund_pipeline_tests.accounts.payouts.fills import KO
from fund_pipeline_tests.accounts.payouts.story import Story, at
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.ledger_fixtures import embedded_url

STATED = ("--at", "2025-02-03T12:00", "--account", "usd")


@pytest.fixture
def home(sqlite_template: Path, tmp_path: Path) -> Home:
    path = tmp_path / "home"
    path.mkdir()
    ledger = open_ledger(embedded_url(sqlite_template, path / "ledger.sqlite"))
    Story(ledger).trade("jan", "S", KO, "50", "60", at(1, 10), at(1, 20))
    ledger.close()
    return Home(path, {"FUND_AUDIT_KEY": AUDIT_KEY})


def test_terms_run_list_show_and_mark_paid_tell_one_story(home: Home) -> None:
    assert "nothing is agreed with ann" in home.fund("payouts", "run", "--month", "2025-01").stdout
    agreed = ("payouts", "terms", "set", "ann", "--share", "0.25", "--currency", "USD", "--from", "2025-01")
    assert "would have recorded" in home.fund(*agreed, "--dry-run").stdout
    assert home.fund(*agreed).stdout == "ann gets 0.25 of each new peak in USD from 2025-01\n"
    assert "already" in home.fund(*agreed).stdout
    (terms,) = json.loads(home.fund("payouts", "terms", "list", "--json").stdout)
    assert (terms["sender_id"], terms["share"]) == ("ann", "0.25")

    run = ("payouts", "run", "--month", "2025-02", "--json")
    tried = json.loads(home.fund(*run, "--dry-run").stdout)
    assert [one["due"] for one in tried["closed"]] == ["249.50", "0.00"]
    assert json.loads(home.fund("payouts", "list", "--fund", "demo", "--json").stdout) == []
    assert [one["due"] for one in json.loads(home.fund(*run).stdout)["closed"]] == ["249.50", "0.00"]
    assert json.loads(home.fund(*run).stdout)["closed"] == []

    pay = ("payouts", "mark-paid", "ann", "2025-01", "--fund", "demo", "--account", "usd", "--mode", "PAPER")
    pay = (*pay, "--paid", "2025-02-03T12:00", "--json")
    assert json.loads(home.fund(*pay, "--dry-run").stdout)["dry_run"]
    assert json.loads(home.fund(*pay).stdout)["amount"] == "249.5"
    again = home.fund(*pay)
    assert (again.returncode, json.loads(again.stdout)["error"]) == (4, "ConflictError")

    (shown,) = json.loads(home.fund("payouts", "list", "--sender", "ann", "--json").stdout)
    assert (shown["paid"], shown["outstanding"], shown["cumulative"]) == ("249.5", "0", "998")
    assert shown["next_payment_on"].endswith("-01")
    assert shown["unrealised_not_paid"]["amount"] == "0"
    assert "unrealised 0.00 USD, which is not paid" in home.fund("payouts", "list", "--fund", "demo").stdout
    items = json.loads(home.fund("payouts", "show", "ann", "--month", "2025-01", "--json").stdout)
    assert [(one["entry_signal_id"], one["net"]) for one in items] == [("jan", "-1"), ("jan", "999")]
    assert "jan" in home.fund("payouts", "show", "ann").stdout


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("month is '2025-13': not a month", ("payouts", "run", "--month", "2025-13")),
        ("give either --fund F or --sender S", ("payouts", "list")),
        (
            "rate is 'much': not a number",
            ("rates", "add", "EUR", "USD", "much", "--at", "2025-02-03T12:00", "--account", "usd"),
        ),
        ("source is 'eur'", ("rates", "add", "eur", "USD", "1.1", "--at", "2025-02-03T12:00", "--account", "usd")),
        (
            "rate is -1: not above",
            ("rates", "add", "EUR", "USD", "--at", "2025-02-03T12:00", "--account", "usd", "--", "-1"),
        ),
        ("in the future", ("rates", "add", "EUR", "USD", "1.1", "--at", "2990-02-03T12:00", "--account", "usd")),
    ],
)
def test_what_means_nothing_is_refused(home: Home, words: str, arguments: tuple[str, ...]) -> None:
    done = home.fund(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_rate_is_stated_once_for_a_moment(home: Home) -> None:
    stated = ("rates", "add", "EUR", "USD", "1.0842", *STATED)
    assert "would have recorded" in home.fund(*stated, "--dry-run").stdout
    assert home.fund(*stated).stdout == "recorded 1 EUR = 1.0842 USD at 2025-02-03 17:00Z\n"
    assert home.fund(*stated).returncode == 0
    other = tuple("1.09" if one == "1.0842" else one for one in stated)
    assert home.fund(*other).returncode == 4
