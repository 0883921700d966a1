"""Flows, clients and NAVs at the terminal."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline_tests.books import FUND_DAY
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.samples import snapshot

TODAY = FUND_DAY.day_of(utc_now())
BEGAN = FUND_DAY.close_of(date(2025, 3, 3)) - timedelta(hours=6)
MONEY = ("--account", "main", "--currency", "USD", "--effective", BEGAN.isoformat())
PAPER = ("--fund", "alpha", "--broker", "paper", "--asset-class", "STOCK", "--currency", "USD", "--number", "P1")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An embedded home with the fund `alpha` and its account `main`, which made 100 in two days."""
    made = Home(tmp_path_factory.mktemp("books") / "home")
    for command in (
        ("ledger", "upgrade"),
        ("funds", "add", "alpha", "name=Alpha Fund", "currency=USD", "capital=1000000"),
        ("accounts", "add", "main", *PAPER),
    ):
        done = made.fund(*command)
        assert done.returncode == 0, done.stderr
    ledger = open_ledger(f"sqlite:///{made.path / 'ledger.sqlite'}")
    for hours, equity in ((1, "1000"), (20, "1100")):
        at = BEGAN + timedelta(hours=hours)
        record_snapshot(ledger, snapshot("main", equity, as_of=at, received_at=at))
    ledger.close()
    return made


def told(home: Home, *arguments: str) -> Any:
    """What a command tells a program."""
    done = home.fund(*arguments, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_money_comes_a_client_subscribes_and_the_nav_is_struck(here: Home, tmp_path: Path) -> None:
    opening = ("flows", "add", "opening", *MONEY, "--amount", "1000.00", "--reference", "first")
    assert "would have recorded OPENING 1,000.00 USD" in here.fund(*opening, "--dry-run").stdout
    assert told(here, "flows", "list") == []
    [flow] = told(here, *opening)["new"]
    assert "was there already" in here.fund(*opening).stdout
    refused = here.fund("flows", "add", "DEPOSIT", *MONEY, "--amount", "NaN", "--reference", "bad")
    assert (refused.returncode, "amount is 'NaN'" in refused.stderr) == (2, True)
    file = tmp_path / "flows.csv"
    head = "account,kind,amount,currency,effective,reference"
    file.write_text(f"{head}\nmain,FEE,1,USD,{BEGAN.isoformat()},a\nmain,FEE,0,USD,{BEGAN.isoformat()},b\n")
    half = here.fund("flows", "import", str(file))
    assert (half.returncode, "nothing was recorded" in half.stdout, "amount is 0" in half.stdout) == (2, True, True)
    file.write_text(f"{head}\nmain,FEE,1,USD,{BEGAN.isoformat()},a\n")
    assert "1 recorded, 0 were there already" in here.fund("flows", "import", str(file)).stdout
    [fee] = [one for one in told(here, "flows", "list", "--account", "main") if one["kind"] == "FEE"]
    assert "reversed FEE 1" in here.fund("flows", "reverse", fee["flow_id"], "--note", "not ours").stdout
    assert "FEE reversed" in here.fund("flows", "list", "--fund", "alpha").stdout
    assert flow["account_id"] == "main"

    day = str(FUND_DAY.day_of(BEGAN))
    for name in ("ada", "bob"):
        added = here.fund("clients", "add", name, "--fund", "alpha", "--name", name.title(), "--valid-from", day)
        assert added.returncode == 0, added.stderr
    asked = ("clients", "subscribe", "ada", "--amount", "1000", "--day", day, "--reference", "s")
    assert "would be taken" in here.fund(*asked, "--dry-run").stdout
    assert told(here, *asked)["changed"]
    assert told(here, "clients", "terms", "bob", "--valid-from", str(TODAY), "--fee", "0.1", *CRYSTALLISED)["changed"]
    last = str(FUND_DAY.day_of(BEGAN) + timedelta(days=1))
    rehearsed = told(here, "nav", "strike", "--fund", "alpha", "--day", last, "--dry-run")
    assert (len(rehearsed["written"]), told(here, "nav", "list", "--fund", "alpha")) == (2, [])
    assert "NAV is 1,080.00 USD" in here.fund("nav", "strike", "--fund", "alpha", "--day", last).stdout
    assert "nothing was done" in here.fund("nav", "strike", "--fund", "alpha", "--day", last).stdout
    assert [one["nav"] for one in told(here, "nav", "list", "--fund", "alpha")] == ["1000", "1080"]
    assert "1,080.00" in here.fund("nav", "list", "--fund", "alpha").stdout
    assert "ada" in here.fund("nav", "show", "--fund", "alpha").stdout

    redeem = ("clients", "redeem", "ada", "--day", str(TODAY), "--reference", "r")
    above = here.fund(*redeem, "--units", "10.5")
    assert (above.returncode, "holds 10 units, worth 1080" in above.stderr) == (4, True)
    wanted = told(here, *redeem, "--units", "2.5")
    assert "took back" in here.fund("clients", "cancel", wanted["request_id"]).stdout
    shown = told(here, "clients", "show", "ada")
    assert [one["state"] for one in shown["requests"]] == ["DEALT", "CANCELLED"]
    assert (shown["returns"]["net"]["twr"], shown["returns"]["gross"]["twr"]) == ("0.080000000000", "0.100000000000")
    assert [word for word in (TWR, MWR, "20.00 %") if word not in here.fund("clients", "show", "ada").stdout] == []
    assert "1,080.00" in here.fund("clients", "list").stdout
    over = ("clients", "transfer", "ada", "--to", "bob", "--everything", "--day", str(TODAY), "--reference", "t")
    assert told(here, *over)["to_client"] == "bob"


CRYSTALLISED = ("--crystallisation", "YEAR_END")
TWR, MWR = "time-weighted (TWR)", "money-weighted (MWR)"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nav", "strike", "--fund", "nowhere"), 2, "no fund 'nowhere'"),
        (("nav", "strike", "--fund", "alpha", "--day", "soon"), 2, "day is 'soon'"),
        (("nav", "strike", "--fund", "alpha", "--day", "2025-02-28"), 4, "had no PAPER account by then"),
        (("nav", "show", "--fund", "alpha", "--day", "2025-02-28"), 2, "there is no NAV of fund alpha"),
        (("nav", "close", "--fund", "alpha", "--month", "2019-13"), 2, "month is '2019-13'"),
        (("nav", "close", "--fund", "alpha", "--month", "2019-12"), 4, "2019-12-31, is not struck"),
        (("clients", "show", "nobody"), 2, "client is 'nobody'"),
        (("flows", "reverse", "nothing", "--note", "x"), 2, "flow is 'nothing'"),
    ],
)
def test_what_cannot_be_done_says_why(here: Home, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = here.fund(*arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
