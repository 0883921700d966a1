"""The one error tree. Each class says who must act; every error says what to do about it."""

from __future__ import annotations


class FundError(Exception):
    """Base of every error this product raises on purpose.

    Parameters
    ----------
    message : what is wrong, naming the field or file and its value.
    remedy : what the person who must act should do next, in the imperative.
    """

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}. To fix: {self.remedy}" if self.remedy else self.message


class InputError(FundError):
    """Whoever supplied the input must act: a file, an option or a value is wrong."""

    exit_code = 2


class NotFoundError(InputError):
    """The caller named something that does not exist."""


class ConfigurationError(FundError):
    """The operator must act: a setting or the environment is wrong. Nothing was started."""

    exit_code = 5


class ConflictError(FundError):
    """The caller must look again: the state does not allow this, and nothing was changed."""

    exit_code = 4


class InfeasibleError(FundError):
    """A quant must act: the constraints contradict each other, and the message names which."""

    exit_code = 3


class TemporaryError(FundError):
    """Nobody must act yet: the same call may succeed when it is made again."""

    exit_code = 6


class InvariantError(FundError):
    """A developer must act: the product broke one of its own rules and stopped before doing harm."""

    exit_code = 70
