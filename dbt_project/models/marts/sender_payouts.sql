select
    figures.sender_id,
    figures.fund_id,
    figures.mode,
    figures.currency,
    build.as_of,
    figures.last_month,
    figures.paid,
    figures.outstanding,
    figures.cumulative,
    figures.peak,
    figures.next_payment_on
from {{ ref('stg_payout_figures') }} as figures
cross join {{ ref('stg_build') }} as build
