select
    sender_id,
    fund_id,
    mode,
    currency,
    last_month,
    paid,
    outstanding,
    cumulative,
    peak,
    next_payment_on
from {{ source('worked_out', 'payout_figures') }}
