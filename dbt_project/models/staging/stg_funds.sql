select
    fund_id,
    name,
    currency,
    capital,
    created_at,
    updated_at
from {{ source('ledger', 'funds') }}
