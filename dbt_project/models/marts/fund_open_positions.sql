select
    positions.fund_id,
    positions.strategy,
    positions.account_id,
    positions.instrument_key,
    positions.mode,
    {{ exact('positions.quantity') }} as quantity,
    {{ exact('positions.average_price') }} as average_price,
    {{ exact('positions.cost * positions.multiplier') }} as cost,
    {{ exact('marks.price') }} as market_price,
    {{ exact(exact('positions.quantity * marks.price') ~ ' * positions.multiplier') }} as market_value,
    {{ exact(exact('positions.quantity * marks.price - positions.cost') ~ ' * positions.multiplier') }} as unrealised_pnl,
    positions.currency,
    {{ exact('positions.realised_pnl') }} as realised_pnl,
    {{ exact('positions.commission') }} as commission,
    positions.opened_by,
    positions.updated_at
from {{ ref('int_positions') }} as positions
left join {{ ref('stg_marks') }} as marks
    on marks.account_id = positions.account_id
    and marks.instrument_key = positions.instrument_key
    and marks.currency = positions.currency
where not positions.is_flat
