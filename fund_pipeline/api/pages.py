"""The pages: who is logged in, and which page they get. A page is rendered in `web`; nothing is decided here."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.context import Context, Here, context_of
from fund_pipeline.api.guard import Credentials
from fund_pipeline.api.logging_in import token_for
from fund_pipeline.api.problems import NotAcceptedError
from fund_pipeline.api.token_door import COOKIE, admins_token
from fund_pipeline.clock import utc_now
from fund_pipeline.dashboards import admin_dashboard, fund_ids
from fund_pipeline.errors import NotFoundError
from fund_pipeline.users import LoginToken, end_login
from fund_pipeline.web import LOGIN_FAILED, admin_page, content_security_policy, login_page

ROOT, LOGIN, LOGOUT = "/", "/login", "/logout"
LONGEST = 64, 1024, 64
"""Characters of user id, password and code that are looked at."""
FORM = "application/x-www-form-urlencoded"

router = APIRouter(include_in_schema=False)


@router.get(ROOT)
def show(request: Request, here: Here, fund: Annotated[str | None, Query(max_length=64)] = None) -> Response:
    """A fund's dashboard, the first one's unless one is named; whoever is not logged in is sent to do so."""
    token = _logged_in(here, request)
    if token is None:
        return RedirectResponse(LOGIN, 303)
    funds = fund_ids(here.ledger)
    if not funds:
        return _page(login_page("Nothing is published yet. Run `fund report build`, or wait for the next build."), 404)
    try:
        built, dashboard = admin_dashboard(here.ledger, fund if fund is not None else funds[0])
    except NotFoundError:
        return RedirectResponse(ROOT, 303)
    return _page(admin_page(built, dashboard, utc_now(), funds=funds, user=token.user_id))


@router.get(LOGIN)
def ask() -> Response:
    """The page that asks who it is."""
    return _page(login_page())


@router.post(LOGIN)
async def log_in(request: Request) -> Response:
    """Let an admin in, or ask again; the same words whatever was wrong."""
    fields = _fields(request.headers, await request.body())
    if fields is None:
        return _page(login_page(LOGIN_FAILED), 400)
    user_id, password, code = fields
    try:
        token = await token_for(request, Credentials(user_id, password), code)
    except NotAcceptedError:
        return _page(login_page(LOGIN_FAILED), 401)
    except AnswerableError as busy:
        told = login_page(f"{busy.message.capitalize()}: {busy.remedy}.")
        return _page(told, busy.status, dict(busy.headers or {}))
    answer = RedirectResponse(ROOT, 303)
    answer.set_cookie(
        COOKIE,
        token.text,
        max_age=max(0, round((token.expires_at - utc_now()).total_seconds())),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post(LOGOUT)
async def log_out(request: Request) -> Response:
    """End the login, here and in the ledger."""
    here = context_of(request)
    await anyio.to_thread.run_sync(_end, here, request)
    answer = RedirectResponse(LOGIN, 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return answer


def _end(here: Context, request: Request) -> None:
    token = _logged_in(here, request)
    if token is not None:
        end_login(here.ledger, token, utc_now())


def _logged_in(here: Context, request: Request) -> LoginToken | None:
    return admins_token(here, request.cookies.get(COOKIE, ""))


def _fields(headers: Headers, body: bytes) -> tuple[str, str, str] | None:
    """User id, password and code of our own form; None for another site's, and for what is no such form."""
    # Browsers say where a form came from; one of another site could log somebody into an account that is not theirs.
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return None
    if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return None
    try:
        sent = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=10)
    except ValueError:
        return None
    if sent.keys() != {"user_id", "password", "code"} or any(len(values) != 1 for values in sent.values()):
        return None
    user_id, password, code = (sent[name][0] for name in ("user_id", "password", "code"))
    fits = all(len(text) <= most for text, most in zip((user_id, password, code), LONGEST, strict=True))
    return (user_id, password, code) if fits and (user_id + password + code).isprintable() else None


def _page(html: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    own = {
        "Content-Security-Policy": content_security_policy(),
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return HTMLResponse(html, status, own | (headers or {}))
