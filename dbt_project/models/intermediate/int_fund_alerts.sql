-- Alerts that nobody has acknowledged, by fund; one of no fund concerns every fund.
select
    funds.fund_id,
    count(alerts.alert_id) as open_alerts,
    count(alerts.alert_id) filter (where alerts.severity = 'CRITICAL') as critical_alerts,
    count(alerts.alert_id) filter (where alerts.entity = 'break') as break_alerts
from {{ ref('stg_funds') }} as funds
left join {{ ref('stg_alerts') }} as alerts
    on coalesce(alerts.fund_id, funds.fund_id) = funds.fund_id and alerts.acknowledged_at is null
group by funds.fund_id
