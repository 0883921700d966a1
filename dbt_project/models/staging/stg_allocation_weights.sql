select
    allocation_id,
    strategy_id,
    weight
from {{ source('ledger', 'allocation_weights') }}
