"""Code location `research`: backtests, risk and allocation. Heavy imports are welcome here."""
