"""The database's own refusal to change what was audited.

A table that Alembic rebuilds on SQLite (a batch operation) loses its triggers: a migration that does so to `audit` or
`audit_head` drops them first and creates them again.
"""

from alembic import op

APPEND_ONLY = "the audit log is append-only"
NEXT = "an audit row continues the chain by one"
NEWEST = "(SELECT coalesce(max(sequence), 0) FROM audit)"
FORWARD = "the head of the audit log moves forward only"

SQLITE = {
    "audit_no_update": f"BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END",
    "audit_no_delete": f"BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END",
    "audit_next": f"BEFORE INSERT ON audit WHEN NEW.sequence IS NOT {NEWEST} + 1 "
    f"BEGIN SELECT RAISE(ABORT, '{NEXT}'); END",
    "audit_head_no_delete": f"BEFORE DELETE ON audit_head BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END",
    "audit_head_forward": "BEFORE UPDATE ON audit_head WHEN NEW.sequence <= OLD.sequence "
    f"BEGIN SELECT RAISE(ABORT, '{FORWARD}'); END",
}

POSTGRESQL = {
    "audit_no_change": (
        "BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT",
        f"RAISE EXCEPTION '{APPEND_ONLY}';",
    ),
    "audit_next": (
        "BEFORE INSERT ON audit FOR EACH ROW",
        f"IF NEW.sequence <> {NEWEST} + 1 THEN RAISE EXCEPTION '{NEXT}'; END IF; RETURN NEW;",
    ),
    "audit_head_no_delete": (
        "BEFORE DELETE OR TRUNCATE ON audit_head FOR EACH STATEMENT",
        f"RAISE EXCEPTION '{APPEND_ONLY}';",
    ),
    "audit_head_forward": (
        "BEFORE UPDATE ON audit_head FOR EACH ROW",
        f"IF NEW.sequence <= OLD.sequence THEN RAISE EXCEPTION '{FORWARD}'; END IF; RETURN NEW;",
    ),
}


def create_triggers() -> None:
    """Put the triggers on `audit` and `audit_head`."""
    if op.get_bind().dialect.name == "sqlite":
        for name, body in SQLITE.items():
            op.execute(f"CREATE TRIGGER {name} {body}")
        return
    for name, (when, body) in POSTGRESQL.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()")


def drop_triggers() -> None:
    """Take them off, with their functions."""
    if op.get_bind().dialect.name == "sqlite":
        for name in SQLITE:
            op.execute(f"DROP TRIGGER {name}")
        return
    for name, (when, _) in POSTGRESQL.items():
        table = when.split(" ON ")[1].split()[0]
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
