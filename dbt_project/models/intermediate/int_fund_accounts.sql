-- The open accounts that a fund's figures are of: its LIVE ones, or its PAPER ones where it has no LIVE one. Real money and
-- play money are never summed together.
select
    accounts.account_id,
    accounts.fund_id,
    accounts.currency,
    funds.currency as fund_currency,
    accounts.mode
from {{ ref('stg_accounts') }} as accounts
inner join {{ ref('stg_funds') }} as funds using (fund_id)
where accounts.status = 'OPEN'
qualify accounts.mode = min(accounts.mode) over (partition by accounts.fund_id)
