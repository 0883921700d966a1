with newest as (
    select
        *,
        row_number() over (partition by fund_id order by received_at desc, signal_id desc) as place
    from {{ ref('int_signal_funds') }}
    qualify place <= 50
)

select
    newest.fund_id,
    newest.place,
    newest.signal_id,
    newest.sender_id,
    newest.strategy,
    signals.type,
    array_to_string(json_extract_string(signals.standardised, '$.legs[*].symbol'), ', ') as instruments,
    newest.received_at,
    newest.state,
    newest.outcome,
    newest.reason,
    coalesce(signals.problem, reasons.meaning) as meaning,
    reasons.remedy,
    newest.decided_at
from newest
inner join {{ ref('stg_signals') }} as signals using (signal_id)
left join {{ ref('stg_reasons') }} as reasons on newest.reason = reasons.reason
