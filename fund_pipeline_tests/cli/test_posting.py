import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from fund_pipeline_tests.cli.scripted_service import Reply, scripted
from fund_pipeline_tests.homes import ROOT, Done, Home

SECRET = "xyzzy-plugh-plover-7391"
ENTRY = {"strategy_name": "S1", "signal_type": "ENTRY", "entry_name": "$E", "signal": {"ticker": "A"}, "wait": 7}
EXIT = {"strategy_name": "S1", "signal_type": "EXIT", "entry_signal_id": "$E", "signal": {"ticker": "A"}, "wait": 7}
OTHER = {"strategy_name": "S2", "signal": {"ticker": "B"}}
REFUSED = {"success": False, "error": "BAD_ID", "message": "no id", "remedy": "send one", "field": "signalID"}
KEPT = {
    "state": "QUARANTINED",
    "type": "ENTRY",
    "reason": "BAD_QUANTITY",
    "problem": {"field": "signal.quantity", "message": "quantity is 0", "remedy": "send a quantity above 0"},
}
NOTES = [{"code": "ORDER_TYPE_DEFAULT", "field": f"signal_legs[{leg}]", "words": "MARKET"} for leg in (0, 1)]
READ = {"state": "STANDARDISED", "type": "EXIT", "inferred": NOTES}
STARTER = """
import sys
from fund_pipeline.services.own_api import own_api
from fund_pipeline.settings import load_settings
with own_api(load_settings()) as api:
    print(api.url(), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def here(tmp_path: Path) -> Home:
    """A home that nothing needs: a sender is at another place than the service."""
    return Home(tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A list: an entry, its exit, and a signal of another strategy."""
    path = tmp_path / "list.json"
    path.write_text(json.dumps([ENTRY, EXIT, OTHER]))
    return path


def post(here: Home, file: Path, url: str, *options: str, **settings: str) -> Done:
    environment = {"SENDER_PASSPHRASE": SECRET} | settings
    return here.fund("signals", "post", str(file), "--url", url, "--no-wait", *options, **environment)


def lines(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_list_is_posted_in_order_and_each_signal_is_told_with_its_id_and_state(here: Home, file: Path) -> None:
    with scripted() as service:
        done = post(here, file, service.url, "--run-id", "r")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "3 of 3 accepted")
    assert [one["signalID"] for one in service.posted] == ["r-1", "r-2", "r-3"]
    assert [one.get("entry_signal_id") for one in service.posted] == [None, "sig-1", None]
    assert {one["passphrase"] for one in service.posted} == {SECRET}
    assert [line.split() for line in done.stdout.splitlines()[1:]] == [
        ["1/3", "ENTRY", "S1", "sig-1", "RECEIVED"],
        ["2/3", "EXIT", "S1", "sig-2", "RECEIVED"],
        ["3/3", "no", "type", "S2", "sig-3", "RECEIVED"],
    ]
    assert SECRET not in done.stdout + done.stderr


def test_a_signal_that_is_not_answered_is_posted_again_with_the_same_body(here: Home, file: Path) -> None:
    faults = (Reply(0), Reply(503, headers={"Retry-After": "0"}), Reply(429, headers={"Retry-After": "0"}))
    with scripted(*faults) as service:
        done = post(here, file, service.url, "--json")
    assert done.returncode == 0
    bodies = [one.body for one in service.asked]
    assert len(set(bodies[:4])) == 1
    assert len(set(bodies)) == 3
    assert [one["attempts"] for one in lines(done)] == [4, 1, 1]


def test_what_names_a_refused_entry_is_skipped_and_said_so(here: Home, file: Path) -> None:
    with scripted(Reply(422, REFUSED)) as service:
        done = post(here, file, service.url, "--json")
    assert done.returncode == 1
    first, second, third = lines(done)
    assert (first["outcome"], first["reason"], first["field"]) == ("REFUSED", "BAD_ID", "signalID")
    assert (first["message"], first["remedy"]) == ("no id", "send one")
    assert (second["outcome"], second["reason"]) == ("SKIPPED", "ENTRY_NOT_ACCEPTED")
    assert (third["outcome"], third["signal_id"]) == ("ACCEPTED", "sig-2")
    assert [one["strategy_name"] for one in service.posted] == ["S1", "S2"]


def test_a_refusal_says_why_and_what_to_do(here: Home, file: Path) -> None:
    with scripted(Reply(422, REFUSED)) as service:
        done = post(here, file, service.url)
    assert "why: BAD_ID, signalID: no id" in done.stdout
    assert "to fix: send one" in done.stdout
    assert "why: ENTRY_NOT_ACCEPTED, it names signal 1, which was not accepted" in done.stdout
    assert done.stderr.splitlines()[-1] == "1 of 3 accepted"


@pytest.mark.parametrize("strange", [Reply(200, b"<html>"), Reply(200, {"success": False}), Reply(302, [])])
def test_only_success_with_an_id_counts_as_accepted(here: Home, file: Path, strange: Reply) -> None:
    with scripted(strange) as service:
        done = post(here, file, service.url, "--json")
    assert done.returncode == 1
    assert [one["outcome"] for one in lines(done)] == ["REFUSED", "SKIPPED", "ACCEPTED"]


def test_after_a_signal_without_an_answer_nothing_is_posted_out_of_order(here: Home, file: Path) -> None:
    with scripted(Reply(503, headers={"Retry-After": "3600"})) as service:
        done = post(here, file, service.url, "--json", "--retry-seconds", "5")
    assert done.returncode == 1
    assert [one["reason"] for one in lines(done)] == ["NOT_ANSWERED", "NOT_REACHED", "NOT_REACHED"]
    assert len(service.asked) == 1


def test_a_service_that_is_not_there_is_said_so(here: Home, file: Path) -> None:
    with scripted() as gone:
        pass
    done = post(here, file, gone.url, "--retry-seconds", "0")
    assert done.returncode == 1
    assert "the service did not answer" in done.stdout


def test_each_signal_is_followed_until_it_has_been_read(here: Home, file: Path) -> None:
    waiting = [Reply(200, {"state": state}) for state in ("SPOOLED", "RECEIVED")]
    with scripted(gets=[*waiting, Reply(200, KEPT), Reply(200, READ), Reply(200, READ)]) as service:
        done = post(here, file, service.url, "--sender", "tess", "--json")
    assert done.returncode == 0
    first, second, third = lines(done)
    assert (first["state"], first["reason"], first["field"]) == ("QUARANTINED", "BAD_QUANTITY", "signal.quantity")
    assert first["remedy"] == "send a quantity above 0"
    assert (second["state"], second["inferred"]) == ("STANDARDISED", ["ORDER_TYPE_DEFAULT"])
    assert third["type"] == "EXIT"
    asked = [one for one in service.asked if one.method == "GET"]
    assert [one.path for one in asked] == [f"/api/v1/signals/sig-{number}" for number in (1, 1, 1, 2, 3)]
    expected = base64.b64encode(f"tess:{SECRET}".encode()).decode()
    assert {one.authorization for one in asked} == {f"Basic {expected}"}


def test_a_dry_run_posts_nothing_and_hides_the_passphrase(here: Home, tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text(json.dumps([ENTRY | {"passphrase": SECRET}, EXIT, OTHER | {"signal": {"Passphrase": SECRET}}]))
    with scripted() as service:
        done = post(here, file, service.url, "--dry-run", "--run-id", "r", "--json")
        shown = post(here, file, service.url, "--dry-run").stdout
    assert service.asked == []
    assert SECRET not in done.stdout + shown
    planned = lines(done)
    assert [one["payload"]["signalID"] for one in planned] == ["r-1", "r-2", "r-3"]
    assert [one["payload"]["passphrase"] for one in planned] == ["(hidden)"] * 3
    assert planned[1]["payload"]["entry_signal_id"] == "(id of signal 1)"
    assert [one["wait_seconds"] for one in planned] == [7, 7, 0]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://example.com:8000", "plain HTTP would show the passphrase"),
        ("http://127.0.0.1.example.com", "plain HTTP would show the passphrase"),
        ("http://192.0.2.7", "plain HTTP would show the passphrase"),
        ("ftp://127.0.0.1", "no address of a service"),
        ("127.0.0.1:8000", "no address of a service"),
        ("http://[::1", "no address of a service"),
        ("https://me:word@example.com", "more than scheme, host, port and path"),
    ],
)
def test_an_address_that_a_passphrase_must_not_go_to_is_refused(here: Home, file: Path, url: str, told: str) -> None:
    done = post(here, file, url)
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    assert [word for word in (SECRET, "me:word") if word in done.stdout + done.stderr] == []


def test_what_stays_on_this_machine_goes_through_no_proxy(here: Home, file: Path) -> None:
    with scripted() as proxy, scripted() as service:
        done = post(here, file, service.url, HTTP_PROXY=proxy.url, ALL_PROXY=proxy.url, NO_PROXY="")
    assert (done.returncode, proxy.asked) == (0, [])


def test_several_lists_have_ids_of_their_own(here: Home, file: Path) -> None:
    with scripted() as service:
        options = ("--no-wait", "--run-id", "r", "--passphrase-env", "PW")
        done = here.fund("signals", "post", str(file), str(file), "--url", service.url, *options, PW=SECRET)
    assert done.returncode == 0, done.stderr
    assert [one["signalID"] for one in service.posted] == ["r-1-1", "r-1-2", "r-1-3", "r-2-1", "r-2-2", "r-2-3"]


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "cannot be read"), ("{}", "JSON list"), ('[{"entry_signal_id": "$PREVIOUS"}]', "nothing before it")],
)
def test_a_list_that_cannot_be_played_posts_nothing(here: Home, file: Path, text: str | None, told: str) -> None:
    wrong = file.with_name("wrong.json")
    if text is not None:
        wrong.write_text(text)
    with scripted() as service:
        done = here.fund("signals", "post", str(file), str(wrong), "--url", service.url, SENDER_PASSPHRASE=SECRET)
    assert (done.returncode, told in done.stderr, service.asked) == (2, True, []), done.stderr
    assert "wrong.json" in done.stderr


def test_without_the_variable_of_the_passphrase_nothing_is_posted(here: Home, file: Path) -> None:
    with scripted() as service:
        done = post(here, file, service.url, SENDER_PASSPHRASE="")
    assert (done.returncode, service.asked) == (2, [])
    assert "SENDER_PASSPHRASE is not set" in done.stderr


def test_what_a_service_answers_cannot_steer_the_terminal(here: Home, file: Path) -> None:
    with scripted(Reply(422, REFUSED | {"message": "\x1b[2J[red]gone"})) as service:
        done = post(here, file, service.url)
    assert "\\x1b[2J[red]gone" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_waits_of_a_list_are_kept_at_the_speed_asked_for(
    here: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("fund_pipeline.cli.posting.time.sleep", waited.append)
    with scripted() as service:
        arguments = ("signals", "post", str(file), "--url", service.url, "--speed", "0.01")
        assert here.fund(*arguments, SENDER_PASSPHRASE=SECRET).returncode == 0
    assert [round(seconds, -1) for seconds in waited] == [700, 700]


def test_every_sample_list_can_be_planned(here: Home) -> None:
    files = [str(path) for path in sorted((ROOT / "data" / "signals").glob("*.json"))]
    done = here.fund("signals", "post", *files, "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    assert {one["file"] for one in lines(done)} == set(files)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, str]]:
    """A home with a sender, and its real API, started by a process that is killed in the end and leaves nothing."""
    home = Home(tmp_path_factory.mktemp("posting") / "home")
    for arguments in (
        ("ledger", "upgrade"),
        ("registry", "import", str(ROOT / "data" / "registry.yaml")),
        ("senders", "add", "tess", "--strategy", "XS_Reversal5", "--passphrase-env", "PW"),
    ):
        done = home.fund(*arguments, PW=SECRET)
        assert done.returncode == 0, done.stderr
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        env=home.environment(),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    try:
        yield home, starter.stdout.readline().strip()
    finally:
        started = psutil.Process(starter.pid).children(recursive=True)
        starter.kill()
        starter.communicate()
    assert len(started) == 2
    assert psutil.wait_procs(started, timeout=30)[1] == [], "the API outlived who started it"


def test_the_real_service_accepts_and_reads_a_sample_list(running: tuple[Home, str]) -> None:
    home, url = running
    file = ROOT / "data" / "signals" / "entry_and_exit.json"
    done = post(home, file, url, "--sender", "tess", "--json")
    assert done.returncode == 0, done.stdout
    told = lines(done)
    assert [(one["type"], one["state"]) for one in told] == [("ENTRY", "STANDARDISED"), ("EXIT", "STANDARDISED")]
    assert "ENVIRONMENT_DEFAULT" in told[0]["inferred"]
    stored = {one["signal_id"]: one for one in json.loads(home.fund("signals", "list", "--json").stdout)}
    assert {one["signal_id"] for one in told} <= set(stored)
    assert stored[told[1]["signal_id"]]["reference"] == told[0]["signal_id"]


def test_the_real_service_says_why_it_refuses_a_signal(running: tuple[Home, str], file: Path) -> None:
    home, url = running
    wrong = lines(post(home, file, url, "--json"))
    assert [one["reason"] for one in wrong] == ["NOT_ALLOWED", "ENTRY_NOT_ACCEPTED", "NOT_ALLOWED"]
    stranger = lines(post(home, file, url, "--json", SENDER_PASSPHRASE="a passphrase of nobody's"))
    assert stranger[0]["reason"] == "NOT_ACCEPTED"


def test_a_quarantined_signal_is_told_with_what_to_do(running: tuple[Home, str], tmp_path: Path) -> None:
    home, url = running
    file = tmp_path / "list.json"
    order = {"ticker": "AAPL", "action": "BUY", "quantity": 0}
    file.write_text(json.dumps([{"strategy_name": "XS_Reversal5", "signal_type": "ENTRY", "signal": order}]))
    done = post(home, file, url, "--sender", "tess")
    assert done.returncode == 0, done.stdout
    assert "QUARANTINED" in done.stdout
    assert "to fix: send a quantity above 0" in done.stdout
