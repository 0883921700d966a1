select
    client_id,
    fund_id,
    mode,
    client_name,
    currency,
    nav_day,
    first_day,
    units,
    value,
    accrued,
    mark,
    profit,
    twr,
    mwr,
    twr_gross,
    mwr_gross
from {{ source('worked_out', 'client_figures') }}
