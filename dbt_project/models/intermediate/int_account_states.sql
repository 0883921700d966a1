-- The newest word on each account that a fund's figures are of.
select
    accounts.account_id,
    accounts.fund_id,
    accounts.currency,
    accounts.mode,
    states.as_of,
    states.equity,
    states.cash,
    states.margin_used,
    states.unrealised_pnl
from {{ ref('int_fund_accounts') }} as accounts
left join {{ ref('stg_account_snapshots') }} as states using (account_id)
qualify row_number() over (
    partition by accounts.account_id order by states.as_of desc, states.received_at desc, states.snapshot_id
) = 1
