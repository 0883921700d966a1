-- Each signal in each fund it concerns: the funds in which it was decided, else those that its strategy trades for.
-- A signal may be decided in parts; the last part is what became of it.
with decided as (
    select
        signal_id,
        fund_id,
        outcome,
        reason,
        decided_at
    from {{ ref('stg_decisions') }}
    qualify row_number() over (partition by signal_id, fund_id order by part desc) = 1
)

select
    signals.signal_id,
    coalesce(decided.fund_id, trades.fund_id) as fund_id,
    signals.sender_id,
    signals.strategy,
    signals.state,
    signals.received_at,
    decided.outcome,
    coalesce(decided.reason, signals.reason) as reason,
    decided.decided_at
from {{ ref('stg_signals') }} as signals
left join decided using (signal_id)
left join {{ ref('stg_strategy_funds') }} as trades
    on decided.signal_id is null and trades.strategy_id = signals.strategy
where coalesce(decided.fund_id, trades.fund_id) is not null
