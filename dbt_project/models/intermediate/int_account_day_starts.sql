-- What today's profit is measured against: the last word before the fund's day began, else the first one of the day. In the
-- fund's currency, at the rate of when the day began, or of that first word: null where it is not known.
with placed as (
    select
        states.*,
        states.as_of <= build.day_start as is_before
    from {{ ref('stg_account_snapshots') }} as states
    cross join {{ ref('stg_build') }} as build
),

before as (
    select *
    from placed
    where is_before
    qualify row_number() over (partition by account_id order by as_of desc, received_at desc, snapshot_id) = 1
),

first_of_day as (
    select *
    from placed
    where not is_before
    qualify row_number() over (partition by account_id order by as_of, received_at, snapshot_id) = 1
),

started as (
    select
        accounts.*,
        coalesce(before.equity, first_of_day.equity) as equity,
        coalesce(before.as_of, first_of_day.as_of) as as_of
    from {{ ref('int_fund_accounts') }} as accounts
    left join before using (account_id)
    left join first_of_day using (account_id)
)

select
    accounts.account_id,
    accounts.fund_id,
    {{ in_fund_currency('accounts.equity', 'accounts.currency', 'accounts.fund_currency') }} as equity,
    accounts.as_of
from started as accounts
cross join {{ ref('stg_build') }} as build
left join {{ ref('stg_rates') }} as rates
    on rates.fund_id = accounts.fund_id
    and rates.currency = accounts.currency
    and rates.used_for = 'DAY_START'
    and rates.moment = greatest(accounts.as_of, build.day_start)
