-- How many orders of a fund are alive, and how many nobody knows the fate of.
select
    fund_id,
    count(*) filter (where state not in ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED')) as working_orders,
    count(*) filter (where state = 'UNKNOWN') as unknown_orders
from {{ ref('stg_orders') }}
group by fund_id
