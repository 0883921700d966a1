"""The system of record: tables, migrations and the only SQL against them, on SQLite or PostgreSQL.

Open it with :func:`open_ledger`; every other module here holds the queries of one noun.
"""

from fund_pipeline.ledger.engine import Ledger, file_of, open_ledger

__all__ = ["Ledger", "file_of", "open_ledger"]
