-- On each day on which a fund was heard of, the last word on every account up to then.
with days as (
    select distinct
        accounts.fund_id,
        heard.day
    from {{ ref('int_account_days') }} as heard
    inner join {{ ref('int_fund_accounts') }} as accounts using (account_id)
    inner join {{ ref('int_fund_money') }} as money using (fund_id)
    where money.accounts_in_other_currency = 0
),

by_account as (
    select
        days.fund_id,
        days.day,
        accounts.account_id,
        last_value(heard.as_of ignore nulls) over so_far as as_of,
        last_value(heard.equity ignore nulls) over so_far as equity
    from days
    inner join {{ ref('int_fund_accounts') }} as accounts using (fund_id)
    left join {{ ref('int_account_days') }} as heard
        on heard.account_id = accounts.account_id and heard.day = days.day
    window so_far as (partition by accounts.account_id order by days.day)
    qualify last_value(heard.as_of ignore nulls) over so_far is not null
),

given as (
    select
        by_account.account_id,
        by_account.day,
        sum(capital.amount) as capital
    from by_account
    inner join {{ ref('int_capital_flows') }} as capital
        on capital.account_id = by_account.account_id and capital.effective_at <= by_account.as_of
    group by by_account.account_id, by_account.day
),

by_day as (
    select
        by_account.fund_id,
        by_account.day,
        max(by_account.as_of) as as_of,
        {{ exact('sum(by_account.equity)') }} as equity,
        {{ exact('sum(by_account.equity - coalesce(given.capital, 0))') }} as made
    from by_account
    left join given using (account_id, day)
    group by by_account.fund_id, by_account.day
)

select
    fund_id,
    day,
    as_of,
    equity,
    {{ exact('made - lag(made) over (partition by fund_id order by day)') }} as pnl
from by_day
