select
    flow_id,
    fund_id,
    account_id,
    kind,
    amount,
    currency,
    fund_amount,
    effective_at,
    value_date,
    recorded_at
from {{ source('ledger', 'cash_flows') }}
