select
    strategy_id,
    name,
    status,
    trading_mode,
    sizing,
    include_in_optimization,
    created_at
from {{ source('ledger', 'strategies') }}
