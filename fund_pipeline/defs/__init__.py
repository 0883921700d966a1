"""Dagster only: what runs when, and what people see of it. Every body calls one room."""
