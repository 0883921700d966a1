select
    account_id,
    fund_id,
    name,
    broker,
    broker_account,
    mode,
    currency,
    status,
    created_at
from {{ source('ledger', 'accounts') }}
