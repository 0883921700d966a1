-- The weights in force.
select
    allocations.fund_id,
    weights.strategy_id,
    weights.weight
from {{ ref('stg_allocations') }} as allocations
inner join {{ ref('stg_allocation_weights') }} as weights using (allocation_id)
where allocations.status = 'ACTIVE'
