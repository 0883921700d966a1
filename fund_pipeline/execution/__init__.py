"""Orders: their life from intent to the last fill, and the brokers that take them, behind one port.

`record` stores a decision with its intents, `submit_intents` sends them, `follow` brings them to their end. Each may
be repeated, by any number of processes: docs/decisions/0013 says why nothing is sent twice.
"""

from fund_pipeline.execution.following import Followed, follow
from fund_pipeline.execution.pace import Paces
from fund_pipeline.execution.patience import PATIENCE, Patience
from fund_pipeline.execution.port import Broker
from fund_pipeline.execution.recording import record, record_all
from fund_pipeline.execution.sending import submit_intents

__all__ = ["PATIENCE", "Broker", "Followed", "Paces", "Patience", "follow", "record", "record_all", "submit_intents"]
