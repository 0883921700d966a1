"""A ledger on PostgreSQL that has been in use for years: signals, decisions, orders, fills, positions, in bulk.

Rows are made by the database itself, which is the only way to have a million of them in a minute. Each is what the
product would have stored, but for figures and payloads, which are short.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import text

from fund_pipeline.execution.brokers.paper.store import to_text
from fund_pipeline.ledger import Ledger

HELD = 100
"""Instruments that the strategy under test holds."""

TRADED_SHARE = 5
"""Every fifth signal was traded; the others were refused."""

OTHERS, SYMBOLS = 1000, 5000
"""Other strategies, and the symbols of all of them: each of the others holds a hundred."""

MOMENT = "timestamptz '2025-01-01 15:00Z' + n * interval '10 seconds'"
MIXED = "md5(n::text)"
KEY = f"'sig-' || {MIXED}"
TRADED = f"n % {TRADED_SHARE} = 0"
MINE = f"(n / {TRADED_SHARE}) % 4 = 0"
STRATEGY = f"CASE WHEN {MINE} THEN 'S1' ELSE 'X' || (n / {TRADED_SHARE}) % {OTHERS} END"


def symbol(number: str) -> str:
    """SQL for the symbol of a number: five letters at most, as the instrument master knows stocks."""
    letters = [f"chr(65 + (({number}) / {26**power}) % 26)" for power in (2, 1, 0)]
    return f"'STOCK:Q' || {' || '.join(letters)}"


SYMBOL = symbol(
    f"CASE WHEN {MINE} THEN (n / {TRADED_SHARE} / 4) % {HELD} ELSE (n / {TRADED_SHARE} * 7) % {SYMBOLS} END"
)
IS_OPEN = f"({MINE} AND n > :signals - {HELD * 4 * TRADED_SHARE})"
"""The newest entry in each of the strategy's instruments is what it holds; all before are closed."""

STATEMENTS = (
    f"""INSERT INTO raw_signals SELECT {KEY}, 'tess', {STRATEGY}, {MIXED}, {MIXED} || {MIXED}, {MIXED} || {MIXED},
        repeat('x', 300), '{{}}'::jsonb, 'webhook', {MOMENT}, 'r', false FROM generate_series(1, :signals) AS n""",
    f"""INSERT INTO signals (signal_id, sender_id, strategy, sender_signal_id, state, received_at, updated_at, attempts,
        revision, type) SELECT {KEY}, 'tess', {STRATEGY}, {MIXED},
        CASE WHEN {TRADED} THEN 'DECIDED' ELSE 'REJECTED' END, {MOMENT}, {MOMENT}, 1, 3, 'ENTRY'
        FROM generate_series(1, :signals) AS n""",
    f"""INSERT INTO decisions (decision_id, signal_id, fund_id, strategy, kind, outcome, reason, figures, batch,
        decided_at, part, actions, follow_up) SELECT 'dec-' || {MIXED}, {KEY}, 'demo', {STRATEGY}, 'ENTRY', 'APPROVED',
        'SIZED', '{{}}'::jsonb, 'batch-' || n / 500, {MOMENT}, 0, '[]'::jsonb, false
        FROM generate_series(1, :signals) AS n WHERE {TRADED}""",
    f"""INSERT INTO orders (client_order_id, decision_id, signal_id, leg, account_id, fund_id, strategy, role, attempt,
        state, instrument_key, asset_class, side, planned_quantity, quantity, order_type, multiplier, currency,
        reference_price, reserved_margin, filled_quantity, average_price, waits_for, message, created_at, submitted_at,
        acknowledged_at, closed_at, updated_at, revision) SELECT 'fp' || {MIXED}, 'dec-' || {MIXED}, {KEY}, 0,
        'demo-paper', 'demo', {STRATEGY}, 'ENTRY', 1, 'FILLED', {SYMBOL}, 'STOCK', 'BUY', 1, 1, 'MARKET', 1, 'USD',
        1, 0, 1, 1, '[]'::jsonb, '', {MOMENT}, {MOMENT}, {MOMENT}, {MOMENT}, {MOMENT}, 4
        FROM generate_series(1, :signals) AS n WHERE {TRADED}""",
    f"""INSERT INTO executions (broker, broker_account, broker_execution_id, client_order_id, account_id, strategy,
        instrument_key, side, quantity, price, commission, commission_currency, multiplier, currency, executed_at,
        received_at, number) SELECT 'paper', 'demo-paper', 'E' || n, 'fp' || {MIXED}, 'demo-paper', {STRATEGY},
        {SYMBOL}, 'BUY', 1, 1, 0, 'USD', 1, 'USD', {MOMENT}, {MOMENT}, n
        FROM generate_series(1, :signals) AS n WHERE {TRADED}""",
    f"""INSERT INTO sender_entries (signal_id, leg, strategy, instrument_key, side, quantity, remaining, at)
        SELECT {KEY}, 0, {STRATEGY}, {SYMBOL}, 'BUY', 1, CASE WHEN {IS_OPEN} THEN 1 ELSE 0 END, {MOMENT}
        FROM generate_series(1, :signals) AS n WHERE {TRADED}""",
    f"""INSERT INTO positions (strategy, account_id, instrument_key, quantity, is_flat, cost, average_price,
        realised_pnl, commission, multiplier, currency, opened_by, updated_at,
        lots) SELECT 'S1', 'demo-paper', {SYMBOL}, 1,
        false, 1, 1, 0, 0, 1, 'USD', {KEY}, {MOMENT},
        jsonb_build_array(jsonb_build_array({KEY}, 0, '1')) FROM generate_series(1, :signals) AS n
        WHERE {TRADED} AND {IS_OPEN}""",
    f"""INSERT INTO positions (strategy, account_id, instrument_key, quantity, is_flat, cost, average_price,
        realised_pnl, commission, multiplier, currency, updated_at, lots) SELECT 'X' || n / {HELD}, 'demo-paper',
        {symbol(f"((n / {HELD}) * 5 + n % {HELD}) % {SYMBOLS}")}, 1, false, 1, 1, 0, 0, 1, 'USD',
        timestamptz '2025-01-01 15:00Z', '[[null, 0, "1"]]'::jsonb FROM generate_series({HELD}, :positions - 1) AS n""",
)

TOLD = (
    "execution_id, client_order_id, instrument_key, side, quantity, price, commission, commission_currency, "
    "multiplier, currency, executed_at"
)
NEWEST = """SELECT broker_execution_id, client_order_id, instrument_key, side, quantity::text, price::text,
    commission::text, commission_currency, multiplier::text, currency, executed_at FROM executions
    WHERE executed_at > (SELECT max(executed_at) - interval '2 days' FROM executions) ORDER BY number"""
"""What the broker is asked about again."""


def fill(ledger: Ledger, books: Path, signals: int, positions: int) -> None:
    """Store so many signals, and so many open positions, a hundred of them of S1; `books` are the paper broker's.

    The paper account must be there; it holds what all strategies together hold, and tells of the newest fills. At least
    2,000 signals.
    """
    values = {"signals": signals, "positions": positions}
    with ledger.writing() as connection:
        for statement in STATEMENTS:
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), named)
        held = connection.execute(text("SELECT instrument_key, sum(quantity) FROM positions GROUP BY 1")).all()
        fills = connection.execute(text(NEWEST)).all()
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    paper = sqlite3.connect(books)
    with paper:
        rows = [(key, "STOCK", str(int(quantity)), "1", "1", "USD") for key, quantity in held]
        paper.executemany("INSERT INTO positions VALUES (?, ?, ?, ?, ?, ?)", rows)
        told = [(*one[:-1], to_text(one[-1]), to_text(one[-1])) for one in fills]
        paper.executemany(f"INSERT INTO executions ({TOLD}, told_at) VALUES ({', '.join('?' * 12)})", told)
    paper.close()
