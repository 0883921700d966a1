"""The HTTP API: what a person may do at a terminal, for their programs. It decides nothing itself.

`create_app` is the application, `serve` runs it until a signal says to stop.
"""

from fund_pipeline.api.app import create_app
from fund_pipeline.api.serving import serve

__all__ = ["create_app", "serve"]
