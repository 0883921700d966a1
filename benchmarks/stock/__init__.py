"""The set-up that Dagster starts with, as a peer to compare with."""
