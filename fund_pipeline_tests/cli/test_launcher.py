"""`fund launcher` where there is no warm process."""

from __future__ import annotations

from fund_pipeline_tests.homes import Home


def test_without_a_warm_process_it_says_who_starts_runs_and_how_to_have_one(home: Home) -> None:
    said = home.fund("launcher")
    assert said.returncode == 0, said.stderr
    assert "the stock launcher starts every run" in said.stdout
    assert "`fund up` has one" in said.stdout
