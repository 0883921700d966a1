-- What a strategy has done in a fund: fills, and what they realised after commission, in the fund's currency at the rates of
-- now. PnL is null where such a rate is not known.
with valued as (
    select
        positions.fund_id,
        positions.strategy,
        positions.is_flat,
        {{ in_fund_currency('positions.realised_pnl', 'positions.currency', 'funds.currency') }} as realised_pnl,
        {{ in_fund_currency('positions.commission', 'positions.currency', 'funds.currency') }} as commission
    from {{ ref('int_positions') }} as positions
    inner join {{ ref('stg_funds') }} as funds using (fund_id)
    left join {{ ref('stg_rates') }} as rates
        on rates.fund_id = positions.fund_id and rates.currency = positions.currency and rates.used_for = 'NOW'
),

positions as (
    select
        fund_id,
        strategy as strategy_id,
        count(*) filter (where not is_flat) as open_positions,
        case when count(realised_pnl) = count(*) then {{ exact('sum(realised_pnl)') }} end as realised_pnl,
        case when count(commission) = count(*) then {{ exact('sum(commission)') }} end as commission
    from valued
    group by fund_id, strategy
),

fills as (
    select
        accounts.fund_id,
        executions.strategy as strategy_id,
        count(*) as fills,
        min(executions.executed_at) as first_fill_at,
        max(executions.executed_at) as last_fill_at
    from {{ ref('stg_executions') }} as executions
    inner join {{ ref('stg_accounts') }} as accounts using (account_id)
    group by accounts.fund_id, executions.strategy
),

decided as (
    select
        fund_id,
        strategy as strategy_id,
        count(*) as decisions,
        count(*) filter (where outcome in ('APPROVED', 'RESIZED')) as ordered,
        count(*) filter (where outcome in ('REJECTED', 'DROPPED')) as refused
    from {{ ref('stg_decisions') }}
    group by fund_id, strategy
)

select
    fund_id,
    strategy_id,
    decided.decisions,
    decided.ordered,
    decided.refused,
    fills.fills,
    fills.first_fill_at,
    fills.last_fill_at,
    positions.open_positions,
    positions.realised_pnl,
    positions.commission
from decided
full join fills using (fund_id, strategy_id)
full join positions using (fund_id, strategy_id)
