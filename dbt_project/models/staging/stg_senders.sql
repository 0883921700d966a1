select
    sender_id,
    name,
    status,
    environment,
    created_at
from {{ source('ledger', 'senders') }}
