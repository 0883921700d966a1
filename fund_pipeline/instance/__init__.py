"""Where the Dagster instance keeps its runs, events and ticks. Dagster's own classes, named in `dagster.yaml`."""
