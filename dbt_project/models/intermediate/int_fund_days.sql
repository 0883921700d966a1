-- The days on which a fund was heard of.
select distinct
    accounts.fund_id,
    heard.day
from {{ ref('int_account_days') }} as heard
inner join {{ ref('int_fund_accounts') }} as accounts using (account_id)
