select
    figures.client_id,
    figures.client_name,
    figures.fund_id,
    figures.mode,
    figures.currency,
    build.as_of,
    figures.nav_day,
    figures.first_day,
    figures.units,
    figures.value,
    figures.accrued,
    figures.mark,
    figures.profit,
    figures.twr,
    figures.mwr,
    figures.twr_gross,
    figures.mwr_gross
from {{ ref('stg_client_figures') }} as figures
cross join {{ ref('stg_build') }} as build
