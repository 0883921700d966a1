"""The pages themselves: which values go into which template, and what a browser may do with the result."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from fund_pipeline.dashboards import words
from fund_pipeline.dashboards.model import AdminDashboard, Built
from fund_pipeline.web import charts
from fund_pipeline.web.text import shown

LOGIN_FAILED = "Not accepted. Type user id, password, and the code that your app shows now; each code works once."
LATE_SECONDS = 45 * 60
"""Older than this, a dashboard is older than its schedule lets it be, and says so."""


def admin_page(
    built: Built, dashboard: AdminDashboard, now: datetime, *, funds: Sequence[str], user: str | None
) -> str:
    """The page of a fund. `funds` are those that can be chosen; without `user` it is a file, with nothing to press."""
    history = dashboard.equity_history
    days, changed = [row["day"] for row in history], [row for row in history if row["pnl"] is not None]
    equity = charts.line_chart("Equity at the end of each day", days, [row["equity"] for row in history])
    daily = charts.bar_chart(
        "Made or lost on each day", [row["day"] for row in changed], [row["pnl"] for row in changed]
    )
    return (
        _environment()
        .get_template("admin.html")
        .render(
            {
                "built": built,
                "dashboard": dashboard,
                "it": dashboard.overview,
                "zone": ZoneInfo(dashboard.overview["time_zone"]),
                "now": now,
                "is_late": (now - built.as_of).total_seconds() > LATE_SECONDS,
                "health": words.HEALTH[dashboard.overview["health"]],
                "to_dos": words.to_dos(dashboard.overview),
                "rates": tuple(words.rates_told(dashboard)),
                "equity_chart": equity,
                "daily_chart": daily,
                "margin_meter": charts.meter("Margin used of its maximum", dashboard.overview["margin_used_of_max"]),
                "funds": funds,
                "user": user,
            }
        )
    )


def login_page(message: str = "") -> str:
    """The page that asks who it is. `message` says why it is asked again."""
    return _environment().get_template("login.html").render({"message": message})


def content_security_policy() -> str:
    """What a browser may do with a page of ours: show it, with this one style sheet, and send its form back to us."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_style_hash()}'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


@cache
def _style() -> str:
    loader = _loader()
    return loader.get_source(jinja2.Environment(loader=loader, autoescape=True), "page.css")[0]


@cache
def _style_hash() -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()


def _loader() -> jinja2.PackageLoader:
    return jinja2.PackageLoader("fund_pipeline.web")


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=_loader(), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(_FILTERS)
    made.globals["style"] = Markup(_style())  # noqa: S704 - a file of ours
    made.globals["style_hash"] = _style_hash()
    return made


def _moment(value: datetime | None, zone: ZoneInfo) -> str:
    return words.DASH if value is None else f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def _plain(value: object) -> str:
    return words.DASH if value is None or value == "" else shown(str(value))


def _sign(value: Any) -> str:
    return "" if value is None or value == 0 else "gain" if value > 0 else "loss"


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "amount": words.amount,
    "signed": words.signed,
    "quantity": words.quantity,
    "percent": words.percent,
    "signed_percent": words.signed_percent,
    "age": words.age,
    "moment": _moment,
    "plain": _plain,
    "sign": _sign,
}
