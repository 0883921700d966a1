import json

import pytest

from fund_pipeline.ledger import open_ledger
from fund_pipeline.settings import Settings
from fund_pipeline.signals.collector import SignalProcessor
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.homes import Home

SECRET = "xyzzy-plugh-plover-7391"
ORDER = {"ticker": "[red]AAPL", "action": "BUY", "quantity": 1}
DOCUMENT = {"timestamp": "", "signalID": "id-1", "signal_sent_EPOCH": 1, "strategy_name": "S1", "signal": ORDER}


@pytest.mark.parametrize("command", ["", "list", "show", "quarantine", "replay", "process"])
def test_every_command_explains_itself(command: str, home: Home) -> None:
    done = home.fund("signals", *command.split(), "--help")
    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def _hook(home: Home, document: dict[str, object], *, is_away: bool = False) -> str:
    url = home.settings.get("FUND_DATABASE_URL")
    settings = Settings(home=home.path, database_url=url, _env_file=None)
    ledger = open_ledger(settings.ledger_url)
    kept = SignalProcessor(None if is_away else ledger, Spool(settings.spool)).process_new_signal(document)
    ledger.close()
    assert kept is not None
    return kept.signal_id


def test_a_signal_is_followed_from_the_spool_to_its_replay(home: Home) -> None:
    spooled = _hook(home, DOCUMENT, is_away=True)
    told = json.loads(home.fund("signals", "process", "--json").stdout)
    assert told == {"drained": 1, "standardised": 0, "quarantined": 1, "rejected": 0}
    (waiting,) = json.loads(home.fund("signals", "quarantine", "--json").stdout)
    assert (waiting["signal_id"], waiting["reason"]) == (spooled, "SENDER_UNKNOWN")
    assert "SENDER_UNKNOWN" in home.fund("signals", "quarantine").stdout
    home.fund("strategies", "add", "S1", "status=ACTIVE")
    home.fund("senders", "add", "tess", "--strategy", "S1", "--passphrase-env", "PW", PW=SECRET)
    replayed = home.fund("signals", "replay", spooled, "--json")
    assert json.loads(replayed.stdout)["reason"] not in (None, "SENDER_UNKNOWN")
    fixed = _hook(home, DOCUMENT | {"signalID": "id-2", "signal": ORDER | {"ticker": "AAPL"}})
    assert "1 read: 1 standardised" in home.fund("signals", "process").stdout
    shown = json.loads(home.fund("signals", "show", fixed, "--json").stdout)
    assert (shown["state"], shown["raw"]["way_in"]) == ("STANDARDISED", "hook")
    assert [step["after"] for step in shown["transitions"]] == ["STANDARDISED"]
    for signal_id in (spooled, fixed):
        page = home.fund("signals", "show", signal_id)
        assert (page.returncode, signal_id in page.stdout, "received: {" in page.stdout) == (0, True, True)
    assert "[red]AAPL" in home.fund("signals", "show", spooled).stdout
    listed = home.fund("signals", "list", "--state", "standardised", "--strategy", "S1", "--json")
    assert [row["signal_id"] for row in json.loads(listed.stdout)] == [fixed]
    assert fixed in home.fund("signals", "list", "--newest", "1").stdout + home.fund("signals", "list").stdout
    assert home.fund("signals", "replay", fixed).returncode == 4
    assert home.fund("signals", "show", "sig-0").returncode == 2
