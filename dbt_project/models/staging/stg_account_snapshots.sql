select
    snapshot_id,
    account_id,
    as_of,
    received_at,
    equity,
    cash,
    margin_used,
    currency,
    unrealised_pnl
from {{ source('ledger', 'account_snapshots') }}
