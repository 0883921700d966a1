select
    fund_id,
    currency,
    used_for,
    moment,
    day,
    rate,
    told_at,
    told_by,
    problem
from {{ source('worked_out', 'rates') }}
