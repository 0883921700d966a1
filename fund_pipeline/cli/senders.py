"""`fund senders`: who may send signals, for which strategies, and how they write them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import InputError
from fund_pipeline.signals.options import DirectionMeans, DuplicatePolicy, QuantityMeans
from fund_pipeline.terms import Environment

if TYPE_CHECKING:
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.settings import Settings
    from fund_pipeline.signals.senders import Sender, Vault

app = typer.Typer(help="Who may send signals, and how they write them.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The sender: a-z, 0-9, dot, dash, underscore.")]
PassphraseEnv = Annotated[str, typer.Option(metavar="VAR", help="Environment variable that holds the passphrase.")]


@app.command("add")
def add(
    name: Name,
    strategy: Annotated[list[str], typer.Option(metavar="S", help="A strategy it may send for; repeat for more.")],
    passphrase_env: PassphraseEnv,
    environment: Annotated[
        Environment | None, typer.Option(help="Of signals that name none; this deployment's if not given.")
    ] = None,
    quantity_means: Annotated[QuantityMeans, typer.Option(help="What its `quantity` is.")] = QuantityMeans.UNITS,
    direction_means: Annotated[
        DirectionMeans, typer.Option(help="What its `direction` says; only ever a cross-check.")
    ] = DirectionMeans.UNKNOWN,
    duplicate_policy: Annotated[
        DuplicatePolicy, typer.Option(help="Whether its ids repeat with other content.")
    ] = DuplicatePolicy.IDS_UNIQUE,
    freshness_seconds: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="Greatest age of an entry at receipt.")
    ] = None,
    equity: Annotated[str | None, typer.Option(help="Its equity, where a signal states none, in its own unit.")] = None,
    network: Annotated[
        list[str] | None, typer.Option(metavar="CIDR", help="A network it must send from; repeat for more.")
    ] = None,
    hmac_secret_env: Annotated[
        str | None, typer.Option(metavar="VAR", help="Environment variable with the secret that it signs bodies with.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Register a sender. Its passphrase is kept as a hash only, and never shown."""
    from fund_pipeline.signals.options import SenderOptions
    from fund_pipeline.signals.senders import NewSender, add_sender

    given: dict[str, Any] = {
        "quantity_means": quantity_means,
        "direction_means": direction_means,
        "duplicate_policy": duplicate_policy,
        "freshness_seconds": freshness_seconds,
        "equity": equity,
        "strategies": strategy,
    }
    options = SenderOptions.from_values({key: value for key, value in given.items() if value is not None})
    passphrase = _secret(passphrase_env)
    secret = None if hmac_secret_env is None else _secret(hmac_secret_env)
    with _desk() as (settings, ledger, vault):
        where = environment or Environment(settings.environment)
        new = NewSender(name, where, options, tuple(network or ()), secret)
        sender = add_sender(ledger, new, passphrase, vault, person())
    _tell(sender, f"added {name}, who may send for {', '.join(sorted(options.strategies))}", as_json=as_json)


@app.command("rotate")
def rotate(
    name: Name,
    passphrase_env: PassphraseEnv,
    keep_hours: Annotated[
        float, typer.Option(min=0, max=24 * 365, help="Hours for which the former passphrase works too.")
    ] = 24.0,
    as_json: Json = False,
) -> None:
    """Give a sender another passphrase; the former one works for a while too."""
    from fund_pipeline.signals.senders import rotate_sender

    passphrase = _secret(passphrase_env)
    with _desk() as (_, ledger, vault):
        until = rotate_sender(ledger, name, passphrase, vault, person(), timedelta(hours=keep_hours))
    if as_json:
        print_json({"sender": name, "former_until": until})
    else:
        typer.echo(f"{name} has a new passphrase; the former one works until {until:%Y-%m-%d %H:%M}Z")


@app.command("disable")
def disable(name: Name, as_json: Json = False) -> None:
    """Accept nothing more of a sender, from the next request on."""
    from fund_pipeline.signals.senders import disable_sender, get_sender

    with ledger_of(start()) as ledger:
        disable_sender(ledger, name, person())
        sender = get_sender(ledger, name)
    _tell(sender, f"disabled {name}", as_json=as_json)


@app.command("enable")
def enable(name: Name, as_json: Json = False) -> None:
    """Accept a sender's signals again."""
    from fund_pipeline.signals.senders import enable_sender, get_sender

    with ledger_of(start()) as ledger:
        enable_sender(ledger, name, person())
        sender = get_sender(ledger, name)
    _tell(sender, f"enabled {name}", as_json=as_json)


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """List the senders. Nothing secret is shown."""
    from fund_pipeline.signals.senders import list_senders

    with ledger_of(start()) as ledger:
        senders = list_senders(ledger)
    if as_json:
        print_json([_values(sender) for sender in senders])
        return
    shown = table(
        "Senders", "sender", "status<", "environment<", "strategies<", "quantity is<", "ids<", "from<", "signs<"
    )
    for sender in senders:
        options = sender.options
        shown.add_row(
            sender.sender_id,
            sender.status.value,
            sender.environment.value,
            ", ".join(sorted(options.strategies)),
            options.quantity_means.value,
            "repeat" if options.duplicate_policy is DuplicatePolicy.IDS_REPEAT else "unique",
            ", ".join(sender.allowed_networks) or "anywhere",
            "yes" if sender.is_signed else "no",
        )
    console().print(shown)


@contextmanager
def _desk() -> Iterator[tuple[Settings, Ledger, Vault]]:
    from fund_pipeline.signals.senders import Vault

    settings = start()
    with ledger_of(settings) as ledger:
        yield settings, ledger, Vault.of(settings, ledger)


def _secret(variable: str) -> str:
    """From the environment; never from the arguments, which every process can read."""
    if not (given := os.environ.get(variable)):
        raise InputError(f"the environment variable {variable} is not set", remedy="set it to the secret")
    return given


def _tell(sender: Sender, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_values(sender))
    else:
        typer.echo(words)


def _values(sender: Sender) -> dict[str, Any]:
    return asdict(sender) | {"options": sender.options.as_values()}
