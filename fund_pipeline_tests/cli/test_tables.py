import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from fund_pipeline.cli.tables import console, headed, table
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.allocations import record_recommendation
from fund_pipeline.ledger.approvals import put_in_force
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.settings import Settings
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.samples import ACT, FUND, allocation, approval_of, run, strategy

ODD = [
    "[/x]",
    "[/]",
    "[red]x",
    "[bold]x[/bold]",
    ":smile:",
    "[link=https://example.com]here[/link]",
    "\\[x]",
    "[@click=f]",
]


def printed(thing: object) -> str:
    """What a terminal would get, with its colours."""
    file = io.StringIO()
    terminal = Console(file=file, force_terminal=True, color_system="truecolor", width=200)
    terminal.print(thing)
    return file.getvalue()


@pytest.mark.parametrize("odd", ODD)
def test_cells_headers_and_titles_are_shown_as_they_are(odd: str) -> None:
    made = table(odd, odd, f"{odd}<")
    made.add_row(odd, odd, style="bold")
    assert printed(made).count(odd) == 5


@pytest.mark.parametrize("odd", ODD)
def test_a_printed_line_is_shown_as_it_is(odd: str, capsys: pytest.CaptureFixture[str]) -> None:
    console().print(f"note: {odd}")
    console().print(headed(odd, odd))
    assert capsys.readouterr().out == f"note: {odd}\n{odd}{odd}\n"


def test_what_would_steer_a_terminal_is_spelt_out() -> None:
    made = table("a\x1b[31m", "b\x07")
    made.add_row("c\x1b]0;owned\x07", "d\u202e\ud800")
    told = printed(made)
    for text in ("a\\x1b[31m", "b\\x07", "c\\x1b]0;owned\\x07", "d\\u202e\\ud800"):
        assert text in told
    assert "\x1b[31m" not in told


@given(st.text())
def test_any_text_can_be_a_cell_a_header_and_a_title(text: str) -> None:
    made = table(text, text)
    made.add_row(text)
    assert printed(made).encode()


def test_a_user_with_markup_for_a_name_is_listed(home: Home) -> None:
    named = ("--name", "[/x] [red]Ada")
    done = home.fund(
        "users", "add", "ada", "--role", "admin", *named, "--password-env", "PW", PW="correct horse battery"
    )
    assert done.returncode == 0, done.stderr
    listed = home.fund("users", "list")
    assert listed.returncode == 0, listed.stderr
    assert "[/x] [red]Ada" in listed.stdout


def test_a_decision_with_markup_in_its_note_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path, {"FUND_AUDIT_KEY": AUDIT_KEY})
    assert home.fund("ledger", "upgrade").returncode == 0
    ledger = open_ledger(Settings(home=tmp_path, _env_file=None).ledger_url)
    put_fund(ledger, FUND, ACT)
    put_strategy(ledger, strategy("A"), ACT)
    recommended = allocation(run("inputs"), A="0.1")
    record_recommendation(ledger, run("inputs"), recommended, ACT)
    put_in_force(ledger, recommended, approval_of(recommended, note="seen [/x] and [red]y"), ACT)
    ledger.close()
    done = home.fund("allocations", "history")
    assert done.returncode == 0, done.stderr
    assert "seen [/x] and [red]y" in " ".join(done.stdout.split())
