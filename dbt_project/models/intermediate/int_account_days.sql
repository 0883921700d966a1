-- The last word on each account of each day, in the fund's time zone.
select
    account_id,
    cast(timezone(build.time_zone, states.as_of) as date) as day,
    states.as_of,
    states.equity
from {{ ref('stg_account_snapshots') }} as states
cross join {{ ref('stg_build') }} as build
qualify row_number() over (
    partition by account_id, cast(timezone(build.time_zone, states.as_of) as date)
    order by states.as_of desc, states.received_at desc, states.snapshot_id
) = 1
