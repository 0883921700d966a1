-- The newest word on each account that a fund's figures are of, in the fund's currency: null where the rate is not known.
select
    accounts.account_id,
    accounts.fund_id,
    accounts.currency <> accounts.fund_currency as is_in_other_currency,
    accounts.mode,
    states.as_of,
    {{ in_fund_currency('states.equity', 'accounts.currency', 'accounts.fund_currency') }} as equity,
    {{ in_fund_currency('states.cash', 'accounts.currency', 'accounts.fund_currency') }} as cash,
    {{ in_fund_currency('states.margin_used', 'accounts.currency', 'accounts.fund_currency') }} as margin_used,
    {{ in_fund_currency('states.unrealised_pnl', 'accounts.currency', 'accounts.fund_currency') }} as unrealised_pnl
from {{ ref('int_fund_accounts') }} as accounts
left join {{ ref('stg_account_snapshots') }} as states using (account_id)
left join {{ ref('stg_rates') }} as rates
    on rates.fund_id = accounts.fund_id and rates.currency = accounts.currency and rates.used_for = 'NOW'
qualify row_number() over (
    partition by accounts.account_id order by states.as_of desc, states.received_at desc, states.snapshot_id
) = 1
