import json
from collections.abc import Iterator

import pytest

from fund_pipeline.ledger import open_ledger
from fund_pipeline_tests.decisions.floor import Floor, found, leg, signal
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.keys import AUDIT_KEY

SETTINGS = {"FUND_PAPER_PRICES": "", "FUND_AUDIT_KEY": AUDIT_KEY}
PRICE = ("paper", "quote", "STOCK:AAPL", "100")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("trading") / "home", SETTINGS)
    assert made.fund("ledger", "upgrade").returncode == 0
    url = f"sqlite:///{made.path / 'ledger.sqlite'}"
    ledger = open_ledger(url)
    found(ledger)
    ledger.close()
    return made


@pytest.fixture
def floor(home: Home) -> Iterator[Floor]:
    """Senders at the home's ledger, whose clock is the real one."""
    from fund_pipeline.clock import utc_now

    made = Floor(f"sqlite:///{home.path / 'ledger.sqlite'}", home.path)
    made.now = utc_now()
    yield made
    made.close()


def test_a_dry_run_tells_what_trade_then_does_and_explain_says_why(home: Home, floor: Floor) -> None:
    assert home.fund(*PRICE).returncode == 0
    sent = floor.send(signal("ENTRY", leg("BUY", 20), at=floor.now))
    assert home.fund("signals", "process").returncode == 0
    tried = home.fund("trade", "--dry-run", "--json")
    assert tried.returncode == 0, tried.stdout
    dry = json.loads(tried.stdout)
    assert [one["signal_id"] for one in dry["signals"]] == [sent]
    assert json.loads(home.fund("orders", "list", "--json").stdout) == []

    done = json.loads(home.fund("trade", "--json").stdout)
    (decision,) = done["signals"][0]["decisions"]
    assert (decision["outcome"], decision["reason"]) == ("APPROVED", "SIZED")
    (order,) = json.loads(home.fund("orders", "list", "--signal", sent, "--json").stdout)
    assert (order["state"], order["quantity"]) == ("FILLED", "80")
    shown = json.loads(home.fund("orders", "show", order["client_order_id"], "--json").stdout)
    assert [one["quantity"] for one in shown["executions"]] == ["80"]
    (held,) = json.loads(home.fund("positions", "--json").stdout)
    assert held["quantity"] == "80"
    assert len(json.loads(home.fund("executions", "--json").stdout)) == 1
    assert len(json.loads(home.fund("decisions", "list", "--signal", sent, "--json").stdout)) == 1
    assert json.loads(home.fund("paper", "show", "demo-paper", "--json").stdout)["positions"][0]["quantity"] == "80"

    words = home.fund("signals", "explain", sent).stdout
    assert "was approved in full" in words
    told = json.loads(home.fund("signals", "explain", sent, "--json").stdout)
    assert told["funds"][0]["figures"]["capital"]["weight"] == "0.4"
    assert "nothing waits" in home.fund("trade").stdout

    traced = json.loads(home.fund("signals", "trace", sent, "--json").stdout)
    assert traced["received_at"] < traced["decided_at"] < traced["acknowledged_at"] <= traced["filled_at"]
    assert traced["seconds"]["TOTAL"] > 0
    assert "from receipt to acknowledgement" in home.fund("signals", "trace", sent).stdout


def test_an_exit_is_cancelled_only_by_who_says_that_it_is_meant(home: Home, floor: Floor) -> None:
    home.fund(*PRICE)
    sent = floor.send(signal("ENTRY", leg("BUY", 20, stop_loss=90), at=floor.now))
    home.fund("trade")
    (stop,) = json.loads(home.fund("orders", "list", "--live", "--signal", sent, "--json").stdout)
    name = stop["client_order_id"]
    refused = home.fund("orders", "cancel", name, "--note", "try")
    assert (refused.returncode, "--yes" in refused.stderr) == (4, True)
    assert "would be cancelled" in home.fund("orders", "cancel", name, "--note", "try", "--dry-run").stdout
    assert home.fund("orders", "cancel", name, "--note", "meant", "--yes").returncode == 0
    home.fund("trade")
    assert json.loads(home.fund("orders", "show", name, "--json").stdout)["state"] == "CANCELLED"


@pytest.mark.parametrize(
    "arguments",
    [
        ("paper", "quote", "STOCK:AAPL", "-1"),
        ("paper", "quote", "NOTHING", "1"),
        ("paper", "show", "none"),
        ("orders", "show", "none"),
        ("signals", "explain", "sig-none"),
        ("signals", "trace", "sig-none"),
    ],
)
def test_what_is_not_there_or_no_number_is_told(home: Home, arguments: tuple[str, ...]) -> None:
    assert home.fund(*arguments).returncode == 2
