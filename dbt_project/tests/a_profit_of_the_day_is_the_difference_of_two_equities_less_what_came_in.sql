select fund_id, equity, equity_day_start, flows_today, pnl_today
from {{ ref('fund_overview') }}
where pnl_today is distinct from equity - equity_day_start - flows_today
