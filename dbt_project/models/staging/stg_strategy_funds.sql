select
    strategy_id,
    fund_id
from {{ source('worked_out', 'strategy_funds') }}
