select broker, broker_account, broker_execution_id
from {{ ref('stg_executions') }}
group by broker, broker_account, broker_execution_id
having count(*) > 1
