select
    reason,
    meaning,
    remedy
from {{ source('worked_out', 'reasons') }}
