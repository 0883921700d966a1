{{ config(meta={'dagster': {'ref': {'name': 'fund_overview'}}}) }}

select funds.fund_id
from {{ ref('stg_funds') }} as funds
left join {{ ref('fund_overview') }} as overview using (fund_id)
group by funds.fund_id
having count(overview.fund_id) <> 1
