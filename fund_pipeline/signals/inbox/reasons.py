"""Why the inbox keeps a signal from being decided, for what is not wrong with the payload itself."""

from __future__ import annotations

from fund_pipeline.codes import Reason


class InboxReason(Reason):
    """Everything but a problem of the payload.

    Attributes
    ----------
    meaning : what is wrong.
    remedy : what an operator should do next.
    """

    STRATEGY_INACTIVE = (
        "STRATEGY_INACTIVE",
        "an entry for a strategy that is INACTIVE",
        "set the strategy ACTIVE if it shall trade; this entry stays refused",
    )
    STRATEGY_UNKNOWN = (
        "STRATEGY_UNKNOWN",
        "the registry has no such strategy",
        "register the strategy, or correct the sender's spelling; what is in quarantine can then be replayed",
    )
    SENDER_UNKNOWN = (
        "SENDER_UNKNOWN",
        "no registered sender may send for this strategy",
        "add the sender with `fund senders add`, then replay the signal",
    )
    SENDER_AMBIGUOUS = (
        "SENDER_AMBIGUOUS",
        "several senders may send for this strategy, and the way in does not say which it was",
        "leave one of them ACTIVE, then replay the signal",
    )
    ID_REUSED = (
        "ID_REUSED",
        "the id came before with other content, over a way in that cannot be told so",
        "if the sender's ids repeat, set its duplicate policy so and replay the signal",
    )
    WRONG_ENVIRONMENT = (
        "WRONG_ENVIRONMENT",
        "the signal is for another deployment",
        "leave it: it must not be traded here",
    )
    SOURCE_AWAY = (
        "SOURCE_AWAY",
        "the collector's database, which has the rest of the signal, did not answer",
        "see that it is up, then replay the signal",
    )
    UNREADABLE = (
        "UNREADABLE",
        "the product failed to read the signal",
        "report it to a developer with the signal's id, and replay it after the fix",
    )

    def problem(self, field: str = "", value: str | None = None, message: str = "") -> dict[str, str | None]:
        """Plain values in the form of `Problem.as_values`."""
        return {
            "reason": self.value,
            "field": field,
            "value": value,
            "message": message or self.meaning,
            "remedy": self.remedy,
        }
