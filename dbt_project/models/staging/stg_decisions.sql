select
    decision_id,
    signal_id,
    fund_id,
    strategy,
    kind,
    outcome,
    reason,
    decided_at,
    part
from {{ source('ledger', 'decisions') }}
