with came as (
    select
        sender_id,
        count(*) as signals,
        count(*) filter (where state in ('QUARANTINED', 'REJECTED')) as unread,
        min(received_at) as first_signal_at,
        max(received_at) as last_signal_at
    from {{ ref('stg_signals') }}
    group by sender_id
),

decided as (
    select
        sender_id,
        count(*) filter (where outcome in ('APPROVED', 'RESIZED')) as ordered,
        count(*) filter (where outcome in ('REJECTED', 'DROPPED')) as refused
    from {{ ref('int_signal_funds') }}
    where outcome is not null
    group by sender_id
)

select
    senders.sender_id,
    senders.name as sender_name,
    senders.status,
    build.as_of,
    coalesce(came.signals, 0) as signals,
    coalesce(came.unread, 0) as unread,
    coalesce(decided.ordered, 0) as ordered,
    coalesce(decided.refused, 0) as refused,
    came.first_signal_at,
    came.last_signal_at
from {{ ref('stg_senders') }} as senders
cross join {{ ref('stg_build') }} as build
left join came using (sender_id)
left join decided using (sender_id)
