"""The processes of the product: starting them together, watching them, and leaving none behind.

`supervise` is what `fund up` runs.
"""

from fund_pipeline.services.probes import Address
from fund_pipeline.services.supervisor import Running, supervise

__all__ = ["Address", "Running", "supervise"]
