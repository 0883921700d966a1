with newest as (
    select
        *,
        row_number() over (partition by fund_id order by created_at desc, client_order_id desc) as place
    from {{ ref('stg_orders') }}
    qualify place <= 50
)

select
    newest.fund_id,
    newest.place,
    newest.client_order_id,
    newest.signal_id,
    newest.strategy,
    newest.account_id,
    newest.role,
    newest.side,
    newest.instrument_key,
    newest.order_type,
    {{ exact('newest.quantity') }} as quantity,
    {{ exact('newest.filled_quantity') }} as filled_quantity,
    {{ exact('newest.average_price') }} as average_price,
    newest.currency,
    newest.state,
    newest.created_at,
    newest.closed_at,
    coalesce(newest.reason, decisions.reason) as reason,
    coalesce(nullif(newest.message, ''), reasons.meaning) as meaning,
    reasons.remedy
from newest
left join {{ ref('stg_decisions') }} as decisions using (decision_id)
left join {{ ref('stg_reasons') }} as reasons on coalesce(newest.reason, decisions.reason) = reasons.reason
