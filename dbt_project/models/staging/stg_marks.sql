select
    account_id,
    instrument_key,
    price,
    currency,
    as_of
from {{ source('worked_out', 'marks') }}
