select
    alert_id,
    "at",
    severity,
    kind,
    entity,
    entity_id,
    fund_id,
    message,
    remedy,
    raised,
    last_at,
    acknowledged_by,
    acknowledged_at
from {{ source('ledger', 'alerts') }}
