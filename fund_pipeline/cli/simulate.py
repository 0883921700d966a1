"""`fund simulate`: what could happen to an allocation. Its commands read files and write nothing but a picture."""

from __future__ import annotations

import typer

from fund_pipeline.cli.simulations.bootstrap import bootstrap
from fund_pipeline.cli.simulations.frontier import frontier
from fund_pipeline.cli.simulations.marginal import marginal
from fund_pipeline.cli.simulations.sensitivity import sensitivity
from fund_pipeline.cli.simulations.stress import stress
from fund_pipeline.cli.simulations.walk_forward import walk_forward

app = typer.Typer(help="What could happen to an allocation: what if, when, and how sure.", no_args_is_help=True)
app.command("frontier")(frontier)
app.command("walk-forward")(walk_forward)
app.command("bootstrap")(bootstrap)
app.command("stress")(stress)
app.command("sensitivity")(sensitivity)
app.command("marginal")(marginal)
