"""A young history says which crises it has not met."""

from __future__ import annotations

from datetime import date, timedelta

from fund_pipeline.cerebro.crises import CRISES, hidden_crises


def test_a_history_from_before_2008_hides_nothing() -> None:
    assert hidden_crises(date(2008, 1, 2), date(2022, 12, 28)) == ()


def test_a_history_from_2015_hides_2008_and_2011() -> None:
    assert hidden_crises(date(2015, 1, 2)) == ("2008 financial crisis", "2011 euro debt crisis")


def test_a_history_that_begins_inside_a_crisis_hides_it() -> None:
    assert "2020 Covid crash" in hidden_crises(date(2020, 3, 1))


def test_a_history_that_ended_before_a_crisis_hides_it() -> None:
    assert hidden_crises(date(2008, 1, 2), date(2019, 1, 1)) == ("2020 Covid crash", "2022 rate shock")


def test_a_later_start_never_hides_fewer_crises() -> None:
    counts = [len(hidden_crises(date(2007, 1, 1) + timedelta(days=30 * month))) for month in range(200)]
    assert counts == sorted(counts)
    assert counts[-1] == len(CRISES)
