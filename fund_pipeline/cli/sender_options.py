"""What can be said of a sender on the command line: one set of options for `fund senders add` and `set`."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from fund_pipeline.errors import InputError
from fund_pipeline.signals.options import DirectionMeans, DuplicatePolicy, QuantityMeans
from fund_pipeline.terms import Environment

Name = Annotated[str, typer.Argument(metavar="NAME", help="The sender: a-z, 0-9, dot, dash, underscore.")]
Title = Annotated[str | None, typer.Option("--name", help="What people call it.")]
PassphraseEnv = Annotated[str, typer.Option(metavar="VAR", help="Environment variable that holds the passphrase.")]

STRATEGY = typer.Option(metavar="S", help="A strategy it may send for; repeat for more.")
AddStrategy = Annotated[list[str] | None, typer.Option(metavar="S", help="One more strategy; repeat for more.")]
RemoveStrategy = Annotated[list[str] | None, typer.Option(metavar="S", help="One strategy less; repeat for more.")]

EnvironmentOf = Annotated[Environment | None, typer.Option("--environment", help="Of signals that name none.")]
QuantityIs = Annotated[QuantityMeans | None, typer.Option("--quantity-means", help="What its `quantity` is.")]
DirectionIs = Annotated[
    DirectionMeans | None,
    typer.Option("--direction-means", help="What its `direction` says; only ever a cross-check."),
]
Duplicates = Annotated[
    DuplicatePolicy | None, typer.Option("--duplicate-policy", help="Whether its ids repeat with other content.")
]
Freshness = Annotated[
    int | None,
    typer.Option("--freshness-seconds", "--freshness", metavar="SECONDS", help="Greatest age of an entry at receipt."),
]
Equity = Annotated[str | None, typer.Option(help="Its equity, where a signal states none, in its own unit.")]
Network = Annotated[
    list[str] | None, typer.Option(metavar="CIDR", help="A network it must send from; repeat for more.")
]
HmacSecretEnv = Annotated[
    str | None, typer.Option(metavar="VAR", help="Environment variable with the secret that it signs bodies with.")
]


def given_options(
    quantity_means: QuantityMeans | None,
    direction_means: DirectionMeans | None,
    duplicate_policy: DuplicatePolicy | None,
    freshness_seconds: int | None,
    equity: str | None,
    strategies: list[str] | None,
) -> dict[str, Any]:
    """Plain values of those that were given, for `SenderOptions.from_values`."""
    values: dict[str, Any] = {
        "quantity_means": quantity_means,
        "direction_means": direction_means,
        "duplicate_policy": duplicate_policy,
        "freshness_seconds": freshness_seconds,
        "equity": equity,
        "strategies": strategies or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def secret_in(variable: str | None) -> str | None:
    """A secret from the environment, never from the arguments, which every process can read. InputError if not set."""
    if variable is None:
        return None
    if not (given := os.environ.get(variable)):
        raise InputError(f"the environment variable {variable} is not set", remedy="set it to the secret")
    return given
