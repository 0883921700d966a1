select
    strategy_id,
    first_date,
    last_date,
    days,
    statistics,
    ingested_at
from {{ source('ledger', 'backtest_summaries') }}
