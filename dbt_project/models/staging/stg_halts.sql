select
    scope,
    state,
    note,
    changed_by,
    changed_at
from {{ source('ledger', 'halts') }}
