"""What pages and reports show: published builds of the marts, and who may see which of their rows.

Reading is light. Building and publishing, in `building` and `publishing`, load libraries that take long to import.
"""

from fund_pipeline.dashboards.model import AdminDashboard, Built, ClientDashboard, SenderDashboard
from fund_pipeline.dashboards.reading import (
    admin_dashboard,
    all_funds,
    client_dashboard,
    client_ids,
    fund_ids,
    sender_dashboard,
    sender_ids,
)
from fund_pipeline.dashboards.roles import for_admin, for_client, for_sender

__all__ = [
    "AdminDashboard",
    "Built",
    "ClientDashboard",
    "SenderDashboard",
    "admin_dashboard",
    "all_funds",
    "client_dashboard",
    "client_ids",
    "for_admin",
    "for_client",
    "for_sender",
    "fund_ids",
    "sender_dashboard",
    "sender_ids",
]
