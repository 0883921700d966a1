"""What the benchmarks compare is comparable, and what they publish is what they measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cvar.measure import Measurement, Peer, Promise
from benchmarks.cvar.page import BEGIN, END, FIGURES, PAGE, PLOT, publish, render
from benchmarks.cvar.peers import by_highs, by_pyportfolioopt, by_skfolio
from benchmarks.cvar.problems import generate, limit_of, pose
from benchmarks.cvar.real import PRICES, closes, returns_of_rules, rule_returns
from benchmarks.cvar.store import load, record_of, save
from fund_pipeline.cerebro.allocation import solve

ROWS = (
    Measurement(
        "10x2@50%",
        "10×2, L = 50 %",
        "2",
        seconds=0.002,
        peers=(Peer("PyPortfolioOpt", 0.5, 3e-8), Peer("skfolio", 1.5, 2e-6, scaled_from=5)),
        reached=250.0,
        promise=Promise(150, 500, "×"),
        cells=20,
    ),
    Measurement("memory", "peak memory", "", None, reached=4.5, promise=Promise(4, None, "× the matrix", True)),
)


@pytest.mark.parametrize("peer", [by_pyportfolioopt, by_skfolio, by_highs])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_every_peer_solves_the_same_problem(peer, share: float) -> None:
    """To what the peers' own tolerances allow on a small problem."""
    values = generate(300, 8)
    limit = limit_of(values, share)
    assert peer(values, limit) == pytest.approx(solve(pose(values, limit)).expected_return_annual, rel=1e-5)


def test_a_rule_knows_nothing_of_the_day_it_earns() -> None:
    prices = closes()[:400]
    changed = prices.copy()
    changed[300:] *= np.random.default_rng(1).uniform(0.5, 2.0, changed[300:].shape)
    before, after = returns_of_rules(prices), returns_of_rules(changed)
    # The return of day 300 is of its close, so that it may differ; the position that earns it may not.
    known = 300 - 1 - (len(prices) - 1 - len(before))
    assert np.array_equal(before[:known], after[:known])
    assert not np.array_equal(before[known:], after[known:])
    daily = (prices[300] / prices[299] - 1.0, changed[300] / changed[299] - 1.0)
    count = prices.shape[1]
    for rule in range(before.shape[1] // count):
        one, other = (matrix[known, rule * count : (rule + 1) * count] for matrix in (before, after))
        # Where a rule is long or short by n with a cost of c: n·r₁ − c and n·r₂ − c.
        size = (one - other) / (daily[0] - daily[1])
        np.testing.assert_allclose(size, np.round(size), atol=1e-9)


def test_the_rules_run_on_every_day_of_the_real_prices() -> None:
    returns = rule_returns()
    assert PRICES.is_dir()
    assert np.isfinite(returns).all()
    assert returns.shape[0] > 4000
    assert returns.shape[1] > 300
    assert len({column.tobytes() for column in returns.T}) == returns.shape[1]


@pytest.mark.parametrize(("reached", "verdict"), [(149.0, "NOT REACHED"), (150.0, "reached"), (500.0, "aim reached")])
def test_a_promise_of_at_least_is_judged_by_its_bounds(reached: float, verdict: str) -> None:
    assert Promise(150, 500, "×").verdict(reached) == verdict


@pytest.mark.parametrize(("reached", "verdict"), [(61.0, "NOT REACHED"), (60.0, "reached"), (15.0, "aim reached")])
def test_a_promise_of_at_most_is_judged_the_other_way_round(reached: float, verdict: str) -> None:
    assert Promise(60, 15, " solves", fewer_is_better=True).verdict(reached) == verdict


def test_figures_that_were_kept_are_read_back_as_they_were(tmp_path: Path) -> None:
    record = record_of(ROWS)
    save(record, tmp_path / FIGURES)
    assert load(tmp_path / FIGURES) == record


def test_a_page_is_written_between_its_markers_and_again_without_a_change(tmp_path: Path) -> None:
    page = tmp_path / PAGE
    page.write_text(f"before\n\n{BEGIN}\nold figures\n{END}\n\nafter\n")
    publish(record_of(ROWS), tmp_path)
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old figures" not in written
    assert "| 10×2, L = 50 % | 2 | 2 ms | 500 ms (250×) | 1.5 s (750×) †5 | – | at least 150×, aim 500× |" in written
    assert "4.5× the matrix: NOT REACHED" in written
    assert "skfolio 2e-06; not all are within 1e-06" in written
    assert (tmp_path / PLOT).read_bytes().startswith(b"\x89PNG")
    render(tmp_path)
    assert page.read_text() == written


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / PAGE).write_text("a page\n")
    with pytest.raises(ValueError, match="no place for measurements"):
        publish(record_of(ROWS), tmp_path)
    assert (tmp_path / PAGE).read_text() == "a page\n"
