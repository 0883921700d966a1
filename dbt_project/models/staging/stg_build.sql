select
    as_of,
    time_zone,
    day,
    day_start
from {{ source('worked_out', 'build') }}
