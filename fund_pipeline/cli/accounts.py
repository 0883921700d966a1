"""`fund accounts`: where the funds' money is, and which strategies may use it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import InputError
from fund_pipeline.terms import AssetClass

if TYPE_CHECKING:
    from fund_pipeline.ledger.account_model import Account
    from fund_pipeline.ledger.model import Strategy

app = typer.Typer(help="Where the funds' money is, and which strategies may use it.", no_args_is_help=True)
AccountId = Annotated[str, typer.Argument(metavar="ID", help="The account: a-z, 0-9, dot, dash, underscore.")]
StrategyId = Annotated[str, typer.Argument(metavar="STRATEGY", help="Strategy id.")]
AccountIds = Annotated[list[str], typer.Argument(metavar="ACCOUNT...", help="One or more accounts.")]
Yes = Annotated[bool, typer.Option("--yes", help="Of a LIVE account: do not ask for its id once more.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@app.command("list")
def list_command(
    fund: Annotated[str | None, typer.Option(metavar="F", help="Only this fund's.")] = None, as_json: Json = False
) -> None:
    """List the accounts."""
    from fund_pipeline.ledger.accounts import list_accounts
    from fund_pipeline.ledger.strategies import list_strategies

    with ledger_of(start()) as ledger:
        accounts, strategies = list_accounts(ledger, fund), list_strategies(ledger)
    if as_json:
        print_json([_values(account, strategies) for account in accounts])
        return
    shown = table(
        "Accounts", "account", "fund<", "broker<", "number<", "mode<", "status<", "trades<", "currency<", "strategies"
    )
    for one in accounts:
        classes, users = ", ".join(one.asset_classes), len(_users(one, strategies))
        where = (one.broker, one.broker_account, one.mode.value, one.status.value)
        shown.add_row(one.account_id, one.fund_id, *where, classes, one.currency, str(users))
    console().print(shown)


@app.command("show")
def show(account_id: AccountId, as_json: Json = False) -> None:
    """Show one account, the broker's last word on it, and everything that was done to it."""
    from fund_pipeline.ledger.accounts import get_account
    from fund_pipeline.ledger.audit import history
    from fund_pipeline.ledger.snapshots import latest
    from fund_pipeline.ledger.strategies import list_strategies

    with ledger_of(start()) as ledger:
        account, snapshot = get_account(ledger, account_id), latest(ledger, account_id)
        strategies, done = list_strategies(ledger), history(ledger, "account", account_id)
    values = _values(account, strategies)
    if as_json:
        state = None if snapshot is None else asdict(snapshot) | {"available": snapshot.available}
        print_json(values | {"state": state, "history": [asdict(entry) for entry in done]})
        return
    shown = table(account.name, "field", "value<")
    for field, value in values.items():
        shown.add_row(field, ", ".join(value) if isinstance(value, tuple | list) else str(value))
    if snapshot is not None:
        for field in ("equity", "cash", "margin_used", "available"):
            shown.add_row(field, f"{getattr(snapshot, field):f} {snapshot.currency}")
        shown.add_row("as of", f"{snapshot.as_of:%Y-%m-%d %H:%M:%S}Z")
        for key, quantity in sorted(snapshot.positions.items()):
            shown.add_row(key, f"{quantity:f}")
    console().print(shown)
    for entry in done:
        typer.echo(f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.action}  {entry.actor}")


@app.command("add")
def add(
    account_id: AccountId,
    fund: Annotated[str, typer.Option(metavar="F", help="Whose money it is.")],
    broker: Annotated[str, typer.Option(help="paper, ibkr, or ccxt: with a venue, as ccxt:binance.")],
    number: Annotated[str, typer.Option(help="The number by which the broker knows it.")],
    asset_class: Annotated[list[AssetClass], typer.Option(help="What it may trade; repeat for more.")],
    currency: Annotated[str, typer.Option(help="Of its equity, as USD.")],
    name: Annotated[str, typer.Option(help="In words.")] = "",
    live: Annotated[bool, typer.Option("--live", help="Real money. Its id is asked for once more.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Register an account. It trades on paper only unless it is --live."""
    from fund_pipeline.accounts.accounts import add_account, needs_saying, parse_account

    account = parse_account(
        {
            "account_id": account_id,
            "fund_id": fund,
            "name": name,
            "broker": broker,
            "broker_account": number,
            "asset_classes": asset_class,
            "mode": "LIVE" if live else "PAPER",
            "currency": currency,
        }
    )
    said = _said_live(account_id, needed=needs_saying(None, account) and not dry_run, yes=yes or dry_run)
    with ledger_of(start()) as ledger:
        add_account(ledger, account, person(), said_live=said, dry_run=dry_run)
    _tell(account, f"added {account_id}, a {account.mode.value} account of fund {fund}", as_json, dry_run)


@app.command("set")
def set_command(
    account_id: AccountId,
    fund: Annotated[str | None, typer.Option(metavar="F", help="Whose money it is.")] = None,
    broker: Annotated[str | None, typer.Option(help="paper, ibkr, or ccxt: with a venue.")] = None,
    number: Annotated[str | None, typer.Option(help="The number by which the broker knows it.")] = None,
    asset_class: Annotated[list[AssetClass] | None, typer.Option(help="All that it may trade; repeat.")] = None,
    currency: Annotated[str | None, typer.Option(help="Of its equity, as USD.")] = None,
    name: Annotated[str | None, typer.Option(help="In words.")] = None,
    live: Annotated[bool | None, typer.Option("--live/--paper", help="Real money, or paper.")] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Change what is given of an account; the rest stays. What it is cannot change once it was used."""
    from fund_pipeline.accounts.accounts import change_account, needs_saying, parse_account
    from fund_pipeline.ledger.accounts import get_account

    given: dict[str, Any] = {
        "fund_id": fund,
        "name": name,
        "broker": broker,
        "broker_account": number,
        "asset_classes": asset_class or None,
        "mode": None if live is None else "LIVE" if live else "PAPER",
        "currency": currency,
    }
    with ledger_of(start()) as ledger:
        held = get_account(ledger, account_id)
        fields = {key: value for key, value in asdict(held).items() if key != "status"}
        asked = parse_account(fields | {key: value for key, value in given.items() if value is not None})
        wanted = replace(asked, status=held.status)
        said = _said_live(account_id, needed=needs_saying(held, wanted) and not dry_run, yes=yes or dry_run)
        changed = change_account(ledger, wanted, person(), said_live=said, dry_run=dry_run)
    _tell(wanted, f"changed {account_id}" if changed else f"{account_id} already was so", as_json, dry_run)


@app.command("close")
def close(account_id: AccountId, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Send no more entries to an account. Refused with open positions or orders that may still fill."""
    from fund_pipeline.accounts.accounts import close_account

    with ledger_of(start()) as ledger:
        account = close_account(ledger, account_id, person(), dry_run=dry_run)
    _tell(account, f"closed {account_id}", as_json, dry_run)


@app.command("reopen")
def reopen(account_id: AccountId, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Send entries to an account again."""
    from fund_pipeline.accounts.accounts import needs_saying, reopen_account
    from fund_pipeline.ledger.account_model import AccountStatus
    from fund_pipeline.ledger.accounts import get_account

    with ledger_of(start()) as ledger:
        held = get_account(ledger, account_id)
        opened = replace(held, status=AccountStatus.OPEN)
        said = _said_live(account_id, needed=needs_saying(held, opened) and not dry_run, yes=yes or dry_run)
        account = reopen_account(ledger, account_id, person(), said_live=said, dry_run=dry_run)
    _tell(account, f"reopened {account_id}", as_json, dry_run)


@app.command("delete")
def delete(account_id: AccountId, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Remove an account that was never used. One that was is closed instead."""
    from fund_pipeline.accounts.accounts import delete_account

    with ledger_of(start()) as ledger:
        account = delete_account(ledger, account_id, person(), dry_run=dry_run)
    _tell(account, f"deleted {account_id}", as_json, dry_run)


@app.command("allow")
def allow(strategy_id: StrategyId, account_ids: AccountIds, as_json: Json = False) -> None:
    """Let a strategy use accounts. A PAPER strategy may use PAPER accounts only."""
    from fund_pipeline.accounts import permissions

    with ledger_of(start()) as ledger:
        strategy = permissions.allow(ledger, strategy_id, account_ids, person())
    _tell_permissions(strategy, as_json)


@app.command("forbid")
def forbid(strategy_id: StrategyId, account_ids: AccountIds, as_json: Json = False) -> None:
    """Let a strategy open nothing more in accounts. What it holds there is still exited."""
    from fund_pipeline.accounts import permissions

    with ledger_of(start()) as ledger:
        strategy = permissions.forbid(ledger, strategy_id, account_ids, person())
    _tell_permissions(strategy, as_json)


def _said_live(account_id: str, *, needed: bool, yes: bool) -> str:
    """The id as the person gave it once more, where real money is at stake."""
    if yes:
        return account_id
    if not needed:
        return ""
    try:
        said: str = typer.prompt(f"{account_id} would trade real money. Its id, to confirm", err=True)
    except typer.Abort:
        raise InputError(
            f"account {account_id} would trade real money, and nobody confirmed it",
            remedy="give its id when asked, or --yes where nobody can be asked",
        ) from None
    return said.strip()


def _tell(account: Account, words: str, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json(asdict(account) | {"dry_run": dry_run})
    else:
        typer.echo(f"would have {words}; nothing was done" if dry_run else words)


def _tell_permissions(strategy: Strategy, as_json: bool) -> None:
    if as_json:
        print_json({"strategy_id": strategy.strategy_id, "accounts": strategy.accounts})
    else:
        typer.echo(f"{strategy.strategy_id} may use {', '.join(strategy.accounts) or 'no account'}")


def _users(account: Account, strategies: tuple[Strategy, ...]) -> list[str]:
    return [one.strategy_id for one in strategies if account.account_id in one.accounts]


def _values(account: Account, strategies: tuple[Strategy, ...]) -> dict[str, Any]:
    return asdict(account) | {"strategies": _users(account, strategies)}
