{{ config(meta={'dagster': {'ref': {'name': 'fund_recent_signals'}}}, severity='warn') }}

select 'signal' as what, signal_id as id, reason from {{ ref('fund_recent_signals') }} where reason is not null and meaning is null
union all
select 'order' as what, client_order_id as id, reason from {{ ref('fund_recent_orders') }} where reason is not null and meaning is null
