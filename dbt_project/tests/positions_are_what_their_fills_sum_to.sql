{{ config(meta={'dagster': {'ref': {'name': 'stg_positions'}}}) }}

-- To the last place, whoever booked them.
with fills as (
    select
        strategy,
        account_id,
        instrument_key,
        sum(case when side = 'BUY' then quantity else -quantity end) as quantity
    from {{ ref('stg_executions') }}
    group by strategy, account_id, instrument_key
)

select
    strategy,
    account_id,
    instrument_key,
    fills.quantity as by_fills,
    positions.quantity as by_position
from fills
full join {{ ref('stg_positions') }} as positions using (strategy, account_id, instrument_key)
where coalesce(fills.quantity, 0) <> coalesce(positions.quantity, 0)
