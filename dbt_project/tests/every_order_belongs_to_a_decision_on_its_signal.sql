{{ config(meta={'dagster': {'ref': {'name': 'stg_orders'}}}) }}

select orders.client_order_id
from {{ ref('stg_orders') }} as orders
left join {{ ref('stg_decisions') }} as decisions using (decision_id)
where decisions.decision_id is null
    or decisions.signal_id <> orders.signal_id
    or decisions.fund_id <> orders.fund_id
