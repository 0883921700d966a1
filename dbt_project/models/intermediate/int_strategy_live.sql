-- What a strategy has done in a fund: fills, and what they realised after commission. PnL is null where positions are
-- in other currencies than the fund's.
with positions as (
    select
        positions.fund_id,
        positions.strategy as strategy_id,
        count(*) filter (where not positions.is_flat) as open_positions,
        case
            when bool_and(positions.currency = funds.currency) then {{ exact('sum(positions.realised_pnl)') }}
        end as realised_pnl,
        case
            when bool_and(positions.currency = funds.currency) then {{ exact('sum(positions.commission)') }}
        end as commission
    from {{ ref('int_positions') }} as positions
    inner join {{ ref('stg_funds') }} as funds using (fund_id)
    group by positions.fund_id, positions.strategy
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
