"""Decisions: what is done about each standardised signal, from the facts of that moment."""
