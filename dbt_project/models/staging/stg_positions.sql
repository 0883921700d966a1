select
    strategy,
    account_id,
    instrument_key,
    quantity,
    is_flat,
    cost,
    average_price,
    realised_pnl,
    commission,
    multiplier,
    currency,
    opened_by,
    updated_at
from {{ source('ledger', 'positions') }}
