-- Positions with the fund they belong to.
select
    accounts.fund_id,
    accounts.mode,
    positions.*
from {{ ref('stg_positions') }} as positions
inner join {{ ref('stg_accounts') }} as accounts using (account_id)
