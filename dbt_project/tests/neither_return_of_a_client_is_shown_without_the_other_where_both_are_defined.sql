-- A client with a NAV has a time-weighted return; one that lost all it had may have no money-weighted one.
select client_id
from {{ ref('client_statement') }}
where nav_day is not null and first_day is not null and twr is null and mwr is not null
