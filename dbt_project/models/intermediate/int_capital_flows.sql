-- Money that an account was given or gave away, in the fund's currency: it changes equity, and is nobody's gain. An opening
-- balance says what was there when the books began: where the broker had told of it before, nothing came in by it.
with first_heard as (
    select
        account_id,
        min(as_of) as as_of
    from {{ ref('stg_account_snapshots') }}
    group by account_id
)

select
    flows.account_id,
    flows.effective_at,
    flows.fund_amount as amount
from {{ ref('stg_cash_flows') }} as flows
inner join {{ ref('stg_flow_kinds') }} as kinds using (kind)
left join first_heard using (account_id)
where kinds.is_capital
    and not (flows.kind = 'OPENING' and flows.effective_at >= coalesce(first_heard.as_of, flows.effective_at + interval 1 second))
