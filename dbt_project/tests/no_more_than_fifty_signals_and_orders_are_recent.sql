{{ config(meta={'dagster': {'ref': {'name': 'fund_recent_signals'}}}) }}

select fund_id, count(*) as rows
from (
    select fund_id, 'signals' as what from {{ ref('fund_recent_signals') }}
    union all
    select fund_id, 'orders' as what from {{ ref('fund_recent_orders') }}
)
group by fund_id, what
having count(*) > 50
