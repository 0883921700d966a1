select
    fund_id,
    margin_cap,
    daily_loss,
    state_age_seconds
from {{ source('worked_out', 'fund_limits') }}
