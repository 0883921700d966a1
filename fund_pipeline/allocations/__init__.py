"""From admitted backtests to a recommended allocation per fund: who takes part, under which limits, and why.

`recommend_for_all` is the nightly work; `accept_backtest_dates` is a person's word on flagged dates.
"""

from fund_pipeline.allocations.acceptance import accept_backtest_dates
from fund_pipeline.allocations.recommend import Recommendation
from fund_pipeline.allocations.service import FundOutcome, recommend_for_all

__all__ = ["FundOutcome", "Recommendation", "accept_backtest_dates", "recommend_for_all"]
