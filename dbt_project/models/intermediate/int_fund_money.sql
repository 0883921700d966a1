-- What the accounts of a fund's figures come to, in its currency. An amount is null as long as one account's is not known, or
-- the rate that it is valued by: a sum without it would look like a loss.
with flows as (
    -- Between the word that the day is measured from and the newest one: before and after, equity tells nothing of it.
    select
        states.account_id,
        coalesce(sum(capital.amount), 0) as capital
    from {{ ref('int_account_states') }} as states
    inner join {{ ref('int_account_day_starts') }} as day_starts using (account_id)
    left join {{ ref('int_capital_flows') }} as capital
        on capital.account_id = states.account_id
        and capital.effective_at > day_starts.as_of
        and capital.effective_at <= states.as_of
    group by states.account_id
),

states as (
    select
        states.fund_id,
        any_value(states.mode) as mode,
        count(*) as accounts,
        count(*) filter (where states.as_of is null) as accounts_unheard,
        count(*) filter (where states.is_in_other_currency) as accounts_in_other_currency,
        count(*) filter (where states.as_of is not null and states.equity is null) as accounts_without_rate,
        count(*) filter (where day_starts.as_of is not null and day_starts.equity is null) as starts_without_rate,
        min(states.as_of) as oldest_state_at,
        sum(states.equity) as equity,
        sum(states.cash) as cash,
        sum(states.margin_used) as margin_used,
        case when count(states.unrealised_pnl) = count(*) then sum(states.unrealised_pnl) end as unrealised_pnl,
        sum(day_starts.equity) as equity_day_start,
        sum(flows.capital) as flows_today
    from {{ ref('int_account_states') }} as states
    left join {{ ref('int_account_day_starts') }} as day_starts using (account_id)
    left join flows using (account_id)
    group by states.fund_id
)

select
    fund_id,
    mode,
    accounts,
    accounts_unheard,
    accounts_in_other_currency,
    oldest_state_at,
    accounts_without_rate + starts_without_rate > 0 as lacks_rate,
    accounts_unheard = 0 and accounts_without_rate = 0 as is_known,
    case when is_known then {{ exact('equity') }} end as equity,
    case when is_known then {{ exact('cash') }} end as cash,
    case when is_known then {{ exact('margin_used') }} end as margin_used,
    case when is_known then {{ exact('unrealised_pnl') }} end as unrealised_pnl,
    case when is_known and starts_without_rate = 0 then {{ exact('equity_day_start') }} end as equity_day_start,
    case when is_known then {{ exact('flows_today') }} end as flows_today
from states
