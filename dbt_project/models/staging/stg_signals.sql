select
    signal_id,
    sender_id,
    strategy,
    sender_signal_id,
    state,
    received_at,
    updated_at,
    reason,
    problem ->> '$.message' as problem,
    standardised,
    type,
    sent_at,
    revision
from {{ source('ledger', 'signals') }}
