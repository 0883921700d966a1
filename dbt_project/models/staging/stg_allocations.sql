select
    allocation_id,
    fund_id,
    status,
    origin,
    created_at,
    updated_at
from {{ source('ledger', 'allocations') }}
