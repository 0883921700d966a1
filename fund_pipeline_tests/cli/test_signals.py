import json

import pytest

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import open_ledger
from fund_pipeline.settings import Settings
from fund_pipeline.signals import RejectionReason
from fund_pipeline.signals.collector import SignalProcessor
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.inbox import Arrival, WayIn, keep_refused
from fund_pipeline.signals.senders import get_sender
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.homes import Home

SECRET = "xyzzy-plugh-plover-7391"
ORDER = {"ticker": "[red]AAPL", "action": "BUY", "quantity": 1}
DOCUMENT = {"timestamp": "", "signalID": "id-1", "signal_sent_EPOCH": 1, "strategy_name": "S1", "signal": ORDER}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An embedded home with one sender and two strategies."""
    made = Home(tmp_path_factory.mktemp("signals") / "home")
    done = [made.fund("ledger", "upgrade")]
    done += [made.fund("strategies", "add", strategy, "status=ACTIVE") for strategy in ("S1", "S2")]
    done += [made.fund("senders", "add", "tess", "--strategy", "S1", "--passphrase-env", "PW", PW=SECRET)]
    assert [one.stderr for one in done if one.returncode] == []
    return made


@pytest.mark.parametrize("command", ["", "list", "show", "quarantine", "replay", "process"])
def test_every_command_explains_itself(command: str, here: Home) -> None:
    done = here.fund("signals", *command.split(), "--help")
    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def _hook(home: Home, document: dict[str, object], *, is_away: bool = False) -> str:
    url = home.settings.get("FUND_DATABASE_URL")
    settings = Settings(home=home.path, database_url=url, _env_file=None)
    ledger = open_ledger(settings.ledger_url)
    kept = SignalProcessor(None if is_away else ledger, Spool(settings.spool)).process_new_signal(document)
    ledger.close()
    assert kept is not None
    return kept.signal_id


def _refused(home: Home) -> str:
    """Keep what is refused to the registered sender, as the service does."""
    settings = Settings(home=home.path, database_url=home.settings.get("FUND_DATABASE_URL"), _env_file=None)
    ledger = open_ledger(settings.ledger_url)
    head = {"strategy_name": "S2", "signalID": "id-1", "signal_sent_EPOCH": 1, "signal_type": "ENTRY"}
    leg = {"instrument": "AAPL", "action": "BUY", "quantity": 1}
    payload = head | {"passphrase": SECRET, "account_equity": 1, "signal_legs": [leg]}
    problem = refusal(RejectionReason.NOT_ALLOWED, "strategy_name", "S2").problem
    kept = keep_refused(ledger, get_sender(ledger, "tess"), payload, problem, Arrival(WayIn.WEBHOOK, utc_now()))
    ledger.close()
    return kept


def test_what_was_refused_is_seen_and_replayed_after_the_sender_was_set_right(here: Home) -> None:
    refused = _refused(here)
    (waiting,) = json.loads(here.fund("signals", "quarantine", "--json").stdout)
    assert (waiting["signal_id"], waiting["state"], waiting["reason"]) == (refused, "REFUSED", "NOT_ALLOWED")
    assert (waiting["problem"]["field"], waiting["problem"]["value"]) == ("strategy_name", '"S2"')
    listed, page = here.fund("signals", "quarantine").stdout, here.fund("signals", "show", refused).stdout
    for told in (refused, "REFUSED", "tess", "NOT_ALLOWED: strategy_name", "may not", "fund senders set tess"):
        assert (told in listed, told in page) == (True, True), told
    still = here.fund("signals", "replay", refused)
    assert (still.returncode, "refused still, NOT_ALLOWED" in still.stderr) == (4, True)
    here.fund("senders", "set", "tess", "--add-strategy", "S2")
    done = here.fund("signals", "replay", refused)
    (now,) = json.loads(here.fund("signals", "list", "--json").stdout)
    assert (now["strategy"], now["state"]) == ("S2", "STANDARDISED")
    assert f"{refused} is now signal {now['signal_id']}" in done.stdout
    shown = json.loads(here.fund("signals", "show", refused, "--json").stdout)
    assert shown["raw"]["replayed_as"] == now["signal_id"]
    assert json.loads(here.fund("signals", "quarantine", "--json").stdout) == []
    assert here.fund("signals", "show", "ref-0").returncode == 2


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
