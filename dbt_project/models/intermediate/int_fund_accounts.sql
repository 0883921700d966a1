-- The open accounts that a fund's figures are of: its LIVE ones, or its PAPER ones where it has no LIVE one. Real money and
-- play money are never summed together.
select
    account_id,
    fund_id,
    currency,
    mode
from {{ ref('stg_accounts') }}
where status = 'OPEN'
qualify mode = min(mode) over (partition by fund_id)
