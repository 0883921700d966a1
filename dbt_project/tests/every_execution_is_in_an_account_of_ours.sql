{{ config(meta={'dagster': {'ref': {'name': 'stg_executions'}}}) }}

select executions.broker_execution_id
from {{ ref('stg_executions') }} as executions
left join {{ ref('stg_accounts') }} as accounts using (account_id)
where accounts.account_id is null
