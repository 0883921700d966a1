select client_order_id, quantity, filled_quantity
from {{ ref('stg_orders') }}
where filled_quantity > quantity
