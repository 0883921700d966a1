"""`fund users`: who may act, and what they prove it with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import InputError
from fund_pipeline.ledger.user_model import UserRole

if TYPE_CHECKING:
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.users import Security

app = typer.Typer(help="Who may act: accounts, one-time codes, recovery codes.", no_args_is_help=True)
UserId = Annotated[str, typer.Argument(metavar="USER", help="User id: a-z, 0-9, dot, dash, underscore.")]
PasswordEnv = Annotated[
    str | None, typer.Option(metavar="VAR", help="Environment variable that holds the password; else it is asked for.")
]


@app.command("add")
def add(
    user_id: UserId,
    role: Annotated[UserRole, typer.Option(case_sensitive=False, help="What the user may do.")],
    name: Annotated[str | None, typer.Option(help="The person's name; the id if not given.")] = None,
    password_env: PasswordEnv = None,
    as_json: Json = False,
) -> None:
    """Add a user; show the QR code for an authenticator app, and ten recovery codes, this once."""
    from fund_pipeline.users import add_user, enrol_totp, new_recovery_codes

    with _desk() as (ledger, security):
        act = person()
        add_user(ledger, user_id, name or user_id, role, act, password=_password(password_env))
        uri = enrol_totp(ledger, user_id, security.box, act)
        codes = new_recovery_codes(ledger, user_id, security.box, act)
    _show_once(user_id, uri, codes, as_json=as_json)


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """List the users. Nothing secret is shown."""
    from fund_pipeline.users import list_users

    with ledger_of(start()) as ledger:
        users = list_users(ledger)
    if as_json:
        print_json([asdict(user) for user in users])
        return
    now = utc_now()
    shown = table("Users", "user", "name<", "role<", "status<", "codes<", "recovery codes", "locked until<")
    for user in users:
        locked = user.locked_until
        until = f"{locked:%Y-%m-%d %H:%M:%S}Z" if locked is not None and locked > now else "–"
        enrolled = "enrolled" if user.is_enrolled else "not enrolled"
        status = user.status.value + (" (demo)" if user.is_demo else "")
        shown.add_row(user.user_id, user.name, user.role.value, status, enrolled, str(user.recovery_codes), until)
    console().print(shown)


@app.command("disable")
def disable(user_id: UserId) -> None:
    """Keep a user from acting from now on."""
    from fund_pipeline.users import disable_user

    with ledger_of(start()) as ledger:
        disable_user(ledger, user_id, person())
    typer.echo(f"disabled {user_id}")


@app.command("enable")
def enable(user_id: UserId) -> None:
    """Let a disabled or locked user act again."""
    from fund_pipeline.users import enable_user

    with ledger_of(start()) as ledger:
        enable_user(ledger, user_id, person())
    typer.echo(f"enabled {user_id}")


@app.command("set-password")
def set_password_command(user_id: UserId, password_env: PasswordEnv = None) -> None:
    """Give a user another password."""
    from fund_pipeline.users import get_user, set_password

    with ledger_of(start()) as ledger:
        get_user(ledger, user_id)
        set_password(ledger, user_id, _password(password_env), person())
    typer.echo(f"changed the password of {user_id}")


@app.command("reset-totp")
def reset_totp_command(user_id: UserId, as_json: Json = False) -> None:
    """Replace the secret of a lost phone; show the new QR code this once. Recovery codes stay."""
    from fund_pipeline.users import reset_totp

    with _desk() as (ledger, security):
        uri = reset_totp(ledger, user_id, security.box, person())
    _show_once(user_id, uri, (), as_json=as_json)


@app.command("recovery-codes")
def recovery_codes(user_id: UserId, as_json: Json = False) -> None:
    """Make ten new recovery codes and show them this once. The ones before stop working."""
    from fund_pipeline.users import new_recovery_codes

    with _desk() as (ledger, security):
        codes = new_recovery_codes(ledger, user_id, security.box, person())
    _show_once(user_id, None, codes, as_json=as_json)


@app.command("verify")
def verify(user_id: UserId, as_json: Json = False) -> None:
    """Ask for a code and tell whether it would be accepted, without using it up. Exit code 1 if not.

    It is read from standard input. Failures count towards the lock as everywhere.
    """
    from fund_pipeline.users import verify_code

    code = typer.prompt("Code", err=True)
    with _desk() as (ledger, security):
        found = verify_code(
            ledger, user_id, code, utc_now(), security, admin_only=False, purpose="fund users verify", consume=False
        )
    if as_json:
        print_json({"accepted": found.accepted, "verdict": found.verdict, "remedy": found.verdict.remedy})
    elif found.accepted:
        typer.echo("it would be accepted")
    else:
        typer.echo(f"{found.verdict.value}: {found.verdict.remedy}")
    if not found.accepted:
        raise typer.Exit(1)


@app.command("rotate-key")
def rotate_key() -> None:
    """Encrypt every secret again under the newest key of FUND_SECRETS_KEY."""
    from fund_pipeline.users import rotate_secrets_key

    with _desk() as (ledger, security):
        sealed = rotate_secrets_key(ledger, security.box, person())
    typer.echo(f"encrypted {sealed} secret(s) again; recovery codes need the old key until they are made anew")


@contextmanager
def _desk() -> Iterator[tuple[Ledger, Security]]:
    from fund_pipeline.users import Security

    settings = start()
    with ledger_of(settings) as ledger:
        yield ledger, Security.of(settings, ledger)


def _password(variable: str | None) -> str:
    """A password from the environment or typed unseen; never from the arguments, which every process can read."""
    if variable is not None:
        if not (given := os.environ.get(variable)):
            raise InputError(f"the environment variable {variable} is not set", remedy="set it to the password")
        return given
    if not sys.stdin.isatty():
        raise InputError(
            "there is no terminal to ask for the password on", remedy="name a variable with --password-env VAR"
        )
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _show_once(user_id: str, uri: str | None, codes: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"user_id": user_id, "otpauth_uri": uri, "recovery_codes": codes})
        return
    if uri is not None:
        import segno

        typer.echo(f"Scan this with an authenticator app. It is not shown again.\n\n{uri}\n")
        segno.make(uri, micro=False).terminal(out=sys.stdout, compact=True)
        typer.echo(f"\nThen try it: fund users verify {user_id}")
    if codes:
        typer.echo(
            "\nRecovery codes: each works once in place of a code. Keep them on paper; they are not shown again."
        )
        typer.echo("\n".join(f"  {code}" for code in codes))
