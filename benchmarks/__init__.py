"""Measurements of the speeds this product promises, each a script that prints a ratio taken in one run."""
