-- Live against backtest: what the strategy realised on the capital it was given, and what its backtest would have made of
-- that capital in the same days.
with pairs as (
    select fund_id, strategy_id from {{ ref('stg_strategy_funds') }}
    union
    select fund_id, strategy_id from {{ ref('int_strategy_weights') }}
    union
    select fund_id, strategy_id from {{ ref('int_strategy_live') }}
),

figures as (
    select
        pairs.fund_id,
        pairs.strategy_id,
        strategies.name as strategy_name,
        strategies.status,
        strategies.trading_mode,
        funds.currency,
        weights.weight,
        {{ exact('funds.capital * weights.weight') }} as capital,
        backtests.days as backtest_days,
        backtests.first_date as backtest_first_date,
        backtests.last_date as backtest_last_date,
        {{ exact("backtests.statistics ->> '$.annual_return'") }} as backtest_annual_return,
        {{ exact("backtests.statistics ->> '$.volatility'") }} as backtest_volatility,
        {{ exact("backtests.statistics ->> '$.sharpe'") }} as backtest_sharpe,
        {{ exact("backtests.statistics ->> '$.max_drawdown'") }} as backtest_max_drawdown,
        coalesce(live.decisions, 0) as decisions,
        coalesce(live.ordered, 0) as ordered,
        coalesce(live.refused, 0) as refused,
        coalesce(live.fills, 0) as fills,
        coalesce(live.open_positions, 0) as open_positions,
        live.first_fill_at,
        live.last_fill_at,
        date_diff(
            'day', timezone(build.time_zone, live.first_fill_at), timezone(build.time_zone, build.as_of)
        ) + 1 as live_days,
        live.realised_pnl,
        live.commission
    from pairs
    inner join {{ ref('stg_funds') }} as funds using (fund_id)
    cross join {{ ref('stg_build') }} as build
    left join {{ ref('stg_strategies') }} as strategies using (strategy_id)
    left join {{ ref('int_strategy_weights') }} as weights using (fund_id, strategy_id)
    left join {{ ref('stg_backtest_summaries') }} as backtests using (strategy_id)
    left join {{ ref('int_strategy_live') }} as live using (fund_id, strategy_id)
)

select
    *,
    {{ ratio('realised_pnl', 'capital') }} as live_return,
    {{ exact('round(cast(backtest_annual_return as double) * live_days / 365, 10)') }} as backtest_return_same_days
from figures
