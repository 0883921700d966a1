"""Cerebro decides. Pure functions, values in, values out: no files, no clock, no SQL, no Dagster.

Nothing is imported here: sizing, on the signal path, does without the arrays and the optimiser of the rest.
"""
