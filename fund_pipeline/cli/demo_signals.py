"""The demo's signals: the lists of data/signals, sent through the real endpoint by senders of the demo's own.

Each is worked before the next is sent, as waiting between them would have it: an exit finds its entry filled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fund_pipeline.cli.context import person
from fund_pipeline.cli.posting import new_run_id
from fund_pipeline.cli.tables import console, headed, table
from fund_pipeline.settings import PROJECT, Settings

if TYPE_CHECKING:
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.signals.posting import Posted, SignalService

LISTS = PROJECT / "data" / "signals"


@dataclass(frozen=True)
class Sent:
    """A list that was sent: its name, who sent it, and what became of each signal."""

    name: str
    sender: str
    signals: tuple[Posted, ...]

    def as_values(self) -> Iterator[Mapping[str, Any]]:
        """Its signals for a program."""
        for signal in self.signals:
            yield {"list": self.name, "sender": self.sender, **asdict(signal)}


def send_lists(settings: Settings, ledger: Ledger, url: str, work: Callable[[], None]) -> list[Sent]:
    """Send every list under new ids to the service at `url`, and `work` each signal instead of waiting after it.

    Returns what became of each.
    """
    from fund_pipeline.signals.posting import SignalService, followed
    from fund_pipeline.signals.senders import Vault
    from fund_pipeline.signals.senders.demo import demo_passphrases
    from fund_pipeline.terms import Environment

    passphrases = demo_passphrases(ledger, Vault.of(settings, ledger), Environment(settings.environment), person())
    run = new_run_id()
    with ExitStack() as open_services:
        services = {
            sender: open_services.enter_context(SignalService(url, sender, passphrase))
            for sender, passphrase in passphrases.items()
        }
        sent = [_send(file, run, services, work) for file in sorted(LISTS.glob("*.json"))]
        return [
            Sent(one.name, one.sender, tuple(followed(services[one.sender], signal) for signal in one.signals))
            for one in sent
        ]


def all_accepted(sent: Iterable[Sent]) -> bool:
    """Whether the service keeps every signal."""
    return all(signal.signal_id for one in sent for signal in one.signals)


def show_signals(sent: Sequence[Sent]) -> None:
    """Every signal with what was inferred about it and where it stands, and how many were accepted."""
    shown = table("\nSignals", "list", "strategy<", "type<", "state<", "what was inferred<", "why not<")
    signals = [(one, signal) for one in sent for signal in one.signals]
    for one, signal in signals:
        shown.add_row(
            f"{one.name} {signal.place}",
            signal.strategy,
            signal.type or "–",
            signal.state or signal.outcome.value,
            ", ".join(signal.inferred),
            f"{signal.reason}: {signal.message}. {signal.remedy}" if signal.reason else "",
        )
    terminal = console()
    terminal.print(shown)
    accepted = sum(bool(signal.signal_id) for _, signal in signals)
    senders = " and ".join(sorted({one.sender for one in sent}))
    terminal.print(headed("Accepted", f" {accepted} of {len(signals)} signals, posted over HTTP by {senders}"))


def _send(file: Path, run: str, services: Mapping[str, SignalService], work: Callable[[], None]) -> Sent:
    from fund_pipeline.signals.player import Player, read_playlist
    from fund_pipeline.signals.posting import play
    from fund_pipeline.signals.senders.demo import demo_sender_of

    steps = read_playlist(file.read_bytes())
    sender = demo_sender_of(str(steps[0].payload["strategy_name"]))
    player = Player(steps, f"{run}-{file.stem}", services[sender].passphrase)
    sent = []
    for posted in play(services[sender], player, _no_wait):
        sent.append(posted)
        if posted.signal_id:
            work()
    return Sent(file.stem, sender, tuple(sent))


def _no_wait(_seconds: Decimal) -> None:
    return None
