"""`fund senders`: who may send signals, for which strategies, and how they write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli import sender_options as can
from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import InputError
from fund_pipeline.signals.options import DuplicatePolicy
from fund_pipeline.terms import Environment

if TYPE_CHECKING:
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.settings import Settings
    from fund_pipeline.signals.senders import Sender, Vault

app = typer.Typer(help="Who may send signals, and how they write them.", no_args_is_help=True)


@app.command("add")
def add(
    name: can.Name,
    strategy: Annotated[list[str], can.STRATEGY],
    passphrase_env: can.PassphraseEnv,
    environment: can.EnvironmentOf = None,
    quantity_means: can.QuantityIs = None,
    direction_means: can.DirectionIs = None,
    duplicate_policy: can.Duplicates = None,
    freshness_seconds: can.Freshness = None,
    equity: can.Equity = None,
    network: can.Network = None,
    hmac_secret_env: can.HmacSecretEnv = None,
    title: can.Title = None,
    as_json: Json = False,
) -> None:
    """Register a sender. Its passphrase is kept as a hash only, and never shown.

    Unless told otherwise it sends for this deployment's environment, its quantities are units and its ids unique.
    """
    from fund_pipeline.signals.options import SenderOptions
    from fund_pipeline.signals.senders import NewSender, add_sender

    options = SenderOptions.from_values(
        can.given_options(quantity_means, direction_means, duplicate_policy, freshness_seconds, equity, strategy)
    )
    passphrase, secret = can.secret_in(passphrase_env) or "", can.secret_in(hmac_secret_env)
    with _desk() as (settings, ledger, vault):
        where = environment or Environment(settings.environment)
        new = NewSender(name, where, options, tuple(network or ()), secret, title or "")
        sender = add_sender(ledger, new, passphrase, vault, person())
    _tell(sender, f"added {name}, who may send for {', '.join(sorted(options.strategies))}", as_json=as_json)


@app.command("set")
def set_command(
    name: can.Name,
    strategy: Annotated[list[str] | None, can.STRATEGY] = None,
    add_strategy: can.AddStrategy = None,
    remove_strategy: can.RemoveStrategy = None,
    environment: can.EnvironmentOf = None,
    quantity_means: can.QuantityIs = None,
    direction_means: can.DirectionIs = None,
    duplicate_policy: can.Duplicates = None,
    freshness_seconds: can.Freshness = None,
    equity: can.Equity = None,
    no_equity: Annotated[bool, typer.Option("--no-equity", help="A signal must state its equity.")] = False,
    network: can.Network = None,
    anywhere: Annotated[bool, typer.Option("--anywhere", help="It may send from any network.")] = False,
    hmac_secret_env: can.HmacSecretEnv = None,
    no_hmac: Annotated[bool, typer.Option("--no-hmac", help="It need not sign its bodies.")] = False,
    title: can.Title = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Change what is given of a sender, from the next request on; the rest stays. `--strategy` replaces all of them."""
    from fund_pipeline.signals.senders import SenderChange, change_sender

    _refuse_both(("--equity", equity is not None), ("--no-equity", no_equity))
    _refuse_both(("--network", bool(network)), ("--anywhere", anywhere))
    _refuse_both(("--hmac-secret-env", hmac_secret_env is not None), ("--no-hmac", no_hmac))
    options = can.given_options(quantity_means, direction_means, duplicate_policy, freshness_seconds, equity, strategy)
    change = SenderChange(
        name=title,
        environment=environment,
        options=options | ({"equity": None} if no_equity else {}),
        more_strategies=tuple(add_strategy or ()),
        fewer_strategies=tuple(remove_strategy or ()),
        allowed_networks=() if anywhere else tuple(network) if network else None,
        hmac_secret=can.secret_in(hmac_secret_env),
        is_unsigned=no_hmac,
    )
    with _desk() as (_, ledger, vault):
        changed = change_sender(ledger, name, change, vault, person(), dry_run=dry_run)
    if as_json:
        print_json(_values(changed.after) | {"changed": changed.fields, "dry_run": dry_run})
        return
    if not changed.fields:
        typer.echo(f"{name} already was so")
        return
    shown = table(f"{'would change' if dry_run else 'changed'} {name}", "field", "before<", "after<")
    for field, values in changed.fields.items():
        shown.add_row(field, *(_cell(values[when]) for when in ("before", "after")))
    console().print(shown)


@app.command("rotate")
def rotate(
    name: can.Name,
    passphrase_env: can.PassphraseEnv,
    keep_hours: Annotated[
        float, typer.Option(min=0, max=24 * 365, help="Hours for which the former passphrase works too.")
    ] = 24.0,
    as_json: Json = False,
) -> None:
    """Give a sender another passphrase; the former one works for a while too."""
    from fund_pipeline.signals.senders import rotate_sender

    passphrase = can.secret_in(passphrase_env) or ""
    with _desk() as (_, ledger, vault):
        until = rotate_sender(ledger, name, passphrase, vault, person(), timedelta(hours=keep_hours))
    if as_json:
        print_json({"sender": name, "former_until": until})
    else:
        typer.echo(f"{name} has a new passphrase; the former one works until {until:%Y-%m-%d %H:%M}Z")


@app.command("disable")
def disable(name: can.Name, as_json: Json = False) -> None:
    """Accept nothing more of a sender, from the next request on."""
    from fund_pipeline.signals.senders import disable_sender, get_sender

    with ledger_of(start()) as ledger:
        disable_sender(ledger, name, person())
        sender = get_sender(ledger, name)
    _tell(sender, f"disabled {name}", as_json=as_json)


@app.command("enable")
def enable(name: can.Name, as_json: Json = False) -> None:
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


def _refuse_both(one: tuple[str, bool], other: tuple[str, bool]) -> None:
    if one[1] and other[1]:
        raise InputError(f"{one[0]} and {other[0]} contradict each other", remedy="give one of them")


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _tell(sender: Sender, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_values(sender))
    else:
        typer.echo(words)


def _values(sender: Sender) -> dict[str, Any]:
    return asdict(sender) | {"options": sender.options.as_values()}
