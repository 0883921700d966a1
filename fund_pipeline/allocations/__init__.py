"""From admitted backtests to a recommended allocation per fund: who takes part, under which limits, and why.

`service.recommend_for` is the nightly work, on the `service.read_basis` of all funds. Nothing is imported here: the
HTTP API takes what it needs without the engine's libraries.
"""
