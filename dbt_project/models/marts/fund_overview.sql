with figures as (
    select
        funds.fund_id,
        funds.name as fund_name,
        funds.currency,
        build.as_of,
        build.day,
        build.time_zone,
        money.mode,
        coalesce(money.accounts, 0) as accounts,
        coalesce(money.accounts_unheard, 0) as accounts_unheard,
        coalesce(money.accounts_in_other_currency, 0) as accounts_in_other_currency,
        money.lacks_rate,
        money.oldest_state_at,
        money.equity,
        money.cash,
        money.unrealised_pnl,
        money.margin_used,
        limits.margin_cap,
        {{ ratio('money.margin_used', 'money.equity') }} as margin_share,
        {{ ratio('money.margin_used', 'money.equity * limits.margin_cap') }} as margin_used_of_max,
        money.equity_day_start,
        money.flows_today,
        {{ exact('money.equity - money.equity_day_start - money.flows_today') }} as pnl_today,
        {{ ratio('pnl_today', 'money.equity_day_start') }} as pnl_today_share,
        positions.open_positions,
        coalesce(orders.working_orders, 0) as working_orders,
        coalesce(orders.unknown_orders, 0) as unknown_orders,
        signals.signals_today,
        alerts.open_alerts,
        alerts.critical_alerts,
        alerts.break_alerts,
        halts.state as halt_state,
        money.oldest_state_at is null
        or epoch(build.as_of) - epoch(money.oldest_state_at) > limits.state_age_seconds as is_waiting
    from {{ ref('stg_funds') }} as funds
    cross join {{ ref('stg_build') }} as build
    inner join {{ ref('stg_fund_limits') }} as limits using (fund_id)
    inner join {{ ref('int_fund_halts') }} as halts using (fund_id)
    inner join {{ ref('int_fund_alerts') }} as alerts using (fund_id)
    left join {{ ref('int_fund_money') }} as money using (fund_id)
    left join {{ ref('int_fund_orders') }} as orders using (fund_id)
    cross join lateral (
        select count(*) as open_positions
        from {{ ref('int_positions') }} as held
        where held.fund_id = funds.fund_id and not held.is_flat
    ) as positions
    cross join lateral (
        select count(*) as signals_today
        from {{ ref('int_signal_funds') }} as came
        where came.fund_id = funds.fund_id and came.received_at >= build.day_start
    ) as signals
),

judged as (
    select
        *,
        list_filter(
            [
                case when critical_alerts > 0 then 'CRITICAL_ALERTS' end,
                case when break_alerts > 0 then 'BOOKS_DIFFER' end,
                case when unknown_orders > 0 then 'UNKNOWN_ORDERS' end,
                case when margin_share > margin_cap then 'MARGIN_OVER_MAX' end,
                case when lacks_rate then 'NO_RATE' end,
                case when accounts = 0 then 'NO_ACCOUNT' end
            ],
            lambda code: code is not null
        ) as attention
    from figures
)

select
    fund_id,
    fund_name,
    currency,
    mode,
    as_of,
    day,
    time_zone,
    case
        when halt_state <> 'ACTIVE' then 'HALTED'
        when len(attention) > 0 then 'ATTENTION'
        when is_waiting then 'WAITING'
        else 'OK'
    end as health,
    array_to_string(
        list_concat(
            case when halt_state <> 'ACTIVE' then [halt_state] else [] end,
            attention,
            case when is_waiting and accounts > 0 then ['STATE_TOO_OLD'] else [] end
        ),
        ' '
    ) as health_reasons,
    halt_state,
    equity,
    cash,
    unrealised_pnl,
    equity_day_start,
    flows_today,
    pnl_today,
    pnl_today_share,
    margin_used,
    margin_share,
    {{ exact('margin_cap') }} as margin_cap,
    margin_used_of_max,
    open_positions,
    working_orders,
    unknown_orders,
    signals_today,
    open_alerts,
    critical_alerts,
    accounts,
    accounts_unheard,
    accounts_in_other_currency,
    oldest_state_at
from judged
