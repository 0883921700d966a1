"""`python -m fund_pipeline.cli`: the `fund` command where its script is not on the path."""

from fund_pipeline.cli.main import main

main()
