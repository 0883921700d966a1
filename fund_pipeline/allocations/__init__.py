"""From admitted backtests to a recommended allocation per fund: who takes part, under which limits, and why.

`recommend_for` is the nightly work, on the `read_basis` of all funds; `accept_backtest_dates` is a person's word on
flagged dates.
"""

from fund_pipeline.allocations.acceptance import accept_backtest_dates
from fund_pipeline.allocations.recommend import Recommendation
from fund_pipeline.allocations.service import Basis, FundOutcome, read_basis, recommend_for

__all__ = ["Basis", "FundOutcome", "Recommendation", "accept_backtest_dates", "read_basis", "recommend_for"]
