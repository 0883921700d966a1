-- Of the rates that were worked out those that a figure needs: of a former day only where the fund was heard of on it.
select
    rates.fund_id,
    rates.currency,
    rates.used_for,
    rates.moment,
    rates.day,
    {{ exact('rates.rate') }} as rate,
    rates.told_at,
    rates.told_by,
    rates.problem
from {{ ref('stg_rates') }} as rates
where (rates.fund_id, rates.currency) in (
        select (fund_id, currency) from {{ ref('int_fund_accounts') }}
        union all
        select (fund_id, currency) from {{ ref('int_positions') }}
    )
    and (
        rates.used_for <> 'DAY_END'
        or (rates.fund_id, rates.day) in (select (fund_id, day) from {{ ref('int_fund_days') }})
    )
