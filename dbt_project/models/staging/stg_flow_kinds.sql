select
    kind,
    is_capital
from {{ source('worked_out', 'flow_kinds') }}
