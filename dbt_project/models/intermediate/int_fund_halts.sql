-- The strictest halt that holds for a fund: its own, or that of all funds.
select
    funds.fund_id,
    coalesce(max_by(halts.state, list_position(['ACTIVE', 'REDUCING', 'HALTED'], halts.state)), 'ACTIVE') as state
from {{ ref('stg_funds') }} as funds
left join {{ ref('stg_halts') }} as halts on halts.scope in (funds.fund_id, '*')
group by funds.fund_id
