"""How a person gives their code at the terminal: typed when asked, from the environment, or as an option."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from fund_pipeline.errors import InputError

Code = Annotated[
    str | None,
    typer.Option(
        help="Your one-time code; asked for if not given. Other users of this machine can see it: prefer --code-env. "
        "Never a recovery code."
    ),
]
CodeEnv = Annotated[str | None, typer.Option(help="Name of the environment variable that holds your code.")]
SecondCode = Annotated[str | None, typer.Option(help="The second admin's one-time code; asked for if not given.")]
SecondCodeEnv = Annotated[
    str | None, typer.Option(help="Name of the environment variable that holds the second admin's code.")
]

GivenCode = tuple[str | None, str | None]
"""The code itself, or the name of the environment variable that holds it."""


def _looks_like_recovery(code: str) -> bool:
    """Whether a text has the form of a recovery code."""
    from fund_pipeline.users.recovery import plain

    return plain(code) is not None


def code_of(given: GivenCode, user: str) -> str:
    """The code of a user: as given, from the environment, or typed now.

    InputError where there is none, and for a recovery code given as an option: it would be good for whoever saw it.
    """
    code, variable = given
    if code is not None and variable is not None:
        raise InputError(f"the code of {user} is given twice", remedy="give it, or the variable that holds it")
    if code is not None:
        if _looks_like_recovery(code):
            raise InputError(
                f"the code given for {user} looks like a recovery code, and others can see the commands that run here",
                remedy="leave the option out and type it when asked, or name a variable that holds it with --code-env; "
                "it has not been used",
            )
        return code
    if variable is not None:
        if not (held := os.environ.get(variable, "")):
            raise InputError(f"{variable} holds no code", remedy=f"put the code of {user} into {variable}")
        return held
    if not sys.stdin.isatty():
        raise InputError(f"the code of {user} is missing", remedy="add --code-env or --code, or run this in a terminal")
    return str(typer.prompt(f"Code of {user}", hide_input=True))
