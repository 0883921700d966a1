-- On each day on which a fund was heard of, the last word on every account up to then, in the fund's currency at the rates of
-- that day's end. A day on which one of those is not known is left out: a sum without it would look like a loss.
with by_account as (
    select
        days.fund_id,
        days.day,
        accounts.account_id,
        accounts.currency,
        accounts.fund_currency,
        last_value(heard.as_of ignore nulls) over so_far as as_of,
        last_value(heard.equity ignore nulls) over so_far as equity
    from {{ ref('int_fund_days') }} as days
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

valued as (
    select
        by_account.fund_id,
        by_account.day,
        by_account.as_of,
        {{ in_fund_currency('by_account.equity', 'by_account.currency', 'by_account.fund_currency') }} as equity,
        given.capital,
        by_account.account_id
    from by_account
    left join given using (account_id, day)
    left join {{ ref('stg_rates') }} as rates
        on rates.fund_id = by_account.fund_id
        and rates.currency = by_account.currency
        and rates.day = by_account.day
        and rates.used_for in ('NOW', 'DAY_END')
),

first_heard as (
    select
        account_id,
        min(as_of) as as_of
    from {{ ref('stg_account_snapshots') }}
    group by account_id
),

explained as (
    select distinct first_heard.account_id
    from first_heard
    inner join {{ ref('int_capital_flows') }} as capital
        on capital.account_id = first_heard.account_id and capital.effective_at <= first_heard.as_of
),

-- What an account had when it was first heard of, if no flow before that says where it came from, nobody made.
begun as (
    select
        valued.*,
        case
            when explained.account_id is null
                then first_value(valued.equity - coalesce(valued.capital, 0) ignore nulls) over (
                    partition by valued.account_id order by valued.day
                )
            else 0
        end as brought
    from valued
    left join explained using (account_id)
),

by_day as (
    select
        fund_id,
        day,
        max(as_of) as as_of,
        {{ exact('sum(equity)') }} as equity,
        {{ exact('sum(equity - coalesce(capital, 0) - brought)') }} as made
    from begun
    group by fund_id, day
    having count(equity) = count(*)
)

select
    fund_id,
    day,
    as_of,
    equity,
    {{ exact('made - lag(made) over (partition by fund_id order by day)') }} as pnl
from by_day
