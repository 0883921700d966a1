select fund_id, currency, used_for, moment
from {{ ref('fund_rates') }}
where (rate is null) = (problem is null)
