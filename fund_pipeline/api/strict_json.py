"""JSON without the parts in which one text can mean two things."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


def parse(body: bytes) -> Any:
    """A JSON text in UTF-8 (RFC 8259). JSONDecodeError, without the text, also for a key that is given twice."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        problem = "it is not UTF-8"
    except RecursionError:
        problem = "it is nested too deeply"
    except json.JSONDecodeError as wrong:
        problem = f"{wrong.msg}, line {wrong.lineno} column {wrong.colno}"
    except ValueError as wrong:
        problem = str(wrong) if isinstance(wrong, _Ambiguous) else "a number has too many digits"
    raise json.JSONDecodeError(problem, "", 0)


class StrictRoute(APIRoute):
    """A route that reads its body with `parse`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, given a request of ours."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        return parse(await self.body())


class _Ambiguous(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Ambiguous("a key is given twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise _Ambiguous("NaN and Infinity are no JSON")
